//! The proofs that were used, in a store that instances share.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use super::proof::{ProofId, VerifiedProof};

/// A store of the DPoP proofs that were used, which the instances of a service share: a proof that one of them has
/// accepted is rejected by the others (RFC 9449 §11.1).
///
/// Each proof that is otherwise valid is recorded once. The proofs that this process has accepted itself are rejected
/// without the store.
///
/// ```
/// use std::collections::HashSet;
/// use std::sync::Mutex;
/// use std::time::Duration;
///
/// use requires_auth::{ReplayStore, ReplayStoreError, UsedProof};
///
/// /// For a test: it forgets nothing, and only this process has it.
/// #[derive(Default)]
/// struct InMemory(Mutex<HashSet<String>>);
///
/// impl ReplayStore for InMemory {
///     async fn record(&self, proof: UsedProof, _: Duration) -> Result<bool, ReplayStoreError> {
///         let mut used = self.0.lock().map_err(|_| ReplayStoreError::new("a panic before"))?;
///         Ok(used.insert(proof.to_string()))
///     }
/// }
/// ```
pub trait ReplayStore: Send + Sync + 'static {
    /// Records the use of a proof for `lifetime`, in one atomic step: of concurrent calls with the same proof, one returns
    /// `true`, and the others return `false`.
    ///
    /// The future should be ready within a second: the request waits for it.
    fn record(
        &self,
        proof: UsedProof,
        lifetime: Duration,
    ) -> impl Future<Output = Result<bool, ReplayStoreError>> + Send;
}

/// What identifies a proof that was used: a SHA-256 digest, in hexadecimal digits as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UsedProof([u8; 32]);

impl fmt::Display for UsedProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A [`ReplayStore`] cannot say whether a proof was used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the replay store does not answer: {cause}")]
pub struct ReplayStoreError {
    cause: String,
}

impl ReplayStoreError {
    /// `cause` is for the log.
    pub fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into() }
    }
}

/// The trait without its type.
pub(super) struct SharedReplayStore(Box<dyn ErasedReplayStore>);

type Recorded<'a> = Pin<Box<dyn Future<Output = Result<bool, ReplayStoreError>> + Send + 'a>>;

trait ErasedReplayStore: Send + Sync {
    fn record(&self, proof: UsedProof, lifetime: Duration) -> Recorded<'_>;
}

impl<S: ReplayStore> ErasedReplayStore for S {
    fn record(&self, proof: UsedProof, lifetime: Duration) -> Recorded<'_> {
        Box::pin(ReplayStore::record(self, proof, lifetime))
    }
}

impl SharedReplayStore {
    pub(super) fn new(store: impl ReplayStore) -> Self {
        Self(Box::new(store))
    }

    pub(super) async fn record(
        &self,
        proof: &VerifiedProof,
        now: SystemTime,
    ) -> Result<bool, ReplayStoreError> {
        let ProofId(digest) = proof.id;
        let lifetime = proof.stored_until().duration_since(now).unwrap_or_default();
        self.0.record(UsedProof(digest), lifetime).await
    }
}

impl fmt::Debug for SharedReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedReplayStore").finish_non_exhaustive()
    }
}
