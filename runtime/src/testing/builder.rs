//! Configuring and starting an authorization server.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::clients::client::OAuthClient;
use super::server::AuthorizationServer;
use super::settings::{Consent, Settings, User};
use super::token_format::TokenFormat;
#[cfg(feature = "dpop")]
use crate::Dpop;
#[cfg(feature = "jwt")]
use crate::SigningAlgorithm;
use crate::resource_server::SingleValue;
use crate::{Clock, SettingName, SetupError, SystemClock};

impl AuthorizationServer {
    /// Starts a server on a free port of `127.0.0.1`, with every default of the builder.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Configures a server.
    pub fn builder() -> AuthorizationServerBuilder {
        AuthorizationServerBuilder::new()
    }
}

/// Configures an [`AuthorizationServer`]; from [`AuthorizationServer::builder`].
///
/// A method that takes one value sets it once: a second, different value is an error of [`start`](Self::start).
#[must_use = "nothing listens until `start` is awaited"]
pub struct AuthorizationServerBuilder {
    address: SingleValue<SocketAddr>,
    path: SingleValue<String>,
    consent: SingleValue<Consent>,
    token_lifetime: SingleValue<Duration>,
    token_format: SingleValue<TokenFormat>,
    #[cfg(feature = "jwt")]
    signing_algorithm: SingleValue<SigningAlgorithm>,
    #[cfg(feature = "dpop")]
    dpop: SingleValue<Dpop>,
    clock: SingleValue<Box<dyn Clock>>,
    clients: Vec<OAuthClient>,
    introspection_bearers: Vec<String>,
    scopes_supported: Vec<String>,
    resources: Vec<String>,
    acr_values_supported: Vec<String>,
    authorization_details_types_supported: Vec<String>,
    users: Vec<User>,
    local_documents: bool,
}

impl AuthorizationServerBuilder {
    fn new() -> Self {
        Self {
            address: SingleValue::UNSET,
            path: SingleValue::UNSET,
            consent: SingleValue::UNSET,
            token_lifetime: SingleValue::UNSET,
            token_format: SingleValue::UNSET,
            #[cfg(feature = "jwt")]
            signing_algorithm: SingleValue::UNSET,
            #[cfg(feature = "dpop")]
            dpop: SingleValue::UNSET,
            clock: SingleValue::UNSET,
            clients: Vec::new(),
            introspection_bearers: Vec::new(),
            scopes_supported: Vec::new(),
            resources: Vec::new(),
            acr_values_supported: Vec::new(),
            authorization_details_types_supported: Vec::new(),
            users: Vec::new(),
            local_documents: false,
        }
    }

