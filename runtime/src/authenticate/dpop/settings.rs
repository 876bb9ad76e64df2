//! The settings of DPoP.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::nonce::{KEY_LENGTH, Nonces};
use super::proof_header::KnownHeaders;
use super::replay_store::SharedReplayStore;
use super::used_proofs::{ProofLimits, UsedProofs};
use super::{DpopVerifier, ExternalUrl, ReplayStore};
use crate::resource_server::{SettingName, SetupError, SingleValue};
use crate::{Secret, SigningAlgorithm};

const ALGORITHMS: SettingName = SettingName::with_key("Dpop::algorithms", "dpop_algorithms");
const PROOF_WINDOW: SettingName =
    SettingName::with_key("Dpop::proof_window", "dpop_proof_window_s");
const MAX_PROOFS: SettingName = SettingName::of_builder("Dpop::max_proofs");
const MAX_PROOFS_PER_KEY: SettingName = SettingName::of_builder("Dpop::max_proofs_per_key");
const MAX_PROOFS_PER_SUBJECT: SettingName = SettingName::of_builder("Dpop::max_proofs_per_subject");
const REPLAY_STORE: SettingName = SettingName::of_builder("Dpop::replay_store");
const NONCE_KEY: SettingName = SettingName::with_key("Dpop::nonce_key", "dpop_nonce_key");
const NONCE_LIFETIME: SettingName =
    SettingName::with_key("Dpop::nonce_lifetime", "dpop_nonce_lifetime_s");

/// The default of `proof_window`.
const WINDOW: Duration = Duration::from_secs(300);

/// The default of `nonce_lifetime`.
const NONCE_LIFETIME_DEFAULT: Duration = Duration::from_secs(300);

/// The shortest and the longest `proof_window` and `nonce_lifetime`.
const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(3600);

/// The shortest `nonce_key`, in bytes.
const MIN_KEY_LENGTH: usize = 32;

#[doc = include_str!("../../../docs/dpop.md")]
#[must_use]
pub struct Dpop {
    mode: DpopMode,
    algorithms: Vec<SigningAlgorithm>,
    window: Duration,
    limits: ProofLimits,
    nonces: NonceKey,
    nonce_lifetime: Option<Duration>,
    /// For nonces without a key of their own.
    shared_nonce_key: Option<[u8; KEY_LENGTH]>,
    replay_store: SingleValue<SharedReplayStore>,
    on_failure: ReplayStoreFailure,
}

/// Which tokens are accepted, in a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DpopMode {
    /// [`Dpop::off`]
    Off,
    /// [`Dpop::accepted`]. This is the default.
    #[default]
    Accepted,
    /// [`Dpop::required`]
    Required,
}

enum NonceKey {
    None,
    Random,
    Shared(Secret),
}

/// What happens to a request whose proof cannot be recorded in the [`ReplayStore`], because the store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReplayStoreFailure {
    /// It is rejected: 503.
    #[default]
    Reject,
    /// It is accepted, and the proof is recorded in this process only. While the store does not answer, a proof that was
    /// stolen can be used once at each instance.
    AcceptUnshared,
}

impl Dpop {
    /// Tokens that are bound to a key are accepted with a proof, and other tokens without one.
    pub fn accepted() -> Self {
        Self::with(DpopMode::Accepted)
    }

    /// Every token must be bound to a key, and come with a proof. The metadata says so
    /// (`dpop_bound_access_tokens_required`, RFC 9728 §2), and challenges name the scheme `DPoP` only.
    pub fn required() -> Self {
        Self::with(DpopMode::Required)
    }

    /// The scheme `DPoP` is not supported. A token that is bound to a key is rejected.
    pub fn off() -> Self {
        Self::with(DpopMode::Off)
    }

    pub(crate) fn with(mode: DpopMode) -> Self {
        use SigningAlgorithm::{EdDsa, Es256, Es384, Ps256, Rs256};
        Self {
            mode,
            algorithms: vec![Es256, EdDsa, Es384, Ps256, Rs256],
            window: WINDOW,
            limits: ProofLimits { total: 500_000, per_key: 50_000, per_subject: 200_000 },
            nonces: NonceKey::None,
            nonce_lifetime: None,
            shared_nonce_key: None,
            replay_store: SingleValue::UNSET,
            on_failure: ReplayStoreFailure::default(),
        }
    }

