//! R-C11: which certificate of the authorization server is accepted.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use fixtures::test_file::TestFile;
use fixtures::tls_server::{CertificateAuthority, TlsServer, forward_to};
use requires_auth::testing::{AuthorizationServer, ManualClock, TokenFormat};
use requires_auth::{Introspection, JwtVerifier, ResourceServerConfig, SetupError};
use serde_json::json;

use crate::service::{RESOURCE, Service};
use crate::{assert_ran, assert_server_error};

#[tokio::test]
async fn the_certificate_must_be_of_a_trust_anchor() {
    // R-C11
    let (authority, another) = (CertificateAuthority::new(), CertificateAuthority::new());
    let both = another.pem() + &authority.pem();
    for (trust_anchors, accepted) in [
        (Some(authority.pem()), true),
        (Some(both), true),
        (Some(another.pem()), false),
        (None, false),
    ] {
        let server = AuthorizationServer::start().await.unwrap();
        let tls = TlsServer::bind().await;
        let mut client = Introspection::builder(tls.url("/introspect")).without_retry();
        let _connections = tls.serve(forward_to(server.address()), authority.server());
        if let Some(pem) = trust_anchors {
            client = client.trust_anchors(pem);
        }
        let service = Service::with_resolver(server, client.build().unwrap()).await;
        let token = service.token("read");
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        if accepted {
            assert_ran(&response, "alice may");
        } else {
            assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
        }
        assert_eq!(service.introspection_requests(), usize::from(accepted));
    }
}

#[tokio::test]
async fn a_file_of_trust_anchors_is_replaced_while_the_server_runs() {
    // R-C11
    let log = LogCapture::default();
    let _guard = log.start();
    let (old, new) = (CertificateAuthority::new(), CertificateAuthority::new());
    let file = TestFile::new(&old.pem());
    let clock = ManualClock::new();
    let server = AuthorizationServer::start().await.unwrap();
    let tls = TlsServer::bind().await;
    let client = Introspection::builder(tls.url("/introspect"))
        .without_retry()
        .trust_anchors_file(file.path())
        .clock(clock.clone());
    let client = client.build().unwrap();
    let _connections = tls.serve(forward_to(server.address()), new.server());
    let service = Service::with_resolver(server, client).await;
    let token = service.token("read");
    let send = || Request::get("/read").bearer(&token).send(service.address);
    assert_server_error(&send().await, 503, body::UNAVAILABLE, Some("5"));

    file.write("no certificate");
    clock.advance(Duration::from_secs(10));
    assert_server_error(&send().await, 503, body::UNAVAILABLE, Some("5"));
    file.write(&new.pem());
    clock.advance(Duration::from_secs(10));
    assert_ran(&send().await, "alice may");
    // The last content stays in use.
    file.write("no certificate");
    clock.advance(Duration::from_secs(10));
    assert_ran(&send().await, "alice may");

    let lines = log.lines();
    let lines: Vec<&str> =
        lines.iter().filter(|line| line.contains("file")).map(|it| it.trim()).collect();
    let cause = "cause=expected certificates in PEM (`BEGIN CERTIFICATE`), at least one";
    let setting =
        "setting=`trust_anchors` (`trust_anchors_file`, REQUIRES_AUTH_TRUST_ANCHORS_FILE)";
    let failed = format!(
        "ERROR requires_auth: the file cannot be used: its last content stays in use {setting} {cause}"
    );
    let replaced = format!("INFO requires_auth: the content of the file was replaced {setting}");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for (line, end) in lines.iter().zip([&failed, &replaced, &failed]) {
        assert!(line.ends_with(end), "{line}\n{end}");
    }
}

#[tokio::test]
async fn discovery_and_the_key_set_use_the_trust_anchors() {
    // R-C11
    let authority = CertificateAuthority::new();
    let server =
        AuthorizationServer::builder().token_format(TokenFormat::Jwt).start().await.unwrap();
    let keys = TlsServer::bind().await;
    let issuer = TlsServer::bind().await;
    let metadata = json!({ "issuer": issuer.url(""), "jwks_uri": keys.url("/jwks") }).to_string();
    let _connections = keys.serve(forward_to(server.address()), authority.server());
    let path = "/.well-known/oauth-authorization-server";
    let router = Router::new().route(path, get(move || async move { metadata }));
    let verifier = JwtVerifier::from_issuer(issuer.url("")).trust_anchors(authority.pem());
    let claims = json!({ "iss": issuer.url("") });
    let mint = server.mint().subject("alice").audience(RESOURCE).scopes("read");
    let token = mint.claim("iss", claims["iss"].clone()).issue();
    let _connections = issuer.serve(router, authority.server());
    let server_builder = requires_auth::ResourceServer::builder(RESOURCE)
        .issuer(claims["iss"].as_str().unwrap())
        .resolver(verifier.build().unwrap());
    let service = Service::from_builder(server, server_builder).await;
    let response = Request::get("/read").bearer(&token).send(service.address).await;
    assert_ran(&response, "alice may");
}

#[tokio::test]
async fn unusable_trust_anchors_are_an_error_at_start() {
    // R-C11, R-C13
    let name = "`trust_anchors` (`trust_anchors_file`, REQUIRES_AUTH_TRUST_ANCHORS_FILE)";
    let none = "expected certificates in PEM (`BEGIN CERTIFICATE`), at least one";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = CertificateAuthority::new().client("a").1;
    let message = |error: SetupError| format!("{error:?}");
    for (pem, cause) in [
        ("", none),
        ("s3cret", none),
        (&no_key, none),
        (no_certificate, "one of the certificates is no X.509 certificate"),
    ] {
        let expected = format!("the content of the setting {name} cannot be used: {cause}");
        let client = Introspection::builder("https://auth.example/introspect").trust_anchors(pem);
        assert_eq!(client.build().map_err(message).unwrap_err(), expected);
        let verifier = JwtVerifier::from_issuer("https://auth.example").trust_anchors(pem);
        assert_eq!(verifier.build().map_err(message).unwrap_err(), expected);

        let file = TestFile::new(pem);
        let config = json!({
            "resource": RESOURCE,
            "introspection_url": "https://auth.example/introspect",
            "trust_anchors_file": file.path(),
        });
        let config: ResourceServerConfig = serde_json::from_value(config).unwrap();
        assert_eq!(config.build().await.map(drop).map_err(message).unwrap_err(), expected);
    }
    let missing = Introspection::builder("https://auth.example/introspect")
        .trust_anchors_file("/nonexistent/anchors.pem")
        .build();
    let missing = missing.map_err(message).unwrap_err();
    let expected = format!("the file of the setting {name} cannot be read: ");
    assert!(missing.starts_with(&expected), "{missing}");
}
