//! What the builder rejects.

use super::*;
use crate::clock::ManualClock;

fn error(setting: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder) -> SetupError {
    setting(Introspection::builder("https://auth.example/introspect")).build().unwrap_err()
}

#[test]
fn a_setting_is_not_overwritten() {
    // R-C13
    let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
    let claims = |text: &str| [text.parse::<ScopeClaim>().unwrap()];
    for (setting, error) in [
        ("client_authentication", error(|it| it.bearer_token("a").client_secret_post("b", "c"))),
        ("client_identity", error(|it| it.client_identity("a").client_identity("b"))),
        ("scope_claims", error(|it| it.scope_claims(claims("a")).scope_claims(claims("b")))),
        ("connect_timeout", error(|it| it.connect_timeout(one).connect_timeout(two))),
        ("request_timeout", error(|it| it.request_timeout(one).request_timeout(two))),
        ("max_response_length", error(|it| it.max_response_length(1).max_response_length(2))),
        ("max_in_flight", error(|it| it.max_in_flight(1).max_in_flight(2))),
        ("max_retry_after", error(|it| it.max_retry_after(one).max_retry_after(two))),
        (
            "circuit_breaker_failures",
            error(|it| it.circuit_breaker_failures(1).circuit_breaker_failures(2)),
        ),
        (
            "circuit_breaker_probe_interval",
            error(|it| it.circuit_breaker_probe_interval(one).circuit_breaker_probe_interval(two)),
        ),
        ("clock", error(|it| it.clock(ManualClock::new()).clock(ManualClock::new()))),
    ] {
        let SetupError::SetTwice { setting: twice } = &error else { panic!("{error}") };
        assert_eq!(twice.method(), Some(setting));
    }
}

#[test]
fn a_setting_that_is_out_of_range_is_an_error_with_its_value() {
    // R-C13
    for (error, message) in [
        (
            error(|it| it.connect_timeout(Duration::ZERO)),
            "the setting `connect_timeout` (`connect_timeout_ms`, \
             REQUIRES_AUTH_CONNECT_TIMEOUT_MS) must be more than 0: found 0ns",
        ),
        (
            error(|it| it.max_in_flight(0)),
            "the setting `max_in_flight` (REQUIRES_AUTH_MAX_IN_FLIGHT) must be at least 1 and at most \
             `usize::MAX >> 3`: found 0",
        ),
        (
            error(|it| it.max_response_length(0)),
            "the setting `max_response_length` (REQUIRES_AUTH_MAX_RESPONSE_LENGTH) must be at least 1: \
             found 0",
        ),
        (
            error(|it| it.circuit_breaker_failures(0)),
            "the setting `circuit_breaker_failures` (REQUIRES_AUTH_CIRCUIT_BREAKER_FAILURES) must be at \
             least 1: found 0",
        ),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_setting_of_a_disabled_circuit_breaker_is_an_error_in_either_order() {
    // R-C13
    for error in [
        error(|it| it.without_circuit_breaker().circuit_breaker_failures(9)),
        error(|it| it.circuit_breaker_failures(9).without_circuit_breaker()),
    ] {
        assert_eq!(
            error.to_string(),
            "the settings `circuit_breaker_failures` (REQUIRES_AUTH_CIRCUIT_BREAKER_FAILURES) and \
             `without_circuit_breaker` (REQUIRES_AUTH_WITHOUT_CIRCUIT_BREAKER) cannot be used together as \
             they are set: a disabled circuit breaker has no settings: leave them out, or enable it"
        );
    }
}
