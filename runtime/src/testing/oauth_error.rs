//! Error responses of the endpoints that clients call directly (RFC 6749 §5.2).

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error code with a fixed description, which repeats nothing of the request.
#[derive(Debug)]
pub(super) struct OAuthError {
    pub(super) code: &'static str,
    pub(super) description: Cow<'static, str>,
    status: StatusCode,
    challenge: Option<&'static str>,
    /// A nonce for the next DPoP proof (RFC 9449 §8).
    dpop_nonce: Option<HeaderValue>,
}

/// The header that provides a nonce (RFC 9449 §8).
pub(super) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

impl OAuthError {
    pub(super) fn new(code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            description: description.into(),
            status: StatusCode::BAD_REQUEST,
            challenge: None,
            dpop_nonce: None,
        }
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
            status: StatusCode::UNAUTHORIZED,
            challenge: Some("Basic realm=\"authorization server for tests\""),
            ..Self::new("invalid_client", description)
        }
    }

    /// 401 to a protected resource that presented a bearer token (RFC 7662 §2.3, RFC 6750 §3).
    pub(super) fn invalid_bearer() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            challenge: Some("Bearer error=\"invalid_token\""),
            ..Self::new("invalid_token", "the bearer token is not accepted here")
        }
    }

    #[cfg(feature = "dpop")]
    pub(super) fn dpop_nonce(self, nonce: Option<HeaderValue>) -> Self {
        Self { dpop_nonce: nonce, ..self }
    }

    #[cfg(feature = "dpop")]
    pub(super) fn unavailable(description: &'static str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            ..Self::new("temporarily_unavailable", description)
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        let mut response = (self.status, no_store(body)).into_response();
        if let Some(nonce) = self.dpop_nonce {
            response.headers_mut().insert(DPOP_NONCE, nonce);
        }
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
