//! What a function requires of a token besides its scopes.

use std::time::Duration;

use super::authorization_detail::DetailType;

/// What a function requires of a token besides its scopes: that it is bound to its holder, how its user logged in, and
/// what it authorizes in detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRequirement {
    /// Whether the token must be bound to its holder (RFC 9449, RFC 8705).
    pub(crate) sender_constrained: bool,
    pub(crate) authentication: UserAuthentication<'static>,
    /// The types of authorization details that the token must have, each of them (RFC 9396).
    pub(crate) authorization_details: &'static [DetailType],
}

impl TokenRequirement {
    /// What every valid token meets.
    pub const NONE: Self = Self {
        sender_constrained: false,
        authentication: UserAuthentication { acr_values: &[], max_age: None },
        authorization_details: &[],
    };

    /// Whether every valid token meets it.
    pub(crate) const fn is_none(&self) -> bool {
        !self.sender_constrained
            && self.authentication.is_any()
            && self.authorization_details.is_empty()
    }
}

/// How and when the user must have logged in (RFC 9470 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct UserAuthentication<'a> {
    /// The login must satisfy one of these authentication context classes; empty: any.
    pub(crate) acr_values: &'a [&'a str],
    /// The longest time since the login.
    pub(crate) max_age: Option<Duration>,
}

impl UserAuthentication<'_> {
    /// Whether every login meets it.
    pub(crate) const fn is_any(&self) -> bool {
        self.acr_values.is_empty() && self.max_age.is_none()
    }
}
