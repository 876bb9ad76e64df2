//! Start, stop and restart, hosts and origins, and the metadata documents.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use requires_auth::testing::{AuthorizationServer, Endpoint, Fault};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::*;

/// The time after which a test fails that waits for the end of a connection.
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_metadata_names_every_endpoint() {
    let server = server().await;
    let response =
        Response::of(http().get(server.metadata_url()).header("origin", "https://a.example")).await;
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    let issuer = server.issuer();
    assert!(issuer.starts_with("http://127.0.0.1:") && !issuer.ends_with('/'));
    let methods = json!(["none", "client_secret_basic", "client_secret_post"]);
    let document = response.json();
    #[cfg_attr(not(feature = "jwt"), expect(unused_mut, reason = "only the key set is added"))]
    let mut expected = json!({
        "issuer": issuer,
        "authorization_endpoint": server.authorization_url(),
        "token_endpoint": server.token_url(),
        "introspection_endpoint": server.introspection_url(),
        "revocation_endpoint": server.revocation_url(),
        "registration_endpoint": server.registration_url(),
        "scopes_supported": ["entries:read", "entries:write"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    });
    #[cfg(feature = "jwt")]
    {
        expected["jwks_uri"] = server.jwks_uri().into();
        expected["introspection_signing_alg_values_supported"] = json!(["ES256"]);
    }
    #[cfg(feature = "dpop")]
    {
        let algorithms = json!(["ES256", "EdDSA", "ES384", "PS256", "RS256"]);
        expected["dpop_signing_alg_values_supported"] = algorithms;
    }
    assert_eq!(document, expected);
    let openid = get(&format!("{issuer}/.well-known/openid-configuration")).await;
    assert_eq!(openid.json(), document);
    assert_eq!(server.metadata_requests(), 2);
}

/// The whole response to a request with exactly this head.
async fn raw(server: &AuthorizationServer, head: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("{head}Connection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test]
async fn a_request_with_another_host_is_rejected_at_every_path() {
    // DNS rebinding: a page has made its host name resolve to this address.
    let server = server().await;
    let token = server.mint().issue();
    let port = server.address().port();
    let other = port ^ 1;
    for line in [
        "GET /authorize?client_id=cli",
        "POST /consent",
        "POST /token",
        "POST /introspect",
        "POST /revoke",
        "POST /register",
        "GET /.well-known/oauth-authorization-server",
        "GET /.well-known/openid-configuration",
        "OPTIONS /token",
        "GET /jwks",
        "GET /nowhere",
    ] {
        for host in [
            format!("Host: evil.example:{port}\r\n"),
            format!("Host: 127.0.0.1.evil.example:{port}\r\n"),
            format!("Host: evil.localhost:{port}\r\n"),
            format!("Host: 127.0.0.1:{other}\r\n"),
            "Host: 127.0.0.1\r\n".to_owned(),
            "Host: localhost\r\n".to_owned(),
            "Host: \r\n".to_owned(),
            String::new(),
            format!("Host: 127.0.0.1:{port}\r\nHost: evil.example:{port}\r\n"),
            format!("Host: evil.example:{port}\r\nX-Forwarded-Host: 127.0.0.1:{port}\r\n"),
        ] {
            let head = format!("{line} HTTP/1.1\r\n{host}Origin: http://evil.example:{port}\r\n");
            let response = raw(&server, &head).await;
            let refused = "HTTP/1.1 421 Misdirected Request\r\n";
            assert!(response.starts_with(refused), "{head}: {response}");
            let lower = response.to_lowercase();
            assert!(lower.contains("cache-control: no-store"), "{response}");
            assert!(!lower.contains("access-control-allow-origin"), "{response}");
            assert!(response.contains("<h1>This request cannot be completed</h1>"), "{response}");
            assert!(!response.contains(&token) && !response.contains("evil"), "{response}");
        }
    }
    let absolute =
        format!("GET http://evil.example:{port}/authorize HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
    assert!(raw(&server, &absolute).await.starts_with("HTTP/1.1 421 "));
    assert_eq!(server.introspections(), 0, "rejected requests are not recorded");
    assert!(server.requests(Endpoint::Authorization).is_empty());

    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")]
    {
        let head =
            format!("GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: {host}\r\n");
        assert!(raw(&server, &head).await.starts_with("HTTP/1.1 200 OK\r\n"), "{host}");
    }
}

#[tokio::test]
async fn an_issuer_with_a_path_has_its_metadata_at_the_standard_locations() {
    let server = AuthorizationServer::builder()
        .path("/tenants/blue/")
        .client("a", "b")
        .start()
        .await
        .unwrap();
    let origin = format!("http://{}", server.address());
    assert_eq!(server.issuer(), format!("{origin}/tenants/blue"));
    for url in [
        format!("{origin}/.well-known/oauth-authorization-server/tenants/blue"),
        format!("{origin}/.well-known/openid-configuration/tenants/blue"),
        format!("{origin}/tenants/blue/.well-known/openid-configuration"),
    ] {
        let document = get(&url).await.json();
        assert_eq!(document["issuer"], server.issuer(), "{url}");
        let mut methods = vec!["client_secret_basic", "client_secret_post"];
        if cfg!(feature = "jwt") {
            methods.push("client_secret_jwt");
        }
        assert_eq!(document["introspection_endpoint_auth_methods_supported"], json!(methods));
    }
    let root = format!("{origin}/.well-known/oauth-authorization-server");
    assert_eq!(get(&root).await.status, 404);
    let response = form(server.introspection_url(), &[("token", "x")]).await;
    assert_eq!(response.status, 401);
    assert_eq!(server.introspections(), 1);
}

#[tokio::test]
async fn cors_is_allowed_at_the_endpoints_that_clients_in_browsers_use() {
    let server = server().await;
    for (url, allowed) in [
        (server.token_url(), true),
        (server.registration_url(), true),
        (server.revocation_url(), true),
        (server.metadata_url(), true),
        (server.introspection_url(), false),
        (server.authorization_url(), false),
    ] {
        let preflight = http()
            .request(reqwest::Method::OPTIONS, url)
            .header("origin", "https://inspector.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,mcp-protocol-version");
        let response = Response::of(preflight).await;
        let origin = response.header("access-control-allow-origin");
        assert_eq!(origin, allowed.then_some("*"), "{url}");
        let headers = response.header("access-control-allow-headers");
        assert_eq!(headers, allowed.then_some("authorization,mcp-protocol-version"));
    }
}

#[tokio::test]
async fn an_address_other_than_loopback_is_an_error() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let address: SocketAddr = address.parse().unwrap();
        let error = AuthorizationServer::builder().listen(address).start().await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput, "{address}");
    }
}

#[tokio::test]
async fn stop_closes_connections_and_restart_uses_the_same_port() {
    let server = AuthorizationServer::start().await.unwrap();
    let token = server.mint().issue();
    server.fault_once(Fault::hang());
    let hanging = tokio::spawn(post(server.introspection_url(), &[("token", "x")]).send());
    while server.introspections() == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..3 {
        server.stop().await.unwrap();
        server.stop().await.unwrap();
        let refused = TcpStream::connect(server.address()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        server.restart().await.unwrap();
        server.restart().await.unwrap();
        assert_eq!(introspect(&server, &token).await["active"], true);
    }
    let cut = timeout(TIMEOUT, hanging).await.expect("stop closes the connection");
    assert!(cut.unwrap().is_err());
}

#[tokio::test]
async fn dropping_the_server_closes_its_connections_and_port() {
    let server = AuthorizationServer::start().await.unwrap();
    let address = server.address();
    let mut open = TcpStream::connect(address).await.unwrap();
    drop(server);
    let end = timeout(TIMEOUT, open.read(&mut [0; 1])).await;
    assert!(matches!(end.expect("the connection is closed"), Ok(0) | Err(_)));
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
