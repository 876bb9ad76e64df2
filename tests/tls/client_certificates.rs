//! The certificate of the client, for a server that requires one.

use requires_auth::testing::AuthorizationServer;
use requires_auth::{Introspection, Resolver as _};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tls_server::{CertificateAuthority, TlsServer, forward_to, install_crypto_provider};

#[tokio::test]
async fn the_certificate_is_presented() {
    // R-C15, R-C14
    install_crypto_provider();
    let authority = CertificateAuthority::new();
    let server = AuthorizationServer::start().await.unwrap();
    let token = server.mint().subject("alice").issue().parse().unwrap();
    let tls = TlsServer::bind().await;
    let url = tls.url("/introspect");
    let config = authority.server_that_requires_a_certificate();
    let mut connections = tls.serve(forward_to(server.address()), config);
    let client = || Introspection::builder(&url).trust_anchors(authority.pem()).without_retry();
    assert!(client().build().unwrap().resolve(&token).await.is_err());

    let (certificate, key) = authority.client("journal");
    let (key_last, key_first) = (certificate.clone() + &key, key.clone() + &certificate);
    for (chain, key) in
        [(&certificate, &key), (&key_last, &key_last), (&key_first, &key_first), (&key_last, &key)]
    {
        let client = client().client_certificate(chain.as_str(), key.as_str());
        let client = client.tls_client_auth("journal").build().unwrap();
        assert_eq!(client.resolve(&token).await.unwrap().subject(), Some("alice"));
        let presented = connections.recv().await.unwrap().unwrap();
        let expected = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        assert_eq!(presented, expected.as_ref());
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_rejected_when_the_client_is_built() {
    // R-C15, R-C14
    install_crypto_provider();
    let authority = CertificateAuthority::new();
    let ((certificate, key), (_, other)) = (authority.client("a"), authority.client("b"));
    let rustls = cfg!(any(feature = "rustls", feature = "rustls-no-provider"));
    let mismatch = "the private key is not that of the certificate";
    let sec1 = if rustls { mismatch } else { "`openssl pkcs8 -topk8 -nocrypt` converts others" };
    for (chain, key, message) in [
        (certificate.as_str(), other.as_str(), mismatch),
        // With both libraries, rustls reads it.
        (&certificate, SEC1_KEY, sec1),
        (&certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----", "unencrypted private key"),
        (&key, &key, "expected certificates in PEM"),
    ] {
        let client = Introspection::builder("https://auth.example/introspect");
        let client = client.client_certificate(chain, key).tls_client_auth("journal");
        let error = format!("{:?}", client.build().map(drop).unwrap_err());
        assert!(error.contains(message), "{error}");
    }
}

/// The key of no certificate.
const SEC1_KEY: &str = "\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIOvX6+LS7thiThmgTp5XPAwZCbJwQCjKZmCle4WKlylRoAoGCCqGSM49
AwEHoUQDQgAEOwh45hsYqjKxWSO8fnKmIbJJHA/1hxsHeqfSv8el+sDDzPfzLcG5
c1TRcqvqzAxDw8EQLYtYt/GfhTAQ92Dw/w==
-----END EC PRIVATE KEY-----
";
