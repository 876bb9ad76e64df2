//! The settings of a shared cache.

use std::fmt;
use std::time::Duration;

use ::redis::cluster::ClusterClient;
use ::redis::{Client, ClientTlsConfig, IntoConnectionInfo, TlsCertificates, TlsMode};
use rustls::crypto::CryptoProvider;
use secrecy::{ExposeSecret, SecretSlice};
use url::Url;

use super::connection::{Address, CONNECT_TIMEOUT};
use super::encryption::Encryption;
use super::health::Health;
use super::keys::Keys;
use super::pending_invalidations::PendingInvalidations;
use super::second_level::RedisSecondLevel;
use super::store::Store;
use crate::second_level::FirstLevel;
use crate::telemetry::Quoted;
use crate::{CachedBuilder, Resolver, Secret, SettingName, SetupError};

/// A second level of the cache, on Redis or Valkey, that several processes share: see the
/// [module](super).
#[derive(Clone)]
pub struct SharedCache {
    address: Address,
    keys: Keys,
    secret: SecretSlice<u8>,
    timeout: Duration,
}

/// Settings of a [`SharedCache`].
#[must_use]
pub struct SharedCacheBuilder {
    urls: Vec<Secret>,
    cluster: bool,
    secret: SecretSlice<u8>,
    prefix: String,
    timeout: Duration,
    root_certificates: Option<Vec<u8>>,
    client_certificate: Option<ClientTlsConfig>,
}

pub(crate) const REDIS_URLS: SettingName = SettingName::of_configuration("redis_urls");
pub(crate) const REDIS_SECRET: SettingName = SettingName::of_configuration("redis_secret");
pub(crate) const ROOT_CERTIFICATES: SettingName =
    SettingName::with_key("root_certificates", "redis_root_certificates");
const CLIENT_CERTIFICATE: SettingName = SettingName::of_builder("client_certificate");
const PREFIX: SettingName = SettingName::with_key("prefix", "redis_prefix");

/// A shorter secret would be weaker than the keys that are derived from it.
const MIN_SECRET_LENGTH: usize = 32;

impl<R: Resolver> CachedBuilder<R> {
    /// Shares the entries with other processes through Redis or Valkey: a
    /// [second level](Self::second_level). With a [`ttl`](Self::ttl) of zero it is not used. Default: none.
    ///
    /// On a tokio runtime, [`build`](Self::build) connects to the store in the background. Elsewhere the
    /// first request does.
    pub fn shared(self, shared: SharedCache) -> Self {
        self.second_level(|first_level| shared.open(first_level))
    }
}

impl SharedCache {
    /// One server, or a proxy that acts like one: `redis://user:password@host:6379/0`, or `rediss://…` for
    /// TLS.
    ///
    /// All instances have the same secret. It has at least 32 bytes and is never sent to the store: draw it at
    /// random (`openssl rand -base64 32`). An instance with another secret finds none of the entries and
    /// decrypts none of the invalidations. After a change of the secret, each token is resolved once more.
    ///
    /// ```
    /// use requires_auth::shared_cache::SharedCache;
    /// use requires_auth::{Cached, Introspection};
    ///
    /// # fn main() -> Result<(), requires_auth::SetupError> {
    /// # let secret = "an example: 32 bytes at the least";
    /// let introspection = Introspection::builder("https://auth.example/introspect").build()?;
    /// let shared = SharedCache::single("redis://cache.example", secret).build()?;
    /// let cached = Cached::builder(introspection).shared(shared).build()?;
    /// # Ok(()) }
    /// # main().unwrap();
    /// ```
    pub fn single(url: impl Into<Secret>, secret: impl Into<Vec<u8>>) -> SharedCacheBuilder {
        SharedCacheBuilder::new(vec![url.into()], false, secret.into())
    }

    /// A cluster, by the URLs of some nodes, from which the others are discovered. User, password and TLS
    /// must be the same for all nodes. The secret is that of [`single`](Self::single).
    pub fn cluster<S: Into<Secret>>(
        urls: impl IntoIterator<Item = S>,
        secret: impl Into<Vec<u8>>,
    ) -> SharedCacheBuilder {
        let urls = urls.into_iter().map(Into::into).collect();
        SharedCacheBuilder::new(urls, true, secret.into())
    }

    fn open(self, first_level: FirstLevel) -> RedisSecondLevel {
        let Self { address, keys, secret, timeout } = self;
        let encryption = Encryption::new(secret, first_level.namespace().to_owned());
        RedisSecondLevel::new(Store {
            address,
            keys,
            encryption,
            timeout,
            first_level,
            health: Health::new(),
            pending: PendingInvalidations::new(),
        })
    }
}

