//! Authorization responses (RFC 6749 §4.1.2).

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

/// A redirect to the client, with the `state` of its request and the server's `iss` (RFC 9207).
pub(super) struct AuthorizationResponse {
    pub(super) redirect_uri: Url,
    pub(super) state: Option<String>,
    pub(super) issuer: String,
}

impl AuthorizationResponse {
    pub(super) fn code(self, code: &str) -> Response {
        self.redirect(&[("code", code)])
    }

    /// RFC 6749 §4.1.2.1
    pub(super) fn error(self, code: &str, description: &str) -> Response {
        self.redirect(&[("error", code), ("error_description", description)])
    }

    fn redirect(mut self, params: &[(&str, &str)]) -> Response {
        self.redirect_uri
            .query_pairs_mut()
            .extend_pairs(params)
            .extend_pairs(self.state.map(|state| ("state", state)))
            .append_pair("iss", &self.issuer);
        let headers: [(HeaderName, &str); 3] = [
            (header::LOCATION, self.redirect_uri.as_str()),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        // RFC 9700 §4.12: 303, so that the browser does not repeat a form post at the client.
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}
