//! Invalidations reach all instances (R-E10).

use std::sync::Arc;
use std::time::Duration;

use fixtures::redis_server::{RedisServer, wait_until};
use requires_auth::testing::{AuthorizationServer, Fault};
use serde_json::json;

use crate::instance::{Instance, RESOURCE, Response, authorization_server, parse, token};
use crate::tcp_proxy::Proxy;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_invalidated_token_is_rejected_everywhere_within_a_second() {
    // R-E10
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let (token, other) = (token(&server, "entries:read"), token(&server, "entries:read"));
    let mut instances = Vec::new();
    for _ in 0..3 {
        let instance = Instance::start(&server, &store.url()).await;
        assert_eq!(instance.read(&token).await, Response::ok());
        assert_eq!(instance.read(&other).await, Response::ok());
        instances.push(instance);
    }
    server.revoke(&token);
    assert_eq!(instances[0].read(&token).await, Response::ok(), "cached");

    instances[0].cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    for instance in &instances {
        let took = instance.wait_for_status(&token, 401).await;
        assert!(took < SECOND, "{took:?}");
    }
    let requests_before = server.introspections();
    for instance in &instances {
        assert_eq!(instance.read(&other).await, Response::ok(), "no other token");
    }
    assert_eq!(server.introspections(), requests_before);
}