    /// The loopback address to listen on. Port 0 is any free port. Default: `127.0.0.1:0`.
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address.set(address.into());
        self
    }

    /// The path of the issuer, such as `/tenants/blue`. All endpoints are below it; the metadata
    /// documents are where RFC 8414 §3.1 and OpenID Connect Discovery §4 put them. Default: no path.
    pub fn path(mut self, path: impl AsRef<str>) -> Self {
        let path = path.as_ref().trim_matches('/');
        self.path.set(if path.is_empty() { String::new() } else { format!("/{path}") });
        self
    }

    /// Whether the authorization endpoint shows a consent page. Default: [`Consent::Auto`].
    pub fn consent(mut self, consent: Consent) -> Self {
        self.consent.set(consent);
        self
    }

    /// Registers a confidential client, such as a resource server that introspects tokens; the same
    /// as [`register`](Self::register) with [`OAuthClient::confidential`].
    ///
    /// Once there is a confidential client or an [`introspection_bearer`](Self::introspection_bearer),
    /// introspection requires the credentials of one of them; a client uses `client_secret_basic`,
    /// `client_secret_post` or, with the feature `jwt`, `client_secret_jwt`, or sends an access token that it has
    /// obtained with the client credentials grant as a bearer token. Default: none, and introspection requires no
    /// credentials.
    pub fn client(self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.register(OAuthClient::confidential(id, secret))
    }

    /// Registers a client; repeatable. Default: none. Clients can also register dynamically, or use a
    /// client-id metadata document.
    pub fn register(mut self, client: OAuthClient) -> Self {
        self.clients.push(client);
        self
    }

    /// Also fetches client-id metadata documents from loopback and private addresses, from a loopback
    /// host over plain `http` as well. Default: only from public addresses, over `https`, so that a
    /// client id cannot make the server send requests to addresses that only this machine can reach.
    ///
    /// The server follows no redirects and uses no proxy. A document has at most 64 KiB, and the request
    /// a timeout of five seconds.
    pub fn allow_local_client_documents(mut self) -> Self {
        self.local_documents = true;
        self
    }

    /// Accepts this bearer token as credentials at the introspection endpoint (RFC 7662 §2.1);
    /// repeatable. Default: none.
    pub fn introspection_bearer(mut self, token: impl Into<String>) -> Self {
        self.introspection_bearers.push(token.into());
        self
    }

    /// The scopes that clients may request, with those of earlier calls; a request without `scope` gets all
    /// of them. Default: clients may request any scope, and a request without `scope` gets none. Minted
    /// tokens can have any scope.
    pub fn scopes_supported<S: Into<String>>(
        mut self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.scopes_supported.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// A resource (RFC 8707) for which clients may request tokens; repeatable. Default: any resource.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// The authentication context classes that a login can have, with those of earlier calls; the metadata lists them. An
    /// authorization request gets the first one of its `acr_values` that is in the list, and the error
    /// `unmet_authentication_requirements` if none is (RFC 9470 §5). Default: every class, and the metadata lists none.
    ///
    /// [Logins](super#logins) describes when a token has an `acr`.
    pub fn acr_values_supported<S: Into<String>>(
        mut self,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        self.acr_values_supported.extend(values.into_iter().map(Into::into));
        self
    }

    /// The types of authorization details that clients may request (RFC 9396), with those of earlier calls; the
    /// metadata lists them. Another type gets the error `invalid_authorization_details`. Default: every type, and the
    /// metadata lists none.
    ///
    /// The server grants each requested detail. The token response, the token and its introspection response have them.
    /// A token request for a code or with a refresh token can leave some of them out (RFC 9396 §6.1).
    pub fn authorization_details_types_supported<S: Into<String>>(
        mut self,
        types: impl IntoIterator<Item = S>,
    ) -> Self {
        self.authorization_details_types_supported.extend(types.into_iter().map(Into::into));
        self
    }

    /// A user that the consent page offers, with the `sub` and `username` of the tokens; repeatable.
    /// [`Consent::Auto`] always uses the first. Default: `alice` and `bob`.
    pub fn user(mut self, subject: impl Into<String>, username: impl Into<String>) -> Self {
        self.users.push(User { subject: subject.into(), username: username.into() });
        self
    }

    /// The lifetime of access tokens from the token endpoint. Default: one hour.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime.set(lifetime);
        self
    }

    /// The format of access tokens, from the token endpoint and [minted](AuthorizationServer::mint) ones.
    /// Default: [`TokenFormat::Opaque`].
    ///
    /// A JWT can be introspected and revoked as well.
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.token_format.set(format);
        self
    }

    /// The algorithm with which JWTs are signed. An RSA key has 2048 bits; it takes some tenths of a second
    /// to generate. Default: [`SigningAlgorithm::Es256`].
    #[cfg(feature = "jwt")]
    pub fn signing_algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.signing_algorithm.set(algorithm);
        self
    }

    /// How the token endpoint treats DPoP proofs (RFC 9449 §5). Default: [`Dpop::accepted`], which binds the tokens to
    /// the key where a token request has a proof, and issues bearer tokens otherwise.
    ///
    /// With [`Dpop::required`], a token request without a proof gets the error `invalid_dpop_proof`, and with [`Dpop::off`]
    /// proofs are ignored. The other settings of [`Dpop`] apply to the proofs of token requests. With nonces, a proof
    /// without one gets the error `use_dpop_nonce` and the nonce in `DPoP-Nonce` (RFC 9449 §8):
    ///
    /// ```
    /// use requires_auth::Dpop;
    /// use requires_auth::testing::AuthorizationServer;
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let server =
    ///     AuthorizationServer::builder().dpop(Dpop::accepted().require_nonces()).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "dpop")]
    pub fn dpop(mut self, settings: Dpop) -> Self {
        self.dpop.set_once(settings);
        self
    }

    /// The clock that decides what has expired, such as a [`ManualClock`](crate::testing::ManualClock).
    /// Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock.set_once(Box::new(clock));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// If the address is not a loopback address, or cannot be bound, if a setting has two values or one that it cannot
    /// have, or if no signing key can be generated.
    pub async fn start(mut self) -> io::Result<AuthorizationServer> {
        if self.users.is_empty() {
            self = self.user("alice", "alice").user("bob", "bob");
        }
        let (address, settings) =
            self.settings().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        AuthorizationServer::run(address, settings).await
    }

    fn settings(self) -> Result<(SocketAddr, Settings), SetupError> {
        let name = SettingName::of_builder;
        let any_port = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let settings = Settings {
            path: self.path.get(name("path"))?.unwrap_or_default(),
            consent: self.consent.get(name("consent"))?.unwrap_or_default(),
            clients: self.clients,
            introspection_bearers: self.introspection_bearers,
            scopes_supported: self.scopes_supported,
            resources: self.resources,
            acr_values_supported: self.acr_values_supported,
            authorization_details_types_supported: self.authorization_details_types_supported,
            users: self.users,
            token_lifetime: self
                .token_lifetime
                .get(name("token_lifetime"))?
                .unwrap_or(Duration::from_secs(3600)),
            token_format: self.token_format.get(name("token_format"))?.unwrap_or_default(),
            #[cfg(feature = "jwt")]
            signing_algorithm: self
                .signing_algorithm
                .get(name("signing_algorithm"))?
                .unwrap_or(SigningAlgorithm::Es256),
            #[cfg(feature = "dpop")]
            dpop: self.dpop.get(name("dpop"))?.or_else(|| Some(Dpop::accepted())),
            clock: self.clock.get(name("clock"))?.unwrap_or_else(|| Box::new(SystemClock)),
            local_documents: self.local_documents,
        };
        Ok((self.address.get(name("listen"))?.unwrap_or(any_port), settings))
    }
}

