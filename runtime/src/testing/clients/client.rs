//! A registered client.

use std::fmt;

use super::redirect_uri;

/// A client to register at an authorization server.
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
    #[cfg(feature = "jwt")]
    pub(crate) public_jwk: Option<serde_json::Value>,
    /// Whether its token requests must have a DPoP proof.
    #[cfg(feature = "dpop")]
    pub(crate) dpop_bound_access_tokens: bool,
    pub(crate) name: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) grant_types: Vec<GrantType>,
}

impl OAuthClient {
    /// A client without a secret. It may use the authorization code and refresh token grants.
    pub fn public(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            #[cfg(feature = "jwt")]
            public_jwk: None,
            #[cfg(feature = "dpop")]
            dpop_bound_access_tokens: false,
            name: None,
            redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        }
    }

    /// A client with a secret: it authenticates with `client_secret_basic`, `client_secret_post` or
    /// `client_secret_jwt`. It may also use the client credentials grant, exchange tokens (RFC 8693), and introspect tokens.
    pub fn confidential(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let mut client = Self::public(id);
        client.secret = Some(secret.into());
        client.grant_types.extend(GrantType::OF_CONFIDENTIAL_CLIENTS);
        client
    }

    /// A client that authenticates with `private_key_jwt` (RFC 7523 §2.2), with its public key as a JWK. It may also
    /// use the client credentials grant, exchange tokens (RFC 8693), and introspect tokens.
    #[cfg(feature = "jwt")]
    pub fn private_key_jwt(id: impl Into<String>, public_jwk: serde_json::Value) -> Self {
        let mut client = Self::public(id);
        client.public_jwk = Some(public_jwk);
        client.grant_types.extend(GrantType::OF_CONFIDENTIAL_CLIENTS);
        client
    }

    /// Whether it authenticates.
    pub(crate) fn is_confidential(&self) -> bool {
        #[cfg(feature = "jwt")]
        if self.public_jwk.is_some() {
            return true;
        }
        self.secret.is_some()
    }

    /// Its name on the consent page. Default: its id.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A redirect URI; repeatable. For a loopback host, the port is ignored (RFC 8252 §7.3). Default: none.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Its token requests must have a DPoP proof, as the client metadata `dpop_bound_access_tokens` states (RFC 9449 §5.2).
    /// Default: a proof is optional.
    #[cfg(feature = "dpop")]
    pub fn dpop_bound_access_tokens(mut self) -> Self {
        self.dpop_bound_access_tokens = true;
        self
    }

    pub(crate) fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    pub(crate) fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirect_uri::matches(registered, uri))
    }
}

/// Omits the secret.
impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("id", &self.id)
            .field("confidential", &self.is_confidential())
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// A grant type of RFC 6749 or RFC 8693.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    TokenExchange,
}

impl GrantType {
    pub(crate) const ALL: [Self; 4] =
        [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::TokenExchange];

    /// The grants of clients that authenticate, beside those of all clients.
    const OF_CONFIDENTIAL_CLIENTS: [Self; 2] = [Self::ClientCredentials, Self::TokenExchange];

    pub(crate) fn is_of_public_clients(self) -> bool {
        !Self::OF_CONFIDENTIAL_CLIENTS.contains(&self)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
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
    fn debug_output_omits_the_secret() {
        let client = OAuthClient::confidential("id", "s3cret");
        assert!(!format!("{client:?}").contains("s3cret"));
    }
}
