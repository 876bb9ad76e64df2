//! What a function requires of its caller, and the function.

use super::FunctionName;
use super::TokenRequirement;
use super::type_level::Policy;
use crate::Condition;

/// What is required of a caller: a condition on the scopes, and what the token must meet besides.
///
/// It is for code that decides without the attribute: the [`require`](crate::AuthLayer::require) of a layer,
/// [`ResourceServer::authorize`](crate::ResourceServer::authorize),
/// [`McpBuilder::resource`](crate::mcp::McpBuilder::resource) and [`mcp::authorize`](crate::mcp::authorize()).
/// Each of them also accepts a [`Condition`], a scope, or a reference to a constant [`TokenRequirement`] alone.
///
/// ```
/// use std::time::Duration;
///
/// use requires_auth::{Condition, Requirement, TokenRequirement};
///
/// /// A login with a phishing-resistant method, at most five minutes ago.
/// const RECENT: TokenRequirement =
///     TokenRequirement::NONE.acr_values(&["phr", "phrh"]).max_age(Duration::from_secs(300));
/// const RAISE_LIMIT: Requirement = Requirement::new(Condition::Scope("limits:write"), &RECENT);
///
/// # #[cfg(feature = "tower")] {
/// use requires_auth::{AuthLayer, ResourceServer};
///
/// fn layer(server: &ResourceServer) -> AuthLayer {
///     server.layer().require(RAISE_LIMIT)
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// On the scopes.
    pub(crate) condition: Condition,
    /// What the token must meet besides; `None` if there is nothing. A reference, since requirements are copied for each
    /// request.
    pub(crate) token: Option<&'static TokenRequirement>,
    /// The function, if the condition is of an attribute: for logs and metrics only.
    pub(crate) function: Option<FunctionName>,
}

impl Requirement {
    /// A condition on the scopes, [`Condition::NONE`] for any, and what the token must meet besides.
    #[must_use]
    pub const fn new(condition: Condition, token: &'static TokenRequirement) -> Self {
        let token = if token.is_none() { None } else { Some(token) };
        Self { condition, token, function: None }
    }

    pub(crate) const fn of<P: Policy>() -> Self {
        let function = match P::NAME {
            Some(name) => Some(FunctionName::new(name, P::ID)),
            None => None,
        };
        Self { function, ..Self::new(P::CONDITION, const { &P::TOKEN }) }
    }

    /// Whether it is the requirement of an `AuthInfo` argument without an attribute: any valid token.
    pub(crate) fn is_any_token(&self) -> bool {
        self.function.is_none() && self.is_met_by_every_token()
    }

    /// The same, of no function.
    #[cfg(feature = "rmcp")]
    pub(crate) fn without_function(self) -> Self {
        Self { function: None, ..self }
    }

    pub(crate) fn is_met_by_every_token(&self) -> bool {
        self.token.is_none() && self.condition == Condition::NONE
    }
}

/// A condition on the scopes alone.
impl<C: Into<Condition>> From<C> for Requirement {
    fn from(condition: C) -> Self {
        Self { condition: condition.into(), token: None, function: None }
    }
}

/// With any scopes.
impl From<&'static TokenRequirement> for Requirement {
    fn from(token: &'static TokenRequirement) -> Self {
        Self::new(Condition::NONE, token)
    }
}