impl SharedCacheBuilder {
    fn new(urls: Vec<Secret>, cluster: bool, secret: Vec<u8>) -> Self {
        Self {
            urls,
            cluster,
            secret: secret.into(),
            prefix: "requires-auth".to_owned(),
            timeout: Duration::from_millis(100),
            root_certificates: None,
            client_certificate: None,
        }
    }

    /// How long a request waits for the store before the token is resolved without it. Default: 100 ms. A
    /// request that comes before the first connection waits for that as well, for the same time at most.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The prefix of the keys in the store: 1 to 64 letters, digits, `-`, `_`, `.` and `:`. Default:
    /// `requires-auth`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The root certificates, as PEM, that the certificate of the store is verified with. Default: those of
    /// the operating system.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// The certificate chain and the private key of this server for mutual TLS with the store, as PEM.
    /// Default: none.
    pub fn client_certificate(
        mut self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        let (client_cert, client_key) = (certificate.into(), key.into());
        self.client_certificate = Some(ClientTlsConfig { client_cert, client_key });
        self
    }

    /// Checks the settings. It does not connect to the store.
    ///
    /// # Errors
    /// [`SetupError::Invalid`] for a URL that is not one of Redis or Valkey, for nodes of a cluster with
    /// different users, passwords or TLS, for certificates that cannot be read, for a secret that is too
    /// short, and for a prefix with other characters. [`SetupError::Contradiction`] for certificates without
    /// TLS. [`SetupError::NoCryptoProvider`] for a URL with TLS in a process without a default crypto
    /// provider of rustls: see the [module](super#tls).
    pub fn build(self) -> Result<SharedCache, SetupError> {
        if self.secret.expose_secret().len() < MIN_SECRET_LENGTH {
            let found = format!("{} bytes", self.secret.expose_secret().len());
            return Err(SetupError::invalid(REDIS_SECRET, "at least 32 bytes", found));
        }
        let keys = Keys::new(&self.prefix).ok_or_else(|| {
            let expected = "1 to 64 letters, digits, `-`, `_`, `.` and `:`";
            SetupError::invalid(PREFIX, expected, Quoted(&self.prefix))
        })?;
        let address = self.address()?;
        Ok(SharedCache { address, keys, secret: self.secret, timeout: self.timeout })
    }

    fn address(&self) -> Result<Address, SetupError> {
        let urls: Vec<Url> = self.urls.iter().map(parse_url).collect::<Result<_, _>>()?;
        let tls = urls.iter().any(|url| matches!(url.scheme(), "rediss" | "valkeys"));
        if tls {
            // The client takes no provider. Without a default, it would install one for the process, or
            // panic if several are compiled in.
            CryptoProvider::get_default()
                .ok_or(SetupError::NoCryptoProvider { setting: REDIS_URLS })?;
        }
        for (setting, certificates) in self.certificate_settings() {
            if !tls {
                return Err(SetupError::Contradiction {
                    settings: vec![setting, REDIS_URLS],
                    reason: "certificates are for URLs with TLS: use `rediss://`",
                });
            }
            if urls.first().is_some_and(|url| !are_usable(url, certificates)) {
                return Err(SetupError::invalid(
                    setting,
                    "PEM that is usable with TLS",
                    "other data",
                ));
            }
        }
        let nodes = || {
            let expected = "at least one URL of a node, all with the same user, password and TLS";
            SetupError::invalid(REDIS_URLS, expected, format!("{} URLs", self.urls.len()))
        };
        let certificates = self.certificates();
        if self.cluster {
            // A retry would exceed the timeout of the command.
            let mut builder = ClusterClient::builder(urls)
                .retries(1)
                .connection_timeout(CONNECT_TIMEOUT)
                .response_timeout(CONNECT_TIMEOUT);
            if let Some(certificates) = certificates {
                builder = builder.tls(TlsMode::Secure).certs(certificates);
            }
            return builder
                .build()
                .map(|client| Address::Cluster(Box::new(client)))
                .map_err(|_| nodes());
        }
        let [url] = <[Url; 1]>::try_from(urls).map_err(|_| nodes())?;
        match certificates {
            Some(certificates) => Client::build_with_tls(url, certificates),
            None => Client::open(url),
        }
        .map(|client| Address::Single(Box::new(client)))
        .map_err(|_| nodes())
    }

