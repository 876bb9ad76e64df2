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
/// new one. An exchange is slow if it has taken four times as long as answers usually take, or a quarter
/// of the deadline if that is less. Before there was an answer, it is slow after three quarters of the
/// deadline. If a later one was answered, the oldest makes way; else the youngest of the slow ones does,
/// since a server that is slow for everybody answers the oldest first. A crowd of exchanges that have all
/// just begun is refused what goes beyond the bound.
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
    /// How long answers usually take; `None` before the first one.
    usual: Option<Duration>,
    /// In the order in which they began.
    begun: BTreeMap<u64, (Instant, oneshot::Sender<()>)>,
}

impl Exchanges {
    /// Follows quick answers at once and slow ones little by little: nobody with tokens that are answered
    /// late makes others wait for them, and a server that has become slow for everybody is given time
    /// after a few answers.
    fn took(&mut self, time: Duration) {
        self.usual = Some(match self.usual {
            Some(usual) if usual < time => usual + time.saturating_sub(usual) / 4,
            _ => time,
        });
    }
}

/// Less than this is not slow, whatever is usual.
const QUICK: Duration = Duration::from_millis(20);

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
        Place {
            in_flight: Arc::clone(self),
            number,
            displaced: Some(displaced),
            permit: Some(permit),
        }
    }

    /// Ends an exchange that has taken too long, if there are too many of those.
    fn displace(&self) -> bool {
        let now = self.clock.instant();
        let mut exchanges = self.exchanges();
        let answered = exchanges.answered;
        let long = self.deadline * 3 / 4;
        let slow_after = exchanges
            .usual
            .map_or(long, |usual| usual.saturating_mul(4).max(QUICK).min(self.deadline / 4));
        let took = |since: Instant| now.saturating_duration_since(since);
        let slow: Vec<(u64, Instant)> = exchanges
            .begun
            .iter()
            .map(|(number, (since, _))| (*number, *since))
            .take_while(|(_, since)| took(*since) >= slow_after)
            .collect();
        let (Some((oldest, since)), Some((youngest, _))) = (slow.first(), slow.last()) else {
            return false;
        };
        let overtaken = *oldest < answered;
        // One at least may go on: else a server that has just become slow would never answer.
        let one = usize::from(!overtaken && took(*since) < long);
        let most = self.most_slow.max(one);
        if slow.len() <= most {
            return false;
        }
        let number = if overtaken { *oldest } else { *youngest };
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
    /// Taken out when another place takes over.
    permit: Option<OwnedSemaphorePermit>,
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
        let now = self.in_flight.clock.instant();
        let mut exchanges = self.in_flight.exchanges();
        exchanges.answered = exchanges.answered.max(self.number);
        if let Some((since, _)) = exchanges.begun.get(&self.number) {
            let time = now.saturating_duration_since(*since);
            exchanges.took(time);
        }
    }

    /// The same place for an exchange that begins now, and that makes way again.
    pub(super) fn begin_again(mut self) -> Self {
        let permit = self.permit.take();
        let in_flight = Arc::clone(&self.in_flight);
        match permit {
            Some(permit) => in_flight.place(permit),
            None => self,
        }
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
        // All have taken a second by now, and the answer came at once.
        for _ in 0..6 {
            let place = in_flight.enter().await.unwrap();
            assert_eq!(in_flight.permits.available_permits(), 0, "the bound holds");
            hanging.remove(0).await.unwrap();
            place.keep();
            std::mem::forget(place);
        }
        let refused = in_flight.enter().await;
        assert!(refused.is_err(), "two of eight are slow, which is a quarter");
        assert!(hanging.iter().all(|exchange| !exchange.is_finished()));
    }

    async fn answer_after(in_flight: &Arc<InFlight>, pass: &impl Fn(u64), millis: u64) {
        let place = in_flight.enter().await.unwrap();
        pass(millis);
        place.answered();
    }

    #[tokio::test]
    async fn what_is_slow_depends_on_how_long_answers_take() {
        // R-C9: a few places, and nobody else's answer comes in between.
        for (usual, slow_after) in [(0, 20), (5, 20), (100, 400), (900, 1000)] {
            let (in_flight, pass) = begin(4);
            answer_after(&in_flight, &pass, usual).await;
            let mut hanging = Vec::new();
            for _ in 0..4 {
                hanging.push(hang(&in_flight).await);
            }
            pass(slow_after - 1);
            assert!(in_flight.enter().await.is_err(), "{usual}");
            pass(1);
            for _ in 0..3 {
                let place = in_flight.enter().await.unwrap();
                hanging.pop().unwrap().await.unwrap();
                place.keep();
                std::mem::forget(place);
            }
            assert!(in_flight.enter().await.is_err(), "one goes on: it may be slow for everybody");
            assert!(!hanging.remove(0).is_finished());
        }
    }

    #[tokio::test]
    async fn a_server_that_has_become_slow_is_given_time_and_one_caller_does_not_make_it_slow() {
        // R-C9
        let (in_flight, pass) = begin(4);
        let usual = || in_flight.exchanges().usual.unwrap().as_millis();
        answer_after(&in_flight, &pass, 10).await;
        answer_after(&in_flight, &pass, 810).await;
        assert_eq!(usual(), 210);
        answer_after(&in_flight, &pass, 810).await;
        assert_eq!(usual(), 360);
        answer_after(&in_flight, &pass, 10).await;
        assert_eq!(usual(), 10);
    }

    #[tokio::test]
    async fn a_place_that_was_kept_makes_way_again_for_the_exchange_that_follows() {
        // R-C9
        let (in_flight, pass) = begin(1);
        let place = in_flight.enter().await.unwrap();
        place.keep();
        pass(5000);
        let mut place = place.begin_again();
        let hanging = tokio::spawn(async move {
            assert!(place.hold(std::future::pending::<()>()).await.is_none());
        });
        assert!(in_flight.enter().await.is_err(), "it has just begun");
        pass(3000);
        drop(in_flight.enter().await.unwrap());
        hanging.await.unwrap();
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
