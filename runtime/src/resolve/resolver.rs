//! The trait that everything which can resolve a token implements.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::Revision;
use crate::{AccessToken, Claims, ResolveError};

/// Resolves access tokens to their claims.
///
/// The introspection client implements it. Implement it for another source of claims, or to wrap another
/// resolver. A resolver makes no decision: whether the claims are those of a valid token for this server,
/// and whether they satisfy a policy, is checked afterwards, for every resolver alike.
///
/// ```
/// use requires_auth::{AccessToken, Claims, ResolveError, Resolver, TokenError};
///
/// /// Accepts the one token of a build machine.
/// struct BuildMachine {
///     token: String,
/// }
///
/// impl Resolver for BuildMachine {
///     async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
///         // compare secrets in constant time in a real program
///         if token.expose() != self.token {
///             return Err(TokenError::Inactive.into());
///         }
///         Claims::from_json(
///             br#"{"client_id": "build", "scope": "entries:read", "aud": "https://journal.example/"}"#,
///         )
///     }
///
///     fn cache_namespace(&self) -> String {
///         "build machine".to_owned()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot resolve access tokens",
    note = "implement `requires_auth::Resolver` for it, or build a `requires_auth::Introspection`"
)]
pub trait Resolver: Send + Sync + 'static {
    /// The claims of a token.
    ///
    /// # Errors
    /// [`ResolveError::InvalidToken`] for a token that is not valid: the caller gets a 401. Every other error
    /// says that this could not be established, and must never be reported as an invalid token: clients sign
    /// their users out on a 401.
    fn resolve(
        &self,
        token: &AccessToken,
    ) -> impl Future<Output = Result<Claims, ResolveError>> + Send;

    /// The result that a cache holds for the token; `None`, the default, if there is none.
    ///
    /// Hidden: the guard takes this result in place of [`resolve`](Self::resolve), so a resolver that wraps
    /// a cache and changes its results must not forward it. Without it, nothing is lost but speed.
    #[doc(hidden)]
    fn cached(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        let _ = token;
        None
    }

    /// Drops what is cached for a token, so that the next request resolves it again: the token was revoked,
    /// or its permissions have changed. The default does nothing. A resolver that wraps another one
    /// forwards it.
    fn invalidate(&self, token: &AccessToken) {
        let _ = token;
    }

    /// Drops what is cached for all tokens, as [`invalidate`](Self::invalidate) does for one. The default does nothing. A
    /// resolver that wraps another one forwards it.
    fn invalidate_all(&self) {}

    /// Identifies the source of the claims: which authorization server, and as which client. Caches put it
    /// into their keys, so that two resolvers never share entries; it must not contain a secret. A resolver
    /// that wraps another one returns the other's, unless it changes the claims.
    fn cache_namespace(&self) -> String;

    /// The client id of this server at the authorization server, for the log: a server may call a token
    /// inactive because this client may not introspect it (RFC 7662 §2.2). Default: `None`. A resolver that
    /// wraps another one returns the other's.
    fn client_id(&self) -> Option<&str> {
        None
    }

    /// Whether all claims of this resolver are of the issuer that the
    /// [`ResourceServer`](crate::ResourceServer) is configured with, so that claims without `iss` are of this
    /// issuer too. It is `true` of introspection: an authorization server answers for its own tokens.
    /// Default: `false`, and if an [`issuer`](crate::ResourceServerBuilder::issuer) is configured, a token
    /// without `iss` is rejected. A resolver that wraps another one returns the other's.
    fn vouches_for_issuer(&self) -> bool {
        false
    }

    /// Whether it resolves tokens that are no JWTs. With [several issuers](crate::TrustedIssuer), an opaque token
    /// is resolved by the one resolver that does. Default: `true`. A resolver that wraps another one returns the
    /// other's.
    fn resolves_opaque_tokens(&self) -> bool {
        true
    }

    /// A number that increases when earlier results are no longer valid, so that caches drop their entries.
    ///
    /// Hidden: only key sets have it.
    #[doc(hidden)]
    fn revision(&self) -> Option<Revision> {
        None
    }

    /// The values of `alg` that it accepts in JWTs, for the log; none, the default, if it verifies no JWTs.
    ///
    /// Hidden: only the verification of JWTs has them.
    #[doc(hidden)]
    fn jwt_algorithms(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Checks a token before claims that another instance has stored are used for it. The default accepts each one.
    ///
    /// Hidden: only the verification of JWTs does it, since the key of a token may have been removed meanwhile.
    #[doc(hidden)]
    fn check_locally(
        &self,
        token: &AccessToken,
    ) -> impl Future<Output = Result<(), ResolveError>> + Send {
        let _ = token;
        std::future::ready(Ok(()))
    }

    /// Whether it resolves this token without a request to another service, so that a store outside the process
    /// is no faster.
    ///
    /// Hidden: only the verification of JWTs does.
    #[doc(hidden)]
    fn resolves_locally(&self, token: &AccessToken) -> bool {
        let _ = token;
        false
    }
}

/// One resolver for many owners.
impl<R: Resolver> Resolver for Arc<R> {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        R::resolve(self, token).await
    }

    fn cached(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        R::cached(self, token)
    }

    fn invalidate(&self, token: &AccessToken) {
        R::invalidate(self, token);
    }

    fn invalidate_all(&self) {
        R::invalidate_all(self);
    }

    fn cache_namespace(&self) -> String {
        R::cache_namespace(self)
    }

    fn client_id(&self) -> Option<&str> {
        R::client_id(self)
    }

    fn vouches_for_issuer(&self) -> bool {
        R::vouches_for_issuer(self)
    }

    fn resolves_opaque_tokens(&self) -> bool {
        R::resolves_opaque_tokens(self)
    }

    fn revision(&self) -> Option<Revision> {
        R::revision(self)
    }

    fn jwt_algorithms(&self) -> Vec<&'static str> {
        R::jwt_algorithms(self)
    }

    async fn check_locally(&self, token: &AccessToken) -> Result<(), ResolveError> {
        R::check_locally(self, token).await
    }

    fn resolves_locally(&self, token: &AccessToken) -> bool {
        R::resolves_locally(self, token)
    }
}

