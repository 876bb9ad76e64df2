//! The claims that a JWT access token must have (RFC 9068 §2.2).

use serde::Deserialize;

use crate::token_error::JwtError;
use crate::{Claims, TokenError};

/// A claim that RFC 9068 §2.2 requires, and that some authorization servers omit. It decides nothing: without it, only
/// the application lacks the value.
///
/// `exp` and `iss` cannot be omitted. Whether `aud` can is decided by [`AudienceCheck`](crate::AudienceCheck).
///
/// In a configuration, a value is the name of the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub enum OptionalClaim {
    /// `sub`.
    #[serde(rename = "sub")]
    Subject,
    /// `client_id`. Auth0, Entra ID and Keycloak have `azp` or `appid` instead.
    #[serde(rename = "client_id")]
    ClientId,
    /// `iat`.
    #[serde(rename = "iat")]
    IssuedAt,
    /// `jti`. Entra ID has `uti` instead.
    #[serde(rename = "jti")]
    TokenId,
}

/// What the claims of a JWT must be before its signature is verified.
#[derive(Debug)]
pub(super) struct ClaimRules {
    pub(super) issuer: String,
    pub(super) optional: Vec<OptionalClaim>,
}

impl ClaimRules {
    /// Whether the claims are of the issuer and expire.
    pub(super) fn check_origin(&self, claims: &Claims) -> Result<(), TokenError> {
        if claims.issuer() != Some(&*self.issuer) {
            return Err(TokenError::Issuer);
        }
        claims.expires_at().map(drop).ok_or(TokenError::Jwt(JwtError::MissingClaim("exp")))
    }

    /// Whether the claims that an access token must have are there. Whether they are those of another kind of
    /// token is validated for every resolver.
    pub(super) fn check_claims(&self, claims: &Claims) -> Result<(), TokenError> {
        let required = [
            (OptionalClaim::Subject, "sub", claims.subject().is_some()),
            (OptionalClaim::ClientId, "client_id", claims.client_id().is_some()),
            (OptionalClaim::IssuedAt, "iat", claims.issued_at().is_some()),
            (OptionalClaim::TokenId, "jti", claims.token_id().is_some()),
        ];
        let missing = required
            .into_iter()
            .find(|(claim, _, present)| !present && !self.optional.contains(claim));
        match missing {
            Some((_, name, _)) => Err(TokenError::Jwt(JwtError::MissingClaim(name))),
            None => Ok(()),
        }
    }
}
