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

fn breaker_with(settings: Settings) -> (Breaker, Hand) {
    let hand = Hand(Arc::new(Mutex::new(Instant::now())));
    (Breaker::new(Some(settings), 256, Arc::new(hand.clone())), hand)
}

fn breaker() -> (Breaker, Hand) {
    breaker_with(Settings::default())
}

fn down() -> ResolveError {
    Unavailable::new("down").into()
}

/// One exchange that fails.
fn fail(breaker: &Breaker) {
    let Admitted::Exchange(passage) = breaker.admit().unwrap() else { panic!("a control request") };
    assert!(breaker.observe(&passage, &Err(down())).is_none());
}

fn answer(breaker: &Breaker) {
    let Admitted::Exchange(passage) = breaker.admit().unwrap() else { panic!("a control request") };
    assert!(breaker.observe(&passage, &Err(ResolveError::Inactive)).is_none());
}

fn control(breaker: &Breaker) -> Control {
    let Admitted::Control(control) = breaker.admit().unwrap() else { panic!("an exchange") };
    control
}

fn end(breaker: &Breaker, control: &Control, outcome: &Result<(), ResolveError>) {
    breaker.observe_control(control, outcome);
    breaker.end_control(control);
}

fn open(breaker: &Breaker) {
    for _ in 0..4 {
        fail(breaker);
    }
    end(breaker, &control(breaker), &Err(down()));
}

fn refused(breaker: &Breaker) -> Option<Duration> {
    assert_eq!(breaker.check().is_err(), breaker.admit_exchange().is_err());
    breaker.admit().err().and_then(|refusal| refusal.retry_after())
}

const PERIOD: Duration = Duration::from_millis(500);

#[test]
fn it_opens_after_failures_in_a_row_of_which_the_last_is_a_control_request() {
    // R-C10
    let (breaker, hand) = breaker();
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
    assert_eq!(refused(&breaker), Some(PERIOD));
    hand.pass(499);
    assert_eq!(refused(&breaker), Some(Duration::from_millis(1)));
}

