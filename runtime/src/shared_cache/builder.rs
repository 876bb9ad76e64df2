//! Setting up a shared cache.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::cluster::ClusterClient;
use ::redis::{Client, ClientTlsConfig, IntoConnectionInfo, TlsCertificates, TlsMode};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use url::Url;

use super::connection::{Address, CONNECT_TIMEOUT};
use super::encryption::TokenEncryption;
use super::keys::Keys;
use super::store::Shared;
use crate::SetupError;

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
    urls: Vec<SecretString>,
    cluster: bool,
    secret: SecretSlice<u8>,
    prefix: String,
    timeout: Duration,
    roots: Option<Vec<u8>>,
    client: Option<ClientTlsConfig>,
}

/// A shorter secret is weaker than what is derived from it.
const MIN_SECRET_LENGTH: usize = 32;

impl SharedCache {
    /// One server, or what stands in front of several and acts like one:
    /// `redis://user:password@host:6379/0`, or `rediss://…` for TLS.
    ///
    /// The secret is that of all instances, has at least 32 bytes, and never goes to the store: draw
    /// it at random (`openssl rand -base64 32`). With another one, nothing that is in the store can be
    /// found, so changing it costs no more than asking about each token once more; but only instances
    /// with the same secret hear from each other.
    ///
    /// ```
    /// use requires_auth::shared_cache::SharedCache;
    /// use requires_auth::{Cached, Introspection};
    ///
    /// # fn main() -> Result<(), requires_auth::SetupError> {
    /// # let secret = "an example: 32 bytes at the least";
    /// let introspection = Introspection::builder("https://auth.example/introspect").build()?;
    /// let shared = SharedCache::single("rediss://cache.example", secret).build()?;
    /// let cached = Cached::builder(introspection).shared(shared).build();
    /// # Ok(()) }
    /// # main().unwrap();
    /// ```
    pub fn single(url: impl Into<String>, secret: impl Into<Vec<u8>>) -> SharedCacheBuilder {
        SharedCacheBuilder::new(vec![url.into().into()], false, secret.into())
    }

    /// A cluster, by some of its nodes, through which the others are found. User, password and TLS
    /// have to be the same for all of them.
    pub fn cluster<S: Into<String>>(
        urls: impl IntoIterator<Item = S>,
        secret: impl Into<Vec<u8>>,
    ) -> SharedCacheBuilder {
        let urls = urls.into_iter().map(|url| url.into().into()).collect();
        SharedCacheBuilder::new(urls, true, secret.into())
    }

    /// Begins to use it, for what a resolver of this name finds out and a cache remembers for this
    /// long.
    pub(crate) fn open(self, resolver: String, lifetime: Duration) -> Arc<Shared> {
        let Self { address, keys, secret, timeout } = self;
        Arc::new(Shared::new(
            address,
            keys,
            TokenEncryption::new(secret, resolver),
            timeout,
            lifetime,
        ))
    }
}

impl SharedCacheBuilder {
    fn new(urls: Vec<SecretString>, cluster: bool, secret: Vec<u8>) -> Self {
        Self {
            urls,
            cluster,
            secret: secret.into(),
            prefix: "requires-auth".to_owned(),
            timeout: Duration::from_millis(100),
            roots: None,
            client: None,
        }
    }

    /// How long a request may wait for the store, before it is resolved without. Default: 100 ms. One
    /// that comes before the store has been reached for the first time may wait as long for that.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What the keys in the store begin with: letters, digits, `-`, `_`, `.` and `:`, at most 64.
    /// Default: `requires-auth`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The certificates, as PEM, of the authorities that may vouch for the store. Default: those that
    /// the system trusts.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// The certificate, with its chain, and the private key that this server has for the store, as
    /// PEM. Default: none.
    pub fn client_certificate(
        mut self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        let (client_cert, client_key) = (certificate.into(), key.into());
        self.client = Some(ClientTlsConfig { client_cert, client_key });
        self
    }

