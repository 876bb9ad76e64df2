//! Claims that are used although they could not be confirmed.

use crate::{ResolveError, ScopeSet};

/// Why claims are stale, and what they may be used for.
#[derive(Clone)]
pub(super) struct Stale {
    /// The scopes of the token that may be used; `None` for all of them.
    usable: Option<ScopeSet>,
    cause: ResolveError,
}

impl Stale {
    /// For these scopes of the token alone, or for all of them if there is no set.
    pub(super) fn new(
        granted: &ScopeSet,
        stale_scopes: Option<&ScopeSet>,
        cause: ResolveError,
    ) -> Self {
        let usable = stale_scopes.map(|stale_scopes| {
            ScopeSet::granted(granted.iter().filter(|scope| stale_scopes.contains(scope)))
        });
        Self { usable, cause }
    }

    pub(super) fn usable(&self) -> Option<&ScopeSet> {
        self.usable.as_ref()
    }

    /// Why a condition cannot be decided, if all scopes of the token satisfy it and those that stale claims
    /// may be used for do not.
    ///
    /// If only some scopes may be used, a condition that requires no scope is not satisfied either:
    /// `stale_scopes` does not say that stale claims may be used for it.
    pub(super) fn too_stale_for(
        &self,
        granted: &ScopeSet,
        condition: impl Fn(&ScopeSet) -> bool,
    ) -> Option<&ResolveError> {
        let usable = self.usable()?;
        let satisfied = condition(usable) && !condition(&ScopeSet::default());
        (condition(granted) && !satisfied).then_some(&self.cause)
    }
}

#[cfg(test)]
#[cfg(feature = "introspection")]
mod tests {
    use super::*;
    use crate::Condition::{self, All, Any, Scope};
    use crate::{Claims, TokenError};

    fn stale(stale_scopes: Option<&str>) -> Claims {
        let json = br#"{"active":true,"scope":"read write"}"#;
        let stale_scopes = stale_scopes.map(|scopes| scopes.parse::<ScopeSet>().unwrap());
        Claims::from_introspection(json)
            .unwrap()
            .stale(stale_scopes.as_ref(), ResolveError::InvalidToken(TokenError::Inactive))
    }

    #[test]
    fn stale_claims_may_be_used_for_the_stale_scopes_and_for_nothing_else() {
        // R-E1, R-C10
        let claims = stale(Some("read other"));
        assert!(claims.is_stale());
        assert_eq!(claims.scopes().as_str(), "read", "no scope that the token does not have");
        let too_stale = |condition: Condition| {
            claims.too_stale_for(|scopes| condition.is_met_by(scopes)).is_some()
        };
        assert!(!too_stale(Scope("read")));
        assert!(too_stale(Scope("write")));
        assert!(too_stale(All(&[Scope("read"), Scope("write")])));
        assert!(!too_stale(Any(&[Scope("write"), Scope("read")])));
        assert!(
            !too_stale(Scope("other")),
            "not granted, so fresh claims would not meet it either"
        );
        assert!(too_stale(Condition::NONE), "an operation without a scope may be a write");
        assert!(too_stale(Any(&[Condition::NONE, Scope("read")])));
    }

    #[test]
    fn without_stale_scopes_all_scopes_may_be_used() {
        let claims = stale(None);
        assert!(claims.is_stale() && claims.too_stale_for(|_| true).is_none());
        assert_eq!(claims.scopes().as_str(), "read write");
    }
}
