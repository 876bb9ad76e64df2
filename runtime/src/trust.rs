//! The trusted issuers: their resolvers, and the audiences that their tokens must name.

mod audience_check;
mod trusted_issuer;
mod trusted_issuers;
mod unverified_issuer;
mod unverified_jwt;

pub use audience_check::AudienceCheck;
pub use trusted_issuer::TrustedIssuer;
pub(crate) use trusted_issuers::{AmbiguousIssuers, TrustedIssuers};
pub(crate) use unverified_issuer::unverified_issuer;
pub(crate) use unverified_jwt::UnverifiedJwt;
