//! Minted tokens and the introspection endpoint.

use std::time::Duration;

use requires_auth::testing::AuthorizationServer;
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn a_minted_token_has_the_claims_that_the_test_set() {
    let server = AuthorizationServer::start().await.unwrap();
    let plain = introspect(&server, &server.mint().issue()).await;
    let mut names: Vec<&String> = plain.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["active", "client_id", "exp", "iat", "iss", "token_type"]);
    assert_eq!(plain["iss"], server.issuer());
    assert_eq!(plain["exp"].as_u64().unwrap() - plain["iat"].as_u64().unwrap(), 3600);

    let token = server
        .mint()
        .token("a-chosen-token")
        .subject("alice")
        .username("Alice")
        .client_id("cli")
        .scopes("entries:read entries:write")
        .audience("https://a.example/")
        .audience("https://b.example/")
        .claim("groups", json!(["x"]))
        .without_claim("iss")
        .never_expires()
        .issue();
    assert_eq!(token, "a-chosen-token");
    let mut claims = introspect(&server, &token).await;
    assert!(claims.as_object_mut().unwrap().remove("iat").is_some());
    assert_eq!(
        claims,
        json!({
            "active": true, "sub": "alice", "username": "Alice", "client_id": "cli",
            "scope": "entries:read entries:write", "token_type": "Bearer", "groups": ["x"],
            "aud": ["https://a.example/", "https://b.example/"],
        })
    );
    let short = server.mint().expires_in(Duration::from_secs(60)).issue();
    let short = introspect(&server, &short).await;
    assert_eq!(short["exp"].as_u64().unwrap() - short["iat"].as_u64().unwrap(), 60);
}

#[tokio::test]
async fn expired_revoked_deleted_and_unknown_tokens_get_the_same_response() {
    let server = AuthorizationServer::start().await.unwrap();
    let expired = server.mint().expired().issue();
    let revoked = server.mint().issue();
    let deleted = server.mint().answer_with(json!({"active": true})).issue();
    assert_eq!(introspect(&server, &revoked).await["active"], true);
    assert!(server.revoke(&revoked));
    assert!(server.delete(&deleted));
    assert!(!server.revoke("unknown") && !server.delete("unknown"));
    for token in [expired.as_str(), &revoked, &deleted, "unknown"] {
        assert_eq!(introspect(&server, token).await, json!({"active": false}));
    }
}

#[tokio::test]
async fn a_test_can_set_the_whole_introspection_response() {
    let server = AuthorizationServer::start().await.unwrap();
    let custom = server.mint().answer_with(json!({"active": true, "exp": 1})).issue();
    assert_eq!(introspect(&server, &custom).await, json!({"active": true, "exp": 1}));
    let bytes = "{\"active\":true,\"active\":false} \u{feff}";
    let raw = server.mint().answer_with_bytes(bytes).issue();
    let response = form(server.introspection_url(), &[("token", &raw)]).await;
    assert_eq!((response.status, response.text.as_str()), (200, bytes));
    assert_eq!(response.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn introspection_requires_the_credentials_of_a_registered_client() {
    let server = AuthorizationServer::builder()
        .client("rs:1", "s+c%t /\u{e9}")
        .introspection_bearer("a-bearer")
        .start()
        .await
        .unwrap();
    let token = server.mint().issue();
    let request = || post(server.introspection_url(), &[("token", &token)]);
    let good = [
        request().basic_auth("rs%3A1", Some("s%2Bc%25t+%2F%C3%A9")),
        request().bearer_auth("a-bearer"),
        post(
            server.introspection_url(),
            &[("token", &token), ("client_id", "rs:1"), ("client_secret", "s+c%t /\u{e9}")],
        ),
    ];
    for request in good {
        assert_eq!(Response::of(request).await.json()["active"], true);
    }
    let realm = "Basic realm=\"authorization server for tests\"";
    let bad = [
        (request(), 401, Some(realm)),
        (request().basic_auth("rs:1", Some("s+c%t /\u{e9}")), 401, Some(realm)),
        (request().basic_auth("rs%3A1", Some("wrong")), 401, Some(realm)),
        (request().basic_auth("rs%3A1", Some("")), 401, Some(realm)),
        (request().header("authorization", "Basic !"), 401, Some(realm)),
        (request().header("authorization", "Digest x"), 401, Some(realm)),
        (request().bearer_auth("wrong"), 401, Some("Bearer error=\"invalid_token\"")),
        (
            request().header("authorization", "Basic YTpi").header("authorization", "Basic YTpi"),
            400,
            None,
        ),
        (
            post(server.introspection_url(), &[("token", &token), ("client_secret", "x")])
                .basic_auth("rs%3A1", Some("s%2Bc%25t+%2F%C3%A9")),
            400,
            None,
        ),
    ];
    for (number, (request, status, challenge)) in bad.into_iter().enumerate() {
        let response = Response::of(request).await;
        assert_eq!(response.status, status, "{number}: {}", response.text);
        assert_eq!(response.header("www-authenticate"), challenge, "{number}");
        assert!(response.json().get("active").is_none());
    }
}

#[tokio::test]
async fn a_request_without_token_is_an_error() {
    let server = AuthorizationServer::start().await.unwrap();
    let response = form(server.introspection_url(), &[]).await;
    assert_eq!(response.error(), (400, "invalid_request".into()));
    assert_eq!(get(server.introspection_url()).await.status, 405);
}

#[tokio::test]
async fn recorded_requests_have_secrets_and_their_debug_output_has_none() {
    let server = AuthorizationServer::start().await.unwrap();
    let pairs = [("token", "t0k3n"), ("token_type_hint", "access_token")];
    Response::of(post(server.introspection_url(), &pairs).basic_auth("a", Some("s3cret"))).await;
    assert_eq!(server.introspections(), 1);
    let request = server.last_introspection().unwrap();
    assert_eq!((request.method(), request.path()), ("POST", "/introspect"));
    assert_eq!(request.header("authorization"), Some("Basic YTpzM2NyZXQ="));
    assert_eq!(request.param("token_type_hint").as_deref(), Some("access_token"));
    assert_eq!(request.form().len(), 2);
    let printed = format!("{request:?} {server:?}");
    for secret in ["t0k3n", "s3cret", "YTpzM2NyZXQ="] {
        assert!(!printed.contains(secret));
    }
}
