//! The condition of a policy: an expression over scopes.

use super::{ScopeDefinition, ScopeDefinitions};
use crate::{ScopeError, ScopeSet, ScopeVocabulary};

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
    /// The token has this scope, or one that implies it in a [vocabulary](crate::ResourceServerBuilder::scopes) of the
    /// resource server.
    Scope(&'static str),
    /// The token has this scope of a [vocabulary](ScopeVocabulary), or one that implies it.
    /// `JournalScope::EntriesRead.into()` creates it.
    Typed(&'static ScopeDefinition),
    /// All of these conditions are met. Empty: every valid token meets it.
    All(&'static [Condition]),
    /// At least one of these conditions is met. Empty: no token meets it.
    Any(&'static [Condition]),
}

impl Condition {
    /// The condition that every valid token meets: that of `#[requires_auth]` without `scopes`.
    pub const NONE: Self = Self::All(&[]);

    /// Whether a token with these scopes meets the condition. It decides about the scopes only, not about the
    /// validity of the token, and without the [vocabularies](crate::ResourceServerBuilder::scopes) of a resource
    /// server: [`AuthInfo::meets`](crate::AuthInfo::meets) has them.
    #[must_use]
    pub fn is_met_by(&self, granted: &ScopeSet) -> bool {
        self.is_met_in(&ScopeDefinitions::NONE, granted)
    }

    /// The same in a resource server with these definitions.
    pub(crate) fn is_met_in(&self, definitions: &ScopeDefinitions, granted: &ScopeSet) -> bool {
        match self {
            Self::Scope(scope) => {
                granted.contains(scope)
                    || definitions.get(scope).is_some_and(|scope| scope.is_granted(granted))
            }
            Self::Typed(scope) => scope.is_granted(granted),
            Self::All(all) => all.iter().all(|each| each.is_met_in(definitions, granted)),
            Self::Any(any) => any.iter().any(|each| each.is_met_in(definitions, granted)),
        }
    }

    /// Whether every scope is in the grammar of RFC 6749 §3.3. The attribute accepts no others; a condition that is
    /// created in code may have any text.
    pub(crate) fn check(&self) -> Result<(), ScopeError> {
        match self {
            Self::Scope(scope) if crate::scope::is_scope(scope) => Ok(()),
            Self::Scope(_) => Err(ScopeError::new()),
            // The derive macro has checked it.
            Self::Typed(_) => Ok(()),
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().try_for_each(Self::check)
            }
        }
    }
}

/// ```
/// use requires_auth::{Condition, Scope, ScopeSet};
///
/// #[derive(Scope)]
/// enum JournalScope {
///     #[scope("entries:read")]
///     EntriesRead,
///     #[scope("entries:write", implies = [EntriesRead])]
///     EntriesWrite,
/// }
///
/// let reading = Condition::from(JournalScope::EntriesRead);
/// assert!(reading.is_met_by(&"entries:write".parse::<ScopeSet>()?));
/// # Ok::<(), requires_auth::ScopeError>(())
/// ```
impl<V: ScopeVocabulary> From<V> for Condition {
    fn from(scope: V) -> Self {
        Self::Typed(scope.definition())
    }
}

/// The condition on one scope. A text that is not one `scope-token` of RFC 6749 §3.3 is met by no caller, and rejects
/// the request with [`Reason::Misconfigured`](crate::Reason::Misconfigured).
///
/// ```
/// assert_eq!(requires_auth::Condition::from("read"), requires_auth::Condition::Scope("read"));
/// ```
impl From<&'static str> for Condition {
    fn from(scope: &'static str) -> Self {
        Self::Scope(scope)
    }
}

/// A copy of the condition.
impl From<&Condition> for Condition {
    fn from(condition: &Condition) -> Self {
        *condition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_scope_is_met_by_itself_and_by_each_scope_that_implies_it() {
        // R-J7
        const READ: ScopeDefinition =
            ScopeDefinition::new("Scopes", "read", None, &["peek"], &["write", "admin"]);
        let met = |granted: &str| Condition::Typed(&READ).is_met_by(&granted.parse().unwrap());
        assert!(met("read") && met("write") && met("other admin"));
        assert!(!met("") && !met("peek") && !met("rea") && !met("writes"));
        assert_eq!(Condition::Typed(&READ).check(), Ok(()));
    }
}
