//! How this server proves to the authorization server who it is (RFC 7662 §2.1).

use std::fmt::{self, Write};
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderValue;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
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
        let token = token.into();
        let identity = Identity::Secret(token.clone());
        Self::Bearer(BearerSource { source: Arc::new(StaticToken(token)), identity })
    }

    /// A bearer token that is refreshed.
    ///
    /// Nothing tells which client such tokens belong to, so remembered claims are shared between
    /// processes only if the client has a
    /// [name](super::IntrospectionBuilder::client_identity).
    #[must_use]
    pub fn bearer_source(source: impl TokenSource) -> Self {
        let identity = Identity::Random(rand::random());
        Self::Bearer(BearerSource { source: Arc::new(source), identity })
    }

    /// Tells one client from another, without a secret.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Basic { id, secret } | Self::Post { id, secret } => {
                format!("client {id:?} {}", digest(id, secret))
            }
            Self::Bearer(BearerSource { identity: Identity::Secret(token), .. }) => {
                format!("bearer {}", digest("", token))
            }
            Self::Bearer(BearerSource { identity: Identity::Random(random), .. }) => {
                format!("source {random:032x}")
            }
        }
    }

    pub(super) fn client_id(&self) -> Option<&str> {
        match self {
            Self::Basic { id, .. } | Self::Post { id, .. } => Some(id),
            Self::None | Self::Bearer(_) => None,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
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
                let token = source.source.token_boxed().await?;
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
pub struct BearerSource {
    source: Arc<dyn DynTokenSource>,
    identity: Identity,
}

/// Which client a source's tokens belong to.
#[derive(Clone)]
enum Identity {
    /// That of the one token.
    Secret(SecretString),
    /// Nobody else's.
    Random(u128),
}

/// A hash of a secret that two clients may be told apart by. It goes into the keys of caches, and from
/// there, hashed with each token, into a store that others can read; so many rounds make it useless for
/// guessing a secret that a human chose.
fn digest(id: &str, secret: &SecretString) -> String {
    const ROUNDS: usize = 5_000;
    let first = Sha256::new()
        .chain_update(b"requires-auth: identity of an introspection client\0")
        .chain_update((id.len() as u64).to_be_bytes())
        .chain_update(id)
        .chain_update(secret.expose_secret())
        .finalize();
    let last = (1..ROUNDS).fold(first, |hash, _| Sha256::digest(hash));
    last.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

trait DynTokenSource: Send + Sync {
    fn token_boxed(&self) -> BoxFuture<'_>;
}

type BoxFuture<'a> = Pin<Box<dyn Future<Output = Result<SecretString, Unavailable>> + Send + 'a>>;

impl<S: TokenSource> DynTokenSource for S {
    fn token_boxed(&self) -> BoxFuture<'_> {
        Box::pin(self.token())
    }
}

struct StaticToken(SecretString);

impl TokenSource for StaticToken {
    async fn token(&self) -> Result<SecretString, Unavailable> {
        Ok(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rotating;

    impl TokenSource for Rotating {
        async fn token(&self) -> Result<SecretString, Unavailable> {
            Ok(SecretString::from("rotating"))
        }
    }

    #[test]
    fn two_clients_have_two_identities() {
        // R-E2
        use ClientAuthentication::{Basic, None, Post};
        let basic = |id: &str, secret: &str| Basic { id: id.into(), secret: secret.into() };
        let post = |id: &str, secret: &str| Post { id: id.into(), secret: secret.into() };
        let source = ClientAuthentication::bearer_source(Rotating);
        let all = [
            None,
            basic("journal", "one"),
            basic("journal", "other"),
            basic("journalo", "ne"),
            basic("", "journalone"),
            post("notes", "one"),
            ClientAuthentication::bearer("one"),
            ClientAuthentication::bearer("other"),
            ClientAuthentication::bearer("journalone"),
            ClientAuthentication::bearer_source(Rotating),
            source.clone(),
        ];
        let identities: Vec<String> = all.iter().map(ClientAuthentication::identity).collect();
        for (index, identity) in identities.iter().enumerate() {
            assert!(!identities[..index].contains(identity), "{:?}: {identity}", all[index]);
            assert!(!identity.contains("one") || identity == "none", "no secret: {identity}");
        }

        // The same client, whatever way its secret takes.
        assert_eq!(basic("journal", "one").identity(), post("journal", "one").identity());
        assert_eq!(basic("journal", "one").identity(), identities[1]);
        assert_eq!(ClientAuthentication::bearer("one").identity(), identities[6]);
        assert_eq!(source.identity(), identities[10]);
    }
}
