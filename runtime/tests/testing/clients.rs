//! Dynamic registration, client-id metadata documents, and revocation.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get as route;
use requires_auth::testing::AuthorizationServer;
use serde_json::{Value, json};

use crate::support::*;

async fn register(server: &AuthorizationServer, metadata: &Value) -> Response {
    let request = http()
        .post(server.registration_url())
        .header("content-type", "application/json")
        .body(metadata.to_string());
    Response::of(request).await
}

#[tokio::test]
async fn a_public_client_registers_and_gets_tokens() {
    let server = AuthorizationServer::start().await.unwrap();
    let response = register(
        &server,
        &json!({
            "client_name": "Inspector",
            "redirect_uris": ["http://127.0.0.1:49152/callback"],
            "grant_types": ["authorization_code", "refresh_token", "urn:example:other"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        }),
    )
    .await;
    assert_eq!(response.status, 201);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let client = response.json();
    assert!(client["client_id_issued_at"].is_u64());
    assert!(client.get("client_secret").is_none());
    assert_eq!(client["client_name"], "Inspector");
    assert_eq!(client["token_endpoint_auth_method"], "none");
    assert_eq!(client["grant_types"], json!(["authorization_code", "refresh_token"]));

    let id = text(&client, "client_id");
    let redirected = get(&request(&server, &[("client_id", id)])).await.redirected();
    let tokens = exchange(&server, &redirected["code"], &[("client_id", id)]).await;
    assert_eq!(tokens.status, 200);
    assert!(tokens.json()["refresh_token"].is_string());
}

#[tokio::test]
async fn a_confidential_client_gets_a_secret_and_must_present_it() {
    let server = AuthorizationServer::start().await.unwrap();
    let metadata = json!({ "redirect_uris": ["http://127.0.0.1:49152/callback"] });
    let client = register(&server, &metadata).await.json();
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["client_secret_expires_at"], 0);
    let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));

    let redirected = get(&request(&server, &[("client_id", id)])).await.redirected();
    let without = exchange(&server, &redirected["code"], &[("client_id", id)]).await;
    assert_eq!(without.error(), (401, "invalid_client".into()));
    let with = [("client_id", id), ("client_secret", secret)];
    let tokens = exchange(&server, &redirected["code"], &with).await;
    assert_eq!(tokens.status, 200);
    // It did not register for refresh tokens.
    assert!(tokens.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn registrations_with_unsafe_or_unsupported_metadata_are_rejected() {
    let server = AuthorizationServer::start().await.unwrap();
    for uris in [
        json!([]),
        json!(["http://app.example/cb"]),
        json!(["https://app.example/cb", "javascript:alert(1)"]),
        json!(["https://app.example/cb#x"]),
    ] {
        let response = register(&server, &json!({ "redirect_uris": uris })).await;
        assert_eq!(response.error(), (400, "invalid_redirect_uri".into()), "{uris}");
    }
    let uris = json!(["https://app.example/cb"]);
    for metadata in [
        json!([]),
        json!({ "redirect_uris": uris, "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "redirect_uris": uris, "grant_types": ["implicit"] }),
        json!({ "redirect_uris": uris, "response_types": ["token"] }),
        json!({ "redirect_uris": "https://app.example/cb" }),
    ] {
        let response = register(&server, &metadata).await;
        assert_eq!(response.error(), (400, "invalid_client_metadata".into()), "{metadata}");
    }
}

/// A web site with one valid client-id metadata document and several invalid ones.
async fn website() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let document = |name: &str, change: Value| {
        let mut document = json!({
            "client_id": format!("{base}/{name}"),
            "client_name": "An application",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let text = document.to_string();
        route(move || async move { text })
    };
    let moved = format!("{base}/good");
    let app = Router::new()
        .route("/good", document("good", json!({})))
        .route("/other", document("good", json!({})))
        .route("/secret", document("secret", json!({"client_secret": "x"})))
        .route("/key", document("key", json!({"token_endpoint_auth_method": "private_key_jwt"})))
        .route("/uris", document("uris", json!({"redirect_uris": ["javascript:1"]})))
        .route("/large", document("large", json!({"padding": "x".repeat(70_000)})))
        .route("/text", route(|| async { "not JSON" }))
        .route(
            "/moved",
            route(move || async move {
                (StatusCode::FOUND, [(header::LOCATION, moved)]).into_response()
            }),
        );
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

#[tokio::test]
async fn a_client_with_a_metadata_document_needs_no_registration() {
    let server = AuthorizationServer::builder().allow_local_client_documents();
    let server = server.start().await.unwrap();
    let base = website().await;
    let id = format!("{base}/good");
    let redirected = get(&request(&server, &[("client_id", &id)])).await.redirected();
    let tokens = exchange(&server, &redirected["code"], &[("client_id", &id)]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    let tokens = tokens.json();
    let claims = introspect(&server, text(&tokens, "access_token")).await;
    assert_eq!(claims["client_id"], id);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("client_id", &id),
    ];
    assert_eq!(form(server.token_url(), &refresh).await.status, 200);
}

#[tokio::test]
async fn an_error_in_a_metadata_document_is_shown_and_never_redirected() {
    let server = AuthorizationServer::builder().allow_local_client_documents();
    let server = server.start().await.unwrap();
    let base = website().await;
    for path in ["other", "secret", "key", "uris", "large", "text", "moved", "missing"] {
        let id = format!("{base}/{path}");
        let response = get(&request(&server, &[("client_id", &id)])).await;
        assert_eq!((response.status, response.header("location")), (400, None), "{path}");
    }
    let elsewhere = [
        ("client_id", format!("{base}/good")),
        ("redirect_uri", "https://evil.example/".to_owned()),
    ];
    let elsewhere: Vec<(&str, &str)> = elsewhere.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(get(&request(&server, &elsewhere)).await.status, 400);
}

#[tokio::test]
async fn a_document_on_a_loopback_address_is_not_fetched_by_default() {
    let server = AuthorizationServer::start().await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for id in [
        format!("http://127.0.0.1:{port}/client.json"),
        format!("http://localhost:{port}/client.json"),
        format!("https://127.0.0.1:{port}/client.json"),
        format!("https://localhost:{port}/client.json"),
        format!("https://localhost.:{port}/client.json"),
        format!("https://[::ffff:127.0.0.1]:{port}/client.json"),
    ] {
        let response = get(&request(&server, &[("client_id", &id)])).await;
        assert_eq!((response.status, response.header("location")), (400, None), "{id}");
        let token = exchange(&server, "code", &[("client_id", &id)]).await;
        assert!(matches!(token.status, 400 | 401), "{id}");
    }
    let connected = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
    assert!(connected.is_err(), "the server connected to a loopback address");
}

#[tokio::test]
async fn a_client_can_revoke_its_own_tokens_only() {
    let server = server().await;
    let tokens = exchange(&server, &code(&server).await, &[]).await.json();
    let access = text(&tokens, "access_token");
    let refresh = text(&tokens, "refresh_token");
    let minted = server.mint().client_id("somebody-else").issue();
    let url = server.revocation_url();

    let foreign = form(url, &[("token", &minted), ("client_id", "cli")]).await;
    assert_eq!(foreign.error(), (400, "invalid_grant".into()));
    assert_eq!(introspect(&server, &minted).await["active"], true);
    let nobody = form(url, &[("token", access), ("client_id", "nobody")]).await;
    assert_eq!(nobody.error(), (401, "invalid_client".into()));
    let empty = form(url, &[("client_id", "cli")]).await;
    assert_eq!(empty.error(), (400, "invalid_request".into()));

    for token in [refresh, refresh, "unknown"] {
        let response = form(url, &[("token", token), ("client_id", "cli")]).await;
        assert_eq!((response.status, response.text.as_str()), (200, ""));
    }
    // RFC 7009 §2.1: revoking the refresh token revokes the access tokens.
    assert_eq!(introspect(&server, access).await, json!({"active": false}));

    let tokens = exchange(&server, &code(&server).await, &[]).await.json();
    let access = text(&tokens, "access_token");
    let own = form(url, &[("token", access), ("client_id", "cli")]).await;
    assert_eq!(own.status, 200);
    assert_eq!(introspect(&server, access).await, json!({"active": false}));
}
