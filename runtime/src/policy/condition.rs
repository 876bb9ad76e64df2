//! The condition of a policy: an expression over scopes.

use crate::{ScopeError, ScopeSet};

/// A condition on the scopes of a token.
///
/// It is for code that decides without the attribute: [`ResourceServer::authorize`](crate::ResourceServer::authorize),
/// [`AuthInfo::require_condition`](crate::AuthInfo::require_condition), and the `require` of a layer. The attribute
/// argument `scopes = any("admin", all("read", "write"))` is the condition
///
/// ```
/// use requires_auth::{Condition, ScopeSet};
///
/// const CONDITION: Condition = Condition::Any(&[
///     Condition::Scope("admin"),
///     Condition::All(&[Condition::Scope("read"), Condition::Scope("write")]),
/// ]);
/// assert!(CONDITION.is_met_by(&"write read".parse::<ScopeSet>()?));
/// assert!(!CONDITION.is_met_by(&"write".parse::<ScopeSet>()?));
/// # Ok::<(), requires_auth::ScopeError>(())
/// ```
///
/// # The challenge
///
/// The `scope` of a challenge (RFC 6750 §3) names one set of scopes that meets the condition, not all scopes in
/// the condition. Without a valid token it is the first set in the source: here `admin`. With a valid token it is
/// the set of which the token lacks the fewest scopes; of several, the one of which the token has the most
/// scopes; of several, the first in the source. Here a token with `read` gets a challenge with `read write`.
/// Write that alternative first which most clients should request.
///
/// The attribute accepts a condition with at most 64 such sets. A condition that is created in code may have
/// more; then the choice is made in each [`Any`](Self::Any) separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The token has this scope.
    Scope(&'static str),
    /// All of these conditions are met. Empty: every valid token meets it.
    All(&'static [Condition]),
    /// At least one of these conditions is met. Empty: no token meets it.
    Any(&'static [Condition]),
}

impl Condition {
    /// The condition that every valid token meets: that of `#[requires_auth]` without `scopes`.
    pub const NONE: Self = Self::All(&[]);

    /// Whether a token with these scopes meets the condition. It decides about the scopes only, not about the
    /// validity of the token.
    #[must_use]
    pub fn is_met_by(&self, granted: &ScopeSet) -> bool {
        match self {
            Self::Scope(scope) => granted.contains(scope),
            Self::All(conditions) => conditions.iter().all(|each| each.is_met_by(granted)),
            Self::Any(conditions) => conditions.iter().any(|each| each.is_met_by(granted)),
        }
    }

    /// Whether every scope is in the grammar of RFC 6749 §3.3. The attribute accepts no others; a condition that is
    /// created in code may have any text.
    pub(crate) fn check(&self) -> Result<(), ScopeError> {
        match self {
            Self::Scope(scope) if crate::scope::is_scope(scope) => Ok(()),
            Self::Scope(_) => Err(ScopeError::new()),
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().try_for_each(Self::check)
            }
        }
    }
}
