//! What a guard gives to the permits of its function.

use std::fmt;
use std::marker::PhantomData;

use crate::policy::type_level::Policy;
use crate::policy::{Permit, Permitted};

/// A value of this type exists only where the policy `P` has accepted a caller. A permit borrows it, so that it ends
/// with the function.
pub struct Evidence<P>(pub(super) PhantomData<fn() -> P>);

impl<P: Policy> Evidence<P> {
    /// Called by the expansion of the attribute.
    #[must_use]
    #[expect(clippy::unused_self, reason = "the permit borrows it")]
    pub const fn permit<S>(&self, _permitted: Permitted<P, S>) -> &Permit<S> {
        Permit::issue()
    }
}

impl<P> fmt::Debug for Evidence<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Evidence")
    }
}
