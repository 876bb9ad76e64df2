//! The builder of a shared cache.

mod store_address;

use std::fmt;
use std::time::Duration;

use ::redis::ClientTlsConfig;
use secrecy::{ExposeSecret, SecretSlice};

use super::connection::Address;
use super::encryption::Encryption;
use super::health::Health;
use super::keys::Keys;
use super::pending_invalidations::PendingInvalidations;
#[cfg(feature = "dpop")]
use super::replay_store::RedisReplayStore;
use super::second_level::RedisSecondLevel;
use super::setting_names::{CLIENT_CERTIFICATE, PREFIX, REDIS_SECRET, ROOT_CERTIFICATES, TIMEOUT};
use super::store::Store;
#[cfg(feature = "dpop")]
use crate::ReplayStore;
use crate::resource_server::SingleValue;
use crate::second_level::FirstLevel;
use crate::telemetry::Quoted;
use crate::{CachedBuilder, Resolver, Secret, SetupError};
use store_address::{Certificates, store_address};

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
///
/// Each method sets its setting once: a second, different value is an error of [`build`](Self::build), and so is a
/// second client certificate.
#[must_use]
pub struct SharedCacheBuilder {
    urls: Vec<Secret>,
    cluster: bool,
    secret: SecretSlice<u8>,
    prefix: SingleValue<String>,
    timeout: SingleValue<Duration>,
    root_certificates: SingleValue<Vec<u8>>,
    client_certificate: SingleValue<ClientTlsConfig>,
}

const DEFAULT_TIMEOUT: Duration = Duration::from_millis(100);
const DEFAULT_PREFIX: &str = "requires-auth";

/// A shorter secret would be weaker than the keys that are derived from it.
const MIN_SECRET_LENGTH: usize = 32;

impl<R: Resolver> CachedBuilder<R> {
    /// Shares the entries with other processes through Redis or Valkey: a
    /// [second level](Self::second_level). It needs a [`ttl`](Self::ttl) of more than zero. Default: none.
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

    /// The proofs that were used, in the same store.
    #[cfg(feature = "dpop")]
    pub(crate) fn replay_store(&self) -> impl ReplayStore + use<> {
        RedisReplayStore::new(self.address.clone(), self.keys.clone(), self.timeout)
    }

    /// The key for the nonces of DPoP proofs.
    #[cfg(feature = "dpop")]
    pub(crate) fn nonce_key(&self) -> [u8; 32] {
        super::encryption::nonce_key(&self.secret)
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
            prefix: SingleValue::UNSET,
            timeout: SingleValue::UNSET,
            root_certificates: SingleValue::UNSET,
            client_certificate: SingleValue::UNSET,
        }
    }

    /// How long a request waits for the store before the token is resolved without it, more than 0. Default:
    /// 100 ms. A request that comes before the first connection waits for that as well, for the same time at most.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout.set(timeout);
        self
    }

    /// The prefix of the keys in the store: 1 to 64 letters, digits, `-`, `_`, `.` and `:`. Default:
    /// `requires-auth`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix.set(prefix.into());
        self
    }

    /// The root certificates, as PEM, that the certificate of the store is verified with. Default: those of
    /// the operating system.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.set(pem.into());
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
        self.client_certificate.set_once(ClientTlsConfig { client_cert, client_key });
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
        let prefix = self.prefix.get(PREFIX)?;
        let prefix = prefix.as_deref().unwrap_or(DEFAULT_PREFIX);
        let keys = Keys::new(prefix).ok_or_else(|| {
            let expected = "1 to 64 letters, digits, `-`, `_`, `.` and `:`";
            SetupError::invalid(PREFIX, expected, Quoted(prefix))
        })?;
        let timeout = self.timeout.get(TIMEOUT)?.unwrap_or(DEFAULT_TIMEOUT);
        if timeout.is_zero() {
            return Err(SetupError::invalid(TIMEOUT, "more than 0", format!("{timeout:?}")));
        }
        let certificates = Certificates {
            root: self.root_certificates.get(ROOT_CERTIFICATES)?,
            client: self.client_certificate.get(CLIENT_CERTIFICATE)?,
        };
        let address = store_address(&self.urls, self.cluster, certificates)?;
        Ok(SharedCache { address, keys, secret: self.secret, timeout })
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
            .field("prefix", &self.prefix.first())
            .field("timeout", &self.timeout.first())
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
    fn a_setting_is_neither_dropped_nor_overwritten() {
        // R-C13
        let builder = || SharedCache::single("redis://host", SECRET);
        let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
        for (setting, builder) in [
            ("prefix", builder().prefix("a").prefix("b")),
            ("timeout", builder().timeout(one).timeout(two)),
            ("root_certificates", builder().root_certificates("a").root_certificates("b")),
            (
                "client_certificate",
                builder().client_certificate("a", "a").client_certificate("b", "b"),
            ),
        ] {
            let error = builder.build().unwrap_err();
            let SetupError::SetTwice { setting: twice } = &error else { panic!("{error}") };
            assert_eq!(twice.method(), Some(setting));
        }
        let zero = message(builder().timeout(Duration::ZERO));
        assert!(zero.contains("`redis_timeout_ms`") && zero.contains("more than 0"), "{zero}");
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
