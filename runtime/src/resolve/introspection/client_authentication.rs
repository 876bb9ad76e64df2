//! Client authentication at the introspection endpoint (RFC 7662 §2.1).

use std::fmt::{self, Write};

use http::HeaderValue;
use http::header::AUTHORIZATION;
use reqwest::RequestBuilder;
use sha2::{Digest, Sha256};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::token_source::{BearerIdentity, BearerSource, TokenSource};
use crate::{ClientError, ResolveError, Secret};

/// How this server authenticates itself at the introspection endpoint (RFC 7662 §2.1).
///
/// ```
/// use requires_auth::{ClientAuthentication, Introspection};
///
/// let builder = Introspection::builder("https://auth.example/introspect")
///     .client_authentication(ClientAuthentication::Basic {
///         id: "journal".to_owned(),
///         secret: "the client's secret".into(),
///     });
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// No client authentication, for an endpoint that only trusted hosts can reach. The default.
    #[default]
    None,
    /// `client_secret_basic`: the client id and secret in the `Authorization` header, each form-encoded
    /// (RFC 6749 §2.3.1).
    Basic {
        /// The client id.
        id: String,
        /// The client secret.
        secret: Secret,
    },
    /// `client_secret_post`: the client id and secret in the form (RFC 6749 §2.3.1).
    Post {
        /// The client id.
        id: String,
        /// The client secret.
        secret: Secret,
    },
    /// A bearer token of this server (RFC 6750 §2.1). Each introspection request gets it from its source.
    Bearer(BearerSource),
}

impl ClientAuthentication {
    /// Authenticates with a fixed bearer token.
    #[must_use]
    pub fn bearer(token: impl Into<Secret>) -> Self {
        Self::Bearer(BearerSource::fixed(token.into()))
    }

    /// Authenticates with a bearer token that its source refreshes.
    ///
    /// Nothing identifies the client of a source, so processes share the entries of a cache only if the
    /// [client identity](crate::IntrospectionBuilder::client_identity) is set.
    #[must_use]
    pub fn bearer_source(source: impl TokenSource) -> Self {
        Self::Bearer(BearerSource::new(source))
    }

    /// Distinguishes clients, without a secret.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Basic { id, secret } | Self::Post { id, secret } => {
                format!("client {id:?} {}", digest(id, secret))
            }
            Self::Bearer(source) => match &source.identity {
                BearerIdentity::Token(token) => format!("bearer {}", digest("", token)),
                BearerIdentity::Random(random) => format!("source {random:032x}"),
            },
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

    /// Adds the form and the credentials to a request.
    pub(super) async fn apply(
        &self,
        request: RequestBuilder,
        mut form: String,
    ) -> Result<RequestBuilder, ResolveError> {
        let request = match self {
            Self::None => request,
            Self::Basic { id, secret } => {
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                request.basic_auth(encode(id), Some(encode(secret.expose())))
            }
            Self::Post { id, secret } => {
                form = Serializer::for_suffix(form, 0)
                    .append_pair("client_id", id)
                    .append_pair("client_secret", secret.expose())
                    .finish();
                request
            }
            Self::Bearer(source) => {
                let token = source.token().await?;
                let header = HeaderValue::try_from(format!("Bearer {}", token.expose()));
                let mut header =
                    header.map_err(|_| ResolveError::InvalidClient(ClientError::Rejected(None)))?;
                header.set_sensitive(true);
                request.header(AUTHORIZATION, header)
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

/// Hashes a secret, so that clients with different secrets are different. The hash is part of cache keys,
/// which, hashed with the token, are stored where others can read them. The number of rounds makes guessing
/// a secret that a person chose too expensive.
fn digest(id: &str, secret: &Secret) -> String {
    const ROUNDS: usize = 5_000;
    let first = Sha256::new()
        .chain_update(b"requires-auth: identity of an introspection client\0")
        .chain_update((id.len() as u64).to_be_bytes())
        .chain_update(id)
        .chain_update(secret.expose())
        .finalize();
    let last = (1..ROUNDS).fold(first, |hash, _| Sha256::digest(hash));
    last.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnavailableError;

    struct RefreshedToken;

    impl TokenSource for RefreshedToken {
        async fn token(&self) -> Result<Secret, UnavailableError> {
            Ok(Secret::from("refreshed"))
        }
    }

    #[test]
    fn two_clients_have_two_identities() {
        // R-E2
        use ClientAuthentication::{Basic, None, Post};
        let basic = |id: &str, secret: &str| Basic { id: id.into(), secret: secret.into() };
        let post = |id: &str, secret: &str| Post { id: id.into(), secret: secret.into() };
        let source = ClientAuthentication::bearer_source(RefreshedToken);
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
            ClientAuthentication::bearer_source(RefreshedToken),
            source.clone(),
        ];
        let identities: Vec<String> = all.iter().map(ClientAuthentication::identity).collect();
        for (index, identity) in identities.iter().enumerate() {
            assert!(!identities[..index].contains(identity), "{:?}: {identity}", all[index]);
            assert!(!identity.contains("one") || identity == "none", "no secret: {identity}");
        }

        // The same client, whichever method sends its secret.
        assert_eq!(basic("journal", "one").identity(), post("journal", "one").identity());
        assert_eq!(basic("journal", "one").identity(), identities[1]);
        assert_eq!(ClientAuthentication::bearer("one").identity(), identities[6]);
        assert_eq!(source.identity(), identities[10]);
    }
}
