//! `acr` and `auth_time` of the tokens of a user (RFC 9470 §5).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use requires_auth::testing::{AuthorizationServer, Consent, ManualClock, OAuthClient};
use serde_json::{Value, json};

use crate::support::*;

const START: u64 = 2_000_000_000;

async fn start(acr_values: &[&str]) -> (AuthorizationServer, ManualClock) {
    let clock = ManualClock::at(UNIX_EPOCH + Duration::from_secs(START));
    let server = AuthorizationServer::builder()
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .acr_values_supported(acr_values.iter().copied())
        .clock(clock.clone());
    (server.start().await.unwrap(), clock)
}

/// The token response of an authorization, with the `auth_time`, as seconds since the start, and the `acr` of the token.
async fn authorize(
    server: &AuthorizationServer,
    changes: &[(&str, &str)],
) -> (Value, (u64, Option<String>)) {
    let redirected = get(&request(server, changes)).await.redirected();
    let tokens = exchange(server, &redirected["code"], &[]).await.json();
    let login = login(server, &tokens).await;
    (tokens, login)
}

async fn login(server: &AuthorizationServer, tokens: &Value) -> (u64, Option<String>) {
    let claims = introspect(server, text(tokens, "access_token")).await;
    let acr = claims.get("acr").map(|acr| acr.as_str().unwrap().to_owned());
    (claims["auth_time"].as_u64().unwrap() - START, acr)
}

#[tokio::test]
async fn a_login_is_repeated_where_the_request_demands_it() {
    // R-H9
    let (server, clock) = start(&[]).await;
    let (first, login_of_first) = authorize(&server, &[]).await;
    assert_eq!(login_of_first, (0, None));
    for (seconds, changes, expected) in [
        // The session goes on.
        (10, vec![], (0, None)),
        (10, vec![("max_age", "60")], (0, None)),
        (50, vec![("max_age", "60")], (70, None)),
        (1, vec![("max_age", "0")], (71, None)),
        (1, vec![("acr_values", "mfa pwd")], (72, Some("mfa".to_owned()))),
        (1, vec![], (72, Some("mfa".to_owned()))),
        (1, vec![("acr_values", "pwd mfa")], (72, Some("mfa".to_owned()))),
        (1, vec![("acr_values", "phr")], (75, Some("phr".to_owned()))),
        (61, vec![("acr_values", "phr"), ("max_age", "60")], (136, Some("phr".to_owned()))),
        (61, vec![("max_age", "60")], (197, Some("phr".to_owned()))),
    ] {
        clock.advance(Duration::from_secs(seconds));
        assert_eq!(authorize(&server, &changes).await.1, expected, "{changes:?}");
    }
    // A refresh token is of the login of its grant.
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&first, "refresh_token")),
        ("client_id", "cli"),
    ];
    let refreshed = form(server.token_url(), &pairs).await.json();
    assert_eq!(login(&server, &refreshed).await, (0, None));
}

#[tokio::test]
async fn the_first_supported_class_is_used() {
    // R-H9
    let (server, _) = start(&["mfa", "pwd"]).await;
    let document = get(server.metadata_url()).await.json();
    assert_eq!(document["acr_values_supported"], json!(["mfa", "pwd"]));
    let (_, login) = authorize(&server, &[("acr_values", "phr pwd mfa")]).await;
    assert_eq!(login, (0, Some("pwd".to_owned())));
    for (changes, error) in [
        ([("acr_values", "phr")], "unmet_authentication_requirements"),
        ([("max_age", "-1")], "invalid_request"),
        ([("max_age", "+1")], "invalid_request"),
        ([("max_age", "soon")], "invalid_request"),
    ] {
        let redirected = get(&request(&server, &changes)).await.redirected();
        assert_eq!((&*redirected["error"], redirected.get("code")), (error, None));
    }
    let (any, _) = start(&[]).await;
    assert_eq!(get(any.metadata_url()).await.json().get("acr_values_supported"), None);
}

#[tokio::test]
async fn each_user_has_a_session() {
    // R-H9
    let server = AuthorizationServer::builder()
        .consent(Consent::Ask)
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .start()
        .await
        .unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (user, changes, expected) in [
        ("alice", vec![("acr_values", "mfa")], json!("mfa")),
        ("bob", vec![], Value::Null),
        ("alice", vec![], json!("mfa")),
    ] {
        let page = get(&request(&server, &changes)).await.text;
        let id = hidden_id(&page);
        let choice = [("request", &*id), ("user", user), ("decision", "allow")];
        let redirected = form(&format!("{}/consent", server.issuer()), &choice).await.redirected();
        let tokens = exchange(&server, &redirected["code"], &[]).await.json();
        let claims = introspect(&server, text(&tokens, "access_token")).await;
        assert_eq!((&claims["sub"], &claims["acr"]), (&json!(user), &expected));
        assert!(claims["auth_time"].as_u64().unwrap().abs_diff(now) < 60);
    }
}

#[tokio::test]
async fn a_client_does_not_log_in() {
    // R-H9
    let server = AuthorizationServer::builder().client("job", "s3cret").start().await.unwrap();
    let pairs = [("grant_type", "client_credentials"), ("acr_values", "mfa"), ("max_age", "1")];
    let request = post(server.token_url(), &pairs).basic_auth("job", Some("s3cret"));
    let tokens = Response::of(request).await.json();
    let request = post(server.introspection_url(), &[("token", text(&tokens, "access_token"))]);
    let claims = Response::of(request.basic_auth("job", Some("s3cret"))).await.json();
    assert_eq!((claims.get("acr"), claims.get("auth_time")), (None, None));
}
