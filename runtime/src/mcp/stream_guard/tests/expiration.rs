//! A stream and the expiration time of its token.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_token_expires() {
    // R-I15
    let claims = r#"{"active":true,"sub":"a","aud":"https://a.example/","exp":100}"#;
    let answers = [Answer::None, Answer::Latest, Answer::Claims(claims)];
    for case in 0..2 * answers.len() {
        let (event, cached) = (case % 2 == 0, answers[case / 2].clone());
        let mut open = Open::with(claims, &[]).await;
        open.cache(cached);
        open.send();
        assert_eq!(open.now().await, Next::Event);
        open.clock.set(START + 99 * SECOND);
        open.send();
        assert_eq!(open.now().await, Next::Event);
        open.clock.set(START + 100 * SECOND);
        if event {
            open.send();
            assert_eq!(open.now().await, Next::End, "no event is passed on");
        } else {
            assert_eq!(open.within(2 * SECOND).await, Next::End, "without an event");
        }
        assert_eq!(open.now().await, Next::End);
        assert!(open.events.is_closed(), "the stream of the service is dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_events_ends_when_its_token_expires() {
    // R-I15: the timer runs until the token expires, not until the next tick.
    let claims = r#"{"active":true,"sub":"a","aud":"https://a.example/","exp":10}"#;
    let mut open = Open::with(claims, &[]).await;
    let millis = Duration::from_millis;
    let begin = Instant::now();
    open.clock.set(START + millis(9750));
    // In a task of its own, so that nothing but the timer wakes the stream.
    let clock = open.clock.clone();
    tokio::spawn(async move {
        tokio::time::sleep(millis(1100)).await;
        clock.set(START + 10 * SECOND);
    });
    assert_eq!(open.within(10 * SECOND).await, Next::End);
    let took = begin.elapsed();
    assert!((millis(1250)..millis(1260)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_ends_a_stream_while_it_is_resolved() {
    // R-I15
    let claims = r#"{"active":true,"sub":"a","aud":"https://a.example/","exp":100}"#;
    let mut open = Open::with(claims, &[]).await;
    open.answer(Answer::None);
    assert_eq!(open.within(10 * SECOND).await, Next::Nothing);
    open.send();
    assert_eq!(open.within(10 * SECOND).await, Next::Nothing, "the token is being resolved");
    open.clock.set(START + 100 * SECOND);
    assert_eq!(open.within(2 * SECOND).await, Next::End);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_the_latest_expiration_time() {
    // R-I15: the authorization server has changed `exp` since the stream began.
    let early = r#"{"active":true,"sub":"alice","aud":"https://a.example/","exp":50}"#;
    let mut open = Open::with(ALICE, &[]).await;
    open.cache(Answer::Claims(early));
    open.send();
    assert_eq!(open.now().await, Next::Event);
    // From now on the cache has no entry, and the interval for resolving has not elapsed.
    open.cache(Answer::None);
    open.clock.set(START + 49 * SECOND);
    open.send();
    assert_eq!(open.now().await, Next::Event);
    open.clock.set(START + 50 * SECOND);
    open.send();
    assert_eq!(open.now().await, Next::End);
}
