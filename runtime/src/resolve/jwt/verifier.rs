//! The resolver that verifies JWT access tokens.

use std::fmt;
use std::sync::Arc;

use super::claim_rules::ClaimRules;
use super::key_set_source::KeySetSource;
use super::media_type::AcceptedTypes;
use crate::jose::{CompactJws, JwkSet, JwsHeader, SigningAlgorithm, base64url};
use crate::resolve::Revision;
use crate::token_error::JwtError;
use crate::trust::unverified_issuer;
use crate::{AccessToken, Claims, ClaimsReader, ResolveError, Resolver, SetupError, TokenError};

/// Verifies JWT access tokens (RFC 9068) with the key set of their issuer, without a request for each token.
///
/// The key set is fetched when the first token is verified, and again in the background before it is too old.
/// A token with an unknown key id fetches it at once, so that a new key works from its first token on, but at
/// most once in each [cooldown](super::JwtVerifierBuilder::unknown_key_cooldown). A token with a wrong signature,
/// of another issuer or of another kind gets a 401; while no key set can be fetched, tokens get a 503.
///
/// Put a [`Cached`](crate::Cached) around it, so that a token is verified once and not for each request. A JWT is
/// valid until it expires: to reject one that was revoked, use a [`Hybrid`](crate::Hybrid).
///
/// ```
/// use requires_auth::{Cached, JwtVerifier, ResourceServer};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let verifier = JwtVerifier::from_issuer("https://auth.example").build()?;
/// let server = ResourceServer::builder("https://journal.example/mcp")
///     .issuer("https://auth.example")
///     .resolver(Cached::new(verifier))
///     .build()?;
/// # Ok(()) }
/// # main().unwrap();
/// ```
pub struct JwtVerifier {
    pub(super) algorithms: Vec<SigningAlgorithm>,
    pub(super) types: AcceptedTypes,
    pub(super) reader: ClaimsReader,
    pub(super) rules: ClaimRules,
    pub(super) keys: KeySetSource,
}

impl JwtVerifier {
    /// Discovers and fetches the key set. Call it at start, so that a mistake in the configuration ends the
    /// program there.
    ///
    /// A failure that a later attempt can resolve, such as an authorization server that is down, is logged and
    /// is no error: requests fetch the key set later, and get a 503 until then.
    ///
    /// # Errors
    /// [`SetupError::Discovery`] with a failure that [is definitive](crate::DiscoveryError::is_definitive).
    pub async fn discover_at_start(&self) -> Result<(), SetupError> {
        self.keys.fetch_at_start().await
    }

    /// The issuer whose tokens are verified.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.rules.issuer
    }

    /// Whether the token has the three parts of a signed JWT and names the issuer of this verifier in `iss`, whatever
    /// its header and its signature. Such a token is verified here, and every other one is a matter of introspection.
    pub(crate) fn recognizes(&self, token: &AccessToken) -> bool {
        unverified_issuer(token).as_deref() == Some(self.issuer())
    }

    /// The claims of a token whose signature is verified. They may be incomplete: [`ClaimRules::check_claims`]
    /// is not applied.
    pub(crate) async fn verify_signature(
        &self,
        token: &AccessToken,
    ) -> Result<Claims, ResolveError> {
        let jws = CompactJws::split(token.expose_bytes()).ok_or(invalid(JwtError::NotSigned))?;
        let header = base64url::decode(jws.header).ok_or(invalid(JwtError::Encoding))?;
        let header = JwsHeader::read(&header).map_err(invalid)?;
        let named = self.algorithms.iter().find(|allowed| allowed.has_name(&header.algorithm));
        let algorithm = *named.ok_or(invalid(JwtError::Algorithm))?;
        if !self.types.accepts(header.media_type.as_deref()) {
            return Err(invalid(JwtError::Type));
        }
        let payload = base64url::decode(jws.payload).ok_or(invalid(JwtError::Encoding))?;
        let signature = base64url::decode(jws.signature).ok_or(invalid(JwtError::Encoding))?;
        let claims = self.reader.read_claims(&payload).map_err(|error| match error {
            ResolveError::InvalidResponse(problem) => invalid(JwtError::Claims(problem)),
            other => other,
        })?;
        self.rules.check_origin(&claims)?;
        let key_id = header.key_id.as_deref();
        let verify = |key_set: &JwkSet| -> Result<(), JwtError> {
            let key = key_set.select(key_id, algorithm)?;
            key.verify_sig(jws.signing_input, &signature).map_err(|_| JwtError::Signature)
        };
        let key_set = self.keys.with_key(key_id, algorithm).await?;
        let mut verified = verify(&key_set);
        if verified == Err(JwtError::Signature) && key_id.is_none() {
            // The issuer may have replaced its key, which has no id that would be unknown.
            let newer = self.keys.newer().await?;
            if !Arc::ptr_eq(&newer, &key_set) {
                verified = verify(&newer);
            }
        }
        verified.map_err(invalid)?;
        Ok(claims)
    }
}

fn invalid(error: JwtError) -> ResolveError {
    ResolveError::InvalidToken(TokenError::Jwt(error))
}

impl Resolver for JwtVerifier {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let claims = self.verify_signature(token).await?;
        self.rules.check_claims(&claims)?;
        Ok(claims)
    }

    /// Names the issuer, the URL of the key set, and the settings that decide which tokens are accepted and with which
    /// claims.
    fn cache_namespace(&self) -> String {
        let Self { algorithms, types, reader, .. } = self;
        let (issuer, source) = (self.issuer(), self.keys.source());
        format!("jwt {issuer:?} {source} {algorithms:?} {types:?} {reader:?}")
    }

    fn vouches_for_issuer(&self) -> bool {
        true
    }

    fn resolves_opaque_tokens(&self) -> bool {
        false
    }

    fn revision(&self) -> Option<Revision> {
        Some(self.keys.revision())
    }

    fn jwt_algorithms(&self) -> Vec<&'static str> {
        self.algorithms.iter().map(|algorithm| algorithm.as_str()).collect()
    }

    fn resolves_locally(&self, _: &AccessToken) -> bool {
        true
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("issuer", &self.issuer())
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}
