//! Control requests: introspection of a token that no caller chose.
//!
//! The answer to a caller's token may be due to that token. A control request is about a random one, of
//! the form of an opaque token: any answer shows that the server is there, and `active: false` is the
//! usual one. It carries this server's own credentials, is one request without a retry, and takes the
//! place in flight of the caller on whose behalf it is sent.
//!
//! Some servers answer 5xx to every token that they did not issue. So if the random token fails, tokens
//! of callers that were active a moment ago are tried as well, and the server fails only if it fails for
//! all of them. Up to three are kept, of different principals where there are any, so that the holder of
//! one account cannot make them all fail.

use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::circuit_breaker::ControlReason;
use super::concurrency_limit::ConcurrencyLimit;
use super::request::RequestSender;
use crate::telemetry::{IntrospectionTimer, count};
use crate::{AccessToken, Claims, Clock, ResolveError, Unavailable};

pub(super) struct ControlRequests {
    requests: Arc<RequestSender>,
    request_timeout: Duration,
    recently_active: Mutex<Vec<RecentlyActiveToken>>,
    hasher: RandomState,
    clock: Arc<dyn Clock>,
}

/// A token that was active not long ago.
struct RecentlyActiveToken {
    token: AccessToken,
    principal: u64,
    since: Instant,
    failed: bool,
}

impl ControlRequests {
    /// One holder of an account is not the only one, and more would be load.
    const MAX_TOKENS: usize = 3;

    /// Tokens of this age give way to newer ones, before they expire.
    const MIN_AGE_TO_REPLACE: Duration = Duration::from_secs(30);

    pub(super) fn new(
        requests: Arc<RequestSender>,
        request_timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let hasher = RandomState::new();
        // Shorter than a caller's, so that its outcome is there when a caller's exchange ends that began
        // at the same time.
        let request_timeout = request_timeout * 9 / 10;
        Self { requests, request_timeout, recently_active: Mutex::default(), hasher, clock }
    }

    /// Keeps the token of a caller for later, if there is room.
    pub(super) fn keep(&self, token: &AccessToken, claims: &Claims) {
        let principal = self.principal(token, claims);
        let now = self.clock.instant();
        let mut kept = self.recently_active();
        if let Some(same) = kept.iter_mut().find(|one| one.token.expose() == token.expose()) {
            (same.since, same.failed) = (now, false);
            return;
        }
        let is_old = |one: &RecentlyActiveToken| {
            now.saturating_duration_since(one.since) >= Self::MIN_AGE_TO_REPLACE
        };
        let slot = if kept.len() < Self::MAX_TOKENS {
            Some(kept.len())
        } else if let Some(own) = kept.iter().position(|one| one.principal == principal) {
            // A principal replaces none but its own.
            kept.get(own).is_some_and(|one| one.failed || is_old(one)).then_some(own)
        } else {
            let twice = |one: &RecentlyActiveToken| {
                kept.iter().filter(|other| other.principal == one.principal).count() > 1
            };
            kept.iter().position(|one| one.failed || twice(one) || is_old(one))
        };
        let (Some(slot), Ok(token)) = (slot, AccessToken::parse(token.expose())) else { return };
        let new = RecentlyActiveToken { token, principal, since: now, failed: false };
        match kept.get_mut(slot) {
            Some(old) => *old = new,
            None => kept.push(new),
        }
    }

    /// Whether the server answers, and if not, why.
    ///
    /// `probe` counts the control requests of an open circuit: each is a single request, with one token
    /// after the other. The caller holds a place in flight for as long as this takes.
    pub(super) async fn send(
        &self,
        reason: ControlReason,
        concurrency_limit: &Arc<ConcurrencyLimit>,
    ) -> Result<(), ResolveError> {
        let outcome = match reason {
            ControlReason::Probe(number) => self.probe(number).await,
            ControlReason::Failures | ControlReason::RetryAfter => {
                self.try_all(concurrency_limit).await
            }
        };
        count!(CONTROL_REQUESTS, "outcome" => if outcome.is_ok() { "usable" } else { "failed" });
        outcome
    }

    async fn probe(&self, probe: usize) -> Result<(), ResolveError> {
        let kept: Vec<AccessToken> = self.kept(|_| true);
        match kept.get(probe % (kept.len() + 1)) {
            // A time to come back may be due to this token, and would concern everybody.
            Some(token) => {
                let outcome = usable(self.send_measured(token, self.request_timeout).await);
                self.mark(token, outcome.is_err());
                outcome.map_err(ResolveError::without_retry_after)
            }
            None => usable(self.send_measured(&random_token()?, self.request_timeout).await),
        }
    }

