//! Over TLS, with a password (R-E9).

use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::redis_server::{RedisServer, free_port};
use requires_auth::shared_cache::{SharedCache, SharedCacheBuilder};
use requires_auth::testing::ManualClock;

use crate::instance::{Instance, Response, SECRET, authorization_server, token};

/// Certificates that are made for the test: an authority, a server and a client.
struct Certificates {
    directory: PathBuf,
}

impl Certificates {
    fn make(directory: &Path) -> Self {
        let run = |arguments: &str| {
            let made = Command::new("openssl")
                .args(arguments.split_whitespace())
                .current_dir(directory)
                .output()
                .expect("openssl is installed");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        run(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority"));
        for name in ["server", "client"] {
            run(&format!(
                "req -x509 {key} -CA ca.pem -CAkey ca.key -keyout {name}.key -out {name}.pem \
                 -subj /CN={name} -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE"
            ));
        }
        Self { directory: directory.to_owned() }
    }

    fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    fn pem(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.directory.join(name)).expect("it was made")
    }
}

#[tokio::test]
async fn the_store_is_used_over_tls_only_if_both_certificates_are_valid() {
    // R-E9. The crypto provider is the application's choice; another test may have installed it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let elsewhere = std::env::temp_dir().join(format!("requires-auth-tls-{}", std::process::id()));
    std::fs::create_dir_all(&elsewhere).unwrap();
    let (ours, others) = (elsewhere.join("ours"), elsewhere.join("others"));
    std::fs::create_dir_all(&ours).unwrap();
    std::fs::create_dir_all(&others).unwrap();
    let (ours, others) = (Certificates::make(&ours), Certificates::make(&others));
    let port = free_port().to_string();
    let store = RedisServer::with(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &ours.path("server.pem"),
        "--tls-key-file",
        &ours.path("server.key"),
        "--tls-ca-cert-file",
        &ours.path("ca.pem"),
    ]);
    let url = format!("rediss://localhost:{port}");
    let single = |url: &str| SharedCache::single(url, SECRET);
    let trusting = || single(&url).root_certificates(ours.pem("ca.pem"));
    let known = || trusting().client_certificate(ours.pem("client.pem"), ours.pem("client.key"));

    assert!(reaches(&store, known()).await, "both certificates are valid");
    assert!(!reaches(&store, trusting()).await, "without a client certificate");
    let stranger = single(&url).root_certificates(others.pem("ca.pem"));
    let stranger = stranger.client_certificate(ours.pem("client.pem"), ours.pem("client.key"));
    assert!(!reaches(&store, stranger).await, "another root certificate");
    let by_address = single(&url.replace("localhost", "127.0.0.1"));
    let by_address = by_address.root_certificates(ours.pem("ca.pem"));
    let by_address = by_address.client_certificate(ours.pem("client.pem"), ours.pem("client.key"));
    assert!(!reaches(&store, by_address).await, "the certificate is for another name");

    store.query::<()>(&["ACL", "SETUSER", "journal", "on", ">s3cret", "~*", "+@all"]);
    let with = |password: &str| {
        single(&url.replace("//", &format!("//journal:{password}@")))
            .root_certificates(ours.pem("ca.pem"))
            .client_certificate(ours.pem("client.pem"), ours.pem("client.key"))
    };
    assert!(reaches(&store, with("s3cret")).await);
    assert!(!reaches(&store, with("wrong")).await);
    std::fs::remove_dir_all(elsewhere).unwrap();
}

/// Whether the store is used. The response is correct in any case.
async fn reaches(store: &RedisServer, shared: SharedCacheBuilder) -> bool {
    store.query::<()>(&["FLUSHALL"]);
    let server = authorization_server().await;
    let instance = Instance::with(&server, shared, ManualClock::running(), |cache| cache).await;
    let token = token(&server, "entries:read");
    assert_eq!(instance.read(&token).await, Response::ok());
    let acknowledged = instance.cache.invalidate_everywhere(&crate::instance::parse(&token)).await;
    assert_eq!(acknowledged.is_ok(), !store.keys("*").is_empty());
    acknowledged.is_ok()
}
