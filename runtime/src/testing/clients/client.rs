//! A registered client.

use std::fmt;

use super::redirect_uri;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let client = OAuthClient::confidential("id", "s3cret");
        assert!(!format!("{client:?}").contains("s3cret"));
    }
}