/// A resolver behind a pointer, whatever its type.
#[derive(Clone)]
pub(crate) struct SharedResolver(Arc<dyn Erased>);

impl SharedResolver {
    pub(crate) fn new(resolver: impl Resolver) -> Self {
        Self(Arc::new(resolver))
    }

    pub(crate) fn cached(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        self.0.cached_erased(token)
    }

    pub(crate) async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        self.0.resolve_boxed(token).await
    }

    pub(crate) fn invalidate(&self, token: &AccessToken) {
        self.0.forget_token(token);
    }

    pub(crate) fn client_id(&self) -> Option<&str> {
        self.0.own_client_id()
    }

    pub(crate) fn vouches_for_issuer(&self) -> bool {
        self.0.erased_vouches_for_issuer()
    }

    pub(crate) fn resolves_opaque_tokens(&self) -> bool {
        self.0.erased_resolves_opaque_tokens()
    }

    pub(crate) fn jwt_algorithms(&self) -> Vec<&'static str> {
        self.0.erased_jwt_algorithms()
    }
}

impl fmt::Debug for SharedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedResolver(..)")
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait Erased: Send + Sync {
    fn cached_erased(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>>;

    fn resolve_boxed<'a>(
        &'a self,
        token: &'a AccessToken,
    ) -> BoxFuture<'a, Result<Claims, ResolveError>>;

    fn forget_token(&self, token: &AccessToken);

    fn own_client_id(&self) -> Option<&str>;

    fn erased_vouches_for_issuer(&self) -> bool;

    fn erased_resolves_opaque_tokens(&self) -> bool;

    fn erased_jwt_algorithms(&self) -> Vec<&'static str>;
}

impl<R: Resolver> Erased for R {
    fn cached_erased(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        self.cached(token)
    }

    fn resolve_boxed<'a>(
        &'a self,
        token: &'a AccessToken,
    ) -> BoxFuture<'a, Result<Claims, ResolveError>> {
        Box::pin(self.resolve(token))
    }

    fn forget_token(&self, token: &AccessToken) {
        self.invalidate(token);
    }

    fn own_client_id(&self) -> Option<&str> {
        self.client_id()
    }

    fn erased_vouches_for_issuer(&self) -> bool {
        self.vouches_for_issuer()
    }

    fn erased_resolves_opaque_tokens(&self) -> bool {
        self.resolves_opaque_tokens()
    }

    fn erased_jwt_algorithms(&self) -> Vec<&'static str> {
        self.jwt_algorithms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenError;

    /// A resolver with the defaults.
    struct Plain;

    impl Resolver for Plain {
        async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
            Err(TokenError::Inactive.into())
        }

        fn cache_namespace(&self) -> String {
            "plain".to_owned()
        }
    }

    /// A resolver without any default.
    struct Whole;

    impl Resolver for Whole {
        async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
            Err(TokenError::Inactive.into())
        }

        fn cached(&self, _: &AccessToken) -> Option<Result<Claims, ResolveError>> {
            Some(Err(TokenError::Inactive.into()))
        }

        fn cache_namespace(&self) -> String {
            "whole".to_owned()
        }

        fn client_id(&self) -> Option<&str> {
            Some("client")
        }

        fn vouches_for_issuer(&self) -> bool {
            true
        }

        fn resolves_opaque_tokens(&self) -> bool {
            false
        }

        fn jwt_algorithms(&self) -> Vec<&'static str> {
            vec!["ES256"]
        }

        fn resolves_locally(&self, _: &AccessToken) -> bool {
            true
        }
    }

    fn of(resolver: &impl Resolver) -> String {
        let token: AccessToken = "t0k3n".parse().unwrap();
        let cached = resolver.cached(&token).is_some();
        let properties =
            (resolver.cache_namespace(), resolver.client_id(), resolver.vouches_for_issuer());
        let jwts = (resolver.resolves_opaque_tokens(), resolver.jwt_algorithms());
        format!("{cached} {properties:?} {jwts:?} {}", resolver.resolves_locally(&token))
    }

    fn of_shared(resolver: &SharedResolver) -> String {
        let token: AccessToken = "t0k3n".parse().unwrap();
        let cached = resolver.cached(&token).is_some();
        let properties = (resolver.client_id(), resolver.vouches_for_issuer());
        let jwts = (resolver.resolves_opaque_tokens(), resolver.jwt_algorithms());
        format!("{cached} {properties:?} {jwts:?}")
    }

    #[test]
    fn a_resolver_behind_a_pointer_is_the_same_resolver() {
        // R-F11
        assert_eq!(of(&Plain), r#"false ("plain", None, false) (true, []) false"#);
        assert_eq!(of(&Arc::new(Plain)), of(&Plain));
        assert_eq!(of(&Whole), r#"true ("whole", Some("client"), true) (false, ["ES256"]) true"#);
        assert_eq!(of(&Arc::new(Whole)), of(&Whole));
        let shared = SharedResolver::new(Plain);
        assert_eq!(of_shared(&shared), "false (None, false) (true, [])");
        let shared = SharedResolver::new(Arc::new(Whole));
        assert_eq!(of_shared(&shared), r#"true (Some("client"), true) (false, ["ES256"])"#);
        assert_eq!(format!("{shared:?}"), "SharedResolver(..)");
    }
}
