//! The condition tree.

use crate::{ScopeError, ScopeSet};

/// A condition over the scopes of a token, as written in the attribute.
///
/// `scopes = any("admin", all("read", "write"))` is
///
/// ```
/// use requires_auth::{Condition, ScopeSet};
///
/// const CONDITION: Condition = Condition::Any(&[
///     Condition::Scope("admin"),
///     Condition::All(&[Condition::Scope("read"), Condition::Scope("write")]),
/// ]);
/// assert!(CONDITION.is_met_by(&ScopeSet::parse("write read")?));
/// assert!(!CONDITION.is_met_by(&ScopeSet::parse("write")?));
/// # Ok::<(), requires_auth::ScopeError>(())
/// ```
///
/// # The challenge
///
/// A challenge names one set of scopes that meets the condition, never all that the condition
/// mentions. Without a token, or with one that is not valid, it is the first as written: here `admin`.
/// For a valid token it is the set of which the token lacks the fewest scopes; among equals the
/// one of which it already holds the most; then the first as written. So a token with `read` is
/// challenged with `read write` here. Write the alternative first that most clients should request.
///
/// The attribute accepts a condition with at most 64 such sets. A condition made in code may have
/// more; then each [`Any`](Self::Any) in it is decided by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The token carries this scope.
    Scope(&'static str),
    /// Every one of these holds; with none of them, any valid token will do.
    All(&'static [Condition]),
    /// At least one of these holds; with none of them, no token will do.
    Any(&'static [Condition]),
}

impl Condition {
    /// Met by every valid token: the condition of a bare `#[requires_auth]`.
    pub const NONE: Self = Self::All(&[]);

    /// Whether a token with these scopes meets the condition.
    #[must_use]
    pub fn is_met_by(&self, granted: &ScopeSet) -> bool {
        match self {
            Self::Scope(scope) => granted.contains(scope),
            Self::All(conditions) => conditions.iter().all(|each| each.is_met_by(granted)),
            Self::Any(conditions) => conditions.iter().any(|each| each.is_met_by(granted)),
        }
    }

    /// Whether every scope is one. The attribute accepts no others; a condition that is made in code may
    /// have any text.
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
