//! OAuth clients, and who of them a request speaks for (RFC 6749 §2.3).

use std::fmt;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::redirect_uri;
use crate::testing::oauth_error::OAuthError;
use crate::testing::params::{Params, form_decode};
use crate::testing::state::State;

/// A client that the authorization server knows from the start.
///
/// ```
/// use requires_auth::testing::{AuthorizationServer, OAuthClient};
///
/// # async fn example() -> std::io::Result<()> {
/// let server = AuthorizationServer::builder()
///     .register(OAuthClient::public("cli").redirect_uri("http://127.0.0.1/callback"))
///     .register(OAuthClient::confidential("journal", "a secret"))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct OAuthClient {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) grant_types: Vec<GrantType>,
}

impl OAuthClient {
    /// A client without a secret: the authorization code flow and refresh tokens.
    pub fn public(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            name: None,
            redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        }
    }

    /// A client with a secret: client credentials too, and it may introspect tokens.
    pub fn confidential(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let mut client = Self::public(id);
        client.secret = Some(secret.into());
        client.grant_types.push(GrantType::ClientCredentials);
        client
    }

    /// What the consent page calls it. Default: its id.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Where the authorization code may be sent; repeatable. The port of a loopback address is free.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    pub(crate) fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    pub(crate) fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirect_uri::matches(registered, uri))
    }
}

/// Without the secret.
impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("id", &self.id)
            .field("confidential", &self.secret.is_some())
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// What a client may use the token endpoint for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

impl GrantType {
    pub(crate) const ALL: [Self; 3] =
        [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == name)
    }
}

/// The client that a request names, and the secret that it shows.
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

impl Credentials {
    /// Reads `client_secret_basic`, `client_secret_post` or a bare `client_id`.
    pub(crate) fn read(headers: &HeaderMap, params: &Params) -> Result<Self, OAuthError> {
        let posted = params.one("client_id");
        let mut authorization = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = authorization.next() else {
            return match posted {
                Some(id) => Ok(Self {
                    id: id.to_owned(),
                    secret: params.one("client_secret").map(str::to_owned),
                }),
                None => Err(OAuthError::invalid_client("no client is named")),
            };
        };
        if authorization.next().is_some() || params.one("client_secret").is_some() {
            return Err(OAuthError::invalid_request(
                "more than one client authentication method is used",
            ));
        }
        let credentials =
            value.to_str().ok().and_then(basic).ok_or_else(|| {
                OAuthError::invalid_client("the Authorization header is malformed")
            })?;
        if posted.is_some_and(|id| id != credentials.id) {
            return Err(OAuthError::invalid_request("two different clients are named"));
        }
        Ok(credentials)
    }

    /// Whether the secret is exactly the client's own, or both have none.
    pub(crate) fn fit(&self, client: &OAuthClient) -> bool {
        self.id == client.id && self.secret == client.secret
    }
}

/// Finds the client that a request speaks for. A client-id metadata document makes a public client,
/// whose right to a code or token is checked by the grant that names it.
pub(crate) fn authenticate(
    state: &State,
    headers: &HeaderMap,
    params: &Params,
) -> Result<OAuthClient, OAuthError> {
    let credentials = Credentials::read(headers, params)?;
    match state.client(&credentials.id) {
        Some(client) if credentials.fit(&client) => Ok(client),
        None if credentials.secret.is_none()
            && super::metadata_document::is_document_url(&credentials.id, state) =>
        {
            Ok(OAuthClient::public(credentials.id))
        }
        _ => Err(OAuthError::invalid_client("the client is unknown or its credentials are wrong")),
    }
}

/// Reads `Basic base64(form(id) ":" form(secret))` (RFC 6749 §2.3.1).
fn basic(value: &str) -> Option<Credentials> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim_start_matches(' ')).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some(Credentials { id: form_decode(id)?, secret: Some(form_decode(secret)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        let encoded = STANDARD.encode("a%3Ab+c:p%25%26+%C3%A9");
        let credentials = basic(&format!("bAsIc {encoded}")).unwrap();
        assert_eq!(credentials.id, "a:b c");
        assert_eq!(credentials.secret.as_deref(), Some("p%& \u{e9}"));
        assert!(basic("Bearer abc").is_none());
        assert!(basic(&format!("Basic {}", STANDARD.encode("id:100%"))).is_none());
        assert!(basic(&format!("Basic {}", STANDARD.encode("nocolon"))).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let client = OAuthClient::confidential("id", "s3cret");
        assert!(!format!("{client:?}").contains("s3cret"));
    }
}
