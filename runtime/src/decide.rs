//! The decision: whether the claims of a caller satisfy a condition.
//!
//! Every use of a policy comes here: a guard, [`AuthInfo::require`](crate::AuthInfo::require), and the
//! lists that a layer filters. Nothing of it is cached, so a decision is always made on the claims
//! of this request (R-E1).

use crate::{Claims, ResolveError, ScopeSet};

/// Why a condition is not satisfied.
#[derive(Debug)]
pub(crate) enum Denial<'a> {
    /// The token does not carry the scopes.
    InsufficientScope,
    /// The token had the scopes when the authorization server last answered, and claims of that age may
    /// not be used for them. The error is why there are no newer ones.
    Stale(&'a ResolveError),
}

/// Decides whether claims satisfy a condition on their scopes.
///
/// Stale claims that may be used for some scopes only can satisfy a condition without a scope and
/// yet not be enough for it, so their age comes first.
pub(crate) fn decide(
    claims: &Claims,
    condition: impl Fn(&ScopeSet) -> bool,
) -> Result<(), Denial<'_>> {
    if let Some(error) = claims.too_stale_for(&condition) {
        return Err(Denial::Stale(error));
    }
    if condition(claims.scopes()) { Ok(()) } else { Err(Denial::InsufficientScope) }
}
