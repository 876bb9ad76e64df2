//! The DPoP proofs of token requests (RFC 9449 §5).

use axum::http::HeaderValue;
use axum::http::request::Parts;

use super::clients::client::OAuthClient;
use super::oauth_error::OAuthError;
use super::state::State;

/// What the proof of a token request establishes.
#[derive(Default)]
pub(super) struct KeyProof {
    /// The thumbprint of the key that the tokens are bound to; `None` without a proof.
    pub(super) thumbprint: Option<String>,
    /// The nonce that the response provides, because that of the proof ends soon (RFC 9449 §8.2).
    pub(super) next_nonce: Option<HeaderValue>,
}

impl KeyProof {
    /// Without the feature `dpop`, proofs are ignored.
    #[cfg(not(feature = "dpop"))]
    #[expect(clippy::unused_async, reason = "with the feature, it waits for the replay store")]
    pub(super) async fn of(_: &State, _: &OAuthClient, _: &Parts) -> Result<Self, OAuthError> {
        Ok(Self::default())
    }

    /// Verifies the proof of a request, and records it as used.
    #[cfg(feature = "dpop")]
    pub(super) async fn of(
        state: &State,
        client: &OAuthClient,
        request: &Parts,
    ) -> Result<Self, OAuthError> {
        use crate::RequestHead;
        use crate::authenticate::{DPOP, Use};

        let Some(dpop) = &state.dpop else { return Ok(Self::default()) };
        let is_required = dpop.is_required || client.dpop_bound_access_tokens;
        if !is_required && !request.headers.contains_key(DPOP) {
            return Ok(Self::default());
        }
        let now = state.now();
        let head = RequestHead::from(request);
        let rejected = |error| proof_error(error, dpop.nonce(now));
        let proof = dpop.verify_token_request(&head, now).map_err(|it| rejected(it.error))?;
        let mut used = dpop.record(&proof.verified, None, now);
        if used == Use::First && dpop.is_shared() {
            used = match dpop.record_shared(&proof.verified, now).await {
                Ok(used) => used,
                Err(_) if dpop.accepts_unshared() => Use::First,
                Err(_) => Use::Full,
            };
        }
        match used {
            Use::First => Ok(Self {
                thumbprint: Some(proof.verified.key.to_string()),
                next_nonce: proof.next_nonce,
            }),
            Use::Expired => Err(rejected(crate::DpopProofError::Time)),
            Use::Replayed => Err(rejected(crate::DpopProofError::Replayed)),
            Use::Full => Err(OAuthError::unavailable("the DPoP proof cannot be recorded")),
        }
    }

    /// Checks that the key is the one that a code or a refresh token is bound to (RFC 9449 §5, §10).
    pub(super) fn require_key(&self, bound_to: Option<&str>) -> Result<(), OAuthError> {
        match (bound_to, &self.thumbprint) {
            (None, _) => Ok(()),
            (Some(_), None) => {
                let description = "the grant is bound to a key, and the request has no DPoP proof";
                Err(OAuthError::new("invalid_dpop_proof", description))
            }
            (Some(bound_to), Some(thumbprint)) if bound_to == thumbprint => Ok(()),
            (Some(_), Some(_)) => {
                Err(OAuthError::invalid_grant("the grant is bound to another key"))
            }
        }
    }
}

/// The description names the check that failed. It repeats nothing of the proof.
#[cfg(feature = "dpop")]
fn proof_error(error: crate::DpopProofError, nonce: Option<HeaderValue>) -> OAuthError {
    let code = match error {
        crate::DpopProofError::Nonce => "use_dpop_nonce",
        _ => "invalid_dpop_proof",
    };
    OAuthError::new(code, error.to_string()).dpop_nonce(nonce)
}