#[test]
fn no_number_of_failures_opens_it_while_control_requests_succeed() {
    // R-C10
    let (breaker, _) = breaker();
    let mut sent = 0;
    for _ in 0..1000 {
        match breaker.admit().unwrap() {
            Admitted::Exchange(passage) => drop(breaker.observe(&passage, &Err(down()))),
            Admitted::Control(control) => {
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
    breaker.end_control(&first);
    end(&breaker, &control(&breaker), &Err(down()));
    assert_eq!(refused(&breaker), Some(PERIOD));
}

#[test]
fn one_probe_is_let_through_in_a_period_and_an_answer_closes_it() {
    // R-C10, R-L2: in turn a caller's exchange and a control request.
    let (breaker, hand) = breaker();
    open(&breaker);
    for (number, kind) in [None, Some(0), None, Some(1)].into_iter().enumerate() {
        hand.pass(500);
        match (breaker.admit().unwrap(), kind) {
            (Admitted::Exchange(passage), None) => {
                assert!(passage.is_probe());
                assert!(breaker.observe(&passage, &Err(down())).is_none());
            }
            (Admitted::Control(control), Some(_)) => {
                assert_eq!(control.probe(), kind);
                end(&breaker, &control, &Err(down()));
            }
            (other, _) => panic!("{number}: {other:?}"),
        }
        for _ in 0..100 {
            assert_eq!(refused(&breaker), Some(PERIOD));
        }
    }
    hand.pass(500);
    answer(&breaker);
    answer(&breaker);
    open(&breaker);
    hand.pass(500);
    fail(&breaker);
    hand.pass(500);
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
    let (breaker, hand) = breaker();
    open(&breaker);
    hand.pass(500);
    drop(breaker.admit().unwrap());
    assert_eq!(refused(&breaker), Some(PERIOD));
    hand.pass(500);
    let hanging = control(&breaker);
    hand.pass(500);
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
    assert_eq!(refused(&breaker), Some(PERIOD));
}

#[test]
fn what_began_before_a_recovery_neither_counts_nor_makes_room_after_it() {
    // R-C10, R-L2
    let (breaker, hand) = breaker();
    let late: Vec<_> = (0..4).map(|_| breaker.admit_exchange().unwrap()).collect();
    for _ in 0..4 {
        fail(&breaker);
    }
    let first = control(&breaker);
    breaker.observe_control(&breaker.control_for_pause(), &Err(down()));
    hand.pass(500);
    answer(&breaker);
    for passage in &late {
        assert!(breaker.observe(passage, &Err(down())).is_none());
    }
    let [second, third] = [(); 2].map(|()| breaker.admit_exchange().unwrap());
    let refusal = breaker.admit().unwrap_err();
    assert_eq!(refusal.to_string(), "the authorization server has only just recovered");
    drop(late);
    drop((second, third));

    // It is under way no longer, whatever ends late.
    for _ in 0..4 {
        fail(&breaker);
    }
    let current = control(&breaker);
    breaker.end_control(&first);
    fail(&breaker);
    breaker.end_control(&current);

    // A place of the recovery before the last one is none of the last one.
    let early = breaker.admit_exchange().unwrap();
    end(&breaker, &control(&breaker), &Err(down()));
    hand.pass(500);
    answer(&breaker);
    let places = [(); 2].map(|()| breaker.admit_exchange().unwrap());
    drop(early);
    assert!(breaker.admit_exchange().is_err());
    drop(places);
}

#[test]
fn a_control_request_for_a_pause_opens_nothing_by_itself_and_ends_no_other() {
    // R-C10, R-C7
    let (breaker, _) = breaker();
    for _ in 0..4 {
        end(&breaker, &breaker.control_for_pause(), &Err(down()));
        fail(&breaker);
    }
    let exclusive = control(&breaker);
    breaker.end_control(&breaker.control_for_pause());
    fail(&breaker);
    end(&breaker, &exclusive, &Err(down()));
    assert_eq!(refused(&breaker), Some(PERIOD));
}

#[test]
fn a_single_failure_opens_it_where_that_is_the_limit() {
    // R-C10
    let (breaker, _) = breaker_with(Settings { failures: 1, period: PERIOD });
    for succeeds in [true, false] {
        let Admitted::Exchange(passage) = breaker.admit().unwrap() else { panic!() };
        let control = breaker.observe(&passage, &Err(down())).unwrap();
        assert!(breaker.check().is_ok(), "the control request decides");
        end(&breaker, &control, &if succeeds { Ok(()) } else { Err(down()) });
        assert_eq!(breaker.check().is_ok(), succeeds);
    }
}

#[test]
fn after_a_recovery_exchanges_double_until_all_are_let_through() {
    // R-C10, R-L2
    let recovered = || {
        let (breaker, hand) = breaker();
        open(&breaker);
        hand.pass(500);
        answer(&breaker);
        (breaker, hand)
    };
    let all = |breaker: &Breaker| {
        let passages: Vec<_> =
            std::iter::from_fn(|| breaker.admit_exchange().ok()).take(999).collect();
        passages.len()
    };
    let (breaker, _) = recovered();
    let mut waves = Vec::new();
    while waves.last() != Some(&999) && waves.len() < 20 {
        let passages: Vec<_> =
            std::iter::from_fn(|| breaker.admit_exchange().ok()).take(999).collect();
        if passages.len() < 999 {
            let refused = breaker.admit().unwrap_err();
            assert_eq!(refused.retry_after(), Some(Duration::from_secs(1)));
        }
        for passage in &passages {
            assert!(breaker.observe(passage, &Err(ResolveError::Inactive)).is_none());
        }
        waves.push(passages.len());
    }
    assert_eq!(waves, [2, 4, 8, 16, 32, 64, 128, 999]);

    // Those that hang hold nobody up for long, and those that go away leave their place.
    let (breaker, hand) = recovered();
    let hanging = [breaker.admit_exchange().unwrap(), breaker.admit_exchange().unwrap()];
    assert_eq!(all(&breaker), 0);
    hand.pass(100);
    assert_eq!([all(&breaker), all(&breaker)], [2, 2]);
    hand.pass(100);
    assert_eq!(all(&breaker), 6);
    drop(hanging);
    assert_eq!(all(&breaker), 8);
    hand.pass(500);
    assert_eq!(all(&breaker), 999);
}

#[test]
fn it_can_be_switched_off_and_set_within_bounds() {
    let (_, hand) = breaker();
    let off = Breaker::new(None, 256, Arc::new(hand));
    for _ in 0..1000 {
        fail(&off);
    }
    end(&off, &off.control_for_pause(), &Err(down()));
    assert!(off.admit().is_ok());

    let check = |failures, period| Settings { failures, period }.check();
    assert!(check(1, Duration::from_millis(1)).is_ok() && check(9, 120 * PERIOD).is_ok());
    for (failures, period) in [(0, PERIOD), (1, Duration::ZERO), (1, 121 * PERIOD)] {
        assert!(check(failures, period).is_err(), "{failures} {period:?}");
    }
}
