//! The observer of the rejections that are made for a request.

use super::Rejection;

/// Receives each rejection that is made for the caller of a request.
///
/// Not every rejection becomes the response: a function can handle one itself. So an observer only keeps
/// what it receives, for a framework whose errors cannot carry a rejection: when the function has
/// returned an error, the integration finds the rejection that it was converted from.
pub(crate) trait RejectionObserver: Send + Sync {
    fn rejected(&self, rejection: &Rejection);
}
