use super::*;
use crate::clock::ManualClock;
use crate::resource_server::SingleValue;
use crate::{TokenError, UnavailableError};

const PROBE_INTERVAL: Duration = Duration::from_millis(500);

fn circuit_breaker_with(settings: Option<Settings>) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    (CircuitBreaker::new(settings, 256, Arc::new(clock.clone())), clock)
}

fn circuit_breaker() -> (CircuitBreaker, ManualClock) {
    circuit_breaker_with(Some(Settings::default()))
}

fn token() -> AccessToken {
    "token".parse().unwrap()
}

fn outage() -> ResolveError {
    UnavailableError::new("down").into()
}

fn acquire_request(breaker: &CircuitBreaker) -> RequestPermit<'_> {
    let Permit::Request(permit) = breaker.acquire(&token()).unwrap() else {
        panic!("a control request")
    };
    permit
}

fn acquire_control(breaker: &CircuitBreaker) -> ControlPermit {
    let Permit::Control(permit) = breaker.acquire(&token()).unwrap() else {
        panic!("a caller's request")
    };
    permit
}

/// One introspection request that fails.
fn fail(breaker: &CircuitBreaker) {
    assert!(breaker.record(&acquire_request(breaker), &Err(outage())).is_none());
}

/// One introspection request with a response.
fn respond(breaker: &CircuitBreaker) {
    assert!(
        breaker
            .record(
                &acquire_request(breaker),
                &Err(ResolveError::InvalidToken(TokenError::Inactive))
            )
            .is_none()
    );
}

fn end_control(
    breaker: &CircuitBreaker,
    permit: &ControlPermit,
    outcome: &Result<(), ResolveError>,
) {
    breaker.record_control(permit, outcome, Evidence::Outage);
    breaker.release_control(permit);
}

fn open(breaker: &CircuitBreaker) {
    for _ in 0..4 {
        fail(breaker);
    }
    end_control(breaker, &acquire_control(breaker), &Err(outage()));
}

/// The `Retry-After` of a rejected request.
fn retry_after(breaker: &CircuitBreaker) -> Option<Duration> {
    assert_eq!(breaker.check(&token()).is_err(), breaker.acquire_request(&token()).is_err());
    breaker.acquire(&token()).err().and_then(|error| error.retry_after())
}

/// The permits for as many introspection requests as may be in flight now; 999 without a limit.
fn acquire_all(breaker: &CircuitBreaker) -> Vec<RequestPermit<'_>> {
    std::iter::from_fn(|| breaker.acquire_request(&token()).ok()).take(999).collect()
}

#[test]
fn the_circuit_opens_after_consecutive_failures_of_which_the_last_is_a_control_request() {
    // R-C10
    let (breaker, clock) = circuit_breaker();
    for _ in 0..4 {
        fail(&breaker);
    }
    let first = acquire_control(&breaker);
    respond(&breaker);
    end_control(&breaker, &first, &Err(outage()));
    for _ in 0..4 {
        fail(&breaker);
    }
    let second = acquire_control(&breaker);
    for _ in 0..1000 {
        fail(&breaker);
    }
    end_control(&breaker, &second, &Ok(()));
    for _ in 0..4 {
        fail(&breaker);
    }
    assert!(
        breaker.check(&token()).is_ok(),
        "a response between the failures, and a control request that succeeded"
    );
    end_control(&breaker, &acquire_control(&breaker), &Err(outage()));
    assert_eq!(retry_after(&breaker), Some(PROBE_INTERVAL));
    clock.advance(Duration::from_millis(499));
    assert_eq!(retry_after(&breaker), Some(Duration::from_millis(1)));
}

#[test]
fn no_number_of_failures_opens_the_circuit_while_control_requests_succeed() {
    // R-C10
    let (breaker, _) = circuit_breaker();
    let mut control_requests = 0;
    for _ in 0..1000 {
        match breaker.acquire(&token()).unwrap() {
            Permit::Request(permit) => drop(breaker.record(&permit, &Err(outage()))),
            Permit::Control(permit) => {
                control_requests += 1;
                end_control(
                    &breaker,
                    &permit,
                    &Err(ResolveError::InvalidToken(TokenError::Inactive)),
                );
            }
        }
    }
    assert_eq!(control_requests, 200, "one for four failures");
    assert!(breaker.check(&token()).is_ok());
}

