//! The list of issued tokens.

use std::time::Duration;

use requires_auth::testing::{AuthorizationServer, IssuedToken, ManualClock, TokenStatus};
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn minted_and_requested_tokens_are_listed_in_their_order_with_their_status() {
    // R-H10
    let clock = ManualClock::new();
    let builder = AuthorizationServer::builder().clock(clock.clone()).client("job", "s3cret");
    let server = builder.start().await.unwrap();
    assert!(server.issued_tokens().is_empty());
    let pairs =
        [("grant_type", "client_credentials"), ("client_id", "job"), ("client_secret", "s3cret")];
    let requested = form(server.token_url(), &pairs).await.json();
    let requested = text(&requested, "access_token").to_owned();
    // Random tokens, so that another order is noticed.
    let mut expected = vec![requested.clone()];
    for subject in ["a", "b", "c", "d", "e", "f"] {
        expected.push(server.mint().subject(subject).issue());
    }
    let short = server.mint().expires_in(Duration::from_secs(60)).issue();
    let fixed = server.mint().answer_with(json!({ "active": true, "sub": "x" })).issue();
    let deleted = server.mint().issue();
    expected.extend([short.clone(), fixed.clone()]);
    assert!(server.delete(&deleted));

    let listed = server.issued_tokens();
    let tokens: Vec<&str> = listed.iter().map(IssuedToken::token).collect();
    assert_eq!(tokens, expected);
    assert!(listed.iter().all(|one| one.status() == TokenStatus::Active));
    assert_eq!(listed[0].claim("client_id"), Some(&json!("job")));
    assert_eq!(listed[1].claim("sub"), Some(&json!("a")));
    assert_eq!(listed[8].claim("sub"), None, "the response was set");

    // The client revokes its token, and a lifetime ends. What was read before does not change.
    let pairs = [("token", &*requested), ("client_id", "job"), ("client_secret", "s3cret")];
    assert_eq!(form(server.revocation_url(), &pairs).await.status, 200);
    clock.advance(Duration::from_secs(60));
    let status = |token: &str| {
        let listed = server.issued_tokens();
        listed.iter().find(|one| one.token() == token).unwrap().status()
    };
    assert_eq!(listed[0].status(), TokenStatus::Active);
    assert_eq!(status(&requested), TokenStatus::Revoked);
    assert_eq!(status(&short), TokenStatus::Expired);
    assert_eq!(status(&fixed), TokenStatus::Active);
    assert!(server.revoke(&short));
    assert_eq!(status(&short), TokenStatus::Revoked);
    for one in &listed {
        assert!(!format!("{one:?}").contains(one.token()));
    }
}
