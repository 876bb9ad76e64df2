//! Tampering with what the store holds (R-E9).

use std::time::Duration;

use fixtures::redis_server::{RedisServer, wait_until};
use requires_auth::shared_cache::SharedCache;
use requires_auth::testing::ManualClock;

use crate::instance::{Instance, RESOURCE, Response, SECRET, authorization_server, parse, token};

#[tokio::test]
async fn a_dump_of_the_store_reveals_nothing() {
    // R-E2, R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let mint = server.mint().subject("alice-the-subject").username("alice-the-user");
    let token = mint.audience(RESOURCE).scopes("entries:read").issue();
    let instance = Instance::start(&server, &store.url()).await;
    assert_eq!(instance.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    instance.cache.invalidate_everywhere(&parse("a-token-to-invalidate")).await.unwrap();

    let dump = store.dump();
    let holds = |text: &[u8]| dump.windows(text.len()).any(|window| window == text);
    assert!(holds(b":claims:") && holds(b":forgotten"), "the dump is one");
    let secrets = [
        &token,
        &token[..12],
        "a-token-to-invalidate",
        "alice",
        "entries",
        RESOURCE,
        server.issuer(),
        "journal",
        "active",
        "scope",
        SECRET,
    ];
    for secret in secrets {
        assert!(!holds(secret.as_bytes()), "{secret}");
    }
    // Nor anything that can be computed from the token alone.
    for hash in [sha256(token.as_bytes()), sha256(b"a-token-to-invalidate")] {
        assert!(!holds(&hash) && !holds(hex(&hash).as_bytes()));
    }
}

/// Changes the entry of a token. Another instance must resolve the token again, and respond as without an
/// entry.
async fn is_a_miss(store: &RedisServer, what: &str, change: impl FnOnce(&str)) {
    let server = authorization_server().await;
    store.query::<()>(&["FLUSHALL"]);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok(), "{what}");
    store.wait_for_entries(1).await;
    change(&store.claims_key());
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.write(&token).await.status, 403, "{what}");
    assert_eq!(server.introspections(), 2, "{what}");
}

#[tokio::test]
async fn an_entry_that_was_not_encrypted_for_this_key_is_a_miss() {
    // R-E9
    let store = RedisServer::start();
    is_a_miss(&store, "a changed byte", |key| {
        let mut value = store.value(key);
        *value.last_mut().unwrap() ^= 1;
        store.put(key, &value);
    })
    .await;
    is_a_miss(&store, "cut off", |key| {
        let value = store.value(key);
        store.put(key, &value[..value.len() / 2]);
    })
    .await;
    is_a_miss(&store, "empty", |key| store.put(key, b"")).await;
    is_a_miss(&store, "plain text", |key| {
        store.put(key, br#"{"active":true,"scope":"entries:read entries:write"}"#);
    })
    .await;
    is_a_miss(&store, "too long", |key| store.put(key, &vec![1; 1 << 20])).await;
    is_a_miss(&store, "another type", |key| {
        store.query::<()>(&["DEL", key]);
        store.query::<()>(&["RPUSH", key, "a"]);
    })
    .await;
}

#[tokio::test]
async fn the_entry_of_another_token_is_a_miss() {
    // R-E9: the claims of a token with more scopes.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let writer = token(&server, "entries:read entries:write");
    let reader = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&writer).await, Response::ok());
    store.wait_for_entries(1).await;
    let best = store.value(&store.claims_key());
    assert_eq!(one.read(&reader).await, Response::ok());
    store.wait_for_entries(2).await;
    for key in store.keys("*:claims:*") {
        store.put(&key, &best);
    }
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.write(&reader).await.status, 403);
    assert_eq!(server.introspections(), 3);
}

#[tokio::test]
async fn write_access_and_a_token_without_the_secret_grant_nothing() {
    // R-E9: another secret, and everything else the same.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let shared = SharedCache::single(store.url(), "not the secret, but 32 bytes long");
    let forger = Instance::with(&server, shared, ManualClock::running(), |cache| cache).await;
    assert_eq!(forger.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    let foreign = store.value(&store.claims_key());
    store.query::<()>(&["DEL", &store.claims_key()]);

    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    store.put(&store.claims_key(), &foreign);
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.read(&token).await, Response::ok());
    assert_eq!(server.introspections(), 3, "each resolved the token");
}

