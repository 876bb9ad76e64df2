//! The settings of an authorization server, fixed when it starts.

use std::time::Duration;

use super::clients::client::OAuthClient;
use super::token_format::TokenFormat;
use crate::Clock;
#[cfg(feature = "jwt")]
use crate::SigningAlgorithm;

pub(super) struct Settings {
    /// The path of the issuer: empty, or with a slash at its beginning and none at its end.
    pub(super) path: String,
    pub(super) consent: Consent,
    pub(super) clients: Vec<OAuthClient>,
    pub(super) introspection_bearers: Vec<String>,
    pub(super) scopes_supported: Vec<String>,
    pub(super) resources: Vec<String>,
    /// Empty for any.
    pub(super) acr_values_supported: Vec<String>,
    /// Empty for any.
    pub(super) authorization_details_types_supported: Vec<String>,
    pub(super) users: Vec<User>,
    pub(super) token_lifetime: Duration,
    pub(super) token_format: TokenFormat,
    #[cfg(feature = "jwt")]
    pub(super) signing_algorithm: SigningAlgorithm,
    /// Taken when the state is created.
    #[cfg(feature = "dpop")]
    pub(super) dpop: Option<crate::Dpop>,
    pub(super) clock: Box<dyn Clock>,
    /// Whether client-id metadata documents are fetched from private and loopback addresses.
    pub(super) local_documents: bool,
}

/// What the authorization endpoint does with a valid request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Consent {
    /// It shows a consent page, where a person chooses the user and the scopes, and allows or denies
    /// access.
    Ask,
    /// It grants all requested scopes for the first user, without a page: for scripts.
    #[default]
    Auto,
}

/// A user that the consent page offers.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) subject: String,
    pub(super) username: String,
}
