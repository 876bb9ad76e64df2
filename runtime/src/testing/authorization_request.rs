//! Authorization requests (RFC 6749 §4.1.1) that have passed validation.

use std::time::SystemTime;

use serde_json::Value;

use super::authorization_response::AuthorizationResponse;
use super::login::LoginRequirements;

pub(super) struct AuthorizationRequest {
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) authorization_details: Vec<Value>,
    pub(super) login: LoginRequirements,
    /// The `code_challenge` of PKCE.
    pub(super) challenge: String,
    /// The thumbprint of the key that the code is bound to (RFC 9449 §10).
    pub(super) dpop_jkt: Option<String>,
    /// Whether the client gets a refresh token.
    pub(super) refreshable: bool,
}

/// A request for which the user has not decided yet.
pub(super) struct PendingRequest {
    pub(super) client_name: String,
    pub(super) redirect_uri: String,
    pub(super) request: AuthorizationRequest,
    pub(super) response: AuthorizationResponse,
    pub(super) expires: SystemTime,
}
