//! A stream whose token cannot be resolved, or only to stale claims.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_outage_holds_events_back_before_it_ends_the_stream() {
    // R-I15
    let mut open = Open::with(ALICE, &[]).await;
    open.answer(Answer::Outage);
    assert_eq!(open.within(6 * SECOND).await, Next::Nothing);
    open.send();
    assert_eq!(open.within(50 * SECOND).await, Next::Nothing, "the token may be revoked");
    open.answer(Answer::Claims(ALICE));
    assert_eq!(open.within(6 * SECOND).await, Next::Event, "the token was not revoked");

    open.answer(Answer::Outage);
    assert_eq!(open.within(60 * SECOND).await, Next::Nothing);
    assert_eq!(open.within(10 * SECOND).await, Next::End, "the outage lasts");
}

#[cfg(feature = "introspection")]
#[tokio::test(start_paused = true)]
async fn stale_claims_without_a_required_scope_hold_events_back() {
    // R-I15
    for (usable, expected) in [("write", Next::Event), ("read", Next::Nothing)] {
        let mut open = Open::with(ALICE, &["write"]).await;
        open.cache(Answer::Stale(ALICE, usable));
        open.send();
        assert_eq!(open.within(50 * SECOND).await, expected, "{usable}");
        open.cache(Answer::Claims(ALICE));
        open.send();
        assert_eq!(open.within(2 * SECOND).await, Next::Event, "{usable}");
    }
    // Without a required scope, as for a new request: none of the usable scopes is needed.
    for required in [&["write"][..], &[]] {
        let mut open = Open::with(ALICE, required).await;
        open.cache(Answer::Stale(ALICE, "read"));
        open.send();
        assert_eq!(open.within(59 * SECOND).await, Next::Nothing, "{required:?}");
        assert_eq!(open.within(2 * SECOND).await, Next::End, "the outage lasts");
    }
}
