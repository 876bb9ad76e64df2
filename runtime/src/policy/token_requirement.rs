//! What a function requires of a token besides its scopes.

use std::time::Duration;

use super::authorization_detail::DetailType;

/// What a function requires of a token besides its scopes: that it is bound to its holder, how its user logged in, and
/// what it authorizes in detail. A [`Requirement`](crate::Requirement) has one.
///
/// The module [`token_requirements`](crate::token_requirements) says what each of them means, and how a request is
/// rejected that does not meet it.
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

    /// The token must be bound to its holder (RFC 9449, RFC 8705). Default: any token is accepted.
    #[must_use]
    pub const fn sender_constrained(self) -> Self {
        Self { sender_constrained: true, ..self }
    }

    /// The login must have one of these authentication context classes (RFC 9470 §3), the preferred one first. Default:
    /// any login is accepted.
    ///
    /// A class is not empty, and has no space, `"`, `\`, or character outside printable ASCII. Otherwise
    /// [`McpBuilder::build`](crate::mcp::McpBuilder::build) fails, and elsewhere the answer to a request without such a
    /// login is a 500: [`Reason::Misconfigured`](crate::Reason::Misconfigured).
    #[must_use]
    pub const fn acr_values(self, acr_values: &'static [&'static str]) -> Self {
        let authentication = UserAuthentication { acr_values, ..self.authentication };
        Self { authentication, ..self }
    }

    /// The longest time since the login, in whole seconds (RFC 9470 §3). The
    /// [`leeway`](crate::ResourceServerBuilder::leeway) is added. Default: any time.
    #[must_use]
    pub const fn max_age(self, max_age: Duration) -> Self {
        let max_age = Some(Duration::from_secs(max_age.as_secs()));
        Self { authentication: UserAuthentication { max_age, ..self.authentication }, ..self }
    }

    /// The token must have authorization details of each of these types (RFC 9396). Default: none.
    #[must_use]
    pub const fn authorization_details(self, types: &'static [DetailType]) -> Self {
        Self { authorization_details: types, ..self }
    }

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

    /// Whether a challenge can contain the classes: each has the characters of a scope. The attribute accepts no others.
    pub(crate) fn is_quotable(&self) -> bool {
        self.acr_values.iter().all(|acr| crate::scope::is_scope(acr))
    }
}
