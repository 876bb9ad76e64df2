//! The fuzz target of token responses to the client credentials grant.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target that meets the unexpected fails"
)]

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Token;
use crate::fuzz::document::Document;

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

// R-C2
pub(crate) fn run(data: &[u8]) {
    let read = super::read(data);
    if let Err(error) = &read {
        // Nothing of the response is in it.
        assert_eq!(error.to_string(), "the authorization server's response cannot be used");
    }
    // A member that is not read may be no text or number.
    let Some(document) = Document::read(data) else { return };
    let Some(object) = document.object() else { return assert!(read.is_err()) };
    if document.repeats(&["access_token", "token_type", "expires_in"]) {
        return assert!(read.is_err(), "a member is there twice");
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let token = text("access_token").filter(|token| {
        // RFC 6749 §A.12.
        !token.is_empty() && token.chars().all(|character| (' '..='~').contains(&character))
    });
    let is_bearer = text("token_type").is_some_and(|it| it.eq_ignore_ascii_case("bearer"));
    let lifetime = object.get("expires_in").filter(|lifetime| !lifetime.is_null());
    let is_lifetime = lifetime.is_none_or(Value::is_u64);
    let expected = token.filter(|_| is_bearer && is_lifetime);
    assert_eq!(read.as_ref().ok().map(|it| it.access_token.expose()), expected);
    let Ok(read) = read else { return };
    let now = Instant::now();
    let token = Token::new(read, now);
    let lifetime =
        lifetime.map_or(Duration::from_secs(60), |it| Duration::from_secs(it.as_u64().unwrap()));
    let lifetime = lifetime.min(YEAR);
    assert_eq!((token.obtained, token.expiry - now), (now, lifetime));
    let margin = token.expiry - token.renewal;
    assert!(
        margin <= Duration::from_secs(30) && margin <= lifetime / 5,
        "{margin:?} of {lifetime:?}"
    );
}
