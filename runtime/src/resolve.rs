//! Resolving: from an access token to the claims that its authorization server vouches for.

#[cfg(feature = "introspection")]
pub(crate) mod cache;
mod error;
mod error_response;
#[cfg(feature = "introspection")]
pub(crate) mod introspection;
mod resolver;
mod wrong_member;

pub use error::{InvalidResponse, ResolveError, Unavailable};
pub use error_response::{ErrorResponse, OAuthErrorCode};
pub use resolver::Resolver;
pub(crate) use resolver::SharedResolver;
pub use wrong_member::MemberError;
pub(crate) use wrong_member::SCOPE_CLAIMS;
