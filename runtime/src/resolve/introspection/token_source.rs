//! Bearer tokens for client authentication.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Secret, UnavailableError};

/// Returns the bearer token that this server authenticates itself with at the introspection endpoint
/// (RFC 6750 §2.1), and refreshes it before it expires.
///
/// ```
/// use requires_auth::{Introspection, Secret, TokenSource, UnavailableError};
///
/// /// Reads the token from a file that an agent on the machine refreshes.
/// struct MountedToken;
///
/// impl TokenSource for MountedToken {
///     async fn token(&self) -> Result<Secret, UnavailableError> {
///         std::fs::read_to_string("/var/run/secrets/introspection-token")
///             .map(|token| Secret::from(token.trim()))
///             .map_err(|error| UnavailableError::new("the token file cannot be read").with_source(error))
///     }
/// }
///
/// let builder = Introspection::builder("https://auth.example/introspect")
///     .bearer_source(MountedToken)
///     .client_identity("journal");
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// Returns a token that is valid now.
    ///
    /// It is called for every introspection request and within its
    /// [timeout](crate::IntrospectionBuilder::request_timeout), so store the token until shortly before it
    /// expires.
    ///
    /// # Errors
    /// [`UnavailableError`] if no token can be obtained: the caller gets a 503.
    fn token(&self) -> impl Future<Output = Result<Secret, UnavailableError>> + Send;
}

/// A [`TokenSource`] of any type, or a fixed token. Made by
/// [`ClientAuthentication::bearer`](crate::ClientAuthentication::bearer) and
/// [`ClientAuthentication::bearer_source`](crate::ClientAuthentication::bearer_source).
///
/// ```
/// use requires_auth::ClientAuthentication;
///
/// let ClientAuthentication::Bearer(source) = ClientAuthentication::bearer("the token") else {
///     unreachable!()
/// };
/// assert_eq!(format!("{source:?}"), "BearerSource(..)");
/// ```
#[derive(Clone)]
pub struct BearerSource {
    source: Arc<dyn DynTokenSource>,
    pub(super) identity: BearerIdentity,
}

/// Identifies the client that the tokens of a source belong to.
#[derive(Clone)]
pub(super) enum BearerIdentity {
    /// The fixed token.
    Token(Secret),
    /// A random number, since nothing identifies the client of a source.
    Random(u128),
}

impl BearerSource {
    pub(super) fn fixed(token: Secret) -> Self {
        let identity = BearerIdentity::Token(token.clone());
        Self { source: Arc::new(FixedToken(token)), identity }
    }

    pub(super) fn new(source: impl TokenSource) -> Self {
        Self { source: Arc::new(source), identity: BearerIdentity::Random(rand::random()) }
    }

    pub(super) async fn token(&self) -> Result<Secret, UnavailableError> {
        self.source.token_boxed().await
    }
}

/// Without the token.
impl fmt::Debug for BearerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerSource(..)")
    }
}

struct FixedToken(Secret);

impl TokenSource for FixedToken {
    async fn token(&self) -> Result<Secret, UnavailableError> {
        Ok(self.0.clone())
    }
}

/// [`TokenSource`] as an object-safe trait.
trait DynTokenSource: Send + Sync {
    fn token_boxed(&self) -> BoxFuture<'_>;
}

type BoxFuture<'a> = Pin<Box<dyn Future<Output = Result<Secret, UnavailableError>> + Send + 'a>>;

impl<S: TokenSource> DynTokenSource for S {
    fn token_boxed(&self) -> BoxFuture<'_> {
        Box::pin(self.token())
    }
}
