//! The state that the guards of one request share, in its extensions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "dpop")]
use http::HeaderValue;

#[cfg(feature = "tower")]
use super::NonceSlot;
#[cfg(feature = "dpop")]
use crate::authenticate::Proof;
use crate::policy::Requirement;
use crate::{AccessToken, Claims, ResolveError, ResourceServer};

/// The tokens that were resolved for this request, and the requirements of the guards that have run. It is in
/// the extensions of the request; its type is private, so other crates cannot change it.
///
/// Claims from a cache are not kept here: that would need an allocation, and the next guard gets them from the
/// cache.
#[derive(Clone, Default)]
pub(crate) struct RequestState {
    resolutions: Vec<Resolution>,
    /// Set by a layer that denies handlers without a guard.
    guarded: Option<Guarded>,
    requirements: Vec<(ResourceServer, Requirement)>,
    /// The proofs of this request that were accepted.
    #[cfg(feature = "dpop")]
    proofs: Vec<(ResourceServer, AccessToken, Proof)>,
    /// Opened by a layer that provides nonces.
    #[cfg(feature = "tower")]
    pub(super) nonce_slot: Option<NonceSlot>,
}

/// Whether a guard has authenticated a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guarded(Arc<AtomicBool>);

impl Guarded {
    #[cfg_attr(not(feature = "tower"), expect(dead_code, reason = "only a layer observes guards"))]
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The result of resolving one token. It is used for this token and this resource server only; each guard
/// validates the claims again.
#[derive(Clone)]
struct Resolution {
    server: ResourceServer,
    token: AccessToken,
    outcome: Result<Claims, ResolveError>,
}

impl RequestState {
    /// Records that a guard has authenticated this request.
    pub(crate) fn mark_guarded(&self) {
        if let Some(guarded) = &self.guarded {
            guarded.0.store(true, Ordering::Relaxed);
        }
    }

    /// Observes whether a guard authenticates this request from now on.
    #[cfg_attr(not(feature = "tower"), expect(dead_code, reason = "only a layer observes guards"))]
    pub(crate) fn watch_guards(&mut self) -> Guarded {
        self.guarded.get_or_insert_default().clone()
    }

    /// The result of resolving this token, if this request has resolved it.
    pub(crate) fn outcome(
        &self,
        server: &ResourceServer,
        token: &AccessToken,
    ) -> Option<&Result<Claims, ResolveError>> {
        let same = |one: &&Resolution| one.server.is(server) && one.token.is(token);
        self.resolutions.iter().find(same).map(|found| &found.outcome)
    }

    pub(crate) fn add_outcome(
        &mut self,
        server: &ResourceServer,
        token: &AccessToken,
        outcome: &Result<Claims, ResolveError>,
    ) {
        let (server, token, outcome) = (server.clone(), token.clone(), outcome.clone());
        self.resolutions.push(Resolution { server, token, outcome });
    }

    /// The proof of this token, if a guard of this server has accepted it for this request.
    #[cfg(feature = "dpop")]
    pub(crate) fn proof(&self, server: &ResourceServer, token: &AccessToken) -> Option<&Proof> {
        let mut proofs = self.proofs.iter();
        let of_token = proofs.find(|(owner, known, _)| owner.is(server) && known.is(token));
        of_token.map(|(.., proof)| proof)
    }

    #[cfg(feature = "dpop")]
    pub(crate) fn add_proof(&mut self, server: &ResourceServer, token: &AccessToken, proof: Proof) {
        self.proofs.push((server.clone(), token.clone(), proof));
    }

    /// Provides a nonce in the response; `false` if no layer does so.
    #[cfg(feature = "dpop")]
    pub(crate) fn provide_nonce(&self, nonce: HeaderValue) -> bool {
        match &self.nonce_slot {
            Some(slot) => slot.put(nonce),
            None => return false,
        }
        true
    }

    /// The requirements of the guards of this server that have run, in their order.
    pub(crate) fn requirements(&self, server: &ResourceServer) -> Vec<Requirement> {
        let own = |(owner, requirement): &(ResourceServer, Requirement)| {
            owner.is(server).then_some(*requirement)
        };
        self.requirements.iter().filter_map(own).collect()
    }

    pub(crate) fn add_requirement(&mut self, server: &ResourceServer, requirement: Requirement) {
        if !self.requirements(server).contains(&requirement) {
            self.requirements.push((server.clone(), requirement));
        }
    }
}
