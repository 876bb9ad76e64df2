//! The handlers of the endpoints, one per file.

pub(super) mod authorize;
pub(super) mod consent;
pub(super) mod introspect;
#[cfg(feature = "jwt")]
pub(super) mod key_set;
pub(super) mod metadata;
pub(super) mod register;
pub(super) mod revoke;
pub(super) mod token;
mod token_exchange;
