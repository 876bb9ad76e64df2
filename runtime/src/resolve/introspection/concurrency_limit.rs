//! The limit on introspection requests in flight.

mod in_flight;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{Clock, UnavailableError};
use in_flight::{InFlight, Preemption};

/// The `Retry-After` of a request that finds no free slot: requests in flight end soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Limits the number of introspection requests in flight. There is no queue: a request beyond the limit is
/// rejected at once.
///
/// A caller whose tokens get a slow response, or none, can keep as many requests in flight as fit into the
/// request timeout: with 50 requests per second and 5 s, 250. So that requests of others get through, slow
/// requests hold at most a quarter of the slots when all are taken: a new request preempts a slow one
/// beyond that quarter.
///
/// A request is slow after four times the duration that requests usually take, but not before 20 ms, and
/// after a quarter of the timeout at the latest. Before the first response, it is slow after three
/// quarters of the timeout. If a request that started later than the oldest slow one got a response, the
/// oldest is preempted. Otherwise the youngest slow one is, since a server that is slow for all tokens
/// responds to the oldest request first. When many requests start at the same time, none of them is slow,
/// and those beyond the limit are rejected.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    semaphore: Arc<Semaphore>,
    preemption: Preemption,
    in_flight: Mutex<InFlight>,
    clock: Arc<dyn Clock>,
}

impl ConcurrencyLimit {
    pub(super) fn new(
        max_in_flight: usize,
        request_timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self {
            semaphore: Arc::new(Semaphore::new(max_in_flight)),
            preemption: Preemption { max_slow: max_in_flight / 4, request_timeout },
            in_flight: Mutex::default(),
            clock,
        })
    }

    /// Returns a slot for a caller's introspection request, or fails at once. It waits only for a request
    /// that it preempts.
    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Slot, UnavailableError> {
        if let Some(slot) = self.try_acquire() {
            return Ok(slot);
        }
        let now = self.clock.instant();
        if !self.in_flight().preempt_slow(&self.preemption, now) {
            return Err(rejected("too many introspection requests are in flight"));
        }
        let permit = Arc::clone(&self.semaphore).acquire_owned().await;
        permit
            .map(|permit| self.slot(permit))
            .map_err(|_| rejected("too many introspection requests are in flight"))
    }

    /// Returns a slot if one is free, without preempting a request.
    pub(super) fn try_acquire(self: &Arc<Self>) -> Option<Slot> {
        let permit = Arc::clone(&self.semaphore).try_acquire_owned().ok()?;
        Some(self.slot(permit))
    }

    fn slot(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Slot {
        let now = self.clock.instant();
        let (number, preempted) = self.in_flight().start(now);
        Slot { limit: Arc::clone(self), number, preempted: Some(preempted), permit: Some(permit) }
    }

    /// Never held across an `await`.
    fn in_flight(&self) -> MutexGuard<'_, InFlight> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot for one request in flight, which is free again when this is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Slot {
    limit: Arc<ConcurrencyLimit>,
    number: u64,
    preempted: Option<oneshot::Receiver<()>>,
    /// `None` only after [`Self::restart`] has moved it into another slot.
    permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// Runs an introspection request in this slot. Fails if another request preempts it.
    pub(super) async fn run<T>(
        &mut self,
        request: impl Future<Output = T>,
    ) -> Result<T, UnavailableError> {
        let mut request = pin!(request);
        poll_fn(|context| {
            if let Poll::Ready(outcome) = request.as_mut().poll(context) {
                return Poll::Ready(Ok(outcome));
            }
            match self.preempted.as_mut().map(|preempted| Pin::new(preempted).poll(context)) {
                None | Some(Poll::Pending) => Poll::Pending,
                Some(Poll::Ready(Ok(()))) => Poll::Ready(Err(rejected(
                    "the introspection request was slow and gave its slot to another one",
                ))),
                Some(Poll::Ready(Err(_))) => {
                    self.preempted = None;
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Records that the request in this slot got a response.
    pub(super) fn record_response(&self) {
        let now = self.limit.clock.instant();
        self.limit.in_flight().record_response(self.number, now);
    }

    /// Turns this into the slot of a request that starts now, and that can be preempted again.
    pub(super) fn restart(mut self) -> Self {
        match self.permit.take() {
            Some(permit) => self.limit.slot(permit),
            None => self,
        }
    }

    /// From now on, the request in this slot is not preempted.
    pub(super) fn disable_preemption(&self) {
        self.limit.in_flight().remove(self.number);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.disable_preemption();
    }
}

/// Callers can cause this with their own tokens, so it is no reason to use stale claims.
fn rejected(what: &'static str) -> UnavailableError {
    UnavailableError::new(what).with_retry_after(RETRY_AFTER).withheld()
}
