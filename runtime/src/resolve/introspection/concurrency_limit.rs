//! The bound on exchanges in flight.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{Clock, Unavailable};

/// When to come back after a refusal because of too many exchanges: they end within moments.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// At most so many exchanges at once, and no queue for more.
///
/// Whoever has tokens that the server answers late, or not at all, can have as many exchanges in flight
/// as a deadline has room for: with 50 a second and 5 s, 250. So that others get through, slow exchanges
/// hold no more than a quarter of the places as soon as all are taken: one beyond that makes way for the
/// new one. An exchange is slow if it has taken four times as long as answers usually take, or a quarter
/// of the deadline if that is less. Before there was an answer, it is slow after three quarters of the
/// deadline. If a later one was answered, the oldest makes way; else the youngest of the slow ones does,
/// since a server that is slow for everybody answers the oldest first. A crowd of exchanges that have all
/// just begun is refused what goes beyond the bound.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    permits: Arc<Semaphore>,
    max_slow: usize,
    request_timeout: Duration,
    requests: Mutex<InFlightRequests>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct InFlightRequests {
    last_number: u64,
    /// The latest that was answered.
    last_answered: u64,
    /// How long answers usually take; `None` before the first one.
    typical: Option<Duration>,
    /// In the order in which they began.
    started: BTreeMap<u64, (Instant, oneshot::Sender<()>)>,
}

impl InFlightRequests {
    /// Follows quick answers at once and slow ones little by little: nobody with tokens that are answered
    /// late makes others wait for them, and a server that has become slow for everybody is given time
    /// after a few answers.
    fn record_duration(&mut self, time: Duration) {
        self.typical = Some(match self.typical {
            Some(typical) if typical < time => typical + time.saturating_sub(typical) / 4,
            _ => time,
        });
    }
}

/// Less than this is not slow, whatever is usual.
const MIN_SLOW: Duration = Duration::from_millis(20);

