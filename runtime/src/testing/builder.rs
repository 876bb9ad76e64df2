//! Setting up an authorization server.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::clients::client::OAuthClient;
use super::server::AuthorizationServer;
use super::settings::{Consent, Settings, User};
use crate::{Clock, SystemClock};

impl AuthorizationServer {
    /// Starts a server on a free port of `127.0.0.1`, with every default of the builder.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Sets up a server.
    pub fn builder() -> AuthorizationServerBuilder {
        AuthorizationServerBuilder::new()
    }
}

/// Sets up an [`AuthorizationServer`]; from [`AuthorizationServer::builder`].
#[must_use = "nothing listens until `start` is awaited"]
pub struct AuthorizationServerBuilder {
    address: SocketAddr,
    settings: Settings,
}

impl AuthorizationServerBuilder {
    fn new() -> Self {
        Self {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            settings: Settings {
                path: String::new(),
                consent: Consent::default(),
                clients: Vec::new(),
                introspection_bearers: Vec::new(),
                scopes_supported: Vec::new(),
                resources: Vec::new(),
                users: Vec::new(),
                token_lifetime: Duration::from_secs(3600),
                clock: Box::new(SystemClock),
                local_documents: false,
            },
        }
    }

    /// Where to listen, on loopback only. Default: `127.0.0.1:0`, which picks a free port.
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// The path of the issuer, such as `/tenants/blue`; all endpoints are below it, and the metadata
    /// documents where RFC 8414 §3.1 and OpenID Connect Discovery §4 put them. Default: none.
    pub fn path(mut self, path: impl AsRef<str>) -> Self {
        let path = path.as_ref().trim_matches('/');
        self.settings.path = if path.is_empty() { String::new() } else { format!("/{path}") };
        self
    }

    /// Whether a human is asked. Default: [`Consent::Auto`].
    pub fn consent(mut self, consent: Consent) -> Self {
        self.settings.consent = consent;
        self
    }

    /// Registers a confidential client, such as a resource server that introspects tokens; the same
    /// as [`register`](Self::register) with [`OAuthClient::confidential`].
    ///
    /// From the first confidential client or [`introspection_bearer`](Self::introspection_bearer) on,
    /// introspection needs their credentials: `client_secret_basic` or `client_secret_post`, compared
    /// exactly. Default: none, and introspection is open.
    pub fn client(self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.register(OAuthClient::confidential(id, secret))
    }

    /// Registers a client. Default: none; clients can register themselves at the server, or use a
    /// client-id metadata document.
    pub fn register(mut self, client: OAuthClient) -> Self {
        self.settings.clients.push(client);
        self
    }

    /// Fetches client-id metadata documents from this machine and its network as well, over plain
    /// `http` where the host is a loopback one. Default: from public addresses alone, over `https`, so
    /// that nobody can make the server send requests to what only this machine can reach.
    ///
    /// Redirects are never followed and proxies never used; a document has at most 64 KiB and five
    /// seconds.
    pub fn allow_local_client_documents(mut self) -> Self {
        self.settings.local_documents = true;
        self
    }

    /// Accepts this bearer token at the introspection endpoint (RFC 7662 §2.1); repeatable. Default:
    /// none.
    pub fn introspection_bearer(mut self, token: impl Into<String>) -> Self {
        self.settings.introspection_bearers.push(token.into());
        self
    }

    /// The scopes that clients may ask for, and get if they ask for none. Default: any scope that the
    /// grammar allows, and none if they ask for none. Minted tokens are free.
    pub fn scopes_supported<S: Into<String>>(
        mut self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.settings.scopes_supported = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// A resource (RFC 8707) that clients may ask tokens for; repeatable. Default: any.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.settings.resources.push(resource.into());
        self
    }

    /// Somebody who can agree on the consent page, with the `sub` and `username` of their tokens;
    /// repeatable. Default: `alice` and `bob`. With [`Consent::Auto`] it is always the first.
    pub fn user(mut self, subject: impl Into<String>, username: impl Into<String>) -> Self {
        self.settings.users.push(User { subject: subject.into(), username: username.into() });
        self
    }

    /// How long access tokens from the token endpoint live. Default: one hour.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = lifetime;
        self
    }

    /// Replaces the server's clock, so that expiry needs no waiting. Default: the system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Box::new(clock);
        self
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// If the address is not a loopback address, or cannot be bound.
    pub async fn start(mut self) -> io::Result<AuthorizationServer> {
        if self.settings.users.is_empty() {
            self = self.user("alice", "alice").user("bob", "bob");
        }
        AuthorizationServer::run(self.address, self.settings).await
    }
}

/// Without secrets.
impl fmt::Debug for AuthorizationServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServerBuilder")
            .field("address", &self.address)
            .field("consent", &self.settings.consent)
            .field("clients", &self.settings.clients)
            .finish_non_exhaustive()
    }
}
