//! The steps of a request with a DPoP proof (RFC 9449 §7.1).

use super::{Pending, Progress};
use crate::authenticate::{PresentedToken, Proof, ProofMismatch, Scheme, Subject, Use};
use crate::rejection::Reason;
use crate::request::RequestState;
use crate::resource_server::RequiredScopes;
use crate::telemetry::Verdict;
use crate::{AccessToken, Claims, DpopProofError, Rejection, RequestHead, ResourceServer};

impl ResourceServer {
    /// Whether the scheme `DPoP` is accepted.
    pub(super) fn accepts_dpop(&self) -> bool {
        self.dpop().is_some()
    }

    /// Whether every token must be bound to a key.
    pub(super) fn requires_dpop(&self) -> bool {
        self.dpop().is_some_and(|dpop| dpop.is_required)
    }

    /// Verifies the proof of a request, unless another guard has done so for the same request.
    pub(super) fn verify_proof(
        &self,
        request: &RequestHead<'_>,
        token: AccessToken,
        required: RequiredScopes<'_>,
    ) -> Result<PresentedToken, Rejection> {
        let state: Option<&RequestState> = request.extensions().get();
        let known = state.and_then(|state| state.proof(self, &token)).cloned();
        let verified = match (known, self.dpop()) {
            (Some(proof), _) => Ok(proof),
            (None, Some(dpop)) => dpop.verify(request, &token, self.validation().clock.now()),
            (None, None) => Err(DpopProofError::Missing.into()),
        };
        match verified {
            Ok(proof) => Ok(PresentedToken { token, proof: Some(Box::new(proof)) }),
            Err(mismatch) => Err(self.reject_proof(mismatch, required)),
        }
    }

    /// Records the use of the proof in this process.
    pub(super) fn record_proof(
        &self,
        claims: Claims,
        presented: PresentedToken,
        request: &mut RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Progress {
        let unrecorded = presented.proof.as_deref().filter(|proof| !proof.is_recorded);
        let (Some(proof), Some(dpop)) = (unrecorded, self.dpop()) else {
            return Progress::Complete(Ok(Some((claims, presented.token))));
        };
        let now = self.validation().clock.now();
        match dpop.record(&proof.verified, Subject::of(&claims), now) {
            Use::First if dpop.is_shared() => {
                Progress::Pending(Pending::Unrecorded(claims, presented))
            }
            Use::First => Progress::Complete(Ok(Some(self.recorded(claims, presented, request)))),
            Use::Replayed => Progress::Complete(Err(self.reject_replay(required))),
            Use::Full => Progress::Complete(Err(self.reject_unrecorded(FullReplayStore, required))),
            Use::Expired => {
                Progress::Complete(Err(self.reject_proof(DpopProofError::Time.into(), required)))
            }
        }
    }

    /// Records the use of the proof in the store that instances share.
    pub(crate) async fn record_shared(
        &self,
        presented: &PresentedToken,
        required: RequiredScopes<'_>,
    ) -> Result<(), Rejection> {
        let (Some(proof), Some(dpop)) = (presented.proof.as_deref(), self.dpop()) else {
            return Ok(());
        };
        match dpop.record_shared(&proof.verified, self.validation().clock.now()).await {
            Ok(Use::First) => Ok(()),
            Ok(Use::Replayed | Use::Full | Use::Expired) => Err(self.reject_replay(required)),
            Err(error) if dpop.accepts_unshared() => {
                self.warn("DPoP replay store", || {
                    tracing::warn!(
                        target: "requires_auth",
                        %error,
                        "DPoP proofs that are used are recorded in this process only"
                    );
                });
                Ok(())
            }
            Err(error) => Err(self.reject_unrecorded(error, required)),
        }
    }

    /// Keeps a proof that is recorded as used for the other guards of the same request.
    pub(crate) fn recorded(
        &self,
        claims: Claims,
        presented: PresentedToken,
        request: &mut RequestHead<'_>,
    ) -> (Claims, AccessToken) {
        let PresentedToken { token, proof } = presented;
        if let (Some(proof), Some(extensions)) = (proof, request.extensions_mut()) {
            let state = extensions.get_or_insert_default::<RequestState>();
            if let Some(nonce) = proof.next_nonce.clone()
                && !state.provide_nonce(nonce)
            {
                self.warn("DPoP nonce", || {
                    tracing::warn!(
                        target: "requires_auth",
                        "nonces are required for DPoP proofs, and no layer provides the next one in a successful \
                         response: add `ResourceServer::dpop_nonce_layer` to the router"
                    );
                });
            }
            state.add_proof(self, &token, Proof { is_recorded: true, ..*proof });
        }
        (claims, token)
    }

    /// Writes a line, unless there were enough of this kind lately.
    fn warn(&self, kind: &'static str, write: impl FnOnce()) {
        let now = self.validation().clock.coarse_instant();
        if self.log_limiter().verdict(kind, now) != Verdict::Suppress {
            write();
        }
    }

    fn reject_replay(&self, required: RequiredScopes<'_>) -> Rejection {
        self.reject_proof(DpopProofError::Replayed.into(), required)
    }

    fn reject_proof(&self, mismatch: ProofMismatch, required: RequiredScopes<'_>) -> Rejection {
        let challenge =
            self.challenge(Scheme::Dpop, required.declared()).requiring(required.token());
        let nonce = self.dpop().and_then(|dpop| dpop.nonce(self.validation().clock.now()));
        let reason = match mismatch.error {
            DpopProofError::Nonce => Reason::UseDpopNonce,
            _ => Reason::InvalidDpopProof,
        };
        let rejection = Rejection::invalid_proof(reason, mismatch.error, nonce, &challenge);
        self.reject_with(rejection, required, mismatch)
    }

    /// The rejection of a request whose proof cannot be recorded: 503.
    fn reject_unrecorded(
        &self,
        error: impl std::error::Error + Send + Sync + 'static,
        required: RequiredScopes<'_>,
    ) -> Rejection {
        self.reject(Rejection::unavailable(error), required)
    }
}

/// The limit of stored proofs is reached.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no room for another DPoP proof: of this key (`max_proofs_per_key`), of this subject \
     (`max_proofs_per_subject`) or of all (`max_proofs`)"
)]
struct FullReplayStore;