/// Omits secrets.
impl fmt::Debug for AuthorizationServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServerBuilder")
            .field("address", &self.address.first())
            .field("consent", &self.consent.first())
            .field("clients", &self.clients)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_setting_is_not_overwritten() {
        // R-C13
        let (builder, second) = (AuthorizationServer::builder, Duration::from_secs(1));
        let clock = || crate::testing::ManualClock::new();
        for (setting, builder) in [
            ("listen", builder().listen(([127, 0, 0, 1], 0)).listen(([127, 0, 0, 2], 0))),
            ("path", builder().path("/a").path("/b")),
            ("consent", builder().consent(Consent::Ask).consent(Consent::Auto)),
            ("token_lifetime", builder().token_lifetime(second).token_lifetime(2 * second)),
            ("clock", builder().clock(clock()).clock(clock())),
        ] {
            let error = builder.start().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(&format!("`{setting}` has two values")), "{error}");
        }
        #[cfg(feature = "dpop")]
        {
            let error = builder().dpop(Dpop::off()).dpop(Dpop::off()).start().await.unwrap_err();
            assert!(error.to_string().contains("`dpop` has two values"), "{error}");
        }
        #[cfg(feature = "jwt")]
        for (setting, builder) in [
            (
                "token_format",
                builder().token_format(TokenFormat::Opaque).token_format(TokenFormat::Jwt),
            ),
            (
                "signing_algorithm",
                builder()
                    .signing_algorithm(SigningAlgorithm::Es256)
                    .signing_algorithm(SigningAlgorithm::EdDsa),
            ),
        ] {
            let error = builder.start().await.unwrap_err();
            assert!(error.to_string().contains(&format!("`{setting}` has two values")), "{error}");
        }
        let both = builder().scopes_supported(["a"]).scopes_supported(["b"]);
        assert_eq!(both.scopes_supported, ["a", "b"]);
    }
}
