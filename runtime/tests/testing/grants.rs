//! Grants that succeed, and the consent page.

use requires_auth::testing::{AuthorizationServer, Consent, OAuthClient};
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn code_token_refresh_and_introspection() {
    let server = server().await;
    let response = get(&request(&server, &[])).await;
    let location = response.header("location").unwrap();
    assert!(location.starts_with("http://127.0.0.1:49152/callback?code="));
    let redirected = response.redirected();
    assert_eq!(redirected["state"], "a b&c");
    assert_eq!(redirected["iss"], server.issuer());

    let response = exchange(&server, &redirected["code"], &[]).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("pragma"), Some("no-cache"));
    let tokens = response.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "entries:read entries:write");

    let first = text(&tokens, "access_token").to_owned();
    let claims = introspect(&server, &first).await;
    for (name, value) in [
        ("active", json!(true)),
        ("scope", json!("entries:read entries:write")),
        ("client_id", json!("cli")),
        ("sub", json!("alice")),
        ("username", json!("alice")),
        ("aud", json!("https://journal.example/mcp")),
        ("iss", json!(server.issuer())),
        ("token_type", json!("Bearer")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(lifetime, 3600);

    let refresh = text(&tokens, "refresh_token").to_owned();
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("client_id", "cli"),
        ("scope", "entries:read"),
    ];
    let second = form(server.token_url(), &pairs).await.json();
    assert_eq!(second["scope"], "entries:read");
    assert_ne!(text(&second, "refresh_token"), refresh);
    let narrowed = introspect(&server, text(&second, "access_token")).await;
    assert_eq!(narrowed["scope"], "entries:read");
    assert_eq!(narrowed["aud"], "https://journal.example/mcp");

    // Replay of the old refresh token: RFC 9700 §4.14.2 revokes all tokens of the grant.
    let replayed = form(server.token_url(), &pairs).await;
    assert_eq!(replayed.error(), (400, "invalid_grant".into()));
    for token in [first.as_str(), text(&second, "access_token")] {
        assert_eq!(introspect(&server, token).await, json!({"active": false}));
    }
    let newest = text(&second, "refresh_token");
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", newest), ("client_id", "cli")];
    let ended = form(server.token_url(), &pairs).await;
    assert_eq!(ended.error(), (400, "invalid_grant".into()));
}

#[tokio::test]
async fn several_resources_become_several_audiences_and_can_be_narrowed() {
    let server = server().await;
    let both = [("resource", "https://a.example/"), ("resource", "https://b.example/")];
    let code = get(&request(&server, &both)).await.redirected()["code"].clone();
    let tokens = exchange(&server, &code, &[]).await.json();
    let claims = introspect(&server, text(&tokens, "access_token")).await;
    assert_eq!(claims["aud"], json!(["https://a.example/", "https://b.example/"]));
    let code = get(&request(&server, &both)).await.redirected()["code"].clone();
    let narrow = [("resource", "https://b.example/")];
    let tokens = exchange(&server, &code, &narrow).await.json();
    let claims = introspect(&server, text(&tokens, "access_token")).await;
    assert_eq!(claims["aud"], "https://b.example/");
}

#[tokio::test]
async fn the_user_chooses_subject_and_scopes_on_the_consent_page() {
    let server = AuthorizationServer::builder()
        .consent(Consent::Ask)
        .register(
            OAuthClient::public("cli").name("<script>alert(1)</script>").redirect_uri(REDIRECT),
        )
        .user("u-1", "Alice")
        .user("u-2", "Bob & Co")
        .start()
        .await
        .unwrap();
    let page = get(&request(&server, &[])).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("access-control-allow-origin"), None);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(policy.contains("form-action 'self' http://127.0.0.1:49152;"));
    assert!(!page.text.contains("<script"));
    for shown in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "https://journal.example/mcp",
        "http://127.0.0.1:49152/callback",
        "entries:read",
        "Bob &amp; Co",
    ] {
        assert!(page.text.contains(shown), "{shown}");
    }

    let id = hidden_id(&page.text);
    let url = format!("{}/consent", server.issuer());
    let choice = [
        ("request", id.as_str()),
        ("user", "u-2"),
        ("scope", "entries:read"),
        // The client did not request it, so the user cannot grant it.
        ("scope", "admin"),
        ("decision", "allow"),
    ];
    let redirected = form(&url, &choice).await.redirected();
    assert_eq!(redirected["state"], "a b&c");
    assert_eq!(redirected["iss"], server.issuer());
    let tokens = exchange(&server, &redirected["code"], &[]).await.json();
    assert_eq!(tokens["scope"], "entries:read");
    let claims = introspect(&server, text(&tokens, "access_token")).await;
    assert_eq!(claims["sub"], "u-2");
    assert_eq!(claims["username"], "Bob & Co");

    // The request has been decided, so its id is no longer valid.
    assert_eq!(form(&url, &choice).await.status, 400);
}

#[tokio::test]
async fn the_user_denies_and_other_sites_cannot_decide() {
    let server = AuthorizationServer::builder()
        .consent(Consent::Ask)
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .start()
        .await
        .unwrap();
    let url = format!("{}/consent", server.issuer());
    let id = hidden_id(&get(&request(&server, &[])).await.text);
    let no = [("request", id.as_str()), ("decision", "deny")];
    let redirected = form(&url, &no).await.redirected();
    assert_eq!(redirected["error"], "access_denied");
    assert_eq!(redirected["state"], "a b&c");
    assert_eq!(redirected["iss"], server.issuer());
    assert!(!redirected.contains_key("code"));

    let id = hidden_id(&get(&request(&server, &[])).await.text);
    let yes = [("request", id.as_str()), ("user", "alice"), ("decision", "allow")];
    let foreign = post(&url, &yes).header("sec-fetch-site", "cross-site");
    assert_eq!(Response::of(foreign).await.status, 403);
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("referer", "http://evil.example/page"),
        ("sec-fetch-site", "same-site"),
    ] {
        let foreign = Response::of(post(&url, &yes).header(name, value)).await;
        assert_eq!((foreign.status, foreign.header("location")), (403, None), "{name}: {value}");
    }
    // The request is still pending. A form post from the own origin decides it.
    let own = post(&url, &yes).header("origin", format!("http://{}", server.address()));
    assert!(Response::of(own).await.redirected().contains_key("code"));
    let guessed = [("request", "x"), ("user", "alice"), ("decision", "allow")];
    assert_eq!(form(&url, &guessed).await.status, 400);
}

#[tokio::test]
async fn client_credentials() {
    let server = AuthorizationServer::builder().client("job", "s3cret").start().await.unwrap();
    let pairs = [
        ("grant_type", "client_credentials"),
        ("scope", "entries:read"),
        ("resource", "https://journal.example/"),
    ];
    let request = post(server.token_url(), &pairs).basic_auth("job", Some("s3cret"));
    let tokens = Response::of(request).await.json();
    assert!(tokens.get("refresh_token").is_none());
    let token = text(&tokens, "access_token");
    let request = post(server.introspection_url(), &[("token", token)]);
    let claims = Response::of(request.basic_auth("job", Some("s3cret"))).await.json();
    assert_eq!(claims["client_id"], "job");
    assert_eq!(claims["aud"], "https://journal.example/");
    assert!(claims.get("sub").is_none());

    let request = post(server.token_url(), &pairs).basic_auth("job", Some("wrong"));
    assert_eq!(Response::of(request).await.error(), (401, "invalid_client".into()));
}
