//! What is forgotten in one instance is forgotten in all (R-E10).

use std::sync::Arc;
use std::time::Duration;

use requires_auth::testing::{AuthorizationServer, Fault};
use serde_json::json;

use crate::instance::{Answer, Instance, RESOURCE, authorization_server, parsed, token};
use crate::proxy::Proxy;
use crate::store::{Store, until};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_forgotten_token_is_forgotten_everywhere_within_a_second() {
    // R-E10
    let (store, server) = (Store::start(), authorization_server().await);
    let (token, other) = (token(&server, "entries:read"), token(&server, "entries:read"));
    let mut instances = Vec::new();
    for _ in 0..3 {
        let instance = Instance::start(&server, &store.url()).await;
        assert_eq!(instance.read(&token).await, Answer::ok());
        assert_eq!(instance.read(&other).await, Answer::ok());
        instances.push(instance);
    }
    server.revoke(&token);
    assert_eq!(instances[0].read(&token).await, Answer::ok(), "remembered");

    instances[0].cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
    for instance in &instances {
        let took = instance.until(&token, 401).await;
        assert!(took < SECOND, "{took:?}");
    }
    let asked = server.introspections();
    for instance in &instances {
        assert_eq!(instance.read(&other).await, Answer::ok(), "and no other");
    }
    assert_eq!(server.introspections(), asked);
}

#[tokio::test]
async fn forgetting_needs_nobody_to_wait_for_it() {
    // R-E7, R-E10
    let (store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Answer::ok());
    assert_eq!(other.read(&token).await, Answer::ok());
    server.revoke(&token);
    one.cache.invalidate(&parsed(&token));
    // At once here, although the store still has the claims.
    assert_eq!(one.read(&token).await, Answer::inactive());
    assert!(other.until(&token, 401).await < SECOND);
}

#[tokio::test]
async fn everything_is_forgotten_everywhere_within_a_second() {
    // R-E7, R-E10
    let (store, server) = (Store::start(), authorization_server().await);
    let tokens = [token(&server, "entries:read"), token(&server, "entries:read")];
    let one = Instance::start(&server, &store.url()).await;
    let other = Instance::start(&server, &store.url()).await;
    for token in &tokens {
        assert_eq!(one.read(token).await, Answer::ok());
        assert_eq!(other.read(token).await, Answer::ok());
        server.revoke(token);
    }
    one.cache.invalidate_all_everywhere().await.unwrap();
    for token in &tokens {
        assert_eq!(one.read(token).await, Answer::inactive());
        assert!(other.until(token, 401).await < SECOND);
    }
    let third = Instance::start(&server, &store.url()).await;
    assert_eq!(third.read(&tokens[0]).await, Answer::inactive(), "nor is it in the store");
}

#[tokio::test]
async fn an_instance_that_begins_later_finds_nothing_that_was_forgotten() {
    // R-E10
    let (store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Answer::ok());
    store.wait_for_entries(1).await;
    server.revoke(&token);
    one.cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
    let later = Instance::start(&server, &store.url()).await;
    assert_eq!(later.read(&token).await, Answer::inactive());
}

