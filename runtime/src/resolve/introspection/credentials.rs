//! The credentials of a request, to compare them with those that replace them.

use std::sync::Arc;

use crate::Secret;

#[cfg(feature = "jwt")]
use super::assertion_key::AssertionKey;

/// What a request was authenticated with.
pub(crate) enum Credentials {
    /// Nothing that can be replaced.
    Other,
    Secret(Arc<Secret>),
    #[cfg(feature = "jwt")]
    Key(Arc<AssertionKey>),
}
