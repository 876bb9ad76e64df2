//! Pauses, because the authorization server named a time to come back (RFC 9110 §10.2.3).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::resolve::cache::{CacheKey, KeyHasher};
use crate::{AccessToken, Clock, ResolveError, Unavailable};

/// Holds exchanges back until the time that a 429 or 503 named has come.
///
/// The server may have answered so because of one caller's token: it limits requests per token, or per
/// user. So there is a pause for that token only, and a [control request](super::control_request) before the
/// next exchange about any other. If the server answers that in the same way, there is a pause for all.
pub(super) struct RetryAfterGate {
    key_hasher: KeyHasher,
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    /// The end of the pause for all.
    all: Option<Instant>,
    /// The ends of the pauses for single tokens.
    tokens: HashMap<CacheKey, Instant>,
    /// Until when a pause for all is suspected.
    control_due_until: Option<Instant>,
    /// Whether a control request because of that is under way.
    control_in_flight: bool,
    /// Until when the last control request counts.
    control_valid_until: Option<Instant>,
}

impl RetryAfterGate {
    /// More are more than a server limits one by one; then the rest is sent again too early.
    const MAX_TOKENS: usize = 1024;

    /// Long enough that a caller who provokes such answers causes few control requests, and short enough
    /// that a server that is overloaded from now on gets no more than these requests.
    const CONTROL_VALIDITY: Duration = Duration::from_millis(500);

    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { key_hasher: KeyHasher::new("pause"), state: Mutex::default(), clock }
    }

    /// An error with the rest of the pause, if there is one.
    pub(super) fn check(&self, token: &AccessToken) -> Result<(), Unavailable> {
        let mut state = self.state();
        let State { all, tokens, .. } = &mut *state;
        if all.is_none() && tokens.is_empty() {
            return Ok(());
        }
        let now = self.clock.instant();
        let rest =
            |end: Instant| Some(end.saturating_duration_since(now)).filter(|it| !it.is_zero());
        if let Some(rest) = all.and_then(rest) {
            return Err(refused_for_all(rest));
        }
        *all = None;
        let key = self.key_hasher.key(token);
        let Some(end) = tokens.get(&key) else { return Ok(()) };
        if let Some(rest) = rest(*end) {
            return Err(Unavailable::new(
                "the authorization server wants no requests about this token for a while",
            )
            .with_retry_after(rest)
            .withheld());
        }
        tokens.remove(&key);
        Ok(())
    }

    /// The same for all tokens.
    pub(super) fn check_all(&self) -> Result<(), Unavailable> {
        let now = self.clock.instant();
        let end = self.state().all.filter(|end| *end > now);
        end.map_or(Ok(()), |end| Err(refused_for_all(end - now)))
    }

    /// Starts a pause for this token if the server named a time.
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
        let key = self.key_hasher.key(token);
        if state.tokens.len() >= Self::MAX_TOKENS && !state.tokens.contains_key(&key) {
            state.tokens.retain(|_, end| *end > now);
            if state.tokens.len() >= Self::MAX_TOKENS
                && let Some(some) = state.tokens.keys().next().copied()
            {
                state.tokens.remove(&some);
            }
        }
        let kept = state.tokens.entry(key).or_insert(end);
        *kept = end.max(*kept);
    }

    /// Whether a control request is due; once for each suspicion, and none beside another: one that is
    /// answered late would let them pile up.
    pub(super) fn take_due_control(&self) -> bool {
        let now = self.clock.instant();
        let mut state = self.state();
        if state.control_in_flight {
            return false;
        }
        state.control_in_flight = state.control_due_until.take().is_some_and(|until| now < until);
        state.control_in_flight
    }

    /// Ends a control request that was due, whatever became of it.
    pub(super) fn release_control(&self) {
        self.state().control_in_flight = false;
    }

    /// Starts a pause for all if a control request was answered so.
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
                state.all = state.all.max(end);
            }
        }
    }

    /// Never held across an `await`.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused_for_all(rest: Duration) -> Unavailable {
    Unavailable::new("the authorization server wants no requests for a while")
        .with_retry_after(rest)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::ErrorResponse;

    #[derive(Debug)]
    struct ManualClock(Mutex<Instant>);

    impl Clock for Arc<ManualClock> {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        fn instant(&self) -> Instant {
            *self.0.lock().unwrap()
        }
    }

    fn begin() -> (RetryAfterGate, impl Fn(u64)) {
        let clock = Arc::new(ManualClock(Mutex::new(Instant::now())));
        let pause = RetryAfterGate::new(Arc::new(Arc::clone(&clock)));
        (pause, move |millis| *clock.0.lock().unwrap() += Duration::from_millis(millis))
    }

    fn named(seconds: u64) -> ResolveError {
        let limited = Unavailable::new("limited").with_error_response(ErrorResponse::new(429));
        limited.with_retry_after(Duration::from_secs(seconds)).into()
    }

    fn token(text: &str) -> AccessToken {
        AccessToken::parse(text).unwrap()
    }

    fn rest(pause: &RetryAfterGate, text: &str) -> Option<u64> {
        let refused = pause.check(&token(text)).err()?;
        refused.retry_after().map(|rest| rest.as_secs())
    }

    #[test]
    fn one_token_pauses_itself_and_a_control_request_pauses_all() {
        // R-C7
        let (pause, pass) = begin();
        pause.record(&token("a"), &Unavailable::new("down").into());
        pause.record(&token("a"), &named(0));
        let own = Unavailable::new("concurrency_limit").with_retry_after(Duration::from_secs(1));
        pause.record(&token("a"), &own.into());
        assert_eq!(rest(&pause, "a"), None, "no time was named");
        assert!(!pause.take_due_control());

        pause.record(&token("a"), &named(10));
        pause.record(&token("a"), &named(2));
        pass(3000);
        assert_eq!((rest(&pause, "a"), rest(&pause, "b")), (Some(7), None));
        assert!(pause.take_due_control() && !pause.take_due_control(), "one control request");
        pause.record(&token("a"), &named(1));
        assert!(!pause.take_due_control(), "and none beside it");
        pause.record_control(&Err(named(5)));
        pause.record_control(&Err(named(1)));
        pause.release_control();
        let refused = pause.check_all().unwrap_err();
        assert_eq!(refused.retry_after(), Some(Duration::from_secs(5)));
        assert_eq!((rest(&pause, "a"), rest(&pause, "b")), (Some(5), Some(5)));
        pass(5000);
        assert!(pause.check_all().is_ok());
        assert_eq!((rest(&pause, "a"), rest(&pause, "b")), (Some(2), None));
        pass(2000);
        assert_eq!(rest(&pause, "a"), None);
    }

    #[test]
    fn a_suspicion_ends_with_its_time_and_a_control_request_counts_for_a_while() {
        // R-C7
        let (pause, pass) = begin();
        pause.record(&token("a"), &named(1));
        pass(1000);
        assert!(!pause.take_due_control());

        pause.record(&token("a"), &named(1));
        assert!(pause.take_due_control());
        pause.record(&token("a"), &named(60));
        pause.record_control(&Ok(()));
        pause.release_control();
        assert!(
            !pause.take_due_control(),
            "what was control_due_until in the meantime is control_valid_until as well"
        );
        for number in 0..100 {
            pause.record(&token(&format!("b{number}")), &named(60));
        }
        assert!(!pause.take_due_control(), "it has just answered");
        assert_eq!((rest(&pause, "b99"), rest(&pause, "c")), (Some(60), None));
        pass(500);
        pause.record(&token("d"), &named(60));
        assert!(pause.take_due_control());
        pause.record_control(&Err(Unavailable::new("down").into()));
        assert_eq!(rest(&pause, "c"), None, "no time was named");
    }

    #[test]
    fn the_number_of_tokens_is_bounded() {
        // R-C7
        let (pause, pass) = begin();
        for number in 0..3 * RetryAfterGate::MAX_TOKENS {
            pause.record(&token(&number.to_string()), &named(60));
        }
        assert_eq!(pause.state().tokens.len(), RetryAfterGate::MAX_TOKENS);
        pass(59_000);
        pause.record(&token("a"), &named(60));
        pass(1000);
        pause.record(&token("b"), &named(60));
        assert_eq!(pause.state().tokens.len(), 2, "those whose time has come make room");
        assert_eq!((rest(&pause, "a"), rest(&pause, "b")), (Some(59), Some(60)));
    }
}
