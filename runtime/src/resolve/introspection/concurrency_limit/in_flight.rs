//! The introspection requests in flight that a new request may preempt.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// When a request in flight is slow, and how many slow ones are allowed.
#[derive(Debug)]
pub(super) struct Preemption {
    pub(super) max_slow: usize,
    pub(super) request_timeout: Duration,
}

impl Preemption {
    /// A request that has taken less time is never slow.
    const MIN_SLOW: Duration = Duration::from_millis(20);

    /// The age from which on a request is slow before there has been any response.
    fn slow_without_response(&self) -> Duration {
        self.request_timeout * 3 / 4
    }

    fn slow_after(&self, typical_duration: Option<Duration>) -> Duration {
        typical_duration.map_or(self.slow_without_response(), |typical| {
            typical.saturating_mul(4).max(Self::MIN_SLOW).min(self.request_timeout / 4)
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct InFlight {
    last_number: u64,
    /// The latest request that got a response.
    last_with_response: u64,
    /// How long requests take; `None` before the first response.
    pub(super) typical_duration: Option<Duration>,
    /// By number, and so in the order in which they started.
    requests: BTreeMap<u64, Request>,
}

#[derive(Debug)]
struct Request {
    started: Instant,
    preempt: oneshot::Sender<()>,
}

impl InFlight {
    /// Adds a request. Returns its number, and the receiver that is notified if it is preempted.
    pub(super) fn start(&mut self, started: Instant) -> (u64, oneshot::Receiver<()>) {
        let (preempt, preempted) = oneshot::channel();
        self.last_number += 1;
        self.requests.insert(self.last_number, Request { started, preempt });
        (self.last_number, preempted)
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.requests.remove(&number);
    }

    pub(super) fn record_response(&mut self, number: u64, now: Instant) {
        self.last_with_response = self.last_with_response.max(number);
        if let Some(request) = self.requests.get(&number) {
            let duration = now.saturating_duration_since(request.started);
            self.record_duration(duration);
        }
    }

    /// Decreases at once and increases gradually: a caller whose tokens get slow responses does not make
    /// other callers wait for them, and a server that becomes slow for all tokens is given more time after
    /// a few responses.
    fn record_duration(&mut self, duration: Duration) {
        self.typical_duration = Some(match self.typical_duration {
            Some(typical) if typical < duration => typical + duration.saturating_sub(typical) / 4,
            _ => duration,
        });
    }

    /// Ends a slow request if there are too many of them. Returns whether there were.
    pub(super) fn preempt_slow(&mut self, preemption: &Preemption, now: Instant) -> bool {
        let Some(number) = self.too_slow(preemption, now) else { return false };
        self.requests.remove(&number).is_some_and(|request| {
            // A request that has ended meanwhile frees its slot as well.
            let _ = request.preempt.send(());
            true
        })
    }

    fn too_slow(&self, preemption: &Preemption, now: Instant) -> Option<u64> {
        let slow_after = preemption.slow_after(self.typical_duration);
        let age = |request: &Request| now.saturating_duration_since(request.started);
        let is_slow = |request: &Request| age(request) >= slow_after;
        let mut slow = self.requests.iter().take_while(|(_, request)| is_slow(request));
        let (oldest, oldest_request) = slow.next()?;
        let (youngest, count) =
            slow.fold((oldest, 1), |(_, count), (number, _)| (number, count + 1));

        let is_overtaken = *oldest < self.last_with_response;
        // At least one stays: else a server that has just become slow would never respond.
        let is_young = age(oldest_request) < preemption.slow_without_response();
        let min_allowed = usize::from(!is_overtaken && is_young);
        if count <= preemption.max_slow.max(min_allowed) {
            return None;
        }
        Some(if is_overtaken { *oldest } else { *youngest })
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }
}