#[test]
fn one_control_request_is_in_flight_at_most_and_a_cancelled_one_is_replaced() {
    // R-C10
    let (breaker, _) = circuit_breaker();
    for _ in 0..4 {
        fail(&breaker);
    }
    let cancelled = acquire_control(&breaker);
    fail(&breaker);
    breaker.release_control(&cancelled);
    end_control(&breaker, &acquire_control(&breaker), &Err(outage()));
    assert_eq!(retry_after(&breaker), Some(PROBE_INTERVAL));
}

#[test]
fn an_open_circuit_permits_one_probe_per_interval_and_a_response_closes_it() {
    // R-C10, R-L2: in turn a caller's introspection request and a control request.
    let (breaker, clock) = circuit_breaker();
    open(&breaker);
    for (number, control) in [None, Some(0), None, Some(1)].into_iter().enumerate() {
        clock.advance(Duration::from_millis(500));
        match (breaker.acquire(&token()).unwrap(), control) {
            (Permit::Request(permit), None) => {
                assert!(permit.is_probe());
                assert!(breaker.record(&permit, &Err(outage())).is_none());
            }
            (Permit::Control(permit), Some(control)) => {
                assert_eq!(permit.reason(), ControlReason::Probe(control));
                end_control(&breaker, &permit, &Err(outage()));
            }
            (other, _) => panic!("{number}: {other:?}"),
        }
        for _ in 0..100 {
            assert_eq!(retry_after(&breaker), Some(PROBE_INTERVAL));
        }
    }
    clock.advance(Duration::from_millis(500));
    respond(&breaker);
    respond(&breaker);
    open(&breaker);
    clock.advance(Duration::from_millis(500));
    fail(&breaker);
    clock.advance(Duration::from_millis(500));
    end_control(
        &breaker,
        &acquire_control(&breaker),
        &Err(ResolveError::InvalidToken(TokenError::Inactive)),
    );
    respond(&breaker);
    for _ in 0..4 {
        fail(&breaker);
    }
    assert!(breaker.check(&token()).is_ok(), "the count starts at 0 after the circuit has closed");
}

#[test]
fn a_probe_that_never_ends_delays_the_recovery_by_one_interval_at_most() {
    // R-C10: cancelled, panicked, or without a response.
    let (breaker, clock) = circuit_breaker();
    open(&breaker);
    clock.advance(Duration::from_millis(500));
    drop(breaker.acquire(&token()).unwrap());
    assert_eq!(retry_after(&breaker), Some(PROBE_INTERVAL));
    clock.advance(Duration::from_millis(500));
    let without_response = acquire_control(&breaker);
    clock.advance(Duration::from_millis(500));
    respond(&breaker);
    for _ in 0..4 {
        fail(&breaker);
    }
    end_control(&breaker, &without_response, &Err(outage()));
    assert!(
        breaker.check(&token()).is_ok(),
        "a request that began before the recovery does not count"
    );
}

#[test]
fn a_control_request_that_began_before_a_response_does_not_open_the_circuit() {
    // R-C10: while it is in flight, callers get responses, and their requests fail again.
    let (breaker, _) = circuit_breaker();
    for _ in 0..4 {
        fail(&breaker);
    }
    let first = acquire_control(&breaker);
    respond(&breaker);
    for _ in 0..4 {
        fail(&breaker);
    }
    end_control(&breaker, &first, &Err(outage()));
    assert!(breaker.check(&token()).is_ok());
    end_control(&breaker, &acquire_control(&breaker), &Err(outage()));
    assert_eq!(retry_after(&breaker), Some(PROBE_INTERVAL));
}