    /// Checks the settings. The store need not be there: it is used from when it can be reached.
    ///
    /// # Errors
    /// [`SetupError::Setting`] for a URL that is none of Redis or Valkey, for nodes that do not agree,
    /// for certificates that cannot be read or without TLS, for a secret that is too short, and for a
    /// prefix with other characters.
    pub fn build(self) -> Result<SharedCache, SetupError> {
        if self.secret.expose_secret().len() < MIN_SECRET_LENGTH {
            return Err(SetupError::Setting(
                "the secret of the shared cache has fewer than 32 bytes",
            ));
        }
        let keys = Keys::new(&self.prefix).ok_or(SetupError::Setting(
            "the prefix of the shared cache is not 1 to 64 letters, digits, `-`, `_`, `.` and `:`",
        ))?;
        let address = self.address()?;
        Ok(SharedCache { address, keys, secret: self.secret, timeout: self.timeout })
    }

    fn address(&self) -> Result<Address, SetupError> {
        let urls: Vec<Url> = self.urls.iter().map(parsed).collect::<Result<_, _>>()?;
        let encrypted = urls.iter().any(|url| matches!(url.scheme(), "rediss" | "valkeys"));
        let certificates = (self.roots.is_some() || self.client.is_some()).then(|| {
            TlsCertificates { root_cert: self.roots.clone(), client_tls: self.client.clone() }
        });
        if encrypted {
            install_crypto_provider();
        } else if certificates.is_some() {
            return Err(SetupError::Setting(
                "the shared cache has certificates, but a URL without TLS: use `rediss://`",
            ));
        }
        if self.cluster {
            // One question has one deadline: a second attempt would come too late.
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
                .map_err(|_| CLUSTER);
        }
        let [url] = <[Url; 1]>::try_from(urls).map_err(|_| CLUSTER)?;
        match certificates {
            Some(certificates) => Client::build_with_tls(url, certificates),
            None => Client::open(url),
        }
        .map(|client| Address::Single(Box::new(client)))
        .map_err(|_| {
            SetupError::Setting("the URL or the certificates of the shared cache cannot be used")
        })
    }
}

const CLUSTER: SetupError = SetupError::Setting(
    "the nodes of the shared cache cannot be used together: give at least one, all with the same user, \
     password and TLS, and certificates as PEM",
);

/// Whatever can be known of a URL without connecting.
fn parsed(url: &SecretString) -> Result<Url, SetupError> {
    let wrong = SetupError::Setting(
        "the URL of the shared cache is not of the form `redis://host:6379` or `rediss://host:6379`",
    );
    let Ok(url) = Url::parse(url.expose_secret()) else { return Err(wrong) };
    if url.fragment().is_some() {
        return Err(SetupError::Setting(
            "the URL of the shared cache has a fragment: certificates are always checked",
        ));
    }
    match url.clone().into_connection_info() {
        Ok(_) => Ok(url),
        Err(_) => Err(wrong),
    }
}

/// The client takes the cryptography that the program has chosen, and panics where several are linked
/// and none is chosen.
fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // Somebody else may choose at the same moment.
        let _ = aws_lc_rs::default_provider().install_default();
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
    fn what_can_be_known_without_connecting_is_checked() {
        // R-E9
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
        assert!(insecure.contains("always checked"), "{insecure}");

        let short = message(SharedCache::single("redis://host", &SECRET[1..]));
        assert!(short.contains("32 bytes"), "{short}");
        let prefix = message(SharedCache::single("redis://host", SECRET).prefix("{x}"));
        assert!(prefix.contains("the prefix"), "{prefix}");
        let plain = SharedCache::single("redis://host", SECRET).root_certificates("");
        assert!(message(plain).contains("without TLS"));
        let broken = SharedCache::single("rediss://host", SECRET).client_certificate("a", "s3cret");
        let broken = message(broken);
        assert!(broken.contains("certificates") && !broken.contains("s3cret"), "{broken}");
    }

    #[test]
    fn the_nodes_of_a_cluster_agree() {
        // R-E9
        assert!(SharedCache::cluster(["redis://a", "redis://b"], SECRET).build().is_ok());
        let none: [&str; 0] = [];
        for nodes in [&none[..], &["redis://a", "rediss://b"], &["redis://:s3cret@a", "redis://b"]]
        {
            let message = message(SharedCache::cluster(nodes.iter().copied(), SECRET));
            assert!(message.contains("cannot be used together"), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn a_setting_does_not_show_a_secret() {
        // R-C3
        let builder = SharedCache::single("redis://user:s3cret@host", SECRET);
        let shown = format!("{builder:?}") + &format!("{:?}", builder.build());
        for secret in ["s3cret", "user", "0123"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
