//! The gate that honours `Retry-After` (RFC 9110 §10.2.3).

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::resolve::cache::{CacheKey, KeyHasher};
use crate::{AccessToken, Clock, ResolveError, UnavailableError};

/// Blocks introspection requests until the time that a 429 or 503 named in `Retry-After`.
///
/// The server may limit the requests about one token or one user, so such a response blocks only requests
/// about the same token. A [control request](super::control_request) is then due before the next
/// introspection request about another token. If its response has a `Retry-After` as well, the gate blocks
/// requests about all tokens.
pub(super) struct RetryAfterGate {
    key_hasher: KeyHasher,
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    /// Until when requests about all tokens are blocked.
    all_blocked_until: Option<Instant>,
    /// Until when requests about single tokens are blocked.
    tokens_blocked_until: HashMap<CacheKey, Instant>,
    /// A control request is due before this time.
    control_due_until: Option<Instant>,
    /// Whether such a control request is in flight.
    control_in_flight: bool,
    /// Before this time, the last control request makes another one unnecessary.
    control_valid_until: Option<Instant>,
}

impl RetryAfterGate {
    /// A server rarely limits more tokens one by one. Beyond this number, some tokens are sent before the
    /// time that the server named.
    const MAX_TOKENS: usize = 1024;

    /// Long enough that a caller who provokes such responses causes few control requests, and short enough
    /// that a server that becomes overloaded gets no more than the introspection requests of this time.
    const CONTROL_VALIDITY: Duration = Duration::from_millis(500);

    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { key_hasher: KeyHasher::new("retry_after_gate"), state: Mutex::default(), clock }
    }

    /// Fails with the remaining time while requests about this token, or about all, are blocked.
    pub(super) fn check(&self, token: &AccessToken) -> Result<(), UnavailableError> {
        let mut state = self.state();
        let State { all_blocked_until, tokens_blocked_until, .. } = &mut *state;
        if all_blocked_until.is_none() && tokens_blocked_until.is_empty() {
            return Ok(());
        }
        let now = self.clock.instant();
        let rest =
            |end: Instant| Some(end.saturating_duration_since(now)).filter(|it| !it.is_zero());
        if let Some(rest) = all_blocked_until.and_then(rest) {
            return Err(all_blocked(rest));
        }
        *all_blocked_until = None;
        let key = self.key_hasher.key(token);
        let Some(end) = tokens_blocked_until.get(&key) else { return Ok(()) };
        if let Some(rest) = rest(*end) {
            return Err(token_blocked(rest));
        }
        tokens_blocked_until.remove(&key);
        Ok(())
    }

    /// Fails with the remaining time while requests about all tokens are blocked.
    pub(super) fn check_all(&self) -> Result<(), UnavailableError> {
        let now = self.clock.instant();
        let end = self.state().all_blocked_until.filter(|end| *end > now);
        end.map_or(Ok(()), |end| Err(all_blocked(end - now)))
    }

    /// Records the error of an introspection request. A `Retry-After` blocks further requests about this
    /// token.
    pub(super) fn record(&self, token: &AccessToken, error: &ResolveError) {
        let Some(delay) = error.named_retry_after().filter(|delay| !delay.is_zero()) else {
            return;
        };
        let now = self.clock.instant();
        let Some(end) = now.checked_add(delay) else { return };
        let mut state = self.state();
        if state.control_valid_until.is_none_or(|until| now >= until) {
            state.control_due_until = state.control_due_until.max(Some(end));
        }
        state.block_token(self.key_hasher.key(token), end, now);
    }

    /// Whether a control request is due. It is then in flight until [`Self::release_control`]: control
    /// requests with a slow response must not accumulate.
    pub(super) fn take_due_control(&self) -> bool {
        let now = self.clock.instant();
        let mut state = self.state();
        if state.control_in_flight {
            return false;
        }
        state.control_in_flight = state.control_due_until.take().is_some_and(|until| now < until);
        state.control_in_flight
    }

    /// Records the outcome of a control request, whatever it was sent for. A `Retry-After` blocks requests
    /// about all tokens.
    pub(super) fn record_control(&self, outcome: &Result<(), ResolveError>) {
        let now = self.clock.instant();
        let mut state = self.state();
        match outcome {
            Ok(()) => {
                state.control_due_until = None;
                state.control_valid_until = now.checked_add(Self::CONTROL_VALIDITY);
            }
            Err(error) => {
                let end = error.named_retry_after().and_then(|delay| now.checked_add(delay));
                state.all_blocked_until = state.all_blocked_until.max(end);
            }
        }
    }

    /// Allows the next control request. Called when a control request ends, also by cancellation or a
    /// panic.
    pub(super) fn release_control(&self) {
        self.state().control_in_flight = false;
    }

    /// Never held across an `await`.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn block_token(&mut self, key: CacheKey, end: Instant, now: Instant) {
        let tokens = &mut self.tokens_blocked_until;
        if tokens.len() >= RetryAfterGate::MAX_TOKENS && !tokens.contains_key(&key) {
            tokens.retain(|_, end| *end > now);
            if tokens.len() >= RetryAfterGate::MAX_TOKENS
                && let Some(any) = tokens.keys().next().copied()
            {
                tokens.remove(&any);
            }
        }
        let blocked_until = tokens.entry(key).or_insert(end);
        *blocked_until = end.max(*blocked_until);
    }
}

fn all_blocked(rest: Duration) -> UnavailableError {
    UnavailableError::new("the authorization server has named a time for the next request")
        .with_retry_after(rest)
}

fn token_blocked(rest: Duration) -> UnavailableError {
    UnavailableError::new(
        "the authorization server has named a time for the next request about this token",
    )
    .with_retry_after(rest)
    .withheld()
}
