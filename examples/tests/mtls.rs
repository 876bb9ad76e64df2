//! The example for mutual TLS: starts the program, and connects with client certificates.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, KeyPair};
use requires_auth::testing::AuthorizationServer;
use reqwest::{Certificate, Client, Identity};

const RESOURCE: &str = "https://hello.example/";

/// A running example. Dropping it stops it, and removes its files.
struct Program {
    process: Child,
    url: String,
    directory: PathBuf,
}

impl Program {
    fn start(authorization_server: &AuthorizationServer, server: &SelfSigned) -> Self {
        let name = format!("requires-auth-example-mtls-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let (certificate, key) = (directory.join("server.pem"), directory.join("server.key"));
        std::fs::write(&certificate, server.certificate.pem()).unwrap();
        std::fs::write(&key, server.key.serialize_pem()).unwrap();
        let mut path: PathBuf = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        let mut process = Command::new(path.join("examples").join(format!("mtls{EXE_SUFFIX}")))
            .env("LISTEN", "127.0.0.1:0")
            .env("TLS_CERTIFICATE", certificate)
            .env("TLS_KEY", key)
            .env("REQUIRES_AUTH_RESOURCE", RESOURCE)
            .env("REQUIRES_AUTH_ISSUER", authorization_server.issuer())
            .env("REQUIRES_AUTH_INTROSPECTION_URL", authorization_server.introspection_url())
            .env("REQUIRES_AUTH_CLIENT_ID", "hello")
            .env("REQUIRES_AUTH_CLIENT_SECRET", "the-secret")
            .env("REQUIRES_AUTH_CLIENT_CERTIFICATE_SOURCE", "connection")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example is built with the tests of this package");
        let first = BufReader::new(process.stdout.take().unwrap()).lines().next();
        let first = first.expect("a line").unwrap();
        let url = first.strip_prefix("listening on ").expect("the address").to_owned();
        Self { process, url, directory }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A certificate that no authority has signed.
struct SelfSigned {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl SelfSigned {
    fn new(host: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }

    fn identity(&self) -> Identity {
        let pem = format!("{}{}", self.certificate.pem(), self.key.serialize_pem());
        Identity::from_pem(pem.as_bytes()).unwrap()
    }
}

#[tokio::test]
async fn the_certificate_of_the_connection_is_compared_with_the_token() {
    // R-H2
    let builder = AuthorizationServer::builder().client("hello", "the-secret");
    let authorization_server = builder.start().await.unwrap();
    let server = SelfSigned::new("127.0.0.1");
    let program = Program::start(&authorization_server, &server);
    let root = Certificate::from_pem(server.certificate.pem().as_bytes()).unwrap();
    let client = |identity: Option<&SelfSigned>| {
        let builder = Client::builder().no_proxy().tls_certs_only([root.clone()]);
        match identity {
            Some(identity) => builder.identity(identity.identity()),
            None => builder,
        }
        .build()
        .unwrap()
    };
    let (alice, mallory) = (SelfSigned::new("alice"), SelfSigned::new("mallory"));
    let mint =
        || authorization_server.mint().subject("alice").audience(RESOURCE).scopes("hello:read");
    let bound = mint().bound_to_certificate(alice.certificate.der()).issue();
    let unbound = mint().issue();
    let send = async |client: &Client, token: &str| {
        let response = client.get(&program.url).bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let greeting = (200, "Hello, alice!\n".to_owned());
    let rejected = (
        401,
        r#"{"error":"invalid_token","error_description":"The access token is malformed, expired, revoked or not meant for this resource"}"#
            .to_owned(),
    );
    let (of_alice, of_mallory, without) =
        (client(Some(&alice)), client(Some(&mallory)), client(None));
    // Twice, on one connection.
    assert_eq!(send(&of_alice, &bound).await, greeting);
    assert_eq!(send(&of_alice, &bound).await, greeting);
    assert_eq!(send(&of_mallory, &bound).await, rejected);
    assert_eq!(send(&without, &bound).await, rejected);
    for client in [&of_alice, &of_mallory, &without] {
        assert_eq!(send(client, &unbound).await, greeting);
    }

    let metadata = format!("{}/.well-known/oauth-protected-resource", program.url);
    let metadata = without.get(metadata).send().await.unwrap().text().await.unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
}
