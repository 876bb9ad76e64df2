//! Resolving: from an access token to the claims that its authorization server vouches for.

#[cfg(feature = "introspection")]
pub(crate) mod api_keys;
#[cfg(feature = "introspection")]
pub(crate) mod authorization_server;
#[cfg(feature = "introspection")]
pub(crate) mod cache;
mod client_error;
mod error;
mod error_response;
#[cfg(feature = "jwt")]
pub(crate) mod hybrid;
#[cfg(feature = "introspection")]
pub(crate) mod introspection;
#[cfg(feature = "jwt")]
pub(crate) mod jwt;
mod member_error;
mod resolver;
mod response_error;
mod revision;
mod signed_response_error;
mod unavailable_error;

#[cfg(all(feature = "introspection", any(test, requires_auth_fuzz)))]
pub(crate) use authorization_server::metadata::fuzz::run as fuzz_metadata_document;
pub use client_error::ClientError;
pub use error::ResolveError;
pub use error_response::{ErrorResponse, OAuthErrorCode};
pub use member_error::MemberError;
pub(crate) use member_error::{CLIENT_ID_CLAIMS, SCOPE_CLAIMS};
pub use resolver::Resolver;
pub(crate) use resolver::SharedResolver;
pub use response_error::ResponseError;
pub use revision::Revision;
pub use signed_response_error::SignedResponseError;
pub use unavailable_error::UnavailableError;
