//! Entries are shared between instances (R-E9).

use std::time::Duration;

use fixtures::redis_server::{RedisServer, wait_until};
use fixtures::rejection_body;
use requires_auth::shared_cache::SharedCache;
use requires_auth::testing::{Fault, ManualClock};
use requires_auth::{Cached, Clock, Introspection, Resolver};
use serde_json::json;

use crate::instance::{Instance, RESOURCE, Response, SECRET, authorization_server, parse, token};
use crate::tcp_proxy::Proxy;

#[tokio::test]
async fn a_token_that_one_instance_has_resolved_is_not_resolved_by_another() {
    // R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    for _ in 0..3 {
        let instance = Instance::start(&server, &store.url()).await;
        assert_eq!(instance.read(&token).await, Response::ok());
    }
    assert_eq!(server.introspections(), 1);
}

#[tokio::test]
async fn the_claims_are_the_same_in_every_instance() {
    // R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let mint = server.mint().subject("älice").audience(RESOURCE).scopes("b a");
    let token = parse(&mint.issue());
    let (one, other) = Instance::start_two(&server, &store.url()).await;
    let resolved = one.cache.resolve(&token).await.unwrap();
    let shared = other.cache.resolve(&token).await.unwrap();
    assert_eq!(server.introspections(), 1);
    assert_eq!(shared.as_json(), resolved.as_json());
    assert_eq!(format!("{shared:?}"), format!("{resolved:?}"));
}

#[tokio::test]
async fn every_instance_checks_the_scopes_itself() {
    // R-E1, R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let (one, other) = Instance::start_two(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    let rejected = other.write(&token).await;
    assert_eq!(server.introspections(), 1);
    let what = "The access token does not carry the scopes that this operation needs";
    let metadata = "https://journal.example/.well-known/oauth-protected-resource/mcp";
    let challenge = format!(
        "Bearer error=\"insufficient_scope\", error_description=\"{what}\", \
         scope=\"entries:write\", resource_metadata=\"{metadata}\""
    );
    let body = rejection_body::INSUFFICIENT_SCOPE.to_owned();
    assert_eq!(rejected, Response { status: 403, challenge: Some(challenge), body });
}

#[tokio::test]
async fn the_age_of_claims_counts_from_their_resolution_in_every_instance() {
    // R-E3, R-E9: no instance uses them 60 s after their resolution.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let clock = ManualClock::running();
    let shared = || SharedCache::single(store.url(), SECRET);
    let one = Instance::with(&server, shared(), clock.clone(), |cache| cache).await;
    let other = Instance::with(&server, shared(), clock.clone(), |cache| cache).await;
    assert_eq!(one.read(&token).await, Response::ok());
    clock.advance(Duration::from_secs(55));
    assert_eq!(other.read(&token).await, Response::ok());
    assert_eq!(server.introspections(), 1, "found in the store");
    clock.advance(Duration::from_secs(5));
    assert!(server.revoke(&token));
    assert_eq!(other.read(&token).await, Response::inactive(), "not a second longer");
}

#[tokio::test]
async fn an_entry_expires_in_the_store_with_the_ttl_or_the_token() {
    // R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let instance = Instance::start(&server, &store.url()).await;
    for (lifetime, longest) in [(3600, 60_000), (20, 20_000)] {
        let mint = server.mint().subject("alice").audience(RESOURCE).scopes("entries:read");
        let token = mint.expires_in(Duration::from_secs(lifetime)).issue();
        assert_eq!(instance.read(&token).await, Response::ok());
        store.wait_for_entries(1).await;
        let left: i64 = store.query(&["PTTL", &store.claims_key()]);
        assert!((longest - 5_000..=longest).contains(&left), "{left} of {longest} ms");
        store.query::<()>(&["DEL", &store.claims_key()]);
    }
}

