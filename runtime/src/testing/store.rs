//! What the server has issued.

use std::collections::HashMap;
#[cfg(feature = "jwt")]
use std::collections::HashSet;
use std::time::SystemTime;

use axum::body::Bytes;
use serde_json::{Map, Value};

use super::authorization_request::PendingRequest;
use super::clients::client::OAuthClient;
use super::grant::Grant;
use super::issued_token::TokenStatus;
use super::login::Login;

/// Every key is a random value, except for a subject and for a token that a test has chosen itself.
#[derive(Default)]
pub(super) struct Store {
    pub(super) clients: HashMap<String, OAuthClient>,
    pub(super) pending: HashMap<String, PendingRequest>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) tokens: HashMap<String, TokenRecord>,
    /// The number of access tokens that were issued, also of those that are deleted.
    issued: u64,
    /// The session of each user, by subject.
    pub(super) sessions: HashMap<String, Login>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
    /// The client and `jti` of each client assertion.
    #[cfg(feature = "jwt")]
    pub(super) used_assertions: HashSet<(String, String)>,
}

/// An authorization code. A used one is kept to detect its replay.
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    /// The thumbprint of the key that it is bound to (RFC 9449 §10).
    pub(super) dpop_jkt: Option<String>,
    pub(super) expires: SystemTime,
    pub(super) used: bool,
}

/// A refresh token. A used one is kept to detect its replay.
pub(super) struct RefreshToken {
    pub(super) grant: Grant,
    /// The thumbprint of the key that it is bound to: that of a public client (RFC 9449 §5).
    pub(super) bound_to: Option<String>,
    pub(super) used: bool,
}

/// An access token.
pub(super) struct TokenRecord {
    /// Its place in the order of issuance: from [`Store::next_number`].
    pub(super) number: u64,
    pub(super) response: IntrospectionResponse,
    pub(super) expires: Option<SystemTime>,
    pub(super) revoked: bool,
    /// The client that may revoke it at the revocation endpoint.
    pub(super) client_id: Option<String>,
    /// The [`Grant::family`] of a token that was not minted.
    pub(super) family: Option<String>,
}

/// The introspection response about a token that is active.
#[derive(Clone)]
pub(super) enum IntrospectionResponse {
    Claims(Map<String, Value>),
    /// A body that the test has set, whether or not it is well-formed.
    Verbatim(Bytes),
}

impl TokenRecord {
    /// A response that the test has set makes the token active, whatever its lifetime.
    pub(super) fn status(&self, now: SystemTime) -> TokenStatus {
        let verbatim = matches!(self.response, IntrospectionResponse::Verbatim(_));
        if self.revoked {
            TokenStatus::Revoked
        } else if !verbatim && self.expires.is_some_and(|expires| expires <= now) {
            TokenStatus::Expired
        } else {
            TokenStatus::Active
        }
    }
}

impl Store {
    pub(super) fn next_number(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    /// Revokes all tokens of one grant (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
    pub(super) fn revoke_family(&mut self, family: &str) {
        self.refresh_tokens.retain(|_, refresh| refresh.grant.family != family);
        for token in self.tokens.values_mut() {
            if token.family.as_deref() == Some(family) {
                token.revoked = true;
            }
        }
    }
}
