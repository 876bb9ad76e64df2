//! Which certificate of the authorization server is accepted.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AccessToken, Introspection, IntrospectionBuilder, ResolveError, Resolver as _,
};
use tls_server::{CertificateAuthority, TlsServer, forward_to, install_crypto_provider};

/// Whether the response to an introspection request is used. It is that of an active token of alice.
async fn is_resolved(client: IntrospectionBuilder, token: &AccessToken) -> bool {
    match client.without_retry().build().unwrap().resolve(token).await {
        Ok(claims) => claims.subject() == Some("alice"),
        Err(ResolveError::Unavailable(_)) => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_certificate_must_be_of_a_trust_anchor() {
    // R-C15, R-C11
    install_crypto_provider();
    let (authority, another) = (CertificateAuthority::new(), CertificateAuthority::new());
    let server = AuthorizationServer::start().await.unwrap();
    let token = server.mint().subject("alice").issue().parse().unwrap();
    let tls = TlsServer::bind().await;
    let url = tls.url("/introspect");
    let _connections = tls.serve(forward_to(server.address()), authority.server());
    let both = another.pem() + &authority.pem();
    for (trust_anchors, accepted) in [
        (Some(authority.pem()), true),
        (Some(both), true),
        (Some(another.pem()), false),
        (None, false),
    ] {
        let mut client = Introspection::builder(&url);
        if let Some(pem) = trust_anchors {
            client = client.trust_anchors(pem);
        }
        let before = server.introspections();
        assert_eq!(is_resolved(client, &token).await, accepted);
        assert_eq!(server.introspections() - before, usize::from(accepted));
    }
}

#[tokio::test]
async fn the_certificate_must_name_the_host() {
    // R-C15
    install_crypto_provider();
    let authority = CertificateAuthority::new();
    let server = AuthorizationServer::start().await.unwrap();
    let token = server.mint().subject("alice").issue().parse().unwrap();
    for (host, accepted) in [("localhost", true), ("another.example", false)] {
        let tls = TlsServer::bind().await;
        let url = tls.url("/introspect").replace("127.0.0.1", "localhost");
        let _connections = tls.serve(forward_to(server.address()), authority.server_named(host));
        let client = Introspection::builder(url).trust_anchors(authority.pem());
        assert_eq!(is_resolved(client, &token).await, accepted, "{host}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    // R-C15, R-C4
    install_crypto_provider();
    let authority = CertificateAuthority::new();
    let server = AuthorizationServer::start().await.unwrap();
    let token = server.mint().subject("alice").issue().parse().unwrap();
    let (tls, target) = (TlsServer::bind().await, TlsServer::bind().await);
    let client = Introspection::builder(tls.url("/introspect")).trust_anchors(authority.pem());
    let location = target.url("/introspect");
    let redirect = Router::new().fallback(async move || Redirect::temporary(&location));
    let _connections = tls.serve(redirect, authority.server());
    let _connections = target.serve(forward_to(server.address()), authority.server());
    let result = client.without_retry().build().unwrap().resolve(&token).await;
    let status = StatusCode::TEMPORARY_REDIRECT.as_str();
    let error = format!("{:?}", result.unwrap_err());
    assert!(error.contains(status), "{error}");
    assert_eq!(server.introspections(), 0);
}

/// The certificates of the platform are read from the file in `SSL_CERT_FILE`, once for each process: so the clients are in
/// another process, a run of [`clients_of_a_platform`].
#[tokio::test]
async fn the_certificates_of_the_platform_are_not_used_beside_trust_anchors() {
    // R-C15, R-C11
    install_crypto_provider();
    let authority = CertificateAuthority::new();
    let name = format!("requires-auth-test-{}.pem", std::process::id());
    let platform = std::env::temp_dir().join(name);
    std::fs::write(&platform, authority.pem()).unwrap();
    let server = AuthorizationServer::start().await.unwrap();
    let tls = TlsServer::bind().await;
    let url = tls.url("/introspect");
    let _connections = tls.serve(forward_to(server.address()), authority.server());
    let clients = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "server_certificates::clients_of_a_platform", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", &platform)
        .env_remove("SSL_CERT_DIR")
        .env(INTROSPECTION_URL, url)
        .env(TOKEN, server.mint().subject("alice").issue())
        .output();
    let output = clients.await.unwrap();
    std::fs::remove_file(&platform).unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(server.introspections(), 1, "of the client without trust anchors");
}

const INTROSPECTION_URL: &str = "REQUIRES_AUTH_TEST_INTROSPECTION_URL";
const TOKEN: &str = "REQUIRES_AUTH_TEST_TOKEN";

#[tokio::test]
#[ignore = "a process of `the_certificates_of_the_platform_are_not_used_beside_trust_anchors`"]
async fn clients_of_a_platform() {
    install_crypto_provider();
    let token = std::env::var(TOKEN).unwrap().parse().unwrap();
    let client = || Introspection::builder(std::env::var(INTROSPECTION_URL).unwrap());
    assert!(is_resolved(client(), &token).await);
    let another = CertificateAuthority::new();
    assert!(!is_resolved(client().trust_anchors(another.pem()), &token).await);
}
