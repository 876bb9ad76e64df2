//! Authorization details (RFC 9396), from the request to the token.

use requires_auth::testing::{AuthorizationServer, Consent, OAuthClient};
use serde_json::{Value, json};

use crate::support::*;

async fn start(types: &[&str]) -> AuthorizationServer {
    AuthorizationServer::builder()
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .client("job", "s3cret")
        .introspection_bearer("introspects")
        .authorization_details_types_supported(types.iter().copied())
        .start()
        .await
        .unwrap()
}

async fn details_of(server: &AuthorizationServer, tokens: &Value) -> Option<Value> {
    let pairs = [("token", text(tokens, "access_token"))];
    let request = post(server.introspection_url(), &pairs).bearer_auth("introspects");
    Response::of(request).await.json().get("authorization_details").cloned()
}

fn payment(amount: u32) -> Value {
    json!({ "type": "payment", "amount": amount, "creditor": "Ms Smith & Co" })
}

#[tokio::test]
async fn the_details_of_the_request_are_those_of_the_token() {
    // R-H9
    let server = start(&["payment", "account"]).await;
    let types = "authorization_details_types_supported";
    assert_eq!(get(server.metadata_url()).await.json()[types], json!(["payment", "account"]));
    let both = json!([payment(5), { "type": "account" }]);
    let changes = [("authorization_details", &*both.to_string())];
    let code = get(&request(&server, &changes)).await.redirected()["code"].clone();
    let tokens = exchange(&server, &code, &[]).await.json();
    assert_eq!(tokens["authorization_details"], both);
    assert_eq!(details_of(&server, &tokens).await.as_ref(), Some(&both));

    // A token request can leave some of them out.
    let one = json!([payment(5)]);
    let more = json!([payment(6)]).to_string();
    let refresh = |token: String, details: String| {
        let pairs = [
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", token),
            ("client_id", "cli".to_owned()),
            ("authorization_details", details),
        ];
        let url = server.token_url();
        async move { form(url, &pairs.each_ref().map(|(name, value)| (*name, &**value))).await }
    };
    let first = text(&tokens, "refresh_token").to_owned();
    let response = refresh(first.clone(), more.clone()).await;
    assert_eq!(response.error(), (400, "invalid_authorization_details".into()));
    let second = refresh(first, one.to_string()).await.json();
    assert_eq!(second["authorization_details"], one);
    assert_eq!(details_of(&server, &second).await.as_ref(), Some(&one));
    // The refresh token is of the whole grant.
    let third = refresh(text(&second, "refresh_token").to_owned(), both.to_string()).await.json();
    assert_eq!(third["authorization_details"], both);

    let code = get(&request(&server, &changes)).await.redirected()["code"].clone();
    let response = exchange(&server, &code, &[("authorization_details", &more)]).await;
    assert_eq!(response.error(), (400, "invalid_authorization_details".into()));

    // A request without details gets none.
    let changes = [("authorization_details", "")];
    let code = get(&request(&server, &changes)).await.redirected()["code"].clone();
    let tokens = exchange(&server, &code, &[]).await.json();
    assert_eq!(tokens.get("authorization_details"), None);
    assert_eq!(details_of(&server, &tokens).await, None);
}

#[tokio::test]
async fn a_client_requests_details_for_itself() {
    // R-H9
    let server = start(&["payment"]).await;
    let grant = ("grant_type", "client_credentials");
    for (details, expected) in [
        (json!([payment(5)]), Ok(json!([payment(5)]))),
        (json!([{ "type": "account" }]), Err("invalid_authorization_details")),
        (json!(payment(5)), Err("invalid_authorization_details")),
    ] {
        let pairs = [grant, ("authorization_details", &*details.to_string())];
        let request = post(server.token_url(), &pairs).basic_auth("job", Some("s3cret"));
        let response = Response::of(request).await;
        match expected {
            Ok(expected) => {
                assert_eq!(response.json()["authorization_details"], expected);
                assert_eq!(details_of(&server, &response.json()).await, Some(expected));
            }
            Err(error) => assert_eq!(response.error(), (400, error.into())),
        }
    }
}

#[tokio::test]
async fn malformed_details_and_unknown_types_are_rejected() {
    // R-H9
    let (some, any) = (start(&["payment"]).await, start(&[]).await);
    let details = "authorization_details";
    for (text, of_some, of_any) in [
        ("x", false, false),
        ("{}", false, false),
        ("[1]", false, false),
        ("[{}]", false, false),
        (r#"[{"type":1}]"#, false, false),
        (r#"[{"type":"payment"},{"type":"Payment"}]"#, false, true),
        (r#"[{"type":"payment"}]"#, true, true),
        ("[]", true, true),
    ] {
        for (server, accepted) in [(&some, of_some), (&any, of_any)] {
            let redirected = get(&request(server, &[(details, text)])).await.redirected();
            let error = redirected.get("error").map(|error| &**error);
            let expected = (!accepted).then_some("invalid_authorization_details");
            assert_eq!((error, redirected.contains_key("code")), (expected, accepted), "{text}");
        }
    }
}

#[tokio::test]
async fn the_consent_page_shows_the_details() {
    // R-H9
    let server = AuthorizationServer::builder()
        .consent(Consent::Ask)
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .start()
        .await
        .unwrap();
    let details = json!([payment(5)]).to_string();
    let page = get(&request(&server, &[("authorization_details", &details)])).await.text;
    assert!(page.contains("The token will permit"), "{page}");
    assert!(page.contains("Ms Smith &amp; Co"), "{page}");
}

#[tokio::test]
async fn a_minted_token_has_details() {
    // R-H9
    let server = start(&[]).await;
    let token = server.mint().authorization_details([payment(5)]).issue();
    let details = details_of(&server, &json!({ "access_token": token })).await;
    assert_eq!(details, Some(json!([payment(5)])));
}
