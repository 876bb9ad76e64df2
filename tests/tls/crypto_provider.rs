//! R-C15: a build with rustls and without its crypto provider. No other test is in this process.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
#![cfg(all(feature = "rustls-no-provider", not(feature = "rustls")))]

use requires_auth::Introspection;
use tls_server::CertificateAuthority;

#[test]
fn a_crypto_provider_must_be_installed_first() {
    // R-C15
    // reqwest makes the TLS configuration of each client, also for plain `http`.
    let clients = || {
        [
            Introspection::builder("https://auth.example/introspect"),
            Introspection::builder("http://127.0.0.1/introspect"),
            Introspection::from_issuer("https://auth.example"),
            Introspection::from_issuer("https://auth.example")
                .trust_anchors(CertificateAuthority::new().pem()),
        ]
    };
    for client in clients() {
        let error = format!("{:?}", client.build().map(drop).unwrap_err());
        assert!(error.contains("no default crypto provider of rustls"), "{error}");
    }
    rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap();
    for client in clients() {
        client.build().unwrap();
    }
}
