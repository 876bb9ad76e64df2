//! Every event is passed on after a check of its own.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_claims_are_checked_for_each_event_and_not_without_one() {
    // R-I15
    let mut open = Open::with(ALICE, &["read"]).await;
    open.cache(Answer::Latest);
    for _ in 0..3 {
        open.send();
        open.send();
        for _ in 0..2 {
            let before = open.look_ups();
            assert_eq!(open.now().await, Next::Event);
            assert_eq!(open.look_ups(), before + 1);
        }
        let before = open.look_ups();
        assert_eq!(open.now().await, Next::Nothing);
        assert_eq!(open.now().await, Next::Nothing);
        assert_eq!(open.look_ups(), before, "nothing is passed on");
    }
}

#[tokio::test(start_paused = true)]
async fn no_event_follows_a_revocation() {
    // R-I15
    let revoked = [
        Answer::Inactive,
        Answer::Claims(r#"{"active":true,"sub":"alice","aud":"https://a.example/"}"#),
        Answer::Claims(r#"{"active":true,"sub":"bob","scope":"read","aud":"https://a.example/"}"#),
    ];
    for revoked in revoked {
        // The events are there before the revocation.
        let mut open = Open::with(ALICE, &["read"]).await;
        open.cache(Answer::Latest);
        open.send();
        open.send();
        open.send();
        assert_eq!(open.now().await, Next::Event);
        open.cache(revoked.clone());
        assert_eq!(open.now().await, Next::End, "{revoked:?}");
        assert!(open.events.is_closed(), "the stream of the service is dropped");
        assert_eq!(open.now().await, Next::End);

        // The event comes while the stream waits for one.
        let mut open = Open::with(ALICE, &["read"]).await;
        open.cache(Answer::Latest);
        assert_eq!(open.now().await, Next::Nothing);
        open.cache(revoked.clone());
        open.send();
        assert_eq!(open.now().await, Next::End, "{revoked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_requirements_are_checked_with_the_first_event() {
    // R-I15: what the variables of a URI require can differ from what the request was permitted for.
    let mut open = Open::with(ALICE, &["read", "admin"]).await;
    open.cache(Answer::Latest);
    open.send();
    assert_eq!(open.now().await, Next::End);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_held_back_while_its_token_is_resolved() {
    // R-I15: the event is the first to find that the cache has no entry.
    for (answer, expected) in [(Answer::Claims(ALICE), Next::Event), (Answer::Inactive, Next::End)]
    {
        let mut open = Open::with(ALICE, &["read"]).await;
        open.cache(Answer::Latest);
        assert_eq!(open.within(10 * SECOND).await, Next::Nothing);
        open.cache(Answer::None);
        open.answer(Answer::Outage);
        open.send();
        // The body of the service ends with this event.
        let (ended, _) = mpsc::unbounded_channel();
        open.events = ended;
        assert_eq!(open.now().await, Next::Nothing);
        assert_eq!(open.requests(), 2);
        assert!(!open.stream.is_end_stream(), "an event is held back");
        open.answer(answer);
        assert_eq!(open.within(6 * SECOND).await, expected);
        assert_eq!(open.now().await, Next::End);
        assert!(open.stream.is_end_stream());
    }
}
