//! Proofs of possession of a key: DPoP (RFC 9449).

mod error;
mod external_url;
mod nonce;
mod proof;
mod proof_header;
mod replay_store;
mod settings;
mod target_uri;
mod used_proofs;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

pub use error::DpopProofError;
pub(crate) use error::ProofMismatch;
pub(crate) use external_url::ExternalUrl;
use nonce::{Freshness, Nonces};
use proof::Expected;
pub(crate) use proof::VerifiedProof;
use proof_header::KnownHeaders;
use replay_store::SharedReplayStore;
pub use replay_store::{ReplayStore, ReplayStoreError, UsedProof};
pub use settings::{Dpop, DpopMode, ReplayStoreFailure};
use used_proofs::UsedProofs;
pub(crate) use used_proofs::{Subject, Use};

use crate::{AccessToken, RequestHead, SigningAlgorithm};

/// The header of a proof (RFC 9449 §4.1).
pub(crate) const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Verifies the proofs of requests, and remembers those that were used.
#[derive(Debug)]
pub(crate) struct DpopVerifier {
    /// Whether every token must be bound to a key.
    pub(crate) is_required: bool,
    pub(crate) algorithms: Vec<SigningAlgorithm>,
    window: Duration,
    known_headers: KnownHeaders,
    used: UsedProofs,
    shared: Option<SharedReplayStore>,
    on_failure: ReplayStoreFailure,
    nonces: Option<Nonces>,
    external_url: ExternalUrl,
}

/// A proof that came with a token.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub(crate) verified: Arc<VerifiedProof>,
    /// Whether it was recorded as used for this request: another guard has done so.
    pub(crate) is_recorded: bool,
    /// The nonce that the response should provide, because that of the proof ends soon.
    pub(crate) next_nonce: Option<HeaderValue>,
}

impl DpopVerifier {
    /// Verifies the proof of a request, all but whether the token is bound to its key and whether it was used before.
    pub(crate) fn verify(
        &self,
        request: &RequestHead<'_>,
        token: &AccessToken,
        now: SystemTime,
    ) -> Result<Proof, ProofMismatch> {
        self.verify_with(request, Some(token), now)
    }

    /// The same for a token request, which has no token (RFC 9449 §5).
    #[cfg(feature = "testing")]
    pub(crate) fn verify_token_request(
        &self,
        request: &RequestHead<'_>,
        now: SystemTime,
    ) -> Result<Proof, ProofMismatch> {
        self.verify_with(request, None, now)
    }

    fn verify_with(
        &self,
        request: &RequestHead<'_>,
        token: Option<&AccessToken>,
        now: SystemTime,
    ) -> Result<Proof, ProofMismatch> {
        let header = single(request.headers())?;
        if !request.has_target() {
            return Err(DpopProofError::UnknownTarget.into());
        }
        let expected = Expected {
            algorithms: &self.algorithms,
            method: request.method().as_str(),
            target: self.external_url.target(request.target_path()),
            token,
            now,
            window: self.window,
        };
        let verified = VerifiedProof::verify(header.as_bytes(), &self.known_headers, expected)?;
        let next_nonce = match self.nonces.as_ref() {
            None => None,
            Some(nonces) => match nonces.check(verified.nonce.as_deref(), now) {
                Freshness::Fresh => None,
                Freshness::Ending => Some(nonces.issue(now)),
                Freshness::Unacceptable => return Err(DpopProofError::Nonce.into()),
            },
        };
        Ok(Proof { verified: Arc::new(verified), is_recorded: false, next_nonce })
    }

    /// Records the use of a proof in this process. Its token is valid, bound to its key, and of this subject.
    pub(crate) fn record(
        &self,
        proof: &VerifiedProof,
        subject: Option<Subject<'_>>,
        now: SystemTime,
    ) -> Use {
        let used = self.used.record(proof, subject, now);
        if let (Use::First, Some((text, header))) = (used, &proof.new_header) {
            self.known_headers.insert(text.clone(), Arc::clone(header));
        }
        used
    }

    /// Whether the use of a proof must be recorded in the store that instances share.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Records the use of a proof in the store that instances share.
    pub(crate) async fn record_shared(
        &self,
        proof: &VerifiedProof,
        now: SystemTime,
    ) -> Result<Use, ReplayStoreError> {
        let Some(store) = &self.shared else { return Ok(Use::First) };
        let is_first = store.record(proof, now).await?;
        Ok(if is_first { Use::First } else { Use::Replayed })
    }

    /// Whether a proof is accepted that is recorded in this process only, since the store does not answer.
    pub(crate) fn accepts_unshared(&self) -> bool {
        self.on_failure == ReplayStoreFailure::AcceptUnshared
    }

    pub(crate) fn requires_nonces(&self) -> bool {
        self.nonces.is_some()
    }

    /// A nonce for a client that has none, or one that is not accepted.
    pub(crate) fn nonce(&self, now: SystemTime) -> Option<HeaderValue> {
        self.nonces.as_ref().map(|nonces| nonces.issue(now))
    }
}

/// The only `DPoP` header.
fn single(headers: &HeaderMap) -> Result<&HeaderValue, DpopProofError> {
    let mut values = headers.get_all(DPOP).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(DpopProofError::Missing),
        (Some(header), None) => Ok(header),
        (Some(_), Some(_)) => Err(DpopProofError::Several),
    }
}