    /// The algorithms that proofs may be signed with. Challenges and the metadata list them. Default: `ES256`, `EdDSA`,
    /// `ES384`, `PS256` and `RS256`.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = SigningAlgorithm>) -> Self {
        self.algorithms.clear();
        for algorithm in algorithms {
            if !self.algorithms.contains(&algorithm) {
                self.algorithms.push(algorithm);
            }
        }
        self
    }

    /// How far the `iat` of a proof may be from now, in both directions. Clocks of clients differ. A proof that was
    /// used is stored until its `iat` has left the window, and for a minute more, since the clocks of instances differ.
    /// Default: 300 s; 10 s to 1 hour.
    pub fn proof_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How many proofs that were used this process stores. When there is no room for another one, requests with a new proof
    /// get a 503 until proofs expire. A proof takes 100 to 200 bytes. Default: 500,000.
    pub fn max_proofs(mut self, max_proofs: usize) -> Self {
        self.limits.total = max_proofs;
        self
    }

    /// How many of them are stored for one key, so that the holder of one token leaves room for the others. Default: 50,000,
    /// which is more than 100 requests in each second with a `proof_window` of 300 s, if proofs are made when they are sent.
    pub fn max_proofs_per_key(mut self, max_proofs: usize) -> Self {
        self.limits.per_key = max_proofs;
        self
    }

    /// How many of them are stored for the tokens of one subject (`iss` and `sub`), with any client and any keys, so that
    /// a user with many keys leaves room for others. Tokens without `sub` count for their `client_id`. Default: 200,000.
    pub fn max_proofs_per_subject(mut self, max_proofs: usize) -> Self {
        self.limits.per_subject = max_proofs;
        self
    }

    /// Proofs must have a nonce that this server provides (RFC 9449 §9). The nonces are authenticated under a random key of
    /// this process: another instance, or this one after a restart, does not accept them. Default: no nonces.
    ///
    /// A client without a nonce gets a 401 `use_dpop_nonce` with one. Before the nonce ends, a successful response provides
    /// the next one: in front of an axum router that only guards protect, put
    /// [`ResourceServer::dpop_nonce_layer`](crate::ResourceServer::dpop_nonce_layer) for this.
    pub fn require_nonces(mut self) -> Self {
        if matches!(self.nonces, NonceKey::None) {
            self.nonces = NonceKey::Random;
        }
        self
    }

    /// The same, under a key that the instances of a service share: at least 32 random bytes, as text of any form.
    pub fn nonce_key(mut self, key: impl Into<Secret>) -> Self {
        self.nonces = NonceKey::Shared(key.into());
        self
    }

    /// How long a nonce is accepted. From half of that on, a response provides the next one. Default: 300 s; 10 s to 1 hour.
    pub fn nonce_lifetime(mut self, lifetime: Duration) -> Self {
        self.nonce_lifetime = Some(lifetime);
        self
    }

    /// Records the proofs that were used in this store, too, which the instances of a service share. Default: none.
    pub fn replay_store(mut self, store: impl ReplayStore) -> Self {
        self.replay_store.set_once(SharedReplayStore::new(store));
        self
    }

    /// Records the proofs that were used in the Redis or Valkey of a shared cache, too: a
    /// [`replay_store`](Self::replay_store). The nonces of [`require_nonces`](Self::require_nonces) are then authenticated under
    /// a key that is derived from the secret of the shared cache, so that its instances accept each other's. Default: none.
    #[cfg(feature = "redis")]
    pub fn shared(mut self, shared: &crate::shared_cache::SharedCache) -> Self {
        self.shared_nonce_key = Some(shared.nonce_key());
        self.replay_store(shared.replay_store())
    }

    /// What happens while the replay store does not answer. Default: [`ReplayStoreFailure::Reject`].
    pub fn on_replay_store_failure(mut self, failure: ReplayStoreFailure) -> Self {
        self.on_failure = failure;
        self
    }

    /// `None` if DPoP is off.
    pub(crate) fn build(
        self,
        external_url: ExternalUrl,
    ) -> Result<Option<DpopVerifier>, SetupError> {
        if self.algorithms.is_empty() {
            let expected = "at least one algorithm";
            return Err(SetupError::invalid(ALGORITHMS, expected, "none".to_owned()));
        }
        let key = self.nonces.key(self.shared_nonce_key)?;
        if self.nonce_lifetime.is_some() && key.is_none() {
            return Err(SetupError::Requires {
                setting: NONCE_LIFETIME,
                required: NONCE_KEY,
                reason: "without nonces it has no effect",
            });
        }
        let nonce_lifetime = self.nonce_lifetime.unwrap_or(NONCE_LIFETIME_DEFAULT);
        for (setting, duration) in [(PROOF_WINDOW, self.window), (NONCE_LIFETIME, nonce_lifetime)] {
            if !(SHORTEST..=LONGEST).contains(&duration) {
                let expected = "from 10 seconds to 1 hour";
                return Err(SetupError::invalid(setting, expected, format!("{duration:?}")));
            }
        }
        for (setting, limit) in [
            (MAX_PROOFS, self.limits.total),
            (MAX_PROOFS_PER_KEY, self.limits.per_key),
            (MAX_PROOFS_PER_SUBJECT, self.limits.per_subject),
        ] {
            if limit == 0 {
                return Err(SetupError::invalid(setting, "at least 1", limit.to_string()));
            }
        }
        let shared = self.replay_store.get(REPLAY_STORE)?;
        if self.mode == DpopMode::Off {
            return Ok(None);
        }
        Ok(Some(DpopVerifier {
            is_required: self.mode == DpopMode::Required,
            known_headers: KnownHeaders::new(),
            used: UsedProofs::new(self.limits, self.window),
            nonces: key.map(|key| Nonces::new(&key, nonce_lifetime)),
            algorithms: self.algorithms,
            window: self.window,
            shared,
            on_failure: self.on_failure,
            external_url,
        }))
    }
}

