//! A stream whose token a new request would be rejected for.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_stream_ends_as_soon_as_a_new_request_would_be_rejected() {
    // R-I15
    let mut open = Open::with(ALICE, &[]).await;
    open.cache(Answer::Claims(ALICE));
    open.answer(Answer::Inactive);
    for _ in 0..60 {
        open.send();
        assert_eq!(open.now().await, Next::Event, "a new request would be accepted from the cache");
        assert_eq!(open.within(SECOND).await, Next::Nothing);
    }
    assert_eq!(open.requests(), 1, "for the request that began the stream");
    open.cache(Answer::None);
    open.send();
    assert_eq!(open.now().await, Next::End, "the cache has no entry: the token is resolved first");

    let mut open = Open::with(ALICE, &[]).await;
    open.cache(Answer::Inactive);
    open.send();
    assert_eq!(open.now().await, Next::End);

    let mut open = Open::with(ALICE, &[]).await;
    open.cache(Answer::Inactive);
    assert_eq!(open.within(2 * SECOND).await, Next::End, "without an event");
}

#[tokio::test(start_paused = true)]
async fn without_a_cache_the_token_is_resolved_at_intervals() {
    // R-I15
    let mut open = Open::with(ALICE, &[]).await;
    assert_eq!(open.within(60 * SECOND).await, Next::Nothing);
    assert!((11..=13).contains(&open.requests()), "{}", open.requests());
    open.send();
    assert_eq!(open.now().await, Next::Event);
    open.answer(Answer::Inactive);
    assert_eq!(open.within(6 * SECOND).await, Next::End);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_token_loses_a_required_scope() {
    // R-I15
    let poor = r#"{"active":true,"sub":"alice","scope":"read","aud":"https://a.example/"}"#;
    for (scopes, expected) in [
        (&["read", "write"][..], Next::End),
        (&["write"], Next::End),
        (&["read"], Next::Event),
        (&[], Next::Event),
    ] {
        let mut open = Open::with(ALICE, scopes).await;
        open.send();
        assert_eq!(open.now().await, Next::Event);
        open.cache(Answer::Claims(poor));
        open.send();
        assert_eq!(open.now().await, expected, "{scopes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_token_has_another_principal_or_audience() {
    // R-I15
    for claims in [
        r#"{"active":true,"sub":"bob","scope":"read write","aud":"https://a.example/"}"#,
        r#"{"active":true,"sub":"alice","scope":"read write","aud":"https://b.example/"}"#,
    ] {
        let mut open = Open::with(ALICE, &[]).await;
        open.cache(Answer::Claims(claims));
        open.send();
        assert_eq!(open.now().await, Next::End, "{claims}");
    }
}
