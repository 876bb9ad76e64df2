use std::time::SystemTime;

use super::*;

/// A clock whose hands the test moves.
#[derive(Debug, Clone)]
struct Hand(Arc<Mutex<Instant>>);

impl Hand {
    fn pass(&self, millis: u64) {
        *self.0.lock().unwrap() += Duration::from_millis(millis);
    }
}

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn instant(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

fn breaker() -> (Breaker, Hand) {
    let hand = Hand(Arc::new(Mutex::new(Instant::now())));
    (Breaker::new(Some(Settings::default()), Arc::new(hand.clone())), hand)
}

type Outcome = Result<Claims, ResolveError>;

fn down() -> Outcome {
    Err(Unavailable::new("down").into())
}

fn inactive() -> Outcome {
    Err(ResolveError::Inactive)
}

fn fail(breaker: &Breaker, times: usize) {
    for _ in 0..times {
        breaker.observe(&breaker.admit().unwrap(), &down());
    }
}

fn refused(breaker: &Breaker) -> Option<Duration> {
    breaker.admit().err().and_then(|refusal| refusal.retry_after())
}

const PERIOD: Duration = Duration::from_millis(500);

#[test]
fn it_opens_after_failures_in_a_row() {
    // R-C10
    let (breaker, hand) = breaker();
    fail(&breaker, 4);
    breaker.observe(&breaker.admit().unwrap(), &inactive());
    fail(&breaker, 4);
    assert!(breaker.admit().is_ok(), "not five in a row");
    fail(&breaker, 1);
    assert_eq!(refused(&breaker), Some(PERIOD));
    hand.pass(499);
    assert_eq!(refused(&breaker), Some(Duration::from_millis(1)));
}

#[test]
fn one_probe_is_let_through_in_a_period_and_an_answer_closes_it() {
    // R-C10, R-L2
    let (breaker, hand) = breaker();
    fail(&breaker, 5);
    hand.pass(500);
    let probe = breaker.admit().unwrap();
    assert!(probe.is_probe());
    for _ in 0..100 {
        assert_eq!(refused(&breaker), Some(PERIOD));
    }
    breaker.observe(&probe, &down());
    assert_eq!(refused(&breaker), Some(PERIOD), "the probe has failed");
    hand.pass(500);
    breaker.observe(&breaker.admit().unwrap(), &inactive());
    assert!(!breaker.admit().unwrap().is_probe(), "it answers");
    fail(&breaker, 4);
    assert!(breaker.admit().is_ok(), "counted from the start");
}

#[test]
fn a_probe_that_never_ends_delays_nobody_beyond_its_period() {
    // R-C10: cancelled, in a panic, or hanging.
    let (breaker, hand) = breaker();
    fail(&breaker, 5);
    hand.pass(500);
    drop(breaker.admit().unwrap());
    assert_eq!(refused(&breaker), Some(PERIOD));
    hand.pass(500);
    let hanging = breaker.admit().unwrap();
    hand.pass(500);
    breaker.observe(&breaker.admit().unwrap(), &inactive());
    breaker.observe(&hanging, &down());
    fail(&breaker, 4);
    assert!(breaker.admit().is_ok(), "what began before the recovery says nothing of now");
}

#[test]
fn it_can_be_switched_off_and_set_within_bounds() {
    let (_, hand) = breaker();
    let off = Breaker::new(None, Arc::new(hand));
    fail(&off, 1000);
    assert!(off.admit().is_ok());

    let check = |failures, period| Settings { failures, period }.check();
    assert!(check(1, Duration::from_millis(1)).is_ok() && check(9, 120 * PERIOD).is_ok());
    for (failures, period) in [(0, PERIOD), (1, Duration::ZERO), (1, 121 * PERIOD)] {
        assert!(check(failures, period).is_err(), "{failures} {period:?}");
    }
}
