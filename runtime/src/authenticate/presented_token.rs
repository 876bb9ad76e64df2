//! An access token as a request presents it.

use super::{AccessToken, Proof, Scheme};
use crate::thumbprint::Thumbprint;

/// An access token, with the proof of possession that came with it.
#[derive(Debug)]
pub(crate) struct PresentedToken {
    pub(crate) token: AccessToken,
    /// `None` with the scheme `Bearer`. Boxed, since most tokens have none.
    pub(crate) proof: Option<Box<Proof>>,
}

impl PresentedToken {
    pub(crate) fn bearer(token: AccessToken) -> Self {
        Self { token, proof: None }
    }

    pub(crate) fn scheme(&self) -> Scheme {
        if self.proof.is_some() { Scheme::Dpop } else { Scheme::Bearer }
    }

    /// The thumbprint of the key of its proof.
    pub(crate) fn proof_key(&self) -> Option<Thumbprint> {
        self.proof.as_deref().map(Proof::key)
    }
}

impl Proof {
    fn key(&self) -> Thumbprint {
        #[cfg(feature = "dpop")]
        return self.verified.key;
        #[cfg(not(feature = "dpop"))]
        match *self {}
    }
}
