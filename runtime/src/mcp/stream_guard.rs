//! Whether an event stream may continue: it ends with the token that it was begun with.

mod ticks;

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

pub(super) use ticks::StreamTimer;
use ticks::Ticks;

use super::principal::is_same_principal;
use super::stream_requirement::StreamRequirement;
use crate::resource_server::TokenStatus;
use crate::{AuthInfo, ResourceServer};

/// Checks the token of one stream for as long as the stream lasts.
///
/// It checks the claims in the resolver's cache with every event and every second. Once the cache has no
/// entry, it resolves the token again, and the stream waits for the result; without a cache, it does so
/// every [`RESOLVE_INTERVAL`]. So a stream ends as soon as a new request with its token would be rejected.
/// While the token cannot be resolved, events are held back, for at most [`MAX_OUTAGE`].
pub(super) struct StreamGuard {
    server: ResourceServer,
    /// With the latest claims.
    caller: AuthInfo,
    /// All of these must be met as long as the stream lasts.
    requirements: Vec<StreamRequirement>,
    ticks: Ticks,
    resolved: Instant,
    resolving: Option<Resolving>,
    /// Since when the token cannot be resolved.
    outage: Option<Instant>,
}

/// The mutex is never locked: it makes the future `Sync`, as bodies must be.
type Resolving = Mutex<Pin<Box<dyn Future<Output = TokenStatus> + Send>>>;

/// How long claims are used that no cache holds.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(5);

/// How long a stream waits for an authorization server that does not respond.
const MAX_OUTAGE: Duration = Duration::from_secs(60);

/// Whether a stream may continue now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// Its events are passed on.
    Continue,
    /// Its events are held back until the task is woken.
    Wait,
    /// It ends.
    End,
}

impl StreamGuard {
    /// For a caller whose token has just been resolved.
    pub(super) fn new(
        server: &ResourceServer,
        timer: &StreamTimer,
        caller: AuthInfo,
        requirements: Vec<StreamRequirement>,
    ) -> Self {
        let ticks = timer.ticks(server.time_left(&caller));
        Self {
            server: server.clone(),
            caller,
            requirements,
            ticks,
            resolved: Instant::now(),
            resolving: None,
            outage: None,
        }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Permission {
        loop {
            if !self.server.is_current(&self.caller) || !self.check(context) {
                return Permission::End;
            }
            if self.outage.is_some_and(|since| since.elapsed() >= MAX_OUTAGE) {
                return Permission::End;
            }
            if self.ticks.poll(context).is_pending() {
                let waits = self.resolving.is_some() || self.outage.is_some();
                return if waits { Permission::Wait } else { Permission::Continue };
            }
            self.ticks.restart(self.server.time_left(&self.caller));
        }
    }

    /// Checks the claims in the cache, or resolves the token again; `false` if the stream must end.
    fn check(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let status = match &mut self.resolving {
                Some(resolving) => {
                    let resolving = resolving.get_mut().unwrap_or_else(PoisonError::into_inner);
                    let Poll::Ready(status) = resolving.as_mut().poll(context) else { return true };
                    self.resolving = None;
                    self.resolved = Instant::now();
                    status
                }
                None => match self.server.cached_status(self.caller.token()) {
                    Some(status) => status,
                    None if self.resolved.elapsed() < RESOLVE_INTERVAL => return true,
                    None => {
                        let (server, token) = (self.server.clone(), self.caller.token().clone());
                        let resolving = async move { server.status(&token).await };
                        self.resolving = Some(Mutex::new(Box::pin(resolving)));
                        continue;
                    }
                },
            };
            return self.accept(status);
        }
    }

    fn accept(&mut self, status: TokenStatus) -> bool {
        match status {
            TokenStatus::Valid(caller) => {
                if !is_same_principal(&caller, &self.caller) {
                    return false;
                }
                if self.requirements.iter().all(|it| caller.keeps(&it.requirement)) {
                    self.outage = None;
                    self.caller = caller;
                    return true;
                }
                // Only some scopes of stale claims may be used, so the token may still have the others.
                if caller.is_stale() {
                    self.outage.get_or_insert_with(Instant::now);
                }
                caller.is_stale()
            }
            TokenStatus::Invalid => false,
            TokenStatus::Unknown => {
                self.outage.get_or_insert_with(Instant::now);
                true
            }
        }
    }
}

impl fmt::Debug for StreamGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamGuard").field("caller", &self.caller).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
