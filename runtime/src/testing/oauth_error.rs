//! Error responses of the endpoints that clients call directly (RFC 6749 §5.2).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error code with a fixed description, which repeats nothing of the request.
#[derive(Debug)]
pub(super) struct OAuthError {
    pub(super) code: &'static str,
    pub(super) description: &'static str,
    challenge: Option<&'static str>,
}

impl OAuthError {
    pub(super) fn new(code: &'static str, description: &'static str) -> Self {
        Self { code, description, challenge: None }
    }

    pub(super) fn invalid_request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) fn invalid_grant(description: &'static str) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(super) fn invalid_target(description: &'static str) -> Self {
        Self::new("invalid_target", description)
    }

    /// 401, with the challenge that RFC 6749 §5.2 requires.
    pub(super) fn invalid_client(description: &'static str) -> Self {
        Self {
            challenge: Some("Basic realm=\"authorization server for tests\""),
            ..Self::new("invalid_client", description)
        }
    }

    /// 401 to a protected resource that presented a bearer token (RFC 7662 §2.3, RFC 6750 §3).
    pub(super) fn invalid_bearer() -> Self {
        Self {
            challenge: Some("Bearer error=\"invalid_token\""),
            ..Self::new("invalid_token", "the bearer token is not accepted here")
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        let status = if self.challenge.is_some() {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        let mut response = (status, no_store(body)).into_response();
        if let Some(challenge) = self.challenge {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// A JSON response that no HTTP cache may store (RFC 6749 §5.1).
pub(super) fn no_store(body: serde_json::Value) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (headers, Json(body)).into_response()
}
