//! R-C14: mutual TLS (RFC 8705 §2).

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use fixtures::test_file::TestFile;
use fixtures::tls_server::{CertificateAuthority, Connections, TlsServer, forward_to};
use requires_auth::testing::{AuthorizationServer, ManualClock};
use requires_auth::{
    ClientAuthentication, Introspection, IntrospectionBuilder, ResourceServerConfig,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::service::{RESOURCE, Service};
use crate::{assert_ran, assert_server_error};

/// A service whose authorization server requires a certificate of this authority.
async fn service(
    authority: &CertificateAuthority,
    client: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
) -> (Service, Connections) {
    let server = AuthorizationServer::start().await.unwrap();
    let tls = TlsServer::bind().await;
    let introspection = Introspection::builder(tls.url("/introspect"))
        .trust_anchors(authority.pem())
        .without_retry();
    let introspection = client(introspection).build().unwrap();
    let router = forward_to(server.address());
    let connections = tls.serve(router, authority.server_that_requires_a_certificate());
    (Service::with_resolver(server, introspection).await, connections)
}

fn der(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

#[tokio::test]
async fn the_client_is_authenticated_by_its_certificate() {
    // R-C14
    let authority = CertificateAuthority::new();
    let (certificate, key) = authority.client("journal");
    let (service, mut connections) = service(&authority, |client| {
        client.client_certificate(certificate.as_str(), key).tls_client_auth("journal")
    })
    .await;
    let token = service.token("read");
    assert_ran(&Request::get("/read").bearer(&token).send(service.address).await, "alice may");
    assert_eq!(connections.recv().await.unwrap(), Some(der(&certificate)));
    let request = service.authorization_server.last_introspection().unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        pair("token", &token),
        pair("token_type_hint", "access_token"),
        pair("client_id", "journal"),
    ];
    assert_eq!(request.form(), expected);
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn without_a_certificate_there_is_no_connection() {
    // R-C14
    let authority = CertificateAuthority::new();
    let (service, _connections) = service(&authority, |client| client).await;
    let response = Request::get("/read").bearer(&service.token("read")).send(service.address).await;
    assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    assert_eq!(service.introspection_requests(), 0);
}

#[tokio::test]
async fn a_certificate_is_replaced_while_the_server_runs() {
    // R-C14, R-C11
    let log = LogCapture::default();
    let _guard = log.start();
    let authority = CertificateAuthority::new();
    let (old, new) = (authority.client("journal"), authority.client("journal"));
    let (chain, key) = (TestFile::new(&old.0), TestFile::new(&old.1));
    let clock = ManualClock::new();
    let (service, mut connections) = service(&authority, |client| {
        client.client_certificate_files(chain.path(), key.path()).clock(clock.clone())
    })
    .await;
    let token = service.token("read");
    let send = || Request::get("/read").bearer(&token).send(service.address);
    assert_ran(&send().await, "alice may");
    assert_eq!(connections.recv().await.unwrap(), Some(der(&old.0)));

    // The old one stays in use while the files do not belong together.
    chain.write(&new.0);
    clock.advance(Duration::from_secs(10));
    assert_ran(&send().await, "alice may");
    assert_ran(&send().await, "alice may");
    assert!(connections.try_recv().is_err(), "no new connection");
    key.write(&new.1);
    clock.advance(Duration::from_secs(10));
    assert_ran(&send().await, "alice may");
    assert_eq!(connections.recv().await.unwrap(), Some(der(&new.0)));

    let lines = log.lines();
    let failures = lines.iter().filter(|line| {
        line.contains(
            "ERROR requires_auth: no HTTP client can be made of the files: the last one stays in use",
        )
    });
    assert_eq!(failures.count(), 1, "{lines:#?}");
}

#[tokio::test]
async fn the_endpoint_for_mutual_tls_is_discovered() {
    // R-C14, R-C8
    let authority = CertificateAuthority::new();
    for has_certificate in [true, false] {
        let server = AuthorizationServer::start().await.unwrap();
        let (issuer, plain, mutual) =
            (TlsServer::bind().await, TlsServer::bind().await, TlsServer::bind().await);
        let metadata = json!({
            "issuer": issuer.url(""),
            "introspection_endpoint": plain.url("/introspect"),
            "mtls_endpoint_aliases": { "introspection_endpoint": mutual.url("/introspect") },
        });
        let mut client = Introspection::from_issuer(issuer.url("")).trust_anchors(authority.pem());
        if has_certificate {
            let (certificate, key) = authority.client("journal");
            client = client.client_certificate(certificate, key).tls_client_auth("journal");
        }
        let metadata = metadata.to_string();
        let path = "/.well-known/oauth-authorization-server";
        let router = Router::new().route(path, get(move || async move { metadata }));
        let _connections = issuer.serve(router, authority.server());
        let forward = || forward_to(server.address());
        let mut plain = plain.serve(forward(), authority.server());
        let mut mutual = mutual.serve(forward(), authority.server_that_requires_a_certificate());
        let service = Service::with_resolver(server, client.build().unwrap()).await;
        let token = service.token("read");
        assert_ran(&Request::get("/read").bearer(&token).send(service.address).await, "alice may");
        let connected = (plain.try_recv().is_ok(), mutual.try_recv().is_ok());
        assert_eq!(connected, (!has_certificate, has_certificate));
    }
}

#[tokio::test]
async fn the_settings_of_a_certificate_are_checked_at_start() {
    // R-C14, R-C11, R-C13
    let authority = CertificateAuthority::new();
    let ((certificate, key), (_, other)) = (authority.client("a"), authority.client("b"));
    let (chain, key_file) = (TestFile::new(&certificate), TestFile::new(&key));
    let both = TestFile::new(&(certificate.clone() + &key));
    let (other, no_pem) = (TestFile::new(&other), TestFile::new("no s3cret"));
    let build = |settings: Value| {
        let mut config = json!({
            "resource": RESOURCE,
            "introspection_url": "https://auth.example/introspect",
        });
        config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let config: ResourceServerConfig = serde_json::from_value(config).unwrap();
        async move { config.build().await.map(drop).map_err(|error| format!("{error:?}")) }
    };
    let files = |chain: &TestFile, key: &TestFile| {
        json!({
            "client_certificate_file": chain.path(),
            "client_certificate_key_file": key.path(),
            "client_id": "journal",
            "client_authentication": "tls_client_auth",
        })
    };
    for settings in [files(&chain, &key_file), files(&both, &both)] {
        assert_eq!(build(settings.clone()).await, Ok(()), "{settings}");
    }
    let content = |key: &str, cause: &str| {
        let variable = key.to_uppercase();
        format!(
            "the content of the setting `client_certificate` (`{key}`, REQUIRES_AUTH_{variable}) cannot be \
             used: {cause}"
        )
    };
    for (settings, message) in [
        (
            files(&no_pem, &key_file),
            content(
                "client_certificate_file",
                "expected certificates in PEM (`BEGIN CERTIFICATE`), that of this server first",
            ),
        ),
        (
            files(&chain, &no_pem),
            content(
                "client_certificate_key_file",
                "expected an unencrypted private key in PEM (`BEGIN PRIVATE KEY`)",
            ),
        ),
        (
            files(&chain, &other),
            content(
                "client_certificate_key_file",
                "the private key is not that of the certificate",
            ),
        ),
        (
            json!({ "client_certificate_file": chain.path() }),
            "the setting `client_certificate_file` (REQUIRES_AUTH_CLIENT_CERTIFICATE_FILE) is set without \
             `client_certificate_key_file` (REQUIRES_AUTH_CLIENT_CERTIFICATE_KEY_FILE): a certificate is \
             presented with its private key"
                .to_owned(),
        ),
        (
            json!({ "client_id": "journal", "client_authentication": "self_signed_tls_client_auth" }),
            "the setting `client_authentication` (REQUIRES_AUTH_CLIENT_AUTHENTICATION) is set without \
             `client_certificate` (`client_certificate_file`, REQUIRES_AUTH_CLIENT_CERTIFICATE_FILE): the \
             client certificate authenticates the client"
                .to_owned(),
        ),
    ] {
        assert_eq!(build(settings).await.unwrap_err(), message);
    }
    let id = ClientAuthentication::TlsClient { id: "journal".to_owned() };
    assert_eq!(format!("{id:?}"), r#"TlsClient { id: "journal" }"#);
}
