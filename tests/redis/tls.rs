//! Over TLS, with a password (R-E9).

use std::path::{Path, PathBuf};
use std::process::Command;

use requires_auth::shared_cache::{SharedCache, SharedCacheBuilder};

use crate::clock::Hands;
use crate::instance::{Answer, Instance, SECRET, authorization_server, token};
use crate::store::{Store, free_port};

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
async fn the_store_is_reached_over_tls_and_only_if_it_is_the_right_one() {
    // R-E9. The crypto provider is the application's choice; another test may have installed it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let elsewhere = std::env::temp_dir().join(format!("requires-auth-tls-{}", std::process::id()));
    std::fs::create_dir_all(&elsewhere).unwrap();
    let (ours, others) = (elsewhere.join("ours"), elsewhere.join("others"));
    std::fs::create_dir_all(&ours).unwrap();
    std::fs::create_dir_all(&others).unwrap();
    let (ours, others) = (Certificates::make(&ours), Certificates::make(&others));
    let port = free_port().to_string();
    let store = Store::with(&[
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

    assert!(reaches(&store, known()).await, "both know each other");
    assert!(!reaches(&store, trusting()).await, "the store does not know us");
    let stranger = single(&url).root_certificates(others.pem("ca.pem"));
    let stranger = stranger.client_certificate(ours.pem("client.pem"), ours.pem("client.key"));
    assert!(!reaches(&store, stranger).await, "we do not know the store");
    let by_address = single(&url.replace("localhost", "127.0.0.1"));
    let by_address = by_address.root_certificates(ours.pem("ca.pem"));
    let by_address = by_address.client_certificate(ours.pem("client.pem"), ours.pem("client.key"));
    assert!(!reaches(&store, by_address).await, "the certificate is for another name");

    store.ask::<()>(&["ACL", "SETUSER", "journal", "on", ">s3cret", "~*", "+@all"]);
    let with = |password: &str| {
        single(&url.replace("//", &format!("//journal:{password}@")))
            .root_certificates(ours.pem("ca.pem"))
            .client_certificate(ours.pem("client.pem"), ours.pem("client.key"))
    };
    assert!(reaches(&store, with("s3cret")).await);
    assert!(!reaches(&store, with("wrong")).await);
    std::fs::remove_dir_all(elsewhere).unwrap();
}

/// Whether claims get there; the answer is right in any case.
async fn reaches(store: &Store, shared: SharedCacheBuilder) -> bool {
    store.ask::<()>(&["FLUSHALL"]);
    let server = authorization_server().await;
    let instance = Instance::with(&server, shared, Hands::default(), |cache| cache).await;
    let token = token(&server, "entries:read");
    assert_eq!(instance.read(&token).await, Answer::ok());
    let told = instance.cache.invalidate_everywhere(&crate::instance::parsed(&token)).await;
    assert_eq!(told.is_ok(), !store.keys("*").is_empty());
    told.is_ok()
}
