//! What the guards of one request share, in its extensions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::policy::Requirement;
use crate::{AccessToken, Claims, ResolveError, ResourceServer};

/// The tokens that were resolved for this request, and what its guards have required so far. It
/// travels in the request's extensions, and only this crate can write it.
///
/// Claims that a cache had at once are not kept here: that would cost an allocation, and the cache
/// has them for the next guard as well.
#[derive(Clone, Default)]
pub(crate) struct RequestState {
    resolutions: Vec<Resolution>,
    /// Where a layer waits for a guard behind it; `None` if none does.
    guarded: Option<Guarded>,
    requirements: Vec<(ResourceServer, Requirement)>,
}

/// Whether a guard has authenticated a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guarded(Arc<AtomicBool>);

impl Guarded {
    #[cfg_attr(not(feature = "tower"), expect(dead_code, reason = "only a layer watches"))]
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The outcome of one exchange. It serves the token and the resource server that it was made for and
/// no other; each guard validates the claims again.
#[derive(Clone)]
struct Resolution {
    server: ResourceServer,
    token: AccessToken,
    outcome: Result<Claims, ResolveError>,
}

impl RequestState {
    /// Notes that this request was authenticated behind a layer that demands it.
    pub(crate) fn mark_guarded(&self) {
        if let Some(guarded) = &self.guarded {
            guarded.0.store(true, Ordering::Relaxed);
        }
    }

    /// Watches whether a guard authenticates this request from now on.
    #[cfg_attr(not(feature = "tower"), expect(dead_code, reason = "only a layer watches"))]
    pub(crate) fn watch_guards(&mut self) -> Guarded {
        self.guarded.get_or_insert_default().clone()
    }

    /// The outcome of an exchange that was made for this token in this request.
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

    /// What guards of this server have required of this request, the first guard first.
    pub(crate) fn requirements(&self, server: &ResourceServer) -> Vec<Requirement> {
        let own = |(owner, requirement): &(ResourceServer, Requirement)| {
            owner.is(server).then_some(*requirement)
        };
        self.requirements.iter().filter_map(own).collect()
    }

    #[cfg_attr(
        not(any(feature = "axum", feature = "rmcp", feature = "tower")),
        expect(dead_code, reason = "without a framework a request has one guard")
    )]
    pub(crate) fn add_requirement(&mut self, server: &ResourceServer, requirement: Requirement) {
        if !self.requirements(server).contains(&requirement) {
            self.requirements.push((server.clone(), requirement));
        }
    }
}