#[test]
fn a_request_that_began_before_a_recovery_neither_counts_nor_frees_a_share_after_it() {
    // R-C10, R-L2
    let (breaker, clock) = circuit_breaker();
    let late: Vec<_> = (0..4).map(|_| breaker.acquire_request(&token()).unwrap()).collect();
    for _ in 0..4 {
        fail(&breaker);
    }
    let first = acquire_control(&breaker);
    let control = breaker.acquire_control_for_retry_after(&token());
    breaker.record_control(&control, &Err(outage()), Evidence::Outage);
    clock.advance(Duration::from_millis(500));
    respond(&breaker);
    for permit in &late {
        assert!(breaker.record(permit, &Err(outage())).is_none());
    }
    let [second, third] = [(); 2].map(|()| breaker.acquire_request(&token()).unwrap());
    let error = breaker.acquire(&token()).unwrap_err();
    assert_eq!(error.to_string(), "the authorization server has only just recovered");
    drop(late);
    drop((second, third));

    // A control request from before the recovery does not release the current one.
    for _ in 0..4 {
        fail(&breaker);
    }
    let current = acquire_control(&breaker);
    breaker.release_control(&first);
    fail(&breaker);
    breaker.release_control(&current);

    // A request of one slow start does not free a share of the next slow start.
    let early = breaker.acquire_request(&token()).unwrap();
    end_control(&breaker, &acquire_control(&breaker), &Err(outage()));
    clock.advance(Duration::from_millis(500));
    respond(&breaker);
    let permits = [(); 2].map(|()| breaker.acquire_request(&token()).unwrap());
    drop(early);
    assert!(breaker.acquire_request(&token()).is_err());
    drop(permits);
}

#[test]
fn a_control_request_for_retry_after_does_not_open_the_circuit_or_release_another_one() {
    // R-C10, R-C7
    let (breaker, _) = circuit_breaker();
    for _ in 0..4 {
        end_control(&breaker, &breaker.acquire_control_for_retry_after(&token()), &Err(outage()));
        fail(&breaker);
    }
    let for_failures = acquire_control(&breaker);
    breaker.release_control(&breaker.acquire_control_for_retry_after(&token()));
    fail(&breaker);
    end_control(&breaker, &for_failures, &Err(outage()));
    assert_eq!(retry_after(&breaker), Some(PROBE_INTERVAL));
}

#[test]
fn a_single_failure_with_a_control_request_opens_the_circuit_if_the_limit_is_1() {
    // R-C10
    let settings = Settings { failures: 1, probe_interval: PROBE_INTERVAL };
    let (breaker, _) = circuit_breaker_with(Some(settings));
    for succeeds in [true, false] {
        let control = breaker.record(&acquire_request(&breaker), &Err(outage())).unwrap();
        assert!(breaker.check(&token()).is_ok(), "the control request decides");
        end_control(&breaker, &control, &if succeeds { Ok(()) } else { Err(outage()) });
        assert_eq!(breaker.check(&token()).is_ok(), succeeds);
    }
}

#[test]
fn after_a_recovery_the_requests_in_flight_double_until_the_limit_ends() {
    // R-C10, R-L2
    let recovered = || {
        let (breaker, clock) = circuit_breaker();
        open(&breaker);
        clock.advance(Duration::from_millis(500));
        respond(&breaker);
        (breaker, clock)
    };
    let (breaker, _) = recovered();
    let mut waves = Vec::new();
    while waves.last() != Some(&999) && waves.len() < 20 {
        let permits = acquire_all(&breaker);
        if permits.len() < 999 {
            let error = breaker.acquire(&token()).unwrap_err();
            assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
        }
        for permit in &permits {
            assert!(
                breaker
                    .record(permit, &Err(ResolveError::InvalidToken(TokenError::Inactive)))
                    .is_none()
            );
        }
        waves.push(permits.len());
    }
    assert_eq!(waves, [2, 4, 8, 16, 32, 64, 128, 999]);

    // Requests without a response block others for 100 ms, and cancelled ones free their share.
    let (breaker, clock) = recovered();
    let count = || acquire_all(&breaker).len();
    let without_response = [acquire_request(&breaker), acquire_request(&breaker)];
    assert_eq!(count(), 0);
    clock.advance(Duration::from_millis(100));
    assert_eq!([count(), count()], [2, 2]);
    clock.advance(Duration::from_millis(100));
    assert_eq!(count(), 6);
    drop(without_response);
    assert_eq!(count(), 8);
    clock.advance(Duration::from_millis(500));
    assert_eq!(count(), 999);
}

