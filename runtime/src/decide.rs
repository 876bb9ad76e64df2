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
