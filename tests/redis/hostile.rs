//! A store that gives things away, or lies (R-E9).

use std::time::Duration;

use requires_auth::shared_cache::SharedCache;

use crate::clock::Hands;
use crate::instance::{Answer, Instance, RESOURCE, SECRET, authorization_server, parsed, token};
use crate::store::{Store, until};

#[tokio::test]
async fn a_dump_of_the_store_gives_nothing_away() {
    // R-E2, R-E9
    let (store, server) = (Store::start(), authorization_server().await);
    let mint = server.mint().subject("alice-the-subject").username("alice-the-user");
    let token = mint.audience(RESOURCE).scopes("entries:read").issue();
    let instance = Instance::start(&server, &store.url()).await;
    assert_eq!(instance.read(&token).await, Answer::ok());
    store.wait_for_entries(1).await;
    instance.cache.invalidate_everywhere(&parsed("a-token-to-invalidate")).await.unwrap();

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
    // Nor what can be computed from the token alone.
    for hash in [sha256(token.as_bytes()), sha256(b"a-token-to-invalidate")] {
        assert!(!holds(&hash) && !holds(hex(&hash).as_bytes()));
    }
}

/// Puts something in the place of a token's claims; another instance has to ask anew, and to answer as
/// if nothing were there.
async fn is_a_miss(store: &Store, what: &str, change: impl FnOnce(&str)) {
    let server = authorization_server().await;
    store.ask::<()>(&["FLUSHALL"]);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Answer::ok(), "{what}");
    store.wait_for_entries(1).await;
    change(&store.claims_key());
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.write(&token).await.status, 403, "{what}");
    assert_eq!(server.introspections(), 2, "{what}");
}

#[tokio::test]
async fn an_entry_that_nobody_sealed_for_this_place_is_a_miss() {
    // R-E9
    let store = Store::start();
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
        store.ask::<()>(&["DEL", key]);
        store.ask::<()>(&["RPUSH", key, "a"]);
    })
    .await;
}

#[tokio::test]
async fn the_entry_of_another_token_is_a_miss() {
    // R-E9: the claims of one who may do more.
    let (store, server) = (Store::start(), authorization_server().await);
    let writer = token(&server, "entries:read entries:write");
    let reader = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&writer).await, Answer::ok());
    store.wait_for_entries(1).await;
    let best = store.value(&store.claims_key());
    assert_eq!(one.read(&reader).await, Answer::ok());
    store.wait_for_entries(2).await;
    for key in store.keys("*:claims:*") {
        store.put(&key, &best);
    }
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.write(&reader).await.status, 403);
    assert_eq!(server.introspections(), 3);
}

#[tokio::test]
async fn who_has_a_token_and_writes_to_the_store_grants_nothing() {
    // R-E9: another secret, and everything else the same.
    let (store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let shared = SharedCache::single(store.url(), "not the secret, but 32 bytes long");
    let forger = Instance::with(&server, shared, Hands::default(), |cache| cache).await;
    assert_eq!(forger.read(&token).await, Answer::ok());
    store.wait_for_entries(1).await;
    let foreign = store.value(&store.claims_key());
    store.ask::<()>(&["DEL", &store.claims_key()]);

    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Answer::ok());
    store.wait_for_entries(1).await;
    store.put(&store.claims_key(), &foreign);
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.read(&token).await, Answer::ok());
    assert_eq!(server.introspections(), 3, "each had to ask");
}

#[tokio::test]
async fn an_old_entry_that_is_brought_back_is_a_miss() {
    // R-E9
    let (store, server) = (Store::start(), authorization_server().await);
    let clock = Hands::default();
    let token = token(&server, "entries:read");
    let shared = || SharedCache::single(store.url(), SECRET);
    let one = Instance::with(&server, shared(), clock.clone(), |cache| cache).await;
    assert_eq!(one.read(&token).await, Answer::ok());
    store.wait_for_entries(1).await;
    let key = store.claims_key();
    store.ask::<()>(&["PERSIST", &key]);
    server.revoke(&token);
    clock.pass(Duration::from_secs(61));
    let other = Instance::with(&server, shared(), clock, |cache| cache).await;
    assert_eq!(other.read(&token).await, Answer::inactive());
    assert_eq!(store.keys("*:claims:*"), [key], "it is still there");
}

