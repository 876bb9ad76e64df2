//! The promises of the cache in all interleavings of its threads.

use cache_model::{forgetting, sharing};

#[test]
fn a_request_that_begins_after_an_entry_was_forgotten_does_not_use_it() {
    // R-E7
    let (kept, after) = forgetting::check(None);
    assert!(
        kept > 0 && after > 0,
        "{kept} requests used an entry of their thread, {after} came after"
    );
}

#[test]
fn a_request_that_begins_after_an_entry_was_replaced_uses_the_new_one() {
    // R-E7
    let (kept, after) = forgetting::check(Some(2));
    assert!(
        kept > 0 && after > 0,
        "{kept} requests used an entry of their thread, {after} came after"
    );
}

#[test]
fn two_requests_with_one_token_cause_one_request_to_the_authorization_server() {
    // R-E6
    sharing::check_one_request();
}

#[test]
fn a_resolution_that_is_aborted_leaves_no_request_without_an_answer() {
    // R-E6
    sharing::check_aborted_resolution();
}

#[test]
fn a_request_that_begins_after_a_token_was_forgotten_gets_no_earlier_answer() {
    // R-E7
    sharing::check_forgetting();
}
