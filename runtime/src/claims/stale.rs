//! Claims that nobody could confirm when they were needed.

use std::sync::Arc;

use super::Claims;
use crate::{ResolveError, ScopeSet};

/// Why claims are older than they should be, and what they may still be used for.
pub(super) struct Stale {
    /// Those of the token's scopes that may be used; `None` for all of them.
    usable: Option<ScopeSet>,
    cause: ResolveError,
}

impl Stale {
    pub(super) fn usable(&self) -> Option<&ScopeSet> {
        self.usable.as_ref()
    }
}

impl Claims {
    /// Whether these are remembered claims that are older than their lifetime, in use because the
    /// authorization server could not be asked: see
    /// [`stale_if_error`](crate::CachedBuilder::stale_if_error).
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale.is_some()
    }

    /// The same claims in use although they could not be confirmed, for nothing but these scopes
    /// where some are named.
    #[cfg_attr(
        not(feature = "introspection"),
        expect(dead_code, reason = "only the cache remembers claims")
    )]
    pub(crate) fn stale(self, stale_scopes: Option<&ScopeSet>, cause: ResolveError) -> Self {
        let of_token = self.facts.scopes.iter();
        let usable = stale_scopes.map(|stale_scopes| {
            ScopeSet::granted(of_token.filter(|scope| stale_scopes.contains(scope)))
        });
        Self { stale: Some(Arc::new(Stale { usable, cause })), facts: self.facts }
    }

    /// Why a need cannot be decided about, if fresh claims might meet it and these may not.
    ///
    /// Where only some scopes may be used, a need that no scope is necessary for is not met either:
    /// nobody said that what needs no scope may be done with stale claims.
    pub(crate) fn too_stale_for(
        &self,
        met_by: impl Fn(&ScopeSet) -> bool,
    ) -> Option<&ResolveError> {
        let stale = self.stale.as_deref()?;
        let usable = stale.usable()?;
        let covered = met_by(usable) && !met_by(&ScopeSet::default());
        (met_by(&self.facts.scopes) && !covered).then_some(&stale.cause)
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
    fn stale_claims_are_good_for_the_scopes_that_are_spared_and_for_nothing_else() {
        // R-E1, R-C10
        let claims = stale(Some("read other"));
        assert!(claims.is_stale());
        assert_eq!(claims.scopes().as_str(), "read", "and never more than the token's own");
        let too_stale = |condition: Condition| {
            claims.too_stale_for(|scopes| condition.is_met_by(scopes)).is_some()
        };
        assert!(!too_stale(Scope("read")));
        assert!(too_stale(Scope("write")));
        assert!(too_stale(All(&[Scope("read"), Scope("write")])));
        assert!(!too_stale(Any(&[Scope("write"), Scope("read")])));
        assert!(!too_stale(Scope("other")), "not granted, so there is nothing to wait for");
        assert!(too_stale(Condition::NONE), "what needs no scope may be a write");
        assert!(too_stale(Any(&[Condition::NONE, Scope("read")])));
    }

    #[test]
    fn without_a_choice_of_scopes_all_of_them_are_good() {
        let claims = stale(None);
        assert!(claims.is_stale() && claims.too_stale_for(|_| true).is_none());
        assert_eq!(claims.scopes().as_str(), "read write");
    }
}