    async fn try_all(&self, concurrency_limit: &Arc<ConcurrencyLimit>) -> Result<(), ResolveError> {
        // What has failed for its holder says nothing new.
        let kept = self.kept(|one| !one.failed);
        let half = self.request_timeout / 2;
        let first = if kept.is_empty() { self.request_timeout } else { half };
        let outcome = usable(self.send_measured(&random_token()?, first).await);
        if outcome.is_err() && self.any_succeeds(kept, half, concurrency_limit).await {
            return Ok(());
        }
        outcome
    }

    /// Whether the server answers to one of these tokens: the first in the place of the control request,
    /// the others where there is room.
    async fn any_succeeds(
        &self,
        tokens: Vec<AccessToken>,
        request_timeout: Duration,
        concurrency_limit: &Arc<ConcurrencyLimit>,
    ) -> bool {
        let mut tasks = JoinSet::new();
        for token in tokens {
            let slot = if tasks.is_empty() {
                None
            } else {
                let Some(slot) = concurrency_limit.try_acquire() else { break };
                Some(slot)
            };
            let requests = Arc::clone(&self.requests);
            tasks.spawn(async move {
                let outcome = send_within(&requests, &token, request_timeout).await;
                drop(slot);
                (token, outcome)
            });
        }
        while let Some(ended) = tasks.join_next().await {
            let Ok((token, outcome)) = ended else { continue };
            if usable(outcome).is_ok() {
                return true;
            }
            self.mark_failed(&token);
        }
        false
    }

    fn kept(&self, wanted: impl Fn(&RecentlyActiveToken) -> bool) -> Vec<AccessToken> {
        let kept = self.recently_active();
        kept.iter().filter(|one| wanted(one)).map(|one| one.token.clone()).collect()
    }

    async fn send_measured(
        &self,
        token: &AccessToken,
        request_timeout: Duration,
    ) -> Result<Claims, ResolveError> {
        let timer = IntrospectionTimer::start();
        let outcome = send_within(&self.requests, token, request_timeout).await;
        timer.record(&outcome);
        outcome
    }

    /// Does not count on this token until the server answers to it again.
    pub(super) fn mark_failed(&self, token: &AccessToken) {
        self.mark(token, true);
    }

    /// Without this, a circuit that a probe has closed would open again at once, if the server fails for
    /// tokens that it did not issue and all that are kept had failed in the outage.
    fn mark(&self, token: &AccessToken, failed: bool) {
        for one in self.recently_active().iter_mut() {
            if one.token.expose() == token.expose() {
                one.failed = failed;
            }
        }
    }

    /// For whom a token speaks, as far as it tells.
    fn principal(&self, token: &AccessToken, claims: &Claims) -> u64 {
        let names = [claims.subject(), claims.username(), claims.client_id()];
        match names.into_iter().flatten().next() {
            Some(name) => self.hasher.hash_one((claims.issuer(), name)),
            None => self.hasher.hash_one(token.expose()),
        }
    }

    /// Never held across an `await`.
    fn recently_active(&self) -> MutexGuard<'_, Vec<RecentlyActiveToken>> {
        self.recently_active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send_within(
    requests: &RequestSender,
    token: &AccessToken,
    request_timeout: Duration,
) -> Result<Claims, ResolveError> {
    let late = || Unavailable::new("the authorization server did not answer in time");
    timeout(request_timeout, requests.send(token)).await.unwrap_or_else(|_| Err(late().into()))
}

/// Any answer is, but for one that names a time to come back.
fn usable(outcome: Result<Claims, ResolveError>) -> Result<(), ResolveError> {
    match outcome {
        Err(error) if error.is_outage() || error.named_retry_after().is_some() => Err(error),
        _ => Ok(()),
    }
}

/// 256 bits from the operating system, in the form of an opaque token.
fn random_token() -> Result<AccessToken, ResolveError> {
    let mut token = String::with_capacity(64);
    for byte in rand::random::<[u8; 32]>() {
        // Writing to a string does not fail.
        let _ = write!(token, "{byte:02x}");
    }
    let malformed = |_| Unavailable::new("no control request can be made");
    Ok(AccessToken::parse(&token).map_err(malformed)?)
}