/// Has one instance invalidate while another one waits for the authorization server.
async fn an_answer_from_before(invalidate: impl AsyncFnOnce(&Instance, &str)) {
    let (store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    let slow = Instance::start(&server, &store.url()).await;
    let active = json!({
        "active": true, "sub": "alice", "scope": "entries:read", "aud": RESOURCE,
        "iss": server.issuer(),
    });
    server.fault_once(Fault::json(active).after(SECOND));
    let before = async { assert_eq!(slow.read(&token).await, Answer::ok()) };
    let meanwhile = async {
        until(|| server.introspections() > 0).await;
        server.revoke(&token);
        invalidate(&one, &token).await;
    };
    tokio::join!(before, meanwhile);
    // It would be written after the answer: until the next claims are there, it would be, too.
    let another = crate::instance::token(&server, "entries:read");
    assert_eq!(slow.read(&another).await, Answer::ok());
    until(|| !store.keys("*:claims:*").is_empty()).await;
    let later = Instance::start(&server, &store.url()).await;
    for instance in [&one, &slow, &later] {
        assert_eq!(instance.read(&token).await, Answer::inactive());
    }
}

#[tokio::test]
async fn an_answer_from_before_is_not_put_back() {
    // R-E10: the exchange began before the token was revoked, and ends after it was forgotten.
    an_answer_from_before(async |one, token| {
        one.cache.invalidate_everywhere(&parsed(token)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_answer_from_before_everything_was_forgotten_is_not_put_back() {
    // R-E10
    an_answer_from_before(async |one, _| one.cache.invalidate_all_everywhere().await.unwrap())
        .await;
}

#[tokio::test]
async fn what_was_forgotten_once_is_remembered_again() {
    // R-E10: news are read once.
    let (store, server) = (Store::start(), authorization_server().await);
    let [token, first, second] = [(); 3].map(|()| token(&server, "entries:read"));
    let one = Instance::start(&server, &store.url()).await;
    let other = Instance::start(&server, &store.url()).await;
    for token in [&token, &first, &second] {
        assert_eq!(other.read(token).await, Answer::ok());
    }
    one.cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
    for token in [&first, &second] {
        server.revoke(token);
        one.cache.invalidate_everywhere(&parsed(token)).await.unwrap();
        other.until(token, 401).await;
    }
    assert_eq!(other.read(&token).await, Answer::ok());
    let asked = server.introspections();
    one.cache.invalidate_everywhere(&parsed("yet-another-one")).await.unwrap();
    let third = crate::instance::token(&server, "entries:read");
    assert_eq!(other.read(&third).await, Answer::ok());
    server.revoke(&third);
    one.cache.invalidate_everywhere(&parsed(&third)).await.unwrap();
    other.until(&third, 401).await;
    let before = server.introspections();
    assert_eq!(other.read(&token).await, Answer::ok());
    assert_eq!(server.introspections(), before, "after {asked}");
}

#[tokio::test]
async fn claims_that_are_written_late_are_not_believed() {
    // R-E10: another instance had begun to write them, and has not heard yet.
    let (store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Answer::ok());
    store.wait_for_entries(1).await;
    let key = store.claims_key();
    let claims = store.value(&key);
    server.revoke(&token);
    one.cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
    store.put(&key, &claims);
    let later = Instance::start(&server, &store.url()).await;
    for instance in [&one, &later] {
        assert_eq!(instance.read(&token).await, Answer::inactive());
    }
    // For as long as claims may live that were asked for before that.
    let forgotten = store.keys("*}:forgotten");
    let forgotten: Vec<_> = forgotten.iter().filter(|key| key.contains(":{")).collect();
    let left: i64 = store.ask(&["PTTL", forgotten[0]]);
    assert!((110_000..=120_000).contains(&left), "{left} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forgotten_under_load_is_not_found_again() {
    // R-E10: instances look for it in the store at every moment, also while they hear of it.
    let (store, server) = (Store::start(), authorization_server().await);
    let one = Instance::start(&server, &store.url()).await;
    let other = Arc::new(Instance::start(&server, &store.url()).await);
    for round in 0..10 {
        let token = token(&server, "entries:read");
        assert_eq!(one.read(&token).await, Answer::ok());
        assert_eq!(other.read(&token).await, Answer::ok());
        server.revoke(&token);
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let (other, token) = (Arc::clone(&other), token.clone());
                tokio::spawn(async move { other.until(&token, 401).await })
            })
            .collect();
        if round % 2 == 0 {
            one.cache.invalidate_all_everywhere().await.unwrap();
        } else {
            one.cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
        }
        for reader in readers {
            reader.await.expect("it becomes a 401");
        }
        assert_eq!(other.read(&token).await, Answer::inactive(), "round {round}");
    }
}

#[tokio::test]
async fn what_is_forgotten_while_the_store_is_out_of_reach_is_told_when_it_is_back() {
    // R-E10
    let Divided { store: _store, server, proxy, token, cut_off, other } = Divided::start().await;
    server.revoke(&token);
    proxy.cut();
    assert!(cut_off.cache.invalidate_everywhere(&parsed(&token)).await.is_err());
    assert_eq!(cut_off.read(&token).await, Answer::inactive());
    assert_eq!(other.read(&token).await, Answer::ok(), "nobody has told it");
    proxy.mend();
    other.until(&token, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_token_that_is_forgotten_all_the_time_holds_nothing_up() {
    // R-E10: neither what is heard nor what is sent, also where the store is 1 ms away.
    let (store, server) = (Store::start(), authorization_server().await);
    let proxy = Proxy::with_latency(store.port, Duration::from_millis(1)).await;
    let [sent, heard] = [(); 2].map(|()| token(&server, "entries:read"));
    let busy = Instance::start(&server, &proxy.url()).await;
    let other = Instance::start(&server, &store.url()).await;
    for token in [&sent, &heard] {
        assert_eq!(busy.read(token).await, Answer::ok());
        assert_eq!(other.read(token).await, Answer::ok());
        server.revoke(token);
    }
    for _ in 0..4000 {
        busy.cache.invalidate(&parsed("one-token"));
    }
    busy.cache.invalidate(&parsed(&sent));
    let forgotten = async { other.cache.invalidate_everywhere(&parsed(&heard)).await.unwrap() };
    let (on_the_other, on_the_busy, ()) =
        tokio::join!(other.until(&sent, 401), busy.until(&heard, 401), forgotten);
    assert!(on_the_other < SECOND && on_the_busy < SECOND, "{on_the_other:?} {on_the_busy:?}");
    let tombstones = store.keys("requires-auth:*:forgotten");
    assert_eq!(tombstones.len(), 3, "each is sent once or a few times, and no more are there");
    let messages: u32 = store.ask(&["XLEN", "{requires-auth}:forgotten"]);
    assert!(messages < 50, "{messages}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_tokens_are_forgotten_everywhere_within_a_second() {
    // R-E10
    let (store, server) = (Store::start(), authorization_server().await);
    let proxy = Proxy::with_latency(store.port, Duration::from_millis(1)).await;
    let token = token(&server, "entries:read");
    let busy = Instance::start(&server, &proxy.url()).await;
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(busy.read(&token).await, Answer::ok());
    assert_eq!(other.read(&token).await, Answer::ok());
    server.revoke(&token);
    for number in 0..4000 {
        busy.cache.invalidate(&parsed(&format!("token-{number}")));
    }
    busy.cache.invalidate(&parsed(&token));
    let took = other.until(&token, 401).await;
    assert!(took < SECOND, "{took:?}");
    assert_eq!(store.keys("requires-auth:*:forgotten").len(), 4001);
}

#[tokio::test]
async fn one_token_that_is_forgotten_often_in_an_outage_is_not_everything() {
    // R-E10: too many that differ are.
    let Divided { store, server, proxy, token, cut_off, other } = Divided::start().await;
    let generation = store.value("{requires-auth}:generation");
    proxy.cut();
    server.revoke(&token);
    for _ in 0..20_000 {
        cut_off.cache.invalidate(&parsed(&token));
    }
    proxy.mend();
    other.until(&token, 401).await;
    assert_eq!(store.value("{requires-auth}:generation"), generation, "nothing else is forgotten");

    let token = crate::instance::token(&server, "entries:read");
    assert_eq!(other.read(&token).await, Answer::ok());
    proxy.cut();
    server.revoke(&token);
    cut_off.cache.invalidate(&parsed(&token));
    for number in 0..20_000 {
        cut_off.cache.invalidate(&parsed(&format!("token-{number}")));
    }
    proxy.mend();
    other.until(&token, 401).await;
    assert_ne!(store.value("{requires-auth}:generation"), generation);
}

#[tokio::test]
async fn what_others_forget_while_the_store_is_out_of_reach_is_heard_when_it_is_back() {
    // R-E10: a message is not lost because nobody listened.
    let Divided { store: _store, server, proxy, token, cut_off, other } = Divided::start().await;
    proxy.cut();
    server.revoke(&token);
    other.cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
    assert_eq!(cut_off.read(&token).await, Answer::ok(), "it could not hear of it");
    proxy.mend();
    cut_off.until(&token, 401).await;
}

#[tokio::test]
async fn a_store_that_comes_back_empty_has_everybody_forget() {
    // R-E10: it may have lost news.
    let (mut store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let instance = Instance::start(&server, &store.url()).await;
    assert_eq!(instance.read(&token).await, Answer::ok());
    server.revoke(&token);
    store.kill();
    assert_eq!(instance.read(&token).await, Answer::ok(), "remembered");
    store.restart();
    instance.until(&token, 401).await;
}

#[tokio::test]
async fn too_much_news_has_everybody_forget() {
    // R-E10: what is no longer kept cannot be heard of.
    let Divided { store, server, proxy, token, cut_off, other } = Divided::start().await;
    proxy.cut();
    server.revoke(&token);
    other.cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
    // So many since that the news of this token are dropped.
    let mut behind = store.behind();
    let mut many = redis::pipe();
    for _ in 0..20_000 {
        many.cmd("XADD").arg("{requires-auth}:forgotten").arg("MAXLEN").arg("~").arg(10_000);
        many.arg("*").arg("m").arg("x").ignore();
    }
    many.query::<()>(&mut behind).unwrap();
    proxy.mend();
    cut_off.until(&token, 401).await;
}

/// Two instances that know a token, one of them over a network that can be cut.
struct Divided {
    store: Store,
    server: AuthorizationServer,
    proxy: Proxy,
    token: String,
    cut_off: Instance,
    other: Instance,
}

impl Divided {
    async fn start() -> Self {
        let (store, server) = (Store::start(), authorization_server().await);
        let proxy = Proxy::to(store.port).await;
        let token = token(&server, "entries:read");
        let cut_off = Instance::start(&server, &proxy.url()).await;
        let other = Instance::start(&server, &store.url()).await;
        assert_eq!(cut_off.read(&token).await, Answer::ok());
        assert_eq!(other.read(&token).await, Answer::ok());
        Self { store, server, proxy, token, cut_off, other }
    }
}
