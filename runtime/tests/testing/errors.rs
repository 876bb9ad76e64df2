//! Authorization and token requests that get an error response.

use std::time::{Duration, SystemTime};

use requires_auth::testing::{AuthorizationServer, ManualClock, OAuthClient};
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn an_invalid_client_or_redirect_uri_is_shown_and_never_redirected() {
    let server = server().await;
    for changes in [
        vec![("client_id", "nobody")],
        vec![("client_id", "")],
        vec![("client_id", "cli"), ("client_id", "cli")],
        vec![("redirect_uri", "")],
        vec![("redirect_uri", "http://127.0.0.1:49152/other")],
        vec![("redirect_uri", "https://evil.example/callback")],
        vec![("redirect_uri", "javascript:alert(1)")],
        vec![("redirect_uri", REDIRECT), ("redirect_uri", REDIRECT)],
    ] {
        let response = get(&request(&server, &changes)).await;
        assert_eq!(response.status, 400, "{changes:?}");
        assert_eq!(response.header("location"), None, "{changes:?}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert!(response.text.contains("<h1>This request cannot be completed</h1>"));
        let policy = response.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'none'"));
    }
}

#[tokio::test]
async fn every_other_error_is_redirected_to_the_client() {
    let server = server().await;
    for (changes, error) in [
        (vec![("response_type", "")], "invalid_request"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("response_mode", "fragment")], "invalid_request"),
        (vec![("code_challenge", "")], "invalid_request"),
        (vec![("code_challenge", "short")], "invalid_request"),
        (vec![("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge_method", "plain")], "invalid_request"),
        (vec![("scope", "admin")], "invalid_scope"),
        (vec![("scope", "a"), ("scope", "b")], "invalid_request"),
        (vec![("resource", "relative")], "invalid_target"),
        (vec![("resource", "https://a.example/#top")], "invalid_target"),
    ] {
        let redirected = get(&request(&server, &changes)).await.redirected();
        assert_eq!(redirected["error"], error, "{changes:?}");
        assert_eq!(redirected["state"], "a b&c");
        assert_eq!(redirected["iss"], server.issuer());
        assert!(!redirected.contains_key("code"));
    }
}

#[tokio::test]
async fn a_resource_that_is_not_configured_is_rejected() {
    let server = AuthorizationServer::builder()
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .resource("https://other.example/")
        .start()
        .await
        .unwrap();
    let redirected = get(&request(&server, &[])).await.redirected();
    assert_eq!(redirected["error"], "invalid_target");
    let known = [("resource", "https://other.example/")];
    let redirected = get(&request(&server, &known)).await.redirected();
    assert!(redirected.contains_key("code"));
}

#[tokio::test]
async fn a_token_request_that_does_not_match_its_code_is_rejected() {
    let server = server().await;
    for (changes, error) in [
        (vec![("code_verifier", "wrong")], (400, "invalid_grant")),
        (vec![("code_verifier", "")], (400, "invalid_request")),
        (vec![("code", "wrong")], (400, "invalid_grant")),
        (vec![("code", "")], (400, "invalid_request")),
        (vec![("redirect_uri", REDIRECT)], (400, "invalid_grant")),
        (vec![("resource", "https://b.example/")], (400, "invalid_target")),
        (vec![("scope", "admin")], (400, "invalid_scope")),
        (vec![("grant_type", "password")], (400, "unsupported_grant_type")),
        (vec![("grant_type", "client_credentials")], (400, "unauthorized_client")),
        (vec![("grant_type", "")], (400, "invalid_request")),
        (vec![("client_id", "nobody")], (401, "invalid_client")),
        (vec![("client_id", "")], (401, "invalid_client")),
        (vec![("client_secret", "x")], (401, "invalid_client")),
        (vec![("code", "a"), ("code", "b")], (400, "invalid_request")),
        (vec![("client_id", "https://app.example/client.json")], (400, "invalid_grant")),
    ] {
        let code = code(&server).await;
        let response = exchange(&server, &code, &changes).await;
        assert_eq!(response.error(), (error.0, error.1.to_owned()), "{changes:?}");
        let challenge =
            (error.0 == 401).then_some("Basic realm=\"authorization server for tests\"");
        assert_eq!(response.header("www-authenticate"), challenge);
    }
    let json =
        http().post(server.token_url()).header("content-type", "application/json").body("{}");
    assert_eq!(Response::of(json).await.error(), (400, "invalid_request".into()));
}

#[tokio::test]
async fn a_replayed_code_revokes_the_tokens_of_its_first_use() {
    let server = server().await;
    let code = code(&server).await;
    let tokens = exchange(&server, &code, &[]).await.json();
    let token = text(&tokens, "access_token");
    assert_eq!(introspect(&server, token).await["active"], true);
    let replayed = exchange(&server, &code, &[]).await;
    assert_eq!(replayed.error(), (400, "invalid_grant".into()));
    assert_eq!(introspect(&server, token).await, json!({"active": false}));
}

#[tokio::test]
async fn codes_and_tokens_expire_by_the_configured_clock() {
    let clock = ManualClock::at(SystemTime::UNIX_EPOCH);
    let server = AuthorizationServer::builder()
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .token_lifetime(Duration::from_secs(300))
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    let tokens = exchange(&server, &code(&server).await, &[]).await.json();
    let token = text(&tokens, "access_token");
    let late = code(&server).await;
    clock.set(SystemTime::UNIX_EPOCH + Duration::from_secs(60));
    let response = exchange(&server, &late, &[]).await;
    assert_eq!(response.error(), (400, "invalid_grant".into()));
    clock.set(SystemTime::UNIX_EPOCH + Duration::from_secs(299));
    assert_eq!(introspect(&server, token).await["active"], true);
    clock.set(SystemTime::UNIX_EPOCH + Duration::from_secs(300));
    assert_eq!(introspect(&server, token).await, json!({"active": false}));
}
