use tokio::task::JoinHandle;

use super::*;
use crate::clock::ManualClock;

fn limit_of(max_in_flight: usize) -> (Arc<ConcurrencyLimit>, ManualClock) {
    let clock = ManualClock::new();
    let limit =
        ConcurrencyLimit::new(max_in_flight, Duration::from_secs(4), Arc::new(clock.clone()));
    (limit, clock)
}

/// Starts a request that gets no response. The task ends when the request is preempted.
async fn start(limit: &Arc<ConcurrencyLimit>) -> JoinHandle<()> {
    run_without_response(limit.acquire().await.unwrap())
}

fn run_without_response(mut slot: Slot) -> JoinHandle<()> {
    tokio::spawn(async move {
        let preempted = slot.run(std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(preempted.retry_after(), Some(RETRY_AFTER));
    })
}

/// A request that preempts another one and then keeps its slot.
async fn start_and_keep(limit: &Arc<ConcurrencyLimit>) {
    let slot = limit.acquire().await.unwrap();
    slot.disable_preemption();
    std::mem::forget(slot);
}

async fn respond_after(limit: &Arc<ConcurrencyLimit>, clock: &ManualClock, millis: u64) {
    let slot = limit.acquire().await.unwrap();
    clock.advance(Duration::from_millis(millis));
    slot.record_response();
}

#[tokio::test]
async fn requests_beyond_the_limit_are_rejected_at_once_while_none_in_flight_is_slow() {
    // R-C9
    let (limit, clock) = limit_of(8);
    let mut in_flight = Vec::new();
    for _ in 0..8 {
        in_flight.push(start(&limit).await);
    }
    clock.advance(Duration::from_millis(2999));
    for _ in 0..100 {
        let error = limit.acquire().await.unwrap_err();
        assert_eq!(error.retry_after(), Some(RETRY_AFTER));
    }
    assert!(in_flight.iter().all(|request| !request.is_finished()));
}

#[tokio::test]
async fn slow_requests_hold_at_most_a_quarter_of_the_slots() {
    // R-C9
    let (limit, clock) = limit_of(8);
    let mut in_flight = Vec::new();
    for number in 0..8 {
        if number == 7 {
            limit.acquire().await.unwrap().record_response();
        }
        in_flight.push(start(&limit).await);
        clock.advance(Duration::from_millis(10));
    }
    clock.advance(Duration::from_millis(980));
    // All are in flight for about a second, and the only response took no time.
    for _ in 0..6 {
        start_and_keep(&limit).await;
        assert_eq!(limit.semaphore.available_permits(), 0, "the limit holds");
        in_flight.remove(0).await.unwrap();
    }
    assert!(limit.acquire().await.is_err(), "two of eight are slow, which is a quarter");
    assert!(in_flight.iter().all(|request| !request.is_finished()));
}

#[tokio::test]
async fn a_request_is_slow_relative_to_the_typical_duration() {
    // R-C9: few slots, and no response to a later request.
    for (typical, slow_after) in [(0, 20), (5, 20), (100, 400), (900, 1000)] {
        let (limit, clock) = limit_of(4);
        respond_after(&limit, &clock, typical).await;
        let mut in_flight = Vec::new();
        for _ in 0..4 {
            in_flight.push(start(&limit).await);
        }
        clock.advance(Duration::from_millis(slow_after - 1));
        assert!(limit.acquire().await.is_err(), "{typical}");
        clock.advance(Duration::from_millis(1));
        for _ in 0..3 {
            start_and_keep(&limit).await;
            in_flight.pop().unwrap().await.unwrap();
        }
        assert!(limit.acquire().await.is_err(), "one stays: the server may be slow for all tokens");
        assert!(!in_flight.remove(0).is_finished());
    }
}

#[tokio::test]
async fn the_typical_duration_increases_gradually_and_decreases_at_once() {
    // R-C9
    let (limit, clock) = limit_of(4);
    let typical = || limit.in_flight().typical_duration.unwrap().as_millis();
    respond_after(&limit, &clock, 10).await;
    respond_after(&limit, &clock, 810).await;
    assert_eq!(typical(), 210);
    respond_after(&limit, &clock, 810).await;
    assert_eq!(typical(), 360);
    respond_after(&limit, &clock, 10).await;
    assert_eq!(typical(), 10);
}

#[tokio::test]
async fn a_request_that_restarts_in_its_slot_can_be_preempted_again() {
    // R-C9
    let (limit, clock) = limit_of(1);
    let slot = limit.acquire().await.unwrap();
    slot.disable_preemption();
    clock.advance(Duration::from_secs(5));
    let in_flight = run_without_response(slot.restart());
    assert!(limit.acquire().await.is_err(), "it has just started");
    clock.advance(Duration::from_secs(3));
    drop(limit.acquire().await.unwrap());
    in_flight.await.unwrap();
}

#[tokio::test]
async fn of_requests_that_are_all_slow_the_youngest_is_preempted() {
    // R-C9
    let (limit, clock) = limit_of(4);
    let mut in_flight = Vec::new();
    for _ in 0..4 {
        in_flight.push(start(&limit).await);
        clock.advance(Duration::from_millis(1));
    }
    clock.advance(Duration::from_secs(3));
    let _slot = limit.acquire().await.unwrap();
    in_flight.remove(3).await.unwrap();
    assert!(in_flight.iter().all(|request| !request.is_finished()));
}

#[tokio::test]
async fn a_request_that_ends_frees_its_slot_and_one_without_preemption_keeps_it() {
    // R-C9
    let (limit, clock) = limit_of(1);
    let mut slot = limit.acquire().await.unwrap();
    assert_eq!(slot.run(async { 7 }).await.unwrap(), 7);
    drop(slot);
    let mut slot = limit.acquire().await.unwrap();
    slot.disable_preemption();
    clock.advance(Duration::from_secs(60));
    assert!(limit.acquire().await.is_err());
    slot.run(tokio::task::yield_now()).await.unwrap();
    drop(slot);

    let in_flight = start(&limit).await;
    clock.advance(Duration::from_millis(2999));
    assert!(limit.acquire().await.is_err(), "no other request got a response");
    clock.advance(Duration::from_millis(1));
    drop(limit.acquire().await.unwrap());
    in_flight.await.unwrap();
    assert!(limit.in_flight().is_empty());
}