    /// The settings of the certificates that are set, each alone.
    fn certificate_settings(&self) -> impl Iterator<Item = (SettingName, TlsCertificates)> {
        let root = self.root_certificates.clone().map(|pem| {
            (ROOT_CERTIFICATES, TlsCertificates { root_cert: Some(pem), client_tls: None })
        });
        let client = self.client_certificate.clone().map(|tls| {
            (CLIENT_CERTIFICATE, TlsCertificates { root_cert: None, client_tls: Some(tls) })
        });
        root.into_iter().chain(client)
    }

    fn certificates(&self) -> Option<TlsCertificates> {
        let (root_cert, client_tls) =
            (self.root_certificates.clone(), self.client_certificate.clone());
        (root_cert.is_some() || client_tls.is_some())
            .then_some(TlsCertificates { root_cert, client_tls })
    }
}

/// Whether a client can be made with these certificates for this URL, which has TLS.
fn are_usable(url: &Url, certificates: TlsCertificates) -> bool {
    Client::build_with_tls(url.clone(), certificates).is_ok()
}

/// Checks what can be checked without a connection.
fn parse_url(url: &Secret) -> Result<Url, SetupError> {
    // The message does not repeat the URL, which may contain a password.
    let malformed = || {
        let expected = "of the form `redis://host:6379` or `rediss://host:6379`";
        SetupError::invalid(REDIS_URLS, expected, "another text")
    };
    let url = Url::parse(url.expose()).map_err(|_| malformed())?;
    if url.fragment().is_some() {
        let expected = "without a fragment, since certificates are always verified";
        return Err(SetupError::invalid(REDIS_URLS, expected, "a fragment"));
    }
    match url.clone().into_connection_info() {
        Ok(_) => Ok(url),
        Err(_) => Err(malformed()),
    }
}

impl fmt::Debug for SharedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCache").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl fmt::Debug for SharedCacheBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCacheBuilder")
            .field("nodes", &self.urls.len())
            .field("cluster", &self.cluster)
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn message(builder: SharedCacheBuilder) -> String {
        builder.build().unwrap_err().to_string()
    }

    #[test]
    fn settings_are_checked_without_a_connection() {
        // R-E9. No other test of this process uses TLS to the store.
        for url in ["rediss://host", "valkeys://host"] {
            let message = message(SharedCache::single(url, SECRET));
            assert!(message.contains("`rustls::crypto::aws_lc_rs"), "{message}");
        }
        rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap();
        for url in [
            "redis://127.0.0.1",
            "redis://user:s3cret@host:1/2",
            "rediss://host",
            "valkeys://host",
            "unix:///run/redis.sock",
        ] {
            assert!(SharedCache::single(url, SECRET).build().is_ok(), "{url}");
        }
        for url in ["", "host", "http://s3cret", "redis://", "redis://s3cret:x", "redis://h/s3cret"]
        {
            let message = message(SharedCache::single(url, SECRET));
            assert!(message.contains("`redis://host:6379`"), "{url}: {message}");
        }
        let insecure = message(SharedCache::single("rediss://host/#insecure", SECRET));
        assert!(insecure.contains("always verified"), "{insecure}");

        let short = message(SharedCache::single("redis://host", &SECRET[1..]));
        assert!(short.contains("32 bytes"), "{short}");
        let prefix = message(SharedCache::single("redis://host", SECRET).prefix("{x}"));
        assert!(prefix.contains("`redis_prefix`"), "{prefix}");
        let plain = SharedCache::single("redis://host", SECRET).root_certificates("");
        let plain = message(plain);
        assert!(plain.contains("`redis_root_certificates`") && plain.contains("`rediss://`"));
        let broken = SharedCache::single("rediss://host", SECRET).client_certificate("a", "s3cret");
        let broken = message(broken);
        assert!(
            broken.contains("`client_certificate` must be PEM") && !broken.contains("s3cret"),
            "{broken}"
        );

        // The nodes of a cluster have the same settings.
        assert!(SharedCache::cluster(["redis://a", "redis://b"], SECRET).build().is_ok());
        let none: [&str; 0] = [];
        for nodes in [&none[..], &["redis://a", "rediss://b"], &["redis://:s3cret@a", "redis://b"]]
        {
            let message = message(SharedCache::cluster(nodes.iter().copied(), SECRET));
            assert!(message.contains("the same user, password and TLS"), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn debug_output_shows_no_secret() {
        // R-C3
        let builder = SharedCache::single("redis://user:s3cret@host", SECRET);
        let shown = format!("{builder:?}") + &format!("{:?}", builder.build());
        for secret in ["s3cret", "user", "0123"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
