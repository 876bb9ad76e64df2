//! A build without a TLS library.

use requires_auth::testing::AuthorizationServer;
use requires_auth::{Introspection, Resolver as _, SetupError};
use tls_server::CertificateAuthority;

const NOT_ENABLED: &str =
    "TLS needs the feature `rustls` or `native-tls` of requires-auth, and neither is enabled";

fn message(error: SetupError) -> String {
    format!("{error:?}")
}

#[test]
fn an_https_url_is_rejected_when_the_client_is_built() {
    // R-C15
    for client in [
        Introspection::builder("https://auth.example/introspect"),
        Introspection::builder("https://127.0.0.1/introspect"),
        Introspection::from_issuer("https://auth.example"),
    ] {
        let message = client.build().map_err(message).unwrap_err();
        assert!(message.starts_with("the setting `"), "{message}");
        assert!(message.ends_with(&format!("cannot be used: {NOT_ENABLED}")), "{message}");
    }
}

#[test]
fn certificates_are_rejected() {
    // R-C15
    let authority = CertificateAuthority::new();
    let (certificate, key) = authority.client("journal");
    let client = || Introspection::builder("http://127.0.0.1:1/introspect");
    for client in
        [client().trust_anchors(authority.pem()), client().client_certificate(certificate, key)]
    {
        let message = client.build().map_err(message).unwrap_err();
        assert!(message.contains("the content of the setting `"), "{message}");
        assert!(message.ends_with(NOT_ENABLED), "{message}");
    }
}

#[tokio::test]
async fn plain_http_to_a_loopback_host_works() {
    // R-C15
    let server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(format!("http://{}/introspect", server.address()));
    let token = server.mint().subject("alice").issue().parse().unwrap();
    let claims = client.build().unwrap().resolve(&token).await.unwrap();
    assert_eq!(claims.subject(), Some("alice"));
}
