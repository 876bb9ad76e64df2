//! The body of an error response (RFC 6749 §5.2).

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;
use tokio::time::timeout;

use crate::OAuthErrorCode;
use crate::resolve::authorization_server::http_client;

/// The members of an error response that matter here. Empty if the body cannot be read.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Members")]
pub(crate) struct ErrorBody {
    /// The error code, if it is a registered one.
    pub(crate) code: Option<OAuthErrorCode>,
    /// Whether `active` is `false`.
    pub(crate) inactive: bool,
}

#[derive(Deserialize)]
struct Members {
    error: Option<String>,
    active: Option<bool>,
}

impl From<Members> for ErrorBody {
    fn from(members: Members) -> Self {
        Self {
            code: members.error.and_then(|code| OAuthErrorCode::registered(&code)),
            inactive: members.active == Some(false),
        }
    }
}

/// An error response is short. A longer body is usually a page of HTML, which has no error code.
const MAX_LENGTH: usize = 16 * 1024;

/// The status decides most cases alone, so a body that arrives slowly is not read to its end.
const READ_TIMEOUT: Duration = Duration::from_millis(500);

impl ErrorBody {
    pub(crate) async fn read(response: Response) -> Self {
        let body = timeout(READ_TIMEOUT, http_client::bounded_body(response, MAX_LENGTH)).await;
        body.ok().and_then(Result::ok).map(|body| Self::parse(&body)).unwrap_or_default()
    }

    fn parse(body: &[u8]) -> Self {
        // serde accepts an array for a struct, element by element.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        if is_object { serde_json::from_slice(body).unwrap_or_default() } else { Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registered_codes_and_an_unambiguous_active_false_are_read() {
        // R-C10, R-D2
        let read = |body: &str| {
            let ErrorBody { code, inactive } = ErrorBody::parse(body.as_bytes());
            (code.map(OAuthErrorCode::as_str), inactive)
        };
        for code in ["invalid_client", "unsupported_token_type", "slow_down"] {
            let body = format!(r#"{{"error":"{code}","error_description":"free text"}}"#);
            assert_eq!(read(&body), (Some(code), false));
        }
        assert_eq!(
            read(r#"{"active":false,"error":"invalid_token"}"#),
            (Some("invalid_token"), true)
        );
        for nothing in [
            "",
            "<html>",
            "[]",
            r#"{"error":"free text"}"#,
            r#"{"error":"Invalid_Client"}"#,
            r#"{"error":"invalid_client "}"#,
            r#"{"error":["invalid_client"]}"#,
            r#"{"error":"invalid_client","error":"invalid_token"}"#,
            r#"{"active":true}"#,
            r#"{"active":"false"}"#,
            r#"{"active":0}"#,
            r#"{"active":true,"active":false}"#,
            r#"{"active":{"$serde_json::private::RawValue":"false"}}"#,
            r#"[{"active":false}]"#,
            r#"["invalid_client",false]"#,
            r#"{"active":false"#,
        ] {
            assert_eq!(read(nothing), (None, false), "{nothing}");
        }
    }
}