impl NonceKey {
    /// `shared`: the key of a shared cache.
    fn key(
        &self,
        shared: Option<[u8; KEY_LENGTH]>,
    ) -> Result<Option<[u8; KEY_LENGTH]>, SetupError> {
        use sha2::Digest as _;
        match self {
            Self::None => Ok(None),
            Self::Random => Ok(Some(shared.unwrap_or_else(rand::random))),
            Self::Shared(secret) => {
                let length = secret.expose().len();
                if length < MIN_KEY_LENGTH {
                    let found = format!("{length} bytes");
                    return Err(SetupError::invalid(NONCE_KEY, "at least 32 bytes", found));
                }
                // For this purpose only, also where the same secret is used for another one.
                let digest = sha2::Sha256::new_with_prefix("requires-auth DPoP nonce\0");
                Ok(Some(digest.chain_update(secret.expose()).finalize().into()))
            }
        }
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop")
            .field("mode", &self.mode)
            .field("algorithms", &self.algorithms)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::authenticate::dpop::nonce::Freshness;
    use crate::{ReplayStoreError, UsedProof};

    const KEY: &str = "canary: a key of at least 32 bytes";

    /// A store without proofs.
    struct Empty;

    impl ReplayStore for Empty {
        async fn record(&self, _: UsedProof, _: Duration) -> Result<bool, ReplayStoreError> {
            Ok(true)
        }
    }

    fn build(dpop: Dpop) -> Result<DpopVerifier, SetupError> {
        let url = ExternalUrl::parse("https://api.example").unwrap();
        dpop.build(url).map(|verifier| verifier.expect("it is not off"))
    }

    /// Whether the second one accepts a nonce of the first one.
    fn share_nonces(first: Dpop, second: Dpop) -> bool {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let nonce = build(first).unwrap().nonce(now).unwrap();
        let nonces = build(second).unwrap().nonces.unwrap();
        nonces.check(nonce.to_str().ok(), now) == Freshness::Fresh
    }

    #[test]
    fn an_algorithm_that_is_named_twice_is_listed_once() {
        // R-H1
        use SigningAlgorithm::{EdDsa, Es256};
        let dpop = Dpop::accepted().algorithms([Es256, EdDsa, Es256]);
        assert_eq!(build(dpop).unwrap().algorithms, [Es256, EdDsa]);
    }

    #[test]
    fn a_configured_nonce_key_is_used_in_any_order_of_the_settings() {
        // R-H6
        let with_key = || Dpop::accepted().nonce_key(KEY);
        assert!(share_nonces(with_key(), with_key().require_nonces()));
        assert!(share_nonces(with_key(), Dpop::accepted().require_nonces().nonce_key(KEY)));
        let random = || Dpop::accepted().require_nonces();
        assert!(!share_nonces(with_key(), random()));
        assert!(!share_nonces(random(), random()));
    }

    #[cfg(feature = "redis")]
    #[tokio::test]
    async fn instances_with_a_shared_cache_accept_each_others_nonces() {
        // R-H6
        let shared = |secret: &str| {
            let cache = crate::shared_cache::SharedCache::single("redis://127.0.0.1:1", secret);
            Dpop::accepted().require_nonces().shared(&cache.build().unwrap())
        };
        let secret = "a secret of at least 32 bytes, in text";
        assert!(share_nonces(shared(secret), shared(secret)));
        assert!(!share_nonces(shared(secret), shared("another secret of at least 32 bytes")));
        // A key of its own takes precedence.
        assert!(share_nonces(shared(secret).nonce_key(KEY), Dpop::accepted().nonce_key(KEY)));
    }

    #[test]
    fn a_second_replay_store_is_an_error() {
        // R-C2
        let dpop = Dpop::accepted().replay_store(Empty).replay_store(Empty);
        let error = build(dpop).unwrap_err().to_string();
        assert!(error.contains("`Dpop::replay_store`"), "{error}");
    }

    #[test]
    fn debug_shows_no_key() {
        // R-C3
        let dpop = || Dpop::required().algorithms([SigningAlgorithm::Es256]).nonce_key(KEY);
        assert_eq!(
            format!("{:?}", dpop()),
            "Dpop { mode: Required, algorithms: [Es256], window: 300s, .. }"
        );
        let verifier = format!("{:?}", build(dpop().replay_store(Empty)).unwrap());
        assert!(verifier.contains("shared: Some(SharedReplayStore { .. })"), "{verifier}");
        assert!(!verifier.contains("canary"), "{verifier}");
    }
}
