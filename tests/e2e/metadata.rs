//! R-I1, R-I2: the protected resource metadata routes.

use fixtures::raw_http::Request;
use serde_json::json;

use crate::service::Service;

const PATH: &str = "/.well-known/oauth-protected-resource/v1";

#[tokio::test]
async fn the_document_is_at_the_well_known_path() {
    // R-I1, R-I2
    let service = Service::with(
        |client| client,
        |server| server.scopes_supported(["read", "offline_access", "write", "read"]),
    )
    .await;
    let response =
        Request::get(PATH).header("origin", "https://app.example").send(service.address).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    let document: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    let expected = json!({
        "resource": "https://api.example/v1",
        "authorization_servers": [service.authorization_server.issuer()],
        "scopes_supported": ["read", "write"],
        "bearer_methods_supported": ["header"],
        "dpop_bound_access_tokens_required": false,
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "ES384", "PS256", "RS256"],
    });
    assert_eq!(document, expected);

    let head = Request::new("HEAD", PATH).send(service.address).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let root = Request::get("/.well-known/oauth-protected-resource").send(service.address).await;
    assert_eq!(root.status, 404, "the resource has a path, so its metadata is not at the root");
    let post = Request::post(PATH).json("{}").send(service.address).await;
    assert_eq!((post.status, post.header("allow")), (405, Some("GET,HEAD")));
}

#[tokio::test]
async fn empty_lists_are_left_out() {
    // R-I1
    let service = Service::start().await;
    let response = Request::get(PATH).send(service.address).await;
    let document: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    assert!(document.get("scopes_supported").is_none(), "{document}");
}

#[tokio::test]
async fn cors_allows_every_origin() {
    // R-I1
    let service = Service::start().await;
    let preflight = Request::new("OPTIONS", PATH)
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "mcp-protocol-version")
        .send(service.address)
        .await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    assert_eq!(preflight.header("access-control-allow-methods"), Some("GET,HEAD,OPTIONS"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("*"));
}
