//! Sending control requests.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::recently_active::RecentlyActiveTokens;
use crate::resolve::introspection::circuit_breaker::{ControlReason, Evidence};
use crate::resolve::introspection::concurrency_limit::ConcurrencyLimit;
use crate::resolve::introspection::request::{self, RequestSender};
use crate::telemetry::{IntrospectionTimer, count};
use crate::{AccessToken, Claims, ResolveError, UnavailableError};

pub(super) struct ControlRequestSender {
    requests: Arc<RequestSender>,
    recently_active: RecentlyActiveTokens,
    request_timeout: Duration,
}

impl ControlRequestSender {
    pub(super) fn new(
        requests: Arc<RequestSender>,
        recently_active: RecentlyActiveTokens,
        request_timeout: Duration,
    ) -> Self {
        // Shorter than that of a caller's request, so that the outcome is available when a caller's request
        // ends that started at the same time.
        let request_timeout = request_timeout * 9 / 10;
        Self { requests, recently_active, request_timeout }
    }

    pub(super) fn recently_active(&self) -> &RecentlyActiveTokens {
        &self.recently_active
    }

    /// Returns the error if the server fails, or if its response has a `Retry-After`. The caller holds a
    /// slot of the concurrency limit for as long as this takes.
    pub(super) async fn send(
        &self,
        reason: ControlReason,
        concurrency_limit: &Arc<ConcurrencyLimit>,
    ) -> Result<(), ResolveError> {
        let outcome = match reason {
            ControlReason::Probe(number) => self.send_probe(number).await,
            ControlReason::Failures | ControlReason::RetryAfter => {
                self.send_until_usable(concurrency_limit).await
            }
        };
        count!(CONTROL_REQUESTS, "outcome" => if outcome.is_ok() { "usable" } else { "failed" });
        outcome
    }

    /// What the failure of a control request shows.
    pub(super) fn evidence(&self, error: &ResolveError) -> Evidence {
        let is_unreachable =
            matches!(error, ResolveError::Unavailable(unavailable) if unavailable.is_unreachable());
        if is_unreachable || self.recently_active.has_active_token_failed() {
            Evidence::Outage
        } else {
            Evidence::Unconfirmed
        }
    }

    /// Sends a single request. Each probe is about another token: the recently active ones in turn, then a
    /// random one.
    async fn send_probe(&self, number: usize) -> Result<(), ResolveError> {
        let tokens = self.recently_active.all();
        match tokens.get(number % (tokens.len() + 1)) {
            Some(token) => {
                let outcome = usable(self.send_timed(token, self.request_timeout).await);
                self.recently_active.set_failed(token, outcome.is_err());
                // The server may have sent `Retry-After` because of this token, and as the outcome of a
                // control request it would block the requests of all callers.
                outcome.map_err(ResolveError::without_retry_after)
            }
            None => usable(self.send_timed(&random_token()?, self.request_timeout).await),
        }
    }

    /// Sends a request about a random token, and if that fails, about the recently active tokens.
    async fn send_until_usable(
        &self,
        concurrency_limit: &Arc<ConcurrencyLimit>,
    ) -> Result<(), ResolveError> {
        // A token whose own request failed shows nothing more.
        let tokens = self.recently_active.without_failure();
        let half = self.request_timeout / 2;
        let first = if tokens.is_empty() { self.request_timeout } else { half };
        let outcome = usable(self.send_timed(&random_token()?, first).await);
        if outcome.is_err() && self.is_any_usable(tokens, half, concurrency_limit).await {
            return Ok(());
        }
        outcome
    }

    /// Whether the server responds to a request about one of these tokens. The first request uses the slot
    /// of the control request, the others use free slots.
    async fn is_any_usable(
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
            self.recently_active.set_failed(&token, true);
        }
        false
    }

    async fn send_timed(
        &self,
        token: &AccessToken,
        request_timeout: Duration,
    ) -> Result<Claims, ResolveError> {
        let timer = IntrospectionTimer::start();
        let outcome = send_within(&self.requests, token, request_timeout).await;
        timer.record(&outcome);
        outcome
    }
}

async fn send_within(
    requests: &RequestSender,
    token: &AccessToken,
    request_timeout: Duration,
) -> Result<Claims, ResolveError> {
    let response = timeout(request_timeout, requests.send(token)).await;
    response.unwrap_or_else(|_| Err(request::timed_out().into()))
}

/// Any response shows that the server works, except one with a `Retry-After`.
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
    let malformed = |_| UnavailableError::new("no token for a control request can be generated");
    Ok(token.parse::<AccessToken>().map_err(malformed)?)
}
