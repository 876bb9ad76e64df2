//! Resolving: from an access token to the claims that its authorization server vouches for.

#[cfg(feature = "introspection")]
pub(crate) mod cache;
mod error;
mod error_response;
#[cfg(feature = "introspection")]
pub(crate) mod introspection;
mod member_error;
mod resolver;

pub use error::{InvalidResponse, ResolveError, Unavailable};
pub use error_response::{ErrorResponse, OAuthErrorCode};
pub use member_error::MemberError;
pub(crate) use member_error::SCOPE_CLAIMS;
pub use resolver::Resolver;
pub(crate) use resolver::SharedResolver;
