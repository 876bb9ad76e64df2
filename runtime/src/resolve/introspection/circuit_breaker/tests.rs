use std::time::SystemTime;

use super::*;

/// A clock whose hands the test moves.
#[derive(Debug, Clone)]
struct ManualClock(Arc<Mutex<Instant>>);

impl ManualClock {
    fn pass(&self, millis: u64) {
        *self.0.lock().unwrap() += Duration::from_millis(millis);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn instant(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

fn breaker_with(settings: Settings) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock(Arc::new(Mutex::new(Instant::now())));
    (CircuitBreaker::new(Some(settings), 256, Arc::new(clock.clone())), clock)
}

fn breaker() -> (CircuitBreaker, ManualClock) {
    breaker_with(Settings::default())
}

fn down() -> ResolveError {
    Unavailable::new("down").into()
}

/// One exchange that fails.
fn fail(breaker: &CircuitBreaker) {
    let Permit::Request(permit) = breaker.acquire().unwrap() else { panic!("a control request") };
    assert!(breaker.record(&permit, &Err(down())).is_none());
}

fn answer(breaker: &CircuitBreaker) {
    let Permit::Request(permit) = breaker.acquire().unwrap() else { panic!("a control request") };
    assert!(breaker.record(&permit, &Err(ResolveError::Inactive)).is_none());
}

fn control(breaker: &CircuitBreaker) -> ControlPermit {
    let Permit::Control(control) = breaker.acquire().unwrap() else { panic!("an exchange") };
    control
}

fn end(breaker: &CircuitBreaker, control: &ControlPermit, outcome: &Result<(), ResolveError>) {
    breaker.record_control(control, outcome);
    breaker.release_control(control);
}

fn open(breaker: &CircuitBreaker) {
    for _ in 0..4 {
        fail(breaker);
    }
    end(breaker, &control(breaker), &Err(down()));
}

fn refused(breaker: &CircuitBreaker) -> Option<Duration> {
    assert_eq!(breaker.check().is_err(), breaker.acquire_request().is_err());
    breaker.acquire().err().and_then(|refusal| refusal.retry_after())
}

const PROBE_INTERVAL: Duration = Duration::from_millis(500);

#[test]
fn it_opens_after_failures_in_a_row_of_which_the_last_is_a_control_request() {
    // R-C10
    let (breaker, clock) = breaker();
    for _ in 0..4 {
        fail(&breaker);
    }
    let first = control(&breaker);
    answer(&breaker);
    end(&breaker, &first, &Err(down()));
    for _ in 0..4 {
        fail(&breaker);
    }
    let second = control(&breaker);
    for _ in 0..1000 {
        fail(&breaker);
    }
    end(&breaker, &second, &Ok(()));
    for _ in 0..4 {
        fail(&breaker);
    }
    assert!(
        breaker.check().is_ok(),
        "an answer between them, and a control request that succeeded"
    );
    end(&breaker, &control(&breaker), &Err(down()));
    assert_eq!(refused(&breaker), Some(PROBE_INTERVAL));
    clock.pass(499);
    assert_eq!(refused(&breaker), Some(Duration::from_millis(1)));
}

#[test]
fn no_number_of_failures_opens_it_while_control_requests_succeed() {
    // R-C10
    let (breaker, _) = breaker();
    let mut sent = 0;
    for _ in 0..1000 {
        match breaker.acquire().unwrap() {
            Permit::Request(permit) => drop(breaker.record(&permit, &Err(down()))),
            Permit::Control(control) => {
                sent += 1;
                end(&breaker, &control, &Err(ResolveError::Inactive));
            }
        }
    }
    assert_eq!(sent, 200, "one for each four failures");
    assert!(breaker.check().is_ok());
}

#[test]
fn one_control_request_is_in_flight_at_most_and_one_that_breaks_off_is_followed_by_another() {
    // R-C10
    let (breaker, _) = breaker();
    for _ in 0..4 {
        fail(&breaker);
    }
    let first = control(&breaker);
    fail(&breaker);
    breaker.release_control(&first);
    end(&breaker, &control(&breaker), &Err(down()));
    assert_eq!(refused(&breaker), Some(PROBE_INTERVAL));
}

#[test]
fn one_probe_is_let_through_in_a_period_and_an_answer_closes_it() {
    // R-C10, R-L2: in turn a caller's exchange and a control request.
    let (breaker, clock) = breaker();
    open(&breaker);
    for (number, kind) in [None, Some(0), None, Some(1)].into_iter().enumerate() {
        clock.pass(500);
        match (breaker.acquire().unwrap(), kind) {
            (Permit::Request(permit), None) => {
                assert!(permit.is_probe());
                assert!(breaker.record(&permit, &Err(down())).is_none());
            }
            (Permit::Control(control), Some(_)) => {
                assert_eq!(control.probe(), kind);
                end(&breaker, &control, &Err(down()));
            }
            (other, _) => panic!("{number}: {other:?}"),
        }
        for _ in 0..100 {
            assert_eq!(refused(&breaker), Some(PROBE_INTERVAL));
        }
    }
    clock.pass(500);
    answer(&breaker);
    answer(&breaker);
    open(&breaker);
    clock.pass(500);
    fail(&breaker);
    clock.pass(500);
    end(&breaker, &control(&breaker), &Err(ResolveError::Inactive));
    answer(&breaker);
    for _ in 0..4 {
        fail(&breaker);
    }
    assert!(breaker.check().is_ok(), "counted from the start");
}

#[test]
fn a_probe_that_never_ends_delays_nobody_beyond_its_period() {
    // R-C10: cancelled, in a panic, or hanging.
    let (breaker, clock) = breaker();
    open(&breaker);
    clock.pass(500);
    drop(breaker.acquire().unwrap());
    assert_eq!(refused(&breaker), Some(PROBE_INTERVAL));
    clock.pass(500);
    let hanging = control(&breaker);
    clock.pass(500);
    answer(&breaker);
    for _ in 0..4 {
        fail(&breaker);
    }
    end(&breaker, &hanging, &Err(down()));
    assert!(breaker.check().is_ok(), "what began before the recovery says nothing of now");
}

#[test]
fn what_began_before_an_answer_opens_nothing() {
    // R-C10: a control request in whose time callers were answered, and failed again.
    let (breaker, _) = breaker();
    for _ in 0..4 {
        fail(&breaker);
    }
    let first = control(&breaker);
    answer(&breaker);
    for _ in 0..4 {
        fail(&breaker);
    }
    end(&breaker, &first, &Err(down()));
    assert!(breaker.check().is_ok());
    end(&breaker, &control(&breaker), &Err(down()));
    assert_eq!(refused(&breaker), Some(PROBE_INTERVAL));
}

#[test]
fn what_began_before_a_recovery_neither_counts_nor_makes_room_after_it() {
    // R-C10, R-L2
    let (breaker, clock) = breaker();
    let late: Vec<_> = (0..4).map(|_| breaker.acquire_request().unwrap()).collect();
    for _ in 0..4 {
        fail(&breaker);
    }
    let first = control(&breaker);
    breaker.record_control(&breaker.control_for_retry_after(), &Err(down()));
    clock.pass(500);
    answer(&breaker);
    for permit in &late {
        assert!(breaker.record(permit, &Err(down())).is_none());
    }
    let [second, third] = [(); 2].map(|()| breaker.acquire_request().unwrap());
    let refusal = breaker.acquire().unwrap_err();
    assert_eq!(refusal.to_string(), "the authorization server has only just recovered");
    drop(late);
    drop((second, third));

    // It is under way no longer, whatever ends late.
    for _ in 0..4 {
        fail(&breaker);
    }
    let current = control(&breaker);
    breaker.release_control(&first);
    fail(&breaker);
    breaker.release_control(&current);

    // A place of the recovery before the last one is none of the last one.
    let early = breaker.acquire_request().unwrap();
    end(&breaker, &control(&breaker), &Err(down()));
    clock.pass(500);
    answer(&breaker);
    let places = [(); 2].map(|()| breaker.acquire_request().unwrap());
    drop(early);
    assert!(breaker.acquire_request().is_err());
    drop(places);
}

#[test]
fn a_control_request_for_a_pause_opens_nothing_by_itself_and_ends_no_other() {
    // R-C10, R-C7
    let (breaker, _) = breaker();
    for _ in 0..4 {
        end(&breaker, &breaker.control_for_retry_after(), &Err(down()));
        fail(&breaker);
    }
    let exclusive = control(&breaker);
    breaker.release_control(&breaker.control_for_retry_after());
    fail(&breaker);
    end(&breaker, &exclusive, &Err(down()));
    assert_eq!(refused(&breaker), Some(PROBE_INTERVAL));
}

#[test]
fn a_single_failure_opens_it_where_that_is_the_limit() {
    // R-C10
    let (breaker, _) = breaker_with(Settings { failures: 1, period: PROBE_INTERVAL });
    for succeeds in [true, false] {
        let Permit::Request(permit) = breaker.acquire().unwrap() else { panic!() };
        let control = breaker.record(&permit, &Err(down())).unwrap();
        assert!(breaker.check().is_ok(), "the control request decides");
        end(&breaker, &control, &if succeeds { Ok(()) } else { Err(down()) });
        assert_eq!(breaker.check().is_ok(), succeeds);
    }
}

#[test]
fn after_a_recovery_exchanges_double_until_all_are_let_through() {
    // R-C10, R-L2
    let recovered = || {
        let (breaker, clock) = breaker();
        open(&breaker);
        clock.pass(500);
        answer(&breaker);
        (breaker, clock)
    };
    let all = |breaker: &CircuitBreaker| {
        let permits: Vec<_> =
            std::iter::from_fn(|| breaker.acquire_request().ok()).take(999).collect();
        permits.len()
    };
    let (breaker, _) = recovered();
    let mut waves = Vec::new();
    while waves.last() != Some(&999) && waves.len() < 20 {
        let permits: Vec<_> =
            std::iter::from_fn(|| breaker.acquire_request().ok()).take(999).collect();
        if permits.len() < 999 {
            let refused = breaker.acquire().unwrap_err();
            assert_eq!(refused.retry_after(), Some(Duration::from_secs(1)));
        }
        for permit in &permits {
            assert!(breaker.record(permit, &Err(ResolveError::Inactive)).is_none());
        }
        waves.push(permits.len());
    }
    assert_eq!(waves, [2, 4, 8, 16, 32, 64, 128, 999]);

    // Those that hang hold nobody up for long, and those that go away leave their place.
    let (breaker, clock) = recovered();
    let hanging = [breaker.acquire_request().unwrap(), breaker.acquire_request().unwrap()];
    assert_eq!(all(&breaker), 0);
    clock.pass(100);
    assert_eq!([all(&breaker), all(&breaker)], [2, 2]);
    clock.pass(100);
    assert_eq!(all(&breaker), 6);
    drop(hanging);
    assert_eq!(all(&breaker), 8);
    clock.pass(500);
    assert_eq!(all(&breaker), 999);
}

#[test]
fn it_can_be_switched_off_and_set_within_bounds() {
    let (_, clock) = breaker();
    let off = CircuitBreaker::new(None, 256, Arc::new(clock));
    for _ in 0..1000 {
        fail(&off);
    }
    end(&off, &off.control_for_retry_after(), &Err(down()));
    assert!(off.acquire().is_ok());

    let check = |failures, period| Settings { failures, period }.check();
    assert!(check(1, Duration::from_millis(1)).is_ok() && check(9, 120 * PROBE_INTERVAL).is_ok());
    for (failures, period) in [(0, PROBE_INTERVAL), (1, Duration::ZERO), (1, 121 * PROBE_INTERVAL)]
    {
        assert!(check(failures, period).is_err(), "{failures} {period:?}");
    }
}
