//! Protects functions with OAuth 2.0 access tokens and scopes.

mod policy;
mod scope;

pub use policy::Condition;
pub use requires_auth_macros::requires_auth;
pub use scope::{ScopeError, ScopeSet};

/// What the attribute's output names.
#[doc(hidden)]
pub mod __private {
    pub use crate::policy::spelled::{All, Any, AnyToken, End, Optional, Policy, S};
}