impl ConcurrencyLimit {
    pub(super) fn new(most: usize, request_timeout: Duration, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(most)),
            max_slow: most / 4,
            request_timeout,
            requests: Mutex::default(),
            clock,
        })
    }

    /// A place for a caller's exchange, or an error at once. It waits only for one that makes way.
    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Slot, Unavailable> {
        if let Some(slot) = self.try_acquire() {
            return Ok(slot);
        }
        let crowded = || {
            Unavailable::new("too many exchanges with the authorization server are in flight")
                .with_retry_after(RETRY_AFTER)
                .withheld()
        };
        if !self.preempt_slow() {
            return Err(crowded());
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        permit.map(|permit| self.register(permit)).map_err(|_| crowded())
    }

    /// A place, if there is one that nobody has to make way for.
    pub(super) fn try_acquire(self: &Arc<Self>) -> Option<Slot> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(self.register(permit))
    }

    fn register(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Slot {
        let (sender, preempted) = oneshot::channel();
        let now = self.clock.instant();
        let mut requests = self.requests();
        requests.last_number += 1;
        let number = requests.last_number;
        requests.started.insert(number, (now, sender));
        drop(requests);
        Slot {
            concurrency_limit: Arc::clone(self),
            number,
            preempted: Some(preempted),
            permit: Some(permit),
        }
    }

    /// Ends an exchange that has taken too long, if there are too many of those.
    fn preempt_slow(&self) -> bool {
        let now = self.clock.instant();
        let mut requests = self.requests();
        let last_answered = requests.last_answered;
        let long = self.request_timeout * 3 / 4;
        let slow_after = requests.typical.map_or(long, |typical| {
            typical.saturating_mul(4).max(MIN_SLOW).min(self.request_timeout / 4)
        });
        let took = |since: Instant| now.saturating_duration_since(since);
        let slow: Vec<(u64, Instant)> = requests
            .started
            .iter()
            .map(|(number, (since, _))| (*number, *since))
            .take_while(|(_, since)| took(*since) >= slow_after)
            .collect();
        let (Some((oldest, since)), Some((youngest, _))) = (slow.first(), slow.last()) else {
            return false;
        };
        let overtaken = *oldest < last_answered;
        // One at least may go on: else a server that has just become slow would never answer.
        let one = usize::from(!overtaken && took(*since) < long);
        let most = self.max_slow.max(one);
        if slow.len() <= most {
            return false;
        }
        let number = if overtaken { *oldest } else { *youngest };
        // One that has just ended by itself leaves its place as well.
        requests.started.remove(&number).is_some_and(|(_, exchange)| {
            let _ = exchange.send(());
            true
        })
    }

    /// Never held across an `await`.
    fn requests(&self) -> MutexGuard<'_, InFlightRequests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the places, given back when it is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Slot {
    concurrency_limit: Arc<ConcurrencyLimit>,
    number: u64,
    preempted: Option<oneshot::Receiver<()>>,
    /// Taken out when another place takes over.
    permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// Performs an exchange in this place; `None` if it had to make way.
    pub(super) async fn run<T>(&mut self, exchange: impl Future<Output = T>) -> Option<T> {
        let mut exchange = pin!(exchange);
        poll_fn(|context| {
            if let Poll::Ready(outcome) = exchange.as_mut().poll(context) {
                return Poll::Ready(Some(outcome));
            }
            match self.preempted.as_mut().map(|preempted| Pin::new(preempted).poll(context)) {
                None | Some(Poll::Pending) => Poll::Pending,
                Some(Poll::Ready(Ok(()))) => Poll::Ready(None),
                Some(Poll::Ready(Err(_))) => {
                    self.preempted = None;
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The exchange was answered.
    pub(super) fn record_answer(&self) {
        let now = self.concurrency_limit.clock.instant();
        let mut requests = self.concurrency_limit.requests();
        requests.last_answered = requests.last_answered.max(self.number);
        if let Some((since, _)) = requests.started.get(&self.number) {
            let time = now.saturating_duration_since(*since);
            requests.record_duration(time);
        }
    }

    /// The same place for an exchange that begins now, and that makes way again.
    pub(super) fn restart(mut self) -> Self {
        let permit = self.permit.take();
        let concurrency_limit = Arc::clone(&self.concurrency_limit);
        match permit {
            Some(permit) => concurrency_limit.register(permit),
            None => self,
        }
    }

    /// Does not make way any more.
    pub(super) fn disable_preemption(&self) {
        self.concurrency_limit.requests().started.remove(&self.number);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.disable_preemption();
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[derive(Debug, Clone)]
    struct ManualClock(Arc<Mutex<Instant>>);

    impl Clock for ManualClock {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        fn instant(&self) -> Instant {
            *self.0.lock().unwrap()
        }
    }

    fn begin(most: usize) -> (Arc<ConcurrencyLimit>, impl Fn(u64)) {
        let clock = ManualClock(Arc::new(Mutex::new(Instant::now())));
        let concurrency_limit =
            ConcurrencyLimit::new(most, Duration::from_secs(4), Arc::new(clock.clone()));
        (concurrency_limit, move |millis| *clock.0.lock().unwrap() += Duration::from_millis(millis))
    }

    /// An exchange that never ends; what is returned is whether it had to make way.
    async fn hang(concurrency_limit: &Arc<ConcurrencyLimit>) -> tokio::task::JoinHandle<()> {
        let mut slot = concurrency_limit.acquire().await.unwrap();
        tokio::spawn(async move {
            assert!(slot.run(std::future::pending::<()>()).await.is_none());
        })
    }

    #[tokio::test]
    async fn a_crowd_that_has_just_begun_is_refused_at_once() {
        // R-C9
        let (concurrency_limit, pass) = begin(8);
        let mut hanging = Vec::new();
        for _ in 0..8 {
            hanging.push(hang(&concurrency_limit).await);
        }
        pass(2999);
        for _ in 0..100 {
            let refused = concurrency_limit.acquire().await.unwrap_err();
            assert_eq!(refused.retry_after(), Some(RETRY_AFTER));
        }
        assert!(hanging.iter().all(|exchange| !exchange.is_finished()));
    }

    #[tokio::test]
    async fn slow_exchanges_hold_no_more_than_a_quarter_of_the_places() {
        // R-C9
        let (concurrency_limit, pass) = begin(8);
        let mut hanging = Vec::new();
        for number in 0..8 {
            if number == 7 {
                concurrency_limit.acquire().await.unwrap().record_answer();
            }
            hanging.push(hang(&concurrency_limit).await);
            pass(10);
        }
        pass(980);
        // All have taken a second by now, and the answer came at once.
        for _ in 0..6 {
            let slot = concurrency_limit.acquire().await.unwrap();
            assert_eq!(concurrency_limit.permits.available_permits(), 0, "the bound holds");
            hanging.remove(0).await.unwrap();
            slot.disable_preemption();
            std::mem::forget(slot);
        }
        let refused = concurrency_limit.acquire().await;
        assert!(refused.is_err(), "two of eight are slow, which is a quarter");
        assert!(hanging.iter().all(|exchange| !exchange.is_finished()));
    }

    async fn answer_after(
        concurrency_limit: &Arc<ConcurrencyLimit>,
        pass: &impl Fn(u64),
        millis: u64,
    ) {
        let slot = concurrency_limit.acquire().await.unwrap();
        pass(millis);
        slot.record_answer();
    }

    #[tokio::test]
    async fn what_is_slow_depends_on_how_long_answers_take() {
        // R-C9: a few places, and nobody else's answer comes in between.
        for (typical, slow_after) in [(0, 20), (5, 20), (100, 400), (900, 1000)] {
            let (concurrency_limit, pass) = begin(4);
            answer_after(&concurrency_limit, &pass, typical).await;
            let mut hanging = Vec::new();
            for _ in 0..4 {
                hanging.push(hang(&concurrency_limit).await);
            }
            pass(slow_after - 1);
            assert!(concurrency_limit.acquire().await.is_err(), "{typical}");
            pass(1);
            for _ in 0..3 {
                let slot = concurrency_limit.acquire().await.unwrap();
                hanging.pop().unwrap().await.unwrap();
                slot.disable_preemption();
                std::mem::forget(slot);
            }
            assert!(
                concurrency_limit.acquire().await.is_err(),
                "one goes on: it may be slow for everybody"
            );
            assert!(!hanging.remove(0).is_finished());
        }
    }

    #[tokio::test]
    async fn a_server_that_has_become_slow_is_given_time_and_one_caller_does_not_make_it_slow() {
        // R-C9
        let (concurrency_limit, pass) = begin(4);
        let typical = || concurrency_limit.requests().typical.unwrap().as_millis();
        answer_after(&concurrency_limit, &pass, 10).await;
        answer_after(&concurrency_limit, &pass, 810).await;
        assert_eq!(typical(), 210);
        answer_after(&concurrency_limit, &pass, 810).await;
        assert_eq!(typical(), 360);
        answer_after(&concurrency_limit, &pass, 10).await;
        assert_eq!(typical(), 10);
    }

    #[tokio::test]
    async fn a_place_that_was_kept_makes_way_again_for_the_exchange_that_follows() {
        // R-C9
        let (concurrency_limit, pass) = begin(1);
        let slot = concurrency_limit.acquire().await.unwrap();
        slot.disable_preemption();
        pass(5000);
        let mut slot = slot.restart();
        let hanging = tokio::spawn(async move {
            assert!(slot.run(std::future::pending::<()>()).await.is_none());
        });
        assert!(concurrency_limit.acquire().await.is_err(), "it has just begun");
        pass(3000);
        drop(concurrency_limit.acquire().await.unwrap());
        hanging.await.unwrap();
    }

    #[tokio::test]
    async fn of_exchanges_that_are_all_slow_the_oldest_stay() {
        // R-C9
        let (concurrency_limit, pass) = begin(4);
        let mut hanging = Vec::new();
        for _ in 0..4 {
            hanging.push(hang(&concurrency_limit).await);
            pass(1);
        }
        pass(3000);
        let _place = concurrency_limit.acquire().await.unwrap();
        hanging.remove(3).await.unwrap();
        assert!(hanging.iter().all(|exchange| !exchange.is_finished()));
    }

    #[tokio::test]
    async fn an_exchange_that_ends_leaves_its_place_and_one_that_is_kept_makes_no_way() {
        // R-C9
        let (concurrency_limit, pass) = begin(1);
        let mut slot = concurrency_limit.acquire().await.unwrap();
        assert_eq!(slot.run(async { 7 }).await, Some(7));
        drop(slot);
        let mut slot = concurrency_limit.acquire().await.unwrap();
        slot.disable_preemption();
        pass(60_000);
        assert!(concurrency_limit.acquire().await.is_err());
        assert_eq!(slot.run(async { tokio::task::yield_now().await }).await, Some(()));
        drop(slot);

        let hanging = hang(&concurrency_limit).await;
        pass(2999);
        assert!(concurrency_limit.acquire().await.is_err(), "nobody else was answered");
        pass(1);
        drop(concurrency_limit.acquire().await.unwrap());
        hanging.await.unwrap();
        assert!(concurrency_limit.requests().started.is_empty());
    }
}
