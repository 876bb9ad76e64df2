//! Resolving: from an access token to the claims that its authorization server vouches for.

mod error;
mod error_response;
mod resolver;
mod wrong_member;

pub use error::{BadAnswer, ResolveError, Unavailable};
pub use error_response::{ErrorResponse, OAuthErrorCode};
pub use resolver::Resolver;
pub(crate) use resolver::SharedResolver;
pub(crate) use wrong_member::SCOPE_CLAIMS;
pub use wrong_member::WrongMember;
