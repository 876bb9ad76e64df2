//! The fuzz target of token responses to an exchange. The first byte of the input chooses what was requested.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target that meets the unexpected fails"
)]

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{Expected, read_token};
use crate::fuzz::document::Document;
use crate::token_exchange::TokenExchangeError;
use crate::{AccessToken, ResponseError, ScopeSet};

const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
const YEAR: u64 = 365 * 24 * 3600;

// R-M2
pub(crate) fn run(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let requested = ["", "read", "read write"][usize::from(*choice % 3)];
    let subject_token: AccessToken = "t0k3n".parse().unwrap();
    let scopes: ScopeSet = requested.parse().unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let expected = Expected {
        subject_token: &subject_token,
        token_type: TYPE,
        scopes: &scopes,
        with_actor: false,
        now,
    };
    let read = read_token(body, &expected);
    let outcome = match &read {
        Ok(_) => Outcome::Used,
        Err(TokenExchangeError::MissingScope) => Outcome::MissingScope,
        Err(TokenExchangeError::InvalidResponse(ResponseError::IssuedTokenType)) => {
            Outcome::IssuedTokenType
        }
        Err(TokenExchangeError::InvalidResponse(ResponseError::SubjectToken)) => {
            Outcome::SubjectToken
        }
        Err(TokenExchangeError::InvalidResponse(ResponseError::NotATokenResponse)) => {
            Outcome::Malformed
        }
        Err(error) => panic!("{error:?}"),
    };
    // A member that is not read may be no text or number.
    let Some(document) = Document::read(body) else { return };
    assert_eq!(outcome, Outcome::expected(&document, requested), "{document:?}");
    let Ok(issued) = read else { return };
    let object = document.object().unwrap();
    let token = object["access_token"].as_str().unwrap();
    assert_eq!(issued.expose(), token);
    let header = issued.authorization();
    assert_eq!(header.to_str().unwrap(), format!("Bearer {token}"));
    assert!(header.is_sensitive());
    let lifetime = object.get("expires_in").and_then(Value::as_u64);
    let expires_at = lifetime.map(|lifetime| now + Duration::from_secs(lifetime.min(YEAR)));
    assert_eq!(issued.expires_at(), expires_at);
    let granted = object.get("scope").and_then(Value::as_str).unwrap_or(requested);
    let read: BTreeSet<&str> = issued.scopes().iter().collect();
    assert_eq!(read, granted.split(' ').filter(|scope| !scope.is_empty()).collect());
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Used,
    Malformed,
    IssuedTokenType,
    SubjectToken,
    MissingScope,
}

impl Outcome {
    fn expected(document: &Document, requested: &str) -> Self {
        let members = ["access_token", "issued_token_type", "token_type", "expires_in", "scope"];
        let unambiguous = Some(document).filter(|document| !document.repeats(&members));
        let Some(object) = unambiguous.and_then(Document::object) else { return Self::Malformed };
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let is_optional = |name: &str, is_type: fn(&Value) -> bool| {
            object.get(name).is_none_or(|value| value.is_null() || is_type(value))
        };
        let (Some(token), Some(issued), Some(kind)) =
            (text("access_token"), text("issued_token_type"), text("token_type"))
        else {
            return Self::Malformed;
        };
        let is_bearer = kind.eq_ignore_ascii_case("bearer");
        if !is_bearer
            || !is_optional("expires_in", Value::is_u64)
            || !is_optional("scope", Value::is_string)
        {
            return Self::Malformed;
        }
        if issued != TYPE {
            return Self::IssuedTokenType;
        }
        // RFC 6750 §2.1.
        let characters = token.trim_end_matches('=');
        let is_character = |it: char| it.is_ascii_alphanumeric() || "-._~+/".contains(it);
        if characters.is_empty() || !characters.chars().all(is_character) {
            return Self::Malformed;
        }
        if token == "t0k3n" {
            return Self::SubjectToken;
        }
        let granted = text("scope").unwrap_or(requested);
        let granted: Vec<&str> = granted.split(' ').filter(|scope| !scope.is_empty()).collect();
        // RFC 6749 §3.3.
        let is_scope_character = |it: char| ('!'..='~').contains(&it) && it != '"' && it != '\\';
        if !granted.iter().all(|scope| scope.chars().all(is_scope_character)) {
            return Self::Malformed;
        }
        let has = |scope: &str| scope.is_empty() || granted.contains(&scope);
        if requested.split(' ').all(has) { Self::Used } else { Self::MissingScope }
    }
}
