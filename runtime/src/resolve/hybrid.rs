//! JWTs and opaque tokens of one issuer.

use std::fmt;

use super::Revision;
use super::introspection::Introspection;
use super::jwt::JwtVerifier;
use crate::{AccessToken, Claims, ResolveError, Resolver, SetupError, TokenError};

/// Verifies the JWTs of an issuer, and introspects all other tokens.
///
/// A token is a JWT of the issuer if it has the three parts of a signed JWT and names the issuer in `iss`. A wrong
/// signature or header makes it invalid: such a token is never introspected. Everything else is introspected, also an
/// encrypted token, whose five parts only the authorization server can read.
///
/// ```
/// use requires_auth::{Cached, Hybrid, Introspection, JwtVerifier};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let issuer = "https://auth.example";
/// let introspection = Introspection::from_issuer(issuer)
///     .client_secret_basic("journal", "the client's secret")
///     .build()?;
/// let hybrid = Hybrid::new(JwtVerifier::from_issuer(issuer).build()?, introspection);
/// let resolver = Cached::new(hybrid);
/// # Ok(()) }
/// # main().unwrap();
/// ```
pub struct Hybrid<I = Introspection> {
    verifier: JwtVerifier,
    introspection: I,
    introspects_jwts: bool,
}

impl<I: Resolver> Hybrid<I> {
    /// Verifies JWTs with the first, and resolves all other tokens with the second.
    pub fn new(verifier: JwtVerifier, introspection: I) -> Self {
        Self { verifier, introspection, introspects_jwts: false }
    }

    /// Introspects JWTs too, after their signature is verified. The claims are those of the introspection response,
    /// so a token that was revoked is rejected, and a JWT may lack claims that the response has, such as the
    /// lightweight access tokens of Keycloak, which lack `aud`. Default: JWTs are not introspected.
    ///
    /// What restricts the JWT applies also if the response omits it: `exp` and `nbf`, an `aud`, `cnf`, and the claims
    /// of another kind of token, such as an ID token. If both have an `auth_time`, the earlier one counts, and if they
    /// have different `acr`, neither does.
    ///
    /// A token with a wrong signature causes no introspection request.
    #[must_use]
    pub fn introspect_jwts(mut self) -> Self {
        self.introspects_jwts = true;
        self
    }
}

impl Hybrid {
    /// Discovers the key set and the introspection endpoint: see [`JwtVerifier::discover_at_start`] and
    /// [`Introspection::discover_at_start`].
    ///
    /// # Errors
    /// Those of the two.
    pub async fn discover_at_start(&self) -> Result<(), SetupError> {
        self.verifier.discover_at_start().await?;
        self.introspection.discover_at_start().await
    }
}

impl<I: Resolver> Resolver for Hybrid<I> {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        if !self.verifier.recognizes(token) {
            return self.introspection.resolve(token).await;
        }
        if !self.introspects_jwts {
            return self.verifier.resolve(token).await;
        }
        let verified = self.verifier.verify_signature(token).await?;
        let claims = self.introspection.resolve(token).await?;
        // The response is about another token if it names another issuer than the token.
        if claims.issuer().is_some_and(|issuer| Some(issuer) != verified.issuer()) {
            return Err(TokenError::Issuer.into());
        }
        Ok(claims.restricted_by(&verified))
    }

    fn invalidate(&self, token: &AccessToken) {
        self.introspection.invalidate(token);
    }

    fn invalidate_all(&self) {
        self.introspection.invalidate_all();
    }

    fn cache_namespace(&self) -> String {
        let (verifier, introspection) =
            (self.verifier.cache_namespace(), self.introspection.cache_namespace());
        format!("hybrid {:?} {verifier:?} {introspection:?}", self.introspects_jwts)
    }

    fn client_id(&self) -> Option<&str> {
        self.introspection.client_id()
    }

    fn vouches_for_issuer(&self) -> bool {
        self.introspection.vouches_for_issuer()
    }

    fn resolves_opaque_tokens(&self) -> bool {
        self.introspection.resolves_opaque_tokens()
    }

    fn revision(&self) -> Option<Revision> {
        self.verifier.revision()
    }

    fn jwt_algorithms(&self) -> Vec<&'static str> {
        self.verifier.jwt_algorithms()
    }

    async fn check_locally(&self, token: &AccessToken) -> Result<(), ResolveError> {
        if self.introspects_jwts && self.verifier.recognizes(token) {
            self.verifier.verify_signature(token).await?;
        }
        self.introspection.check_locally(token).await
    }

    fn resolves_locally(&self, token: &AccessToken) -> bool {
        !self.introspects_jwts && self.verifier.recognizes(token)
    }
}

impl<I: fmt::Debug> fmt::Debug for Hybrid<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hybrid")
            .field("verifier", &self.verifier)
            .field("introspection", &self.introspection)
            .field("introspects_jwts", &self.introspects_jwts)
            .finish()
    }
}
