//! The stage *decide*: whether the claims of a caller meet a condition.
//!
//! It is the only evaluator: guards, [`AuthInfo::require`](crate::AuthInfo::require), and the lists that an MCP
//! server filters call it. A decision is not cached: it uses the claims of the current request (R-E1).

use crate::{Claims, ResolveError, ScopeSet};

/// Why a condition is not met.
#[derive(Debug)]
pub(crate) enum Denial<'a> {
    /// The token does not have the scopes.
    InsufficientScope,
    /// The claims have the scopes, but they are stale and may not be used for these scopes. The error is the
    /// reason why the token could not be resolved again.
    Stale(&'a ResolveError),
}

/// Decides whether the scopes of the claims meet a condition.
///
/// Staleness is checked first: stale claims that may be used for some scopes only must not be used for a
/// condition without scopes, which they would meet.
pub(crate) fn decide(
    claims: &Claims,
    condition: impl Fn(&ScopeSet) -> bool,
) -> Result<(), Denial<'_>> {
    if let Some(error) = claims.too_stale_for(&condition) {
        return Err(Denial::Stale(error));
    }
    if condition(claims.scopes()) { Ok(()) } else { Err(Denial::InsufficientScope) }
}

#[cfg(test)]
#[cfg(feature = "introspection")]
mod tests {
    use super::*;
    use crate::Condition::{self, All, Any, Scope};
    use crate::TokenError;

    fn decision(claims: &Claims, condition: Condition) -> &'static str {
        match decide(claims, |granted| condition.is_met_by(granted)) {
            Ok(()) => "run",
            Err(Denial::InsufficientScope) => "insufficient scope",
            Err(Denial::Stale(ResolveError::InvalidToken(TokenError::Inactive))) => "stale",
            Err(Denial::Stale(other)) => panic!("another cause than that of the claims: {other:?}"),
        }
    }

    #[test]
    fn stale_claims_satisfy_only_what_their_scopes_are_needed_for() {
        // R-E1, R-C10, R-J3
        let fresh = Claims::from_json(br#"{"scope":"read write"}"#).unwrap();
        let only_read = "read".parse::<ScopeSet>().unwrap();
        let for_all = fresh.clone().stale(None, TokenError::Inactive.into());
        let for_read = fresh.clone().stale(Some(&only_read), TokenError::Inactive.into());
        let either = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
        for (condition, of_fresh, of_stale_for_read) in [
            (Scope("read"), "run", "run"),
            (Scope("write"), "run", "stale"),
            (Scope("admin"), "insufficient scope", "insufficient scope"),
            (either, "run", "stale"),
            // Their scopes satisfy it, and so would none: nothing says that stale claims will do.
            (Condition::NONE, "run", "stale"),
            (Any(&[Condition::NONE, Scope("read")]), "run", "stale"),
            (Any(&[]), "insufficient scope", "insufficient scope"),
        ] {
            assert_eq!(decision(&fresh, condition), of_fresh, "{condition:?}");
            assert_eq!(decision(&for_all, condition), of_fresh, "{condition:?}, stale for all");
            assert_eq!(decision(&for_read, condition), of_stale_for_read, "{condition:?}, stale");
        }
    }
}