#[test]
fn the_circuit_breaker_can_be_disabled_and_its_settings_have_bounds() {
    let (disabled, _) = circuit_breaker_with(None);
    for _ in 0..1000 {
        fail(&disabled);
    }
    end_control(&disabled, &disabled.acquire_control_for_retry_after(&token()), &Err(outage()));
    assert!(disabled.acquire(&token()).is_ok());

    let settings = |enabled, failures: Option<u32>, probe_interval: Option<Duration>| {
        let (mut first, mut second) = (SingleValue::UNSET, SingleValue::UNSET);
        if let Some(failures) = failures {
            first.set(failures);
        }
        if let Some(probe_interval) = probe_interval {
            second.set(probe_interval);
        }
        Settings::new(enabled, first, second).map_err(|error| error.to_string())
    };
    let validate = |failures, interval| settings(true, Some(failures), Some(interval));
    assert!(validate(1, Duration::from_millis(1)).is_ok());
    assert!(validate(9, 120 * PROBE_INTERVAL).is_ok());
    for (failures, probe_interval) in
        [(0, PROBE_INTERVAL), (1, Duration::ZERO), (1, 121 * PROBE_INTERVAL)]
    {
        assert!(validate(failures, probe_interval).is_err(), "{failures} {probe_interval:?}");
    }

    // R-C13: a setting that has no effect is an error that names it.
    assert!(settings(false, None, None).unwrap().is_none());
    for (failures, interval, name) in [
        (Some(9), None, "`circuit_breaker_failures`"),
        (None, Some(PROBE_INTERVAL), "`circuit_breaker_probe_interval`"),
    ] {
        let error = settings(false, failures, interval).unwrap_err();
        assert!(error.contains(name) && error.contains("`without_circuit_breaker`"), "{error}");
    }
}

#[test]
fn an_open_circuit_without_confirmation_permits_the_first_request_about_each_token() {
    // R-C10: the server may fail only for tokens that it did not issue.
    let (breaker, _) = circuit_breaker();
    for _ in 0..4 {
        fail(&breaker);
    }
    let control = acquire_control(&breaker);
    breaker.record_control(&control, &Err(outage()), Evidence::Unconfirmed);
    assert!(breaker.check_after(&control).is_err(), "its token has failed");
    breaker.release_control(&control);
    assert_eq!(retry_after(&breaker), Some(PROBE_INTERVAL), "one token that fails");

    let other: AccessToken = "other".parse().unwrap();
    assert!(breaker.check(&other).is_ok());
    let Ok(Permit::Request(permit)) = breaker.acquire(&other) else { panic!("not permitted") };
    assert!(permit.is_probe(), "without a retry");
    assert!(breaker.acquire(&other).is_err(), "also while the first request is in flight");
    assert!(breaker.record(&permit, &Err(outage())).is_none());
    assert!(breaker.acquire(&other).is_err() && breaker.check(&other).is_err());

    let good: AccessToken = "good".parse().unwrap();
    let permit = breaker.acquire_request(&good).unwrap();
    let inactive = Err(ResolveError::InvalidToken(TokenError::Inactive));
    assert!(breaker.record(&permit, &inactive).is_none());
    assert!(breaker.check(&token()).is_ok(), "the response has closed the circuit");
    assert_eq!(acquire_all(&breaker).len(), 999, "nothing recovers: no slow start");
}

#[test]
fn a_confirmed_outage_rejects_tokens_that_have_not_failed() {
    // R-C10
    let (breaker, clock) = circuit_breaker();
    for _ in 0..4 {
        fail(&breaker);
    }
    let control = acquire_control(&breaker);
    breaker.record_control(&control, &Err(outage()), Evidence::Unconfirmed);
    breaker.release_control(&control);
    let other: AccessToken = "other".parse().unwrap();
    assert!(breaker.check(&other).is_ok());
    // The first probe is a caller's request, the second one a control request.
    clock.advance(PROBE_INTERVAL);
    fail(&breaker);
    clock.advance(PROBE_INTERVAL);
    end_control(&breaker, &acquire_control(&breaker), &Err(outage()));
    assert!(breaker.check(&other).is_err() && breaker.acquire(&other).is_err());
}
