//! How this server proves to the authorization server who it is (RFC 7662 §2.1).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderValue;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::{ResolveError, Unavailable};

/// How the introspection endpoint authenticates this server.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Not at all: the endpoint trusts the network. The default.
    #[default]
    None,
    /// `client_secret_basic`: id and secret in the `Authorization` header (RFC 6749 §2.3.1).
    Basic {
        /// The client id.
        id: String,
        /// The client secret.
        secret: SecretString,
    },
    /// `client_secret_post`: id and secret in the form.
    Post {
        /// The client id.
        id: String,
        /// The client secret.
        secret: SecretString,
    },
    /// An access token of this server's own (RFC 6750), asked of its source for every exchange.
    Bearer(BearerSource),
}

impl ClientAuthentication {
    /// A fixed bearer token.
    #[must_use]
    pub fn bearer(token: impl Into<SecretString>) -> Self {
        Self::bearer_source(Fixed(token.into()))
    }

    /// A bearer token that is refreshed.
    #[must_use]
    pub fn bearer_source(source: impl TokenSource) -> Self {
        Self::Bearer(BearerSource(Arc::new(source)))
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn client_id(&self) -> Option<&str> {
        match self {
            Self::Basic { id, .. } | Self::Post { id, .. } => Some(id),
            Self::None | Self::Bearer(_) => None,
        }
    }

    /// Adds the form and the proof to a request.
    pub(super) async fn apply(
        &self,
        request: RequestBuilder,
        mut form: String,
    ) -> Result<RequestBuilder, ResolveError> {
        let request = match self {
            Self::None => request,
            Self::Basic { id, secret } => {
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                request.basic_auth(encode(id), Some(encode(secret.expose_secret())))
            }
            Self::Post { id, secret } => {
                form = Serializer::for_suffix(form, 0)
                    .append_pair("client_id", id)
                    .append_pair("client_secret", secret.expose_secret())
                    .finish();
                request
            }
            Self::Bearer(source) => {
                let token = source.0.token_boxed().await?;
                let header = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
                let mut header = header.map_err(|_| ResolveError::CredentialsRefused)?;
                header.set_sensitive(true);
                request.header(http::header::AUTHORIZATION, header)
            }
        };
        Ok(request.body(form))
    }
}

/// Without secrets.
impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Basic { id, .. } => {
                f.debug_struct("Basic").field("id", id).finish_non_exhaustive()
            }
            Self::Post { id, .. } => f.debug_struct("Post").field("id", id).finish_non_exhaustive(),
            Self::Bearer(_) => f.write_str("Bearer(..)"),
        }
    }
}

impl fmt::Debug for BearerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerSource(..)")
    }
}

/// Hands out the bearer token that this server authenticates itself with, and refreshes it when
/// it must.
///
/// ```
/// use requires_auth::{SecretString, TokenSource, Unavailable};
///
/// /// Reads the token from a file that an agent on the machine keeps fresh.
/// struct Mounted;
///
/// impl TokenSource for Mounted {
///     async fn token(&self) -> Result<SecretString, Unavailable> {
///         std::fs::read_to_string("/var/run/secrets/introspection-token")
///             .map(|token| SecretString::from(token.trim()))
///             .map_err(|error| Unavailable::new("no token to introspect with").with_source(error))
///     }
/// }
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// A token that is valid now. Called for every exchange and inside its deadline, so keep the
    /// token until shortly before it expires.
    ///
    /// # Errors
    /// If there is none to be had: the caller gets a 503.
    fn token(&self) -> impl Future<Output = Result<SecretString, Unavailable>> + Send;
}

/// A [`TokenSource`], whatever its type.
#[derive(Clone)]
pub struct BearerSource(Arc<dyn Erased>);

trait Erased: Send + Sync {
    fn token_boxed(&self) -> BoxFuture<'_>;
}

type BoxFuture<'a> = Pin<Box<dyn Future<Output = Result<SecretString, Unavailable>> + Send + 'a>>;

impl<S: TokenSource> Erased for S {
    fn token_boxed(&self) -> BoxFuture<'_> {
        Box::pin(self.token())
    }
}

struct Fixed(SecretString);

impl TokenSource for Fixed {
    async fn token(&self) -> Result<SecretString, Unavailable> {
        Ok(self.0.clone())
    }
}