#[tokio::test]
async fn an_invalidation_is_sent_without_being_awaited() {
    // R-E7, R-E10
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let (one, other) = Instance::start_two(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    assert_eq!(other.read(&token).await, Response::ok());
    server.revoke(&token);
    one.cache.invalidate(&parse(&token));
    // It takes effect here at once, although the store still has the claims.
    assert_eq!(one.read(&token).await, Response::inactive());
    assert!(other.wait_for_status(&token, 401).await < SECOND);
}

#[tokio::test]
async fn all_entries_are_invalidated_everywhere_within_a_second() {
    // R-E7, R-E10
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let tokens = [token(&server, "entries:read"), token(&server, "entries:read")];
    let (one, other) = Instance::start_two(&server, &store.url()).await;
    for token in &tokens {
        assert_eq!(one.read(token).await, Response::ok());
        assert_eq!(other.read(token).await, Response::ok());
        server.revoke(token);
    }
    one.cache.invalidate_all_everywhere().await.unwrap();
    for token in &tokens {
        assert_eq!(one.read(token).await, Response::inactive());
        assert!(other.wait_for_status(token, 401).await < SECOND);
    }
    let third = Instance::start(&server, &store.url()).await;
    assert_eq!(third.read(&tokens[0]).await, Response::inactive(), "not in the store either");
}

#[tokio::test]
async fn a_new_instance_finds_no_invalidated_entry() {
    // R-E10
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    server.revoke(&token);
    one.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    let later = Instance::start(&server, &store.url()).await;
    assert_eq!(later.read(&token).await, Response::inactive());
}

/// One instance invalidates while another one waits for the authorization server.
async fn invalidate_during_a_resolution(invalidate: impl AsyncFnOnce(&Instance, &str)) {
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    let slow = Instance::start(&server, &store.url()).await;
    let active = json!({
        "active": true, "sub": "alice", "scope": "entries:read", "aud": RESOURCE,
        "iss": server.issuer(),
    });
    server.fault_once(Fault::json(active).after(SECOND));
    let before = async { assert_eq!(slow.read(&token).await, Response::ok()) };
    let meanwhile = async {
        wait_until(|| server.introspections() > 0).await;
        server.revoke(&token);
        invalidate(&one, &token).await;
    };
    tokio::join!(before, meanwhile);
    // It would be written after the response, so before the claims of the next token.
    let another = crate::instance::token(&server, "entries:read");
    assert_eq!(slow.read(&another).await, Response::ok());
    wait_until(|| !store.keys("*:claims:*").is_empty()).await;
    let later = Instance::start(&server, &store.url()).await;
    for instance in [&one, &slow, &later] {
        assert_eq!(instance.read(&token).await, Response::inactive());
    }
}

#[tokio::test]
async fn a_resolution_from_before_an_invalidation_is_not_stored() {
    // R-E10: the resolution begins before the revocation, and ends after the invalidation.
    invalidate_during_a_resolution(async |one, token| {
        one.cache.invalidate_everywhere(&parse(token)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_resolution_from_before_an_invalidation_of_all_is_not_stored() {
    // R-E10
    invalidate_during_a_resolution(async |one, _| {
        one.cache.invalidate_all_everywhere().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_invalidated_token_is_cached_again() {
    // R-E10: each message is read once.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let [token, first, second] = [(); 3].map(|()| token(&server, "entries:read"));
    let (one, other) = Instance::start_two(&server, &store.url()).await;
    for token in [&token, &first, &second] {
        assert_eq!(other.read(token).await, Response::ok());
    }
    one.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    for token in [&first, &second] {
        server.revoke(token);
        one.cache.invalidate_everywhere(&parse(token)).await.unwrap();
        other.wait_for_status(token, 401).await;
    }
    assert_eq!(other.read(&token).await, Response::ok());
    let requests_before = server.introspections();
    one.cache.invalidate_everywhere(&parse("yet-another-one")).await.unwrap();
    let third = crate::instance::token(&server, "entries:read");
    assert_eq!(other.read(&third).await, Response::ok());
    server.revoke(&third);
    one.cache.invalidate_everywhere(&parse(&third)).await.unwrap();
    other.wait_for_status(&third, 401).await;
    let before = server.introspections();
    assert_eq!(other.read(&token).await, Response::ok());
    assert_eq!(server.introspections(), before, "after {requests_before}");
}

#[tokio::test]
async fn claims_that_are_written_after_an_invalidation_are_not_used() {
    // R-E10: by an instance that has not read the invalidation yet.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    let key = store.claims_key();
    let claims = store.value(&key);
    server.revoke(&token);
    one.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    store.put(&key, &claims);
    let later = Instance::start(&server, &store.url()).await;
    for instance in [&one, &later] {
        assert_eq!(instance.read(&token).await, Response::inactive());
    }
    // As long as claims can live that were resolved before.
    let forgotten = store.keys("*}:forgotten");
    let forgotten: Vec<_> = forgotten.iter().filter(|key| key.contains(":{")).collect();
    let left: i64 = store.query(&["PTTL", forgotten[0]]);
    assert!((110_000..=120_000).contains(&left), "{left} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_is_invalidated_under_load_is_not_found_again() {
    // R-E10: instances look it up all the time, also while they read the invalidation.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let one = Instance::start(&server, &store.url()).await;
    let other = Arc::new(Instance::start(&server, &store.url()).await);
    for round in 0..10 {
        let token = token(&server, "entries:read");
        assert_eq!(one.read(&token).await, Response::ok());
        assert_eq!(other.read(&token).await, Response::ok());
        server.revoke(&token);
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let (other, token) = (Arc::clone(&other), token.clone());
                tokio::spawn(async move { other.wait_for_status(&token, 401).await })
            })
            .collect();
        if round % 2 == 0 {
            one.cache.invalidate_all_everywhere().await.unwrap();
        } else {
            one.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
        }
        for reader in readers {
            reader.await.expect("it becomes a 401");
        }
        assert_eq!(other.read(&token).await, Response::inactive(), "round {round}");
    }
}

#[tokio::test]
async fn an_invalidation_during_an_outage_is_sent_afterwards() {
    // R-E10
    let Partition { store: _store, server, proxy, token, cut_off, other } =
        Partition::start().await;
    server.revoke(&token);
    proxy.disconnect();
    assert!(cut_off.cache.invalidate_everywhere(&parse(&token)).await.is_err());
    assert_eq!(cut_off.read(&token).await, Response::inactive());
    assert_eq!(other.read(&token).await, Response::ok(), "nobody has told it");
    proxy.reconnect();
    other.wait_for_status(&token, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_token_that_is_invalidated_continuously_delays_no_other() {
    // R-E10: neither a message that is received nor one that is sent, also with a latency of 1 ms.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let proxy = Proxy::with_latency(store.port, Duration::from_millis(1)).await;
    let [sent, heard] = [(); 2].map(|()| token(&server, "entries:read"));
    let busy = Instance::start(&server, &proxy.url()).await;
    let other = Instance::start(&server, &store.url()).await;
    for token in [&sent, &heard] {
        assert_eq!(busy.read(token).await, Response::ok());
        assert_eq!(other.read(token).await, Response::ok());
        server.revoke(token);
    }
    for _ in 0..4000 {
        busy.cache.invalidate(&parse("one-token"));
    }
    busy.cache.invalidate(&parse(&sent));
    let forgotten = async { other.cache.invalidate_everywhere(&parse(&heard)).await.unwrap() };
    let (on_the_other, on_the_busy, ()) = tokio::join!(
        other.wait_for_status(&sent, 401),
        busy.wait_for_status(&heard, 401),
        forgotten
    );
    assert!(on_the_other < SECOND && on_the_busy < SECOND, "{on_the_other:?} {on_the_busy:?}");
    let tombstones = store.keys("requires-auth:*:forgotten");
    assert_eq!(tombstones.len(), 3, "each is sent once or a few times, and no more are there");
    let messages: u32 = store.query(&["XLEN", "{requires-auth}:forgotten"]);
    assert!(messages < 50, "{messages}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_tokens_are_invalidated_everywhere_within_a_second() {
    // R-E10
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let proxy = Proxy::with_latency(store.port, Duration::from_millis(1)).await;
    let token = token(&server, "entries:read");
    let busy = Instance::start(&server, &proxy.url()).await;
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(busy.read(&token).await, Response::ok());
    assert_eq!(other.read(&token).await, Response::ok());
    server.revoke(&token);
    for number in 0..4000 {
        busy.cache.invalidate(&parse(&format!("token-{number}")));
    }
    busy.cache.invalidate(&parse(&token));
    let took = other.wait_for_status(&token, 401).await;
    assert!(took < SECOND, "{took:?}");
    assert_eq!(store.keys("requires-auth:*:forgotten").len(), 4001);
}

#[tokio::test]
async fn one_token_that_is_invalidated_often_in_an_outage_does_not_invalidate_all() {
    // R-E10: too many different ones do.
    let Partition { store, server, proxy, token, cut_off, other } = Partition::start().await;
    let generation = store.value("{requires-auth}:generation");
    proxy.disconnect();
    server.revoke(&token);
    for _ in 0..20_000 {
        cut_off.cache.invalidate(&parse(&token));
    }
    proxy.reconnect();
    other.wait_for_status(&token, 401).await;
    assert_eq!(
        store.value("{requires-auth}:generation"),
        generation,
        "no other entry is invalidated"
    );

    let token = crate::instance::token(&server, "entries:read");
    assert_eq!(other.read(&token).await, Response::ok());
    proxy.disconnect();
    server.revoke(&token);
    cut_off.cache.invalidate(&parse(&token));
    for number in 0..20_000 {
        cut_off.cache.invalidate(&parse(&format!("token-{number}")));
    }
    proxy.reconnect();
    other.wait_for_status(&token, 401).await;
    assert_ne!(store.value("{requires-auth}:generation"), generation);
}

#[tokio::test]
async fn invalidations_by_others_during_an_outage_are_read_afterwards() {
    // R-E10: a message is kept until it is read.
    let Partition { store: _store, server, proxy, token, cut_off, other } =
        Partition::start().await;
    proxy.disconnect();
    server.revoke(&token);
    other.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    assert_eq!(cut_off.read(&token).await, Response::ok(), "it could not read the invalidation");
    proxy.reconnect();
    cut_off.wait_for_status(&token, 401).await;
}

#[tokio::test]
async fn a_store_that_comes_back_empty_invalidates_all_entries() {
    // R-E10: it may have lost invalidations.
    let (mut store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let instance = Instance::start(&server, &store.url()).await;
    assert_eq!(instance.read(&token).await, Response::ok());
    server.revoke(&token);
    store.kill();
    assert_eq!(instance.read(&token).await, Response::ok(), "cached");
    store.restart();
    instance.wait_for_status(&token, 401).await;
}

#[tokio::test]
async fn more_messages_than_the_stream_keeps_invalidate_all_entries() {
    // R-E10: an invalidation may be among the dropped messages.
    let Partition { store, server, proxy, token, cut_off, other } = Partition::start().await;
    proxy.disconnect();
    server.revoke(&token);
    other.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    // So many messages that the one about this token is dropped.
    let mut connection = store.connection();
    let mut many = redis::pipe();
    for _ in 0..20_000 {
        many.cmd("XADD").arg("{requires-auth}:forgotten").arg("MAXLEN").arg("~").arg(10_000);
        many.arg("*").arg("m").arg("x").ignore();
    }
    many.query::<()>(&mut connection).unwrap();
    proxy.reconnect();
    cut_off.wait_for_status(&token, 401).await;
}

/// Two instances that have cached a token; the connection of one can be dropped.
struct Partition {
    store: RedisServer,
    server: AuthorizationServer,
    proxy: Proxy,
    token: String,
    cut_off: Instance,
    other: Instance,
}

impl Partition {
    async fn start() -> Self {
        let (store, server) = (RedisServer::start(), authorization_server().await);
        let proxy = Proxy::to(store.port).await;
        let token = token(&server, "entries:read");
        let cut_off = Instance::start(&server, &proxy.url()).await;
        let other = Instance::start(&server, &store.url()).await;
        assert_eq!(cut_off.read(&token).await, Response::ok());
        assert_eq!(other.read(&token).await, Response::ok());
        Self { store, server, proxy, token, cut_off, other }
    }
}
