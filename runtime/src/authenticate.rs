//! The access token and how it is read from a request (RFC 6750 §2.1).

mod access_token;
mod credentials;

pub use access_token::{AccessToken, AccessTokenError};
pub(crate) use credentials::{Credentials, CredentialsError};
