use super::*;
use crate::ErrorResponse;
use crate::UnavailableError;
use crate::clock::ManualClock;

fn gate() -> (RetryAfterGate, ManualClock) {
    let clock = ManualClock::new();
    (RetryAfterGate::new(Arc::new(clock.clone())), clock)
}

/// A response with status 429 and this `Retry-After`.
fn retry_after(seconds: u64) -> ResolveError {
    let limited = UnavailableError::new("limited").with_error_response(ErrorResponse::new(429));
    limited.with_retry_after(Duration::from_secs(seconds)).into()
}

fn token(text: &str) -> AccessToken {
    text.parse::<AccessToken>().unwrap()
}

/// For how many more seconds requests about this token are blocked.
fn blocked_for(gate: &RetryAfterGate, text: &str) -> Option<u64> {
    let error = gate.check(&token(text)).err()?;
    error.retry_after().map(|rest| rest.as_secs())
}

#[test]
fn a_response_blocks_its_own_token_and_that_of_a_control_request_blocks_all() {
    // R-C7
    let (gate, clock) = gate();
    gate.record(&token("a"), &UnavailableError::new("down").into());
    gate.record(&token("a"), &retry_after(0));
    let own = UnavailableError::new("concurrency_limit").with_retry_after(Duration::from_secs(1));
    gate.record(&token("a"), &own.into());
    assert_eq!(blocked_for(&gate, "a"), None, "no response had a `Retry-After`");
    assert!(!gate.take_due_control());

    gate.record(&token("a"), &retry_after(10));
    gate.record(&token("a"), &retry_after(2));
    clock.advance(Duration::from_secs(3));
    assert_eq!((blocked_for(&gate, "a"), blocked_for(&gate, "b")), (Some(7), None));
    assert!(gate.take_due_control() && !gate.take_due_control(), "one control request");
    gate.record(&token("a"), &retry_after(1));
    assert!(!gate.take_due_control(), "no second one while it is in flight");
    gate.record_control(&Err(retry_after(5)));
    gate.record_control(&Err(retry_after(1)));
    gate.release_control();
    assert_eq!(gate.check_all().unwrap_err().retry_after(), Some(Duration::from_secs(5)));
    assert_eq!((blocked_for(&gate, "a"), blocked_for(&gate, "b")), (Some(5), Some(5)));
    clock.advance(Duration::from_secs(5));
    assert!(gate.check_all().is_ok());
    assert_eq!((blocked_for(&gate, "a"), blocked_for(&gate, "b")), (Some(2), None));
    clock.advance(Duration::from_secs(2));
    assert_eq!(blocked_for(&gate, "a"), None);
}

#[test]
fn a_control_request_is_due_until_the_named_time_and_valid_for_a_while() {
    // R-C7
    let (gate, clock) = gate();
    gate.record(&token("a"), &retry_after(1));
    clock.advance(Duration::from_secs(1));
    assert!(!gate.take_due_control());

    gate.record(&token("a"), &retry_after(1));
    assert!(gate.take_due_control());
    gate.record(&token("a"), &retry_after(60));
    gate.record_control(&Ok(()));
    gate.release_control();
    assert!(!gate.take_due_control(), "also not for a response while it was in flight");
    for number in 0..100 {
        gate.record(&token(&format!("b{number}")), &retry_after(60));
    }
    assert!(!gate.take_due_control(), "the last control request is still valid");
    assert_eq!((blocked_for(&gate, "b99"), blocked_for(&gate, "c")), (Some(60), None));
    clock.advance(Duration::from_millis(500));
    gate.record(&token("d"), &retry_after(60));
    assert!(gate.take_due_control());
    gate.record_control(&Err(UnavailableError::new("down").into()));
    assert_eq!(blocked_for(&gate, "c"), None, "the response had no `Retry-After`");
}

#[test]
fn the_number_of_blocked_tokens_is_bounded() {
    // R-C7
    let (gate, clock) = gate();
    for number in 0..3 * RetryAfterGate::MAX_TOKENS {
        gate.record(&token(&number.to_string()), &retry_after(60));
    }
    let blocked_tokens = || gate.state().tokens_blocked_until.len();
    assert_eq!(blocked_tokens(), RetryAfterGate::MAX_TOKENS);
    clock.advance(Duration::from_secs(59));
    gate.record(&token("a"), &retry_after(60));
    clock.advance(Duration::from_secs(1));
    gate.record(&token("b"), &retry_after(60));
    assert_eq!(blocked_tokens(), 2, "tokens whose time has passed are removed");
    assert_eq!((blocked_for(&gate, "a"), blocked_for(&gate, "b")), (Some(59), Some(60)));
}
