//! A store that is lost, slow or full costs a moment, and no answer (R-E9).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use requires_auth::shared_cache::SharedCache;
use requires_auth::testing::AuthorizationServer;

use crate::clock::Hands;
use crate::instance::{AMPLE, Answer, Instance, SECRET, authorization_server, token};
use crate::store::{Store, free_port, until};

#[tokio::test]
async fn a_store_that_is_not_there_is_done_without() {
    // R-E9
    let server = authorization_server().await;
    let token = token(&server, "entries:read");
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let instance = Instance::start(&server, &nobody).await;
    assert_eq!(instance.read(&token).await, Answer::ok());
    assert_eq!(instance.read(&token).await, Answer::ok());
    assert_eq!(server.introspections(), 1, "the first level works");
    let told = instance.cache.invalidate_everywhere(&crate::instance::parsed(&token)).await;
    assert_eq!(
        told.unwrap_err().to_string(),
        "the second level of the cache has not stored the invalidation yet: it does so when it can be \
         reached"
    );
}

#[tokio::test]
async fn a_store_that_comes_later_is_used_from_then() {
    // R-E9
    let mut store = Store::start();
    store.kill();
    let server = authorization_server().await;
    let instance = Instance::start(&server, &store.url()).await;
    assert_eq!(instance.read(&token(&server, "entries:read")).await, Answer::ok());
    store.restart();
    is_used(&store, &instance, &server).await;
}

#[tokio::test]
async fn a_slow_store_makes_nobody_wait_longer_than_the_deadline() {
    // R-E9
    let (store, server) = (Store::start(), authorization_server().await);
    let shared = SharedCache::single(store.url(), SECRET);
    let shared = shared.timeout(Duration::from_millis(100)).build().unwrap();
    let instance = Instance::sharing(&server, shared, Hands::default(), |cache| cache).await;
    is_used(&store, &instance, &server).await;
    // For three seconds the store answers nobody.
    store.ask::<()>(&["CLIENT", "PAUSE", "3000", "ALL"]);
    let begun = Instant::now();
    let mut slow = 0;
    while begun.elapsed() < Duration::from_millis(2500) {
        let asked = Instant::now();
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Answer::ok());
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
        slow += usize::from(took >= Duration::from_millis(100));
    }
    assert!((1..=3).contains(&slow), "it is left alone after it has failed: {slow} waited");
}

#[tokio::test]
async fn a_store_that_fails_each_question_is_asked_less_and_less() {
    // R-E9: although it can be reached, and has news.
    let (store, server) = (Store::start(), authorization_server().await);
    let instance = Instance::start(&server, &store.url()).await;
    is_used(&store, &instance, &server).await;
    store.ask::<()>(&["ACL", "SETUSER", "default", "-exists"]);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2500) {
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Answer::ok());
    }
    let refused = store.refusals("exists");
    // At once, and after breaks of 250 ms, 500 ms, 1 s and so on, with up to 250 ms until it is seen.
    assert!((2..=4).contains(&refused), "{refused}");
    store.ask::<()>(&["ACL", "SETUSER", "default", "+exists"]);
    store.ask::<()>(&["FLUSHALL"]);
    is_used(&store, &instance, &server).await;
}

#[tokio::test]
async fn a_store_that_refuses_to_write_is_done_without() {
    // R-E9
    let (store, server) = (Store::start(), authorization_server().await);
    let instance = Instance::start(&server, &store.url()).await;
    store.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..3 {
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Answer::ok());
    }
    store.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    is_used(&store, &instance, &server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_restarted_under_load_the_store_costs_no_answer() {
    // R-E9, R-E10, R-L2
    let (mut store, server) = (Store::start(), authorization_server().await);
    let server = Arc::new(server);
    let mut instances = Vec::new();
    for _ in 0..3 {
        instances.push(Arc::new(Instance::start(&server, &store.url()).await));
    }
    let over = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..12)
        .map(|number| {
            let instance = Arc::clone(&instances[number % instances.len()]);
            let (server, over) = (Arc::clone(&server), Arc::clone(&over));
            tokio::spawn(async move {
                let mut answers = 0;
                while !over.load(Ordering::SeqCst) {
                    // Tokens that are known, that are not, and those of nobody, in turn.
                    let fresh = token(&server, "entries:read");
                    for _ in 0..3 {
                        assert_eq!(instance.read(&fresh).await, Answer::ok());
                    }
                    assert_eq!(instance.write(&fresh).await.status, 403);
                    assert_eq!(instance.read("nobody").await, Answer::inactive());
                    answers += 5;
                }
                answers
            })
        })
        .collect();
    for _ in 0..3 {
        until(|| store.keys("*:claims:*").len() >= 10).await;
        store.kill();
        // So many answers have to come without it.
        let asked = server.introspections();
        until(|| server.introspections() >= asked + 50).await;
        store.restart();
    }
    until(|| store.keys("*:claims:*").len() >= 10).await;
    over.store(true, Ordering::SeqCst);
    let mut answers = 0;
    for task in load {
        answers += task.await.expect("every answer is right");
    }
    println!("{answers} answers, all right, through three kills");
    assert!(answers > 500, "{answers}");
}

/// Asks about one token after the other, until the store has one.
async fn is_used(store: &Store, instance: &Instance, server: &AuthorizationServer) {
    let begun = Instant::now();
    while store.keys("*:claims:*").is_empty() {
        assert!(begun.elapsed() < AMPLE, "the store is not used");
        assert_eq!(instance.read(&token(server, "entries:read")).await, Answer::ok());
    }
}
