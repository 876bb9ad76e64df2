//! Whether an event stream may go on: it does not outlive the token that it was begun with.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::principal::is_same_principal;
use crate::resource_server::TokenStatus;
use crate::{AuthInfo, Condition, ResourceServer};

/// Checks the token of one stream for as long as the stream lasts.
///
/// Claims that the resolver has in its cache are looked at with every event, and every [`TICK`]. When
/// they are there no longer, the token is resolved again, and the stream waits for that; without a
/// cache, every [`RESOLVE_AGAIN`]. So a stream ends as soon as new requests with its token are
/// refused. While nobody knows whether they would be, nothing of the stream is passed on, for at most
/// [`MAX_RETRY_AFTER`].
pub(super) struct StreamGuard {
    server: ResourceServer,
    /// With the claims that were resolved last.
    caller: AuthInfo,
    /// All of these are asked for as long as the stream lasts.
    conditions: Vec<Condition>,
    tick: Pin<Box<Sleep>>,
    resolved: Instant,
    resolving: Option<Resolving>,
    /// Since when it has not been possible to resolve the token.
    unknown: Option<Instant>,
}

/// Never locked: it makes the future shareable between threads, as bodies have to be.
type Resolving = Mutex<Pin<Box<dyn Future<Output = TokenStatus> + Send>>>;

/// How often the claims are looked at when there are no events.
const TICK: Duration = Duration::from_secs(1);

/// How long claims are used that no cache has.
const RESOLVE_AGAIN: Duration = Duration::from_secs(5);

/// How long a stream waits for an authorization server that does not answer.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What may become of a stream now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// Its events are passed on.
    Continue,
    /// They are held back, until the task is woken.
    Wait,
    /// It is over.
    End,
}

impl StreamGuard {
    /// For a caller whose token has just been resolved.
    pub(super) fn new(
        server: &ResourceServer,
        caller: AuthInfo,
        conditions: Vec<Condition>,
    ) -> Self {
        let first = next_tick(server, &caller);
        Self {
            server: server.clone(),
            caller,
            conditions,
            tick: Box::pin(sleep(first)),
            resolved: Instant::now(),
            resolving: None,
            unknown: None,
        }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Permission {
        loop {
            if !self.server.is_current(&self.caller) || !self.check(context) {
                return Permission::End;
            }
            if self.unknown.is_some_and(|since| since.elapsed() >= MAX_RETRY_AFTER) {
                return Permission::End;
            }
            if self.tick.as_mut().poll(context).is_pending() {
                let waits = self.resolving.is_some() || self.unknown.is_some();
                return if waits { Permission::Wait } else { Permission::Continue };
            }
            let next = next_tick(&self.server, &self.caller);
            self.tick.as_mut().reset(Instant::now() + next);
        }
    }

    /// Looks at the claims, or resolves them again; `false` if the stream must end.
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
                    None if self.resolved.elapsed() < RESOLVE_AGAIN => return true,
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
                if self.conditions.iter().all(|condition| condition.is_met_by(caller.scopes())) {
                    self.unknown = None;
                    self.caller = caller;
                    return true;
                }
                // Of stale claims not all scopes can be used: those that are missing may be there.
                if caller.is_stale() {
                    self.unknown.get_or_insert_with(Instant::now);
                }
                caller.is_stale()
            }
            TokenStatus::Invalid => false,
            TokenStatus::Unknown => {
                self.unknown.get_or_insert_with(Instant::now);
                true
            }
        }
    }
}

/// Until the token may have expired, or the next tick.
fn next_tick(server: &ResourceServer, caller: &AuthInfo) -> Duration {
    let left = server.time_left(caller).unwrap_or(TICK);
    // The timer's own grain, so that it always gets on.
    left.clamp(Duration::from_millis(1), TICK)
}

impl fmt::Debug for StreamGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamGuard").field("caller", &self.caller).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
