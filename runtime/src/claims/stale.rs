//! Claims that are used although they could not be confirmed.

use std::sync::Arc;

use super::Claims;
use crate::{ResolveError, ScopeSet};

/// Why claims are stale, and what they may be used for.
pub(super) struct Stale {
    /// The scopes of the token that may be used; `None` for all of them.
    usable: Option<ScopeSet>,
    cause: ResolveError,
}

impl Stale {
    pub(super) fn usable(&self) -> Option<&ScopeSet> {
        self.usable.as_ref()
    }
}

impl Claims {
    /// Whether these are cached claims that are older than the `ttl` of the cache, used because the token
    /// could not be resolved: see [`stale_if_error`](crate::CachedBuilder::stale_if_error).
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale.is_some()
    }

    /// The same claims as stale ones, for these scopes alone, or for all if there is no set.
    #[cfg_attr(
        not(feature = "introspection"),
        expect(dead_code, reason = "only the cache makes claims stale")
    )]
    pub(crate) fn stale(self, stale_scopes: Option<&ScopeSet>, cause: ResolveError) -> Self {
        let of_token = self.facts.scopes.iter();
        let usable = stale_scopes.map(|stale_scopes| {
            ScopeSet::granted(of_token.filter(|scope| stale_scopes.contains(scope)))
        });
        Self { stale: Some(Arc::new(Stale { usable, cause })), facts: self.facts }
    }

    /// Why a policy cannot be decided, if the scopes of the token meet it and those that stale claims may
    /// be used for do not.
    ///
    /// If only some scopes may be used, a policy that requires no scope is not met either: `stale_scopes`
    /// does not say that stale claims may be used for it.
    pub(crate) fn too_stale_for(
        &self,
        met_by: impl Fn(&ScopeSet) -> bool,
    ) -> Option<&ResolveError> {
        let stale = self.stale.as_deref()?;
        let usable = stale.usable()?;
        let met = met_by(usable) && !met_by(&ScopeSet::default());
        (met_by(&self.facts.scopes) && !met).then_some(&stale.cause)
    }
}

#[cfg(test)]
#[cfg(feature = "introspection")]
mod tests {
    use super::*;
    use crate::Condition::{self, All, Any, Scope};

    fn stale(stale_scopes: Option<&str>) -> Claims {
        let json = br#"{"active":true,"scope":"read write"}"#;
        let stale_scopes = stale_scopes.map(|scopes| ScopeSet::parse(scopes).unwrap());
        Claims::from_introspection(json)
            .unwrap()
            .stale(stale_scopes.as_ref(), ResolveError::Inactive)
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