#[tokio::test]
async fn an_old_entry_that_is_restored_is_a_miss() {
    // R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let clock = ManualClock::running();
    let token = token(&server, "entries:read");
    let shared = || SharedCache::single(store.url(), SECRET);
    let one = Instance::with(&server, shared(), clock.clone(), |cache| cache).await;
    assert_eq!(one.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    let key = store.claims_key();
    store.query::<()>(&["PERSIST", &key]);
    server.revoke(&token);
    clock.advance(Duration::from_secs(61));
    let other = Instance::with(&server, shared(), clock, |cache| cache).await;
    assert_eq!(other.read(&token).await, Response::inactive());
    assert_eq!(store.keys("*:claims:*"), [key], "it is still there");
}

#[tokio::test]
async fn messages_that_do_not_decrypt_are_ignored() {
    // R-E9, R-E10: write access to the store causes no introspection requests.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let instance = Instance::start(&server, &store.url()).await;
    assert_eq!(instance.read(&token).await, Response::ok());
    for message in ["", "x", "0123456789abcdef0123456789abcdef"] {
        store.query::<()>(&["XADD", "{requires-auth}:forgotten", "*", "m", message]);
        store.query::<()>(&["XADD", "{requires-auth}:forgotten", "*", "another", message]);
    }
    // The second read from now has covered all of them.
    let looks = store.calls("xrange");
    wait_until(|| store.calls("xrange") >= looks + 2).await;
    let looked_up = store.calls("exists");
    assert_eq!(instance.read(&token).await, Response::ok());
    assert_eq!(store.calls("exists"), looked_up, "it was not invalidated");
    assert_eq!(server.introspections(), 1);
    // An invalidation by an instance is still read.
    server.revoke(&token);
    let other = Instance::start(&server, &store.url()).await;
    other.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    instance.wait_for_status(&token, 401).await;
}

#[tokio::test]
async fn a_store_with_a_malformed_generation_is_not_used() {
    // R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    store.query::<()>(&["SET", "{requires-auth}:generation", "1"]);
    let token = token(&server, "entries:read");
    for _ in 0..2 {
        let instance = Instance::start(&server, &store.url()).await;
        assert_eq!(instance.read(&token).await, Response::ok());
    }
    assert_eq!(server.introspections(), 2);
}

fn sha256(text: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(text).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[tokio::test]
async fn no_more_is_read_than_can_be_used() {
    // R-E10: write access to the store makes no instance read 32 MiB.
    const HUGE: usize = 32 << 20;
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    store.put(&store.claims_key(), &vec![1; HUGE]);
    let sent = || -> usize {
        let stats: String = store.query(&["INFO", "stats"]);
        let count = stats.lines().find_map(|it| it.strip_prefix("total_net_output_bytes:"));
        count.expect("it counts").parse().expect("a number")
    };
    let before = sent();
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.read(&token).await, Response::ok());
    assert_eq!(server.introspections(), 2, "a miss");
    assert!(sent() - before < 1 << 20, "{}", sent() - before);

    let generation = store.value("{requires-auth}:generation");
    store.put("{requires-auth}:generation", &vec![1; HUGE]);
    let (before, looks) = (sent(), store.calls("xrange"));
    wait_until(|| store.calls("xrange") >= looks + 3).await;
    assert!(sent() - before < 1 << 20, "{}", sent() - before);

    // It is used again after the generation is restored, and a message that is too long is ignored.
    store.put("{requires-auth}:generation", &generation);
    let long = "x".repeat(100_000);
    store.query::<()>(&["XADD", "{requires-auth}:forgotten", "*", "m", &long]);
    server.revoke(&token);
    one.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    other.wait_for_status(&token, 401).await;
}

#[tokio::test]
async fn a_flood_of_messages_hides_no_invalidation() {
    // R-E10: the stream is read in limited pages, so the invalidation may be dropped before it is read.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let (one, other) = Instance::start_two(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    assert_eq!(other.read(&token).await, Response::ok());
    let mut many = redis::pipe();
    for _ in 0..50_000 {
        many.cmd("XADD").arg("{requires-auth}:forgotten").arg("*").arg("m").arg("x").ignore();
    }
    server.revoke(&token);
    many.query::<()>(&mut store.connection()).unwrap();
    one.cache.invalidate(&parse(&token));
    other.wait_for_status(&token, 401).await;
}
