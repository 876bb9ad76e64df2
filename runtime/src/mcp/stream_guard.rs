//! Whether an event stream may continue: it ends with the token that it was begun with.

mod ticks;

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
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
    /// Whether these claims were found to meet all requirements. They need not be checked for that again.
    is_accepted: bool,
    /// All of these must be met as long as the stream lasts.
    requirements: Vec<StreamRequirement>,
    timer: StreamTimer,
    /// From when the stream first waits on: many streams end without waiting.
    ticks: Option<Ticks>,
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
        Self {
            server: server.clone(),
            caller,
            is_accepted: false,
            requirements,
            timer: timer.clone(),
            ticks: None,
            resolved: Instant::now(),
            resolving: None,
            outage: None,
        }
    }

    /// Whether the stream may continue now. The task is woken for the next check.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Permission {
        loop {
            let permission = self.check(context);
            if permission == Permission::End || self.poll_tick(context).is_pending() {
                return permission;
            }
        }
    }

    /// Whether an event may be passed on now. The task is woken for the next check only if the event must wait.
    pub(super) fn poll_event(&mut self, context: &mut Context<'_>) -> Permission {
        match self.check(context) {
            Permission::Wait => self.poll(context),
            decided => decided,
        }
    }

    /// The same as [`poll`](Self::poll) where there is no event: the claims are checked at a tick alone.
    pub(super) fn poll_without_event(&mut self, context: &mut Context<'_>) -> Permission {
        if self.holds_back() || self.poll_tick(context).is_ready() {
            return self.poll(context);
        }
        Permission::Continue
    }

    /// Whether events must wait.
    pub(super) fn holds_back(&self) -> bool {
        self.resolving.is_some() || self.outage.is_some()
    }

    /// Ready once for each tick.
    fn poll_tick(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = || self.server.time_left(&self.caller);
        let ticks = self.ticks.get_or_insert_with(|| self.timer.ticks(left()));
        ready!(ticks.poll(context));
        ticks.restart(left());
        Poll::Ready(())
    }

    fn check(&mut self, context: &mut Context<'_>) -> Permission {
        if !self.is_permitted(context)
            || self.outage.is_some_and(|since| since.elapsed() >= MAX_OUTAGE)
        {
            Permission::End
        } else if self.holds_back() {
            Permission::Wait
        } else {
            Permission::Continue
        }
    }

    /// Checks the claims in the cache, or resolves the token again; `false` if the stream must end.
    fn is_permitted(&mut self, context: &mut Context<'_>) -> bool {
        match self.poll_status(context) {
            Some(TokenStatus::Valid(caller)) => self.accept(caller),
            Some(TokenStatus::Invalid) => false,
            Some(TokenStatus::Unknown) => self.endure_outage(),
            None => self.server.is_current(&self.caller),
        }
    }

    /// The status of the token if it is known now.
    fn poll_status(&mut self, context: &mut Context<'_>) -> Option<TokenStatus> {
        if self.resolving.is_none() {
            let cached = self.server.cached_status(&self.caller);
            if cached.is_some() || self.resolved.elapsed() < RESOLVE_INTERVAL {
                return cached;
            }
            let (server, token) = (self.server.clone(), self.caller.token().clone());
            self.resolving = Some(Mutex::new(Box::pin(async move { server.status(&token).await })));
        }
        let resolving = self.resolving.as_mut()?.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Poll::Ready(status) = resolving.as_mut().poll(context) else { return None };
        self.resolving = None;
        self.resolved = Instant::now();
        Some(status)
    }

    /// Continues with the claims of a token that is valid now; `false` if the stream must end.
    fn accept(&mut self, caller: AuthInfo) -> bool {
        if !self.is_accepted || !caller.resolved().is_same(self.caller.resolved()) {
            if !is_same_principal(&caller, &self.caller) {
                return false;
            }
            if !StreamRequirement::are_kept_by(&self.requirements, &caller) {
                // Only some scopes of stale claims may be used, so the token may still have the others.
                return caller.is_stale() && self.endure_outage();
            }
        }
        self.is_accepted = true;
        self.outage = None;
        self.caller = caller;
        true
    }

    /// Continues with the latest claims as long as the token cannot be resolved.
    fn endure_outage(&mut self) -> bool {
        self.outage.get_or_insert_with(Instant::now);
        self.server.is_current(&self.caller)
    }
}

impl fmt::Debug for StreamGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamGuard").field("caller", &self.caller).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
