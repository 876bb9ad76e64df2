//! The acknowledgement of an invalidation.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that completes when the store has an invalidation. Dropping it does not cancel the
/// invalidation.
///
/// [`Cached::invalidate_everywhere`](crate::Cached::invalidate_everywhere) awaits it for a second at most.
pub struct Acknowledgement(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Acknowledgement {
    /// The store has the invalidation already.
    #[must_use]
    pub fn stored() -> Self {
        Self(None)
    }

    /// The store has the invalidation when this future completes.
    #[must_use]
    pub fn when(stored: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(Box::pin(stored)))
    }
}

impl Future for Acknowledgement {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Ready(()), |stored| stored.as_mut().poll(context))
    }
}

impl fmt::Debug for Acknowledgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acknowledgement(..)")
    }
}
