//! A store that is lost, slow or full delays requests briefly, and changes no response (R-E9).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fixtures::redis_server::{RedisServer, free_port, wait_until};
use requires_auth::shared_cache::SharedCache;
use requires_auth::testing::{AuthorizationServer, ManualClock};

use crate::instance::{Instance, Response, SECRET, TIMEOUT, authorization_server, token};

#[tokio::test]
async fn without_the_store_tokens_are_resolved() {
    // R-E9
    let server = authorization_server().await;
    let token = token(&server, "entries:read");
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let instance = Instance::start(&server, &nobody).await;
    assert_eq!(instance.read(&token).await, Response::ok());
    assert_eq!(instance.read(&token).await, Response::ok());
    assert_eq!(server.introspections(), 1, "the first level works");
    let acknowledged = instance.cache.invalidate_everywhere(&crate::instance::parse(&token)).await;
    assert_eq!(
        acknowledged.unwrap_err().to_string(),
        "the second level of the cache has not stored the invalidation yet: it does so when it can be \
         reached"
    );
}

#[tokio::test]
async fn a_store_that_starts_later_is_used() {
    // R-E9
    let mut store = RedisServer::start();
    store.kill();
    let server = authorization_server().await;
    let instance = Instance::start(&server, &store.url()).await;
    assert_eq!(instance.read(&token(&server, "entries:read")).await, Response::ok());
    store.restart();
    is_used(&store, &instance, &server).await;
}

#[tokio::test]
async fn no_request_waits_for_a_slow_store_longer_than_the_timeout() {
    // R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let shared = SharedCache::single(store.url(), SECRET);
    let shared = shared.timeout(Duration::from_millis(100)).build().unwrap();
    let instance =
        Instance::with_shared_cache(&server, shared, ManualClock::running(), |cache| cache).await;
    is_used(&store, &instance, &server).await;
    // The store answers nothing for three seconds.
    store.query::<()>(&["CLIENT", "PAUSE", "3000", "ALL"]);
    let started = Instant::now();
    let mut slow = 0;
    while started.elapsed() < Duration::from_millis(2500) {
        let sent_at = Instant::now();
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Response::ok());
        let took = sent_at.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
        slow += usize::from(took >= Duration::from_millis(100));
    }
    assert!((1..=3).contains(&slow), "it is not used after a failure: {slow} waited");
}

#[tokio::test]
async fn a_store_that_fails_every_lookup_is_used_less_and_less() {
    // R-E9: although it can be reached, and the stream can be read.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let instance = Instance::start(&server, &store.url()).await;
    is_used(&store, &instance, &server).await;
    store.query::<()>(&["ACL", "SETUSER", "default", "-exists"]);
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(2500) {
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Response::ok());
    }
    let rejected = store.rejections("exists");
    // At once, and after pauses of 250 ms, 500 ms, 1 s and so on, each up to 250 ms longer.
    assert!((2..=4).contains(&rejected), "{rejected}");
    store.query::<()>(&["ACL", "SETUSER", "default", "+exists"]);
    store.query::<()>(&["FLUSHALL"]);
    is_used(&store, &instance, &server).await;
}

#[tokio::test]
async fn a_store_that_rejects_writes_changes_no_response() {
    // R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let instance = Instance::start(&server, &store.url()).await;
    store.query::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..3 {
        assert_eq!(instance.read(&token(&server, "entries:read")).await, Response::ok());
    }
    store.query::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    is_used(&store, &instance, &server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_and_restarting_the_store_under_load_changes_no_response() {
    // R-E9, R-E10, R-L2
    let (mut store, server) = (RedisServer::start(), authorization_server().await);
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
                let mut responses = 0;
                while !over.load(Ordering::SeqCst) {
                    // Cached tokens, new ones, and unknown ones, in turn.
                    let fresh = token(&server, "entries:read");
                    for _ in 0..3 {
                        assert_eq!(instance.read(&fresh).await, Response::ok());
                    }
                    assert_eq!(instance.write(&fresh).await.status, 403);
                    assert_eq!(instance.read("nobody").await, Response::inactive());
                    responses += 5;
                }
                responses
            })
        })
        .collect();
    for _ in 0..3 {
        wait_until(|| store.keys("*:claims:*").len() >= 10).await;
        store.kill();
        // This many introspection requests are sent without it.
        let requests_before = server.introspections();
        wait_until(|| server.introspections() >= requests_before + 50).await;
        store.restart();
    }
    wait_until(|| store.keys("*:claims:*").len() >= 10).await;
    over.store(true, Ordering::SeqCst);
    let mut responses = 0;
    for task in load {
        responses += task.await.expect("every answer is right");
    }
    println!("{responses} answers, all right, through three kills");
    assert!(responses > 500, "{responses}");
}

/// Sends one new token after the other, until the store has an entry.
async fn is_used(store: &RedisServer, instance: &Instance, server: &AuthorizationServer) {
    let started = Instant::now();
    while store.keys("*:claims:*").is_empty() {
        assert!(started.elapsed() < TIMEOUT, "the store is not used");
        assert_eq!(instance.read(&token(server, "entries:read")).await, Response::ok());
    }
}