#[tokio::test]
async fn news_that_nobody_sealed_are_nobodys_business() {
    // R-E9, R-E10: who can write to the store makes nobody ask more often.
    let (store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let instance = Instance::start(&server, &store.url()).await;
    assert_eq!(instance.read(&token).await, Answer::ok());
    for message in ["", "x", "0123456789abcdef0123456789abcdef"] {
        store.ask::<()>(&["XADD", "{requires-auth}:forgotten", "*", "m", message]);
        store.ask::<()>(&["XADD", "{requires-auth}:forgotten", "*", "another", message]);
    }
    // The second look from now has read all of them.
    let looks = store.calls("xrange");
    until(|| store.calls("xrange") >= looks + 2).await;
    let looked_up = store.calls("exists");
    assert_eq!(instance.read(&token).await, Answer::ok());
    assert_eq!(store.calls("exists"), looked_up, "it was not forgotten");
    assert_eq!(server.introspections(), 1);
    // And what one of us forgets is heard all the same.
    server.revoke(&token);
    let other = Instance::start(&server, &store.url()).await;
    other.cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
    instance.until(&token, 401).await;
}

#[tokio::test]
async fn a_generation_of_another_form_is_no_store() {
    // R-E9
    let (store, server) = (Store::start(), authorization_server().await);
    store.ask::<()>(&["SET", "{requires-auth}:generation", "1"]);
    let token = token(&server, "entries:read");
    for _ in 0..2 {
        let instance = Instance::start(&server, &store.url()).await;
        assert_eq!(instance.read(&token).await, Answer::ok());
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
    // R-E10: whoever can write to the store makes nobody read 32 MiB.
    const HUGE: usize = 32 << 20;
    let (store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Answer::ok());
    store.wait_for_entries(1).await;
    store.put(&store.claims_key(), &vec![1; HUGE]);
    let sent = || -> usize {
        let stats: String = store.ask(&["INFO", "stats"]);
        let count = stats.lines().find_map(|it| it.strip_prefix("total_net_output_bytes:"));
        count.expect("it counts").parse().expect("a number")
    };
    let before = sent();
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.read(&token).await, Answer::ok());
    assert_eq!(server.introspections(), 2, "a miss");
    assert!(sent() - before < 1 << 20, "{}", sent() - before);

    let generation = store.value("{requires-auth}:generation");
    store.put("{requires-auth}:generation", &vec![1; HUGE]);
    let (before, looks) = (sent(), store.calls("xrange"));
    until(|| store.calls("xrange") >= looks + 3).await;
    assert!(sent() - before < 1 << 20, "{}", sent() - before);

    // It is used again when it is right again, and what is too long for a message is none.
    store.put("{requires-auth}:generation", &generation);
    let long = "x".repeat(100_000);
    store.ask::<()>(&["XADD", "{requires-auth}:forgotten", "*", "m", &long]);
    server.revoke(&token);
    one.cache.invalidate_everywhere(&parsed(&token)).await.unwrap();
    other.until(&token, 401).await;
}

#[tokio::test]
async fn a_flood_of_messages_hides_none() {
    // R-E10: it is read in bounded pieces, and what is behind it may come too late.
    let (store, server) = (Store::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Answer::ok());
    assert_eq!(other.read(&token).await, Answer::ok());
    let mut many = redis::pipe();
    for _ in 0..50_000 {
        many.cmd("XADD").arg("{requires-auth}:forgotten").arg("*").arg("m").arg("x").ignore();
    }
    server.revoke(&token);
    many.query::<()>(&mut store.behind()).unwrap();
    one.cache.invalidate(&parsed(&token));
    other.until(&token, 401).await;
}
