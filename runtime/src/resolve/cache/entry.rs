//! The entry of an active token.

use std::time::Instant;

use crate::Claims;

/// Both instants are on the monotonic clock, so that no jump of the wall clock makes them later.
#[derive(Clone)]
pub(super) struct ActiveEntry {
    pub(super) claims: Claims,
    pub(super) fresh_until: Instant,
    /// Until when the claims may be used if they cannot be confirmed; `fresh_until` or later.
    pub(super) stale_until: Instant,
}
