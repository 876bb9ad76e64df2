//! The trait that everything which can resolve a token implements.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::{AccessToken, Claims, ResolveError};

/// Finds out what an access token stands for.
///
/// The introspection client implements it. Write your own to ask something else, or to wrap
/// another resolver: it only establishes facts. Whether the claims are still valid, meant for this
/// server and sufficient is decided afterwards, for every resolver alike.
///
/// ```
/// use requires_auth::{AccessToken, Claims, ResolveError, Resolver};
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
///             return Err(ResolveError::InvalidToken(TokenError::Inactive));
///         }
///         Claims::from_introspection(
///             br#"{"active": true, "client_id": "build", "scope": "entries:read",
///                  "aud": "https://journal.example/"}"#,
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
    /// The claims of an active token.
    ///
    /// # Errors
    /// [`ResolveError::InvalidToken(TokenError::Inactive)`] for a token that is not valid; anything else means that this
    /// could not be found out, and must never be reported as an inactive token: clients log their
    /// users out on a 401.
    fn resolve(
        &self,
        token: &AccessToken,
    ) -> impl Future<Output = Result<Claims, ResolveError>> + Send;

    /// What the resolver can say of a token at once, without asking anybody: a cache says what it
    /// remembers. `None`, the default, means that [`resolve`](Self::resolve) has to find out. It
    /// must not say what `resolve` would not, so a resolver that wraps another one and changes its
    /// answers leaves this alone, or changes these as well.
    fn cached(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        let _ = token;
        None
    }

    /// Forgets what it remembers of a token, so that the next request asks anew: the token was revoked,
    /// or may do something else from now on. By default there is nothing to invalidate; a resolver that
    /// wraps another one passes it on.
    fn invalidate(&self, token: &AccessToken) {
        let _ = token;
    }

    /// Tells the answers of this resolver from those of others, which may know the same token by
    /// other claims: whom it asks, and as whom. It goes into the keys of caches, so it must hold no
    /// secret. A resolver that wraps another one passes on the other's name.
    fn cache_namespace(&self) -> String;

    /// The client id that this resolver has at its authorization server, for the log: a server may
    /// call a token inactive only because this client may not see it (RFC 7662 §2.2). `None`, the
    /// default, if it has none. A resolver that wraps another one passes on the other's.
    fn client_id(&self) -> Option<&str> {
        None
    }

    /// Whether all claims of this resolver come from the one issuer that the
    /// [`ResourceServer`](crate::ResourceServer) is configured with, so that claims without `iss` are of
    /// this issuer too. Introspection does: the authorization server answers for its own tokens. Default:
    /// `false`, and with an [`issuer`](crate::ResourceServerBuilder::issuer) a token without `iss` is
    /// rejected. A resolver that wraps another one passes on the other's.
    fn vouches_for_issuer(&self) -> bool {
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

    fn cache_namespace(&self) -> String {
        R::cache_namespace(self)
    }

    fn client_id(&self) -> Option<&str> {
        R::client_id(self)
    }

    fn vouches_for_issuer(&self) -> bool {
        R::vouches_for_issuer(self)
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
}
