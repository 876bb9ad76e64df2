//! The steps of a request with a DPoP proof, without the feature `dpop`: there is no such request.

#![expect(clippy::unused_self, reason = "with the feature `dpop`, they read the settings")]

use super::Progress;
use crate::authenticate::PresentedToken;
use crate::resource_server::RequiredScopes;
use crate::{AccessToken, Claims, Rejection, RequestHead, ResourceServer};

impl ResourceServer {
    pub(super) const fn accepts_dpop(&self) -> bool {
        false
    }

    pub(super) const fn requires_dpop(&self) -> bool {
        false
    }

    /// Not called, since the scheme is not accepted.
    pub(super) fn verify_proof(
        &self,
        _: &RequestHead<'_>,
        _: AccessToken,
        required: RequiredScopes<'_>,
    ) -> Result<PresentedToken, Rejection> {
        Err(self.reject_missing_token(required))
    }

    pub(super) fn record_proof(
        &self,
        claims: Claims,
        presented: PresentedToken,
        _: &mut RequestHead<'_>,
        _: RequiredScopes<'_>,
    ) -> Progress {
        Progress::Complete(Ok(Some((claims, presented.token))))
    }
}
