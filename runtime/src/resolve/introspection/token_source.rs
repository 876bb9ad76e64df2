//! Bearer tokens for client authentication.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Secret, SecretSource, UnavailableError};

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

/// A [`TokenSource`] of any type, or a token that is fixed or in a file. Made by
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
pub struct BearerSource(pub(super) BearerKind);

#[derive(Clone)]
pub(super) enum BearerKind {
    Secret(SecretSource),
    Source {
        source: Arc<dyn DynTokenSource>,
        /// A random number, since nothing identifies the client of a source.
        identity: u128,
    },
}

impl BearerSource {
    pub(super) fn secret(token: SecretSource) -> Self {
        Self(BearerKind::Secret(token))
    }

    pub(super) fn new(source: impl TokenSource) -> Self {
        Self(BearerKind::Source { source: Arc::new(source), identity: rand::random() })
    }
}

/// Without the token.
impl fmt::Debug for BearerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerSource(..)")
    }
}

/// [`TokenSource`] as an object-safe trait.
pub(crate) trait DynTokenSource: Send + Sync {
    fn token_boxed(&self) -> BoxFuture<'_>;
}

pub(crate) type BoxFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Secret, UnavailableError>> + Send + 'a>>;

impl<S: TokenSource> DynTokenSource for S {
    fn token_boxed(&self) -> BoxFuture<'_> {
        Box::pin(self.token())
    }
}
