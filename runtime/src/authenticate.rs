//! The stage *authenticate*: reads the access token of a request (RFC 6750 §2.1).

mod access_token;
mod credentials;

pub use access_token::{AccessToken, AccessTokenError};
pub(crate) use credentials::{Credentials, CredentialsError};
