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
pub(super) const CROWDED: Duration = Duration::from_secs(1);

/// At most so many exchanges at once, and no queue for more.
///
/// Whoever has tokens that the server answers late, or not at all, can have as many exchanges in flight
/// as a deadline has room for: with 50 a second and 5 s, 250. So that others get through, slow exchanges
/// hold no more than a quarter of the places as soon as all are taken: one beyond that makes way for the
/// new one. An exchange is slow if it has taken a quarter of the deadline and a later one has been
/// answered meanwhile, and then the oldest makes way; or else if it has taken three quarters of the
/// deadline, and then the youngest of those does, since a server that is slow for everybody answers the
/// oldest first. A crowd of exchanges that have all just begun is refused what goes beyond the bound.
#[derive(Debug)]
pub(super) struct InFlight {
    permits: Arc<Semaphore>,
    most_slow: usize,
    deadline: Duration,
    exchanges: Mutex<Exchanges>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct Exchanges {
    last: u64,
    /// The latest that was answered.
    answered: u64,
    /// In the order in which they began.
    begun: BTreeMap<u64, (Instant, oneshot::Sender<()>)>,
}

impl InFlight {
    pub(super) fn new(most: usize, deadline: Duration, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(most)),
            most_slow: most / 4,
            deadline,
            exchanges: Mutex::default(),
            clock,
        })
    }

    /// A place for a caller's exchange, or an error at once. It waits only for one that makes way.
    pub(super) async fn enter(self: &Arc<Self>) -> Result<Place, Unavailable> {
        if let Some(place) = self.enter_if_free() {
            return Ok(place);
        }
        let crowded = || {
            Unavailable::new("too many exchanges with the authorization server are in flight")
                .with_retry_after(CROWDED)
                .withheld()
        };
        if !self.displace() {
            return Err(crowded());
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        permit.map(|permit| self.place(permit)).map_err(|_| crowded())
    }

    /// A place, if there is one that nobody has to make way for.
    pub(super) fn enter_if_free(self: &Arc<Self>) -> Option<Place> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(self.place(permit))
    }

    fn place(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Place {
        let (sender, displaced) = oneshot::channel();
        let now = self.clock.instant();
        let mut exchanges = self.exchanges();
        exchanges.last += 1;
        let number = exchanges.last;
        exchanges.begun.insert(number, (now, sender));
        drop(exchanges);
        Place { in_flight: Arc::clone(self), number, displaced: Some(displaced), _permit: permit }
    }

    /// Ends an exchange that has taken too long, if there are too many of those.
    fn displace(&self) -> bool {
        let now = self.clock.instant();
        let mut exchanges = self.exchanges();
        let answered = exchanges.answered;
        let is_slow = |number: u64, since: Instant| {
            let took = now.saturating_duration_since(since);
            took >= self.deadline * 3 / 4 || (took >= self.deadline / 4 && number < answered)
        };
        let slow =
            exchanges.begun.iter().take_while(|(number, (since, _))| is_slow(**number, *since));
        let slow: Vec<u64> = slow.map(|(number, _)| *number).collect();
        let (true, Some(oldest), Some(youngest)) =
            (slow.len() > self.most_slow, slow.first(), slow.last())
        else {
            return false;
        };
        let number = if *oldest < answered { *oldest } else { *youngest };
        // One that has just ended by itself leaves its place as well.
        exchanges.begun.remove(&number).is_some_and(|(_, exchange)| {
            let _ = exchange.send(());
            true
        })
    }

    /// Never held across an `await`.
    fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the places, given back when it is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Place {
    in_flight: Arc<InFlight>,
    number: u64,
    displaced: Option<oneshot::Receiver<()>>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Performs an exchange in this place; `None` if it had to make way.
    pub(super) async fn hold<T>(&mut self, exchange: impl Future<Output = T>) -> Option<T> {
        let mut exchange = pin!(exchange);
        poll_fn(|context| {
            if let Poll::Ready(outcome) = exchange.as_mut().poll(context) {
                return Poll::Ready(Some(outcome));
            }
            match self.displaced.as_mut().map(|displaced| Pin::new(displaced).poll(context)) {
                None | Some(Poll::Pending) => Poll::Pending,
                Some(Poll::Ready(Ok(()))) => Poll::Ready(None),
                Some(Poll::Ready(Err(_))) => {
                    self.displaced = None;
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The exchange was answered.
    pub(super) fn answered(&self) {
        let mut exchanges = self.in_flight.exchanges();
        exchanges.answered = exchanges.answered.max(self.number);
    }

    /// Does not make way any more.
    pub(super) fn keep(&self) {
        self.in_flight.exchanges().begun.remove(&self.number);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.keep();
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[derive(Debug, Clone)]
    struct Hand(Arc<Mutex<Instant>>);

    impl Clock for Hand {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        fn instant(&self) -> Instant {
            *self.0.lock().unwrap()
        }
    }

    fn begin(most: usize) -> (Arc<InFlight>, impl Fn(u64)) {
        let hand = Hand(Arc::new(Mutex::new(Instant::now())));
        let in_flight = InFlight::new(most, Duration::from_secs(4), Arc::new(hand.clone()));
        (in_flight, move |millis| *hand.0.lock().unwrap() += Duration::from_millis(millis))
    }

    /// An exchange that never ends; what is returned is whether it had to make way.
    async fn hang(in_flight: &Arc<InFlight>) -> tokio::task::JoinHandle<()> {
        let mut place = in_flight.enter().await.unwrap();
        tokio::spawn(async move {
            assert!(place.hold(std::future::pending::<()>()).await.is_none());
        })
    }

    #[tokio::test]
    async fn a_crowd_that_has_just_begun_is_refused_at_once() {
        // R-C9
        let (in_flight, pass) = begin(8);
        let mut hanging = Vec::new();
        for _ in 0..8 {
            hanging.push(hang(&in_flight).await);
        }
        pass(2999);
        for _ in 0..100 {
            let refused = in_flight.enter().await.unwrap_err();
            assert_eq!(refused.retry_after(), Some(CROWDED));
        }
        assert!(hanging.iter().all(|exchange| !exchange.is_finished()));
    }

    #[tokio::test]
    async fn slow_exchanges_hold_no_more_than_a_quarter_of_the_places() {
        // R-C9
        let (in_flight, pass) = begin(8);
        let mut hanging = Vec::new();
        for number in 0..8 {
            if number == 7 {
                in_flight.enter().await.unwrap().answered();
            }
            hanging.push(hang(&in_flight).await);
            pass(10);
        }
        pass(980);
        // The first seven have taken a second by now, and a later one was answered.
        for _ in 0..5 {
            let place = in_flight.enter().await.unwrap();
            assert_eq!(in_flight.permits.available_permits(), 0, "the bound holds");
            hanging.remove(0).await.unwrap();
            place.keep();
            std::mem::forget(place);
        }
        let refused = in_flight.enter().await;
        assert!(refused.is_err(), "two of eight are slow, which is a quarter");
        pass(2500);
        assert!(in_flight.enter().await.is_ok(), "and the last one has become slow as well");
        hanging.remove(0).await.unwrap();
        assert!(hanging.iter().all(|exchange| !exchange.is_finished()));
    }

    #[tokio::test]
    async fn of_exchanges_that_are_all_slow_the_oldest_stay() {
        // R-C9
        let (in_flight, pass) = begin(4);
        let mut hanging = Vec::new();
        for _ in 0..4 {
            hanging.push(hang(&in_flight).await);
            pass(1);
        }
        pass(3000);
        let _place = in_flight.enter().await.unwrap();
        hanging.remove(3).await.unwrap();
        assert!(hanging.iter().all(|exchange| !exchange.is_finished()));
    }

    #[tokio::test]
    async fn an_exchange_that_ends_leaves_its_place_and_one_that_is_kept_makes_no_way() {
        // R-C9
        let (in_flight, pass) = begin(1);
        let mut place = in_flight.enter().await.unwrap();
        assert_eq!(place.hold(async { 7 }).await, Some(7));
        drop(place);
        let mut place = in_flight.enter().await.unwrap();
        place.keep();
        pass(60_000);
        assert!(in_flight.enter().await.is_err());
        assert_eq!(place.hold(async { tokio::task::yield_now().await }).await, Some(()));
        drop(place);

        let hanging = hang(&in_flight).await;
        pass(2999);
        assert!(in_flight.enter().await.is_err(), "nobody else was answered");
        pass(1);
        drop(in_flight.enter().await.unwrap());
        hanging.await.unwrap();
        assert!(in_flight.exchanges().begun.is_empty());
    }
}