#[tokio::test]
async fn claims_from_the_future_are_not_used() {
    // R-E9, R-L3: otherwise a clock that is ahead would make them live longer.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let mint = server.mint().subject("alice").audience(RESOURCE).scopes("entries:read");
    let token = mint.never_expires().issue();
    let ahead = ManualClock::running();
    ahead.set(ahead.now() + Duration::from_secs(3600));
    let shared = || SharedCache::single(store.url(), SECRET);
    let one = Instance::with(&server, shared(), ahead, |cache| cache).await;
    assert!(one.cache.resolve(&parse(&token)).await.is_ok());
    store.wait_for_entries(1).await;
    let other = Instance::start(&server, &store.url()).await;
    assert_eq!(other.read(&token).await, Response::ok());
    assert_eq!(server.introspections(), 2);
    // For an instance whose clock is behind, the claims of all others are from the future.
    let behind = ManualClock::running();
    behind.set(behind.now() - Duration::from_secs(3600));
    let behind = Instance::with(&server, shared(), behind, |cache| cache).await;
    assert_eq!(behind.read(&token).await, Response::ok());
    assert_eq!(server.introspections(), 3);
}

#[tokio::test]
async fn the_time_that_a_lookup_takes_counts_into_the_age() {
    // R-E9: a minute passes while the reply of the store is delayed.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let clock = ManualClock::running();
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    let proxy = Proxy::to(store.port).await;
    let shared = SharedCache::single(proxy.url(), SECRET);
    let other = Instance::with(&server, shared, clock.clone(), |cache| cache).await;
    // The first request waits for the connection to the store.
    assert_eq!(other.read("nobody").await, Response::inactive());
    let (requests_before, looked_up) = (server.introspections(), store.calls("exists"));
    proxy.hold();
    let meanwhile = async {
        wait_until(|| store.calls("exists") > looked_up).await;
        clock.advance(Duration::from_secs(61));
        proxy.release();
    };
    let (response, ()) = tokio::join!(other.read(&token), meanwhile);
    assert_eq!(response, Response::ok());
    assert_eq!(server.introspections(), requests_before + 1, "they are too old now");
}

#[tokio::test]
async fn an_entry_takes_little_more_memory_than_its_claims() {
    // R-E9: with 400 bytes of claims, as the documentation says.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let instance = Instance::start(&server, &store.url()).await;
    let claims = json!({
        "active": true, "iss": server.issuer(), "aud": [RESOURCE], "sub": "248289761001",
        "client_id": "journal-web-app@journal", "username": "alice@example.com", "exp": 4_102_444_800_u64,
        "iat": 1_767_225_600, "nbf": 1_767_225_600, "jti": "0e3f1b52-6a52-4b1e-9f0a-6f5a5a2f8c11",
        "token_type": "Bearer", "scope": "entries:read entries:write", "name": "Alice Example",
        "email": "alice@example.com", "email_verified": true,
    });
    let length = claims.to_string().len();
    assert!((390..=410).contains(&length), "{length}");
    let token = server.mint().answer_with(claims).issue();
    assert_eq!(instance.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    let size: u64 = store.query(&["MEMORY", "USAGE", &store.claims_key()]);
    println!("{length} bytes of claims take {size} in the store");
    assert!((1000..=1536).contains(&size), "{size}");
}

#[tokio::test]
async fn inactive_tokens_and_failures_are_not_shared() {
    // R-E4, R-E9: unknown tokens cannot fill the store.
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let instance = Instance::start(&server, &store.url()).await;
    for number in 0..20 {
        assert_eq!(instance.read(&format!("nobody-{number}")).await, Response::inactive());
    }
    server.fault_once(Fault::status(400));
    assert_eq!(instance.read("something").await.status, 503);
    // The store holds nothing but the generation.
    assert_eq!(store.keys("*"), ["{requires-auth}:generation"]);
}

#[tokio::test]
async fn entries_are_shared_only_with_the_same_server_client_and_settings() {
    // R-E2, R-E9
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let token = token(&server, "entries:read");
    let one = Instance::start(&server, &store.url()).await;
    assert_eq!(one.read(&token).await, Response::ok());
    store.wait_for_entries(1).await;
    let introspection = |id: &str| {
        Introspection::builder(server.introspection_url()).client_secret_basic(id, "the-secret")
    };
    let shared = || SharedCache::single(store.url(), SECRET).build().unwrap();
    let permissions = introspection("journal").scope_claims(["permissions[]".parse().unwrap()]);
    for other in [introspection("another").build().unwrap(), permissions.build().unwrap()] {
        let before = server.introspections();
        let other = Cached::builder(other).shared(shared()).build().unwrap();
        let _ = other.resolve(&parse(&token)).await;
        assert_eq!(server.introspections(), before + 1);
    }
}
