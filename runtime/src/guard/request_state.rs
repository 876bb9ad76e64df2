//! What the guards of one request share.

use crate::policy::Demand;
use crate::{AccessToken, Claims, ResolveError, ResourceServer};

/// The tokens that were resolved for this request, and what its guards have required so far. It
/// travels in the request's extensions, and only this crate can write it.
///
/// Claims that a cache had at once are not kept here: that would cost an allocation, and the cache
/// has them for the next guard as well.
#[derive(Clone, Default)]
pub(crate) struct RequestState {
    resolutions: Vec<Resolution>,
    demands: Vec<(ResourceServer, Demand)>,
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
    pub(crate) fn demands(&self, server: &ResourceServer) -> Vec<Demand> {
        let own = |(owner, demand): &(ResourceServer, Demand)| owner.is(server).then_some(*demand);
        self.demands.iter().filter_map(own).collect()
    }

    pub(crate) fn add_demand(&mut self, server: &ResourceServer, demand: Demand) {
        if !self.demands(server).contains(&demand) {
            self.demands.push((server.clone(), demand));
        }
    }
}
