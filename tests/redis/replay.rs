//! A DPoP proof is used once among all instances that share a store (R-H5), and their nonces are those of each other (R-H6).

use std::time::Duration;

use fixtures::journal;
use fixtures::redis_server::RedisServer;
use requires_auth::shared_cache::SharedCache;
use requires_auth::testing::{AuthorizationServer, DpopKey};
use requires_auth::{Condition, Dpop, Reason, ReplayStoreFailure, RequestHead, ResourceServer};

use crate::instance::{RESOURCE, SECRET, TIMEOUT, authorization_server};

const URI: &str = "https://journal.example/entries";

fn shared(store: &RedisServer) -> SharedCache {
    SharedCache::single(store.url(), SECRET).timeout(TIMEOUT).build().unwrap()
}

fn instance(server: &AuthorizationServer, dpop: Dpop) -> ResourceServer {
    let introspection = journal::introspection(server).build().unwrap();
    ResourceServer::builder(RESOURCE)
        .issuer(server.issuer())
        .resolver(introspection)
        .dpop(dpop)
        .build()
        .unwrap()
}

struct Client {
    key: DpopKey,
    token: String,
}

impl Client {
    fn new(server: &AuthorizationServer) -> Self {
        let key = DpopKey::generate();
        let token = server.mint().subject("alice").audience(RESOURCE).bound_to(&key).issue();
        Self { key, token }
    }

    fn proof(&self) -> String {
        self.key.proof("GET", URI).access_token(&self.token).sign()
    }

    /// `Ok` if the request is accepted.
    async fn send(&self, instance: &ResourceServer, proof: &str) -> Result<(), Reason> {
        let request = http::Request::get("/entries")
            .header("authorization", format!("DPoP {}", self.token))
            .header("dpop", proof)
            .body(())
            .unwrap();
        let authorized = instance.authorize(RequestHead::from(&request), Condition::NONE).await;
        authorized.map(drop).map_err(|rejection| rejection.reason())
    }
}

#[tokio::test]
async fn a_proof_that_one_instance_has_accepted_is_rejected_by_the_others() {
    // R-H5
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let one = instance(&server, Dpop::accepted().shared(&shared(&store)));
    let other = instance(&server, Dpop::accepted().shared(&shared(&store)));
    let client = Client::new(&server);
    for _ in 0..3 {
        let proof = client.proof();
        assert_eq!(client.send(&one, &proof).await, Ok(()));
        assert_eq!(client.send(&other, &proof).await, Err(Reason::InvalidDpopProof));
        assert_eq!(client.send(&one, &proof).await, Err(Reason::InvalidDpopProof));
        let proof = client.proof();
        let (at_one, at_other) =
            tokio::join!(client.send(&one, &proof), client.send(&other, &proof));
        assert!(at_one.is_ok() != at_other.is_ok(), "{at_one:?} {at_other:?}");
    }
    // One key for each proof, which expires with it and says nothing about it.
    let keys = store.keys("*:proof");
    assert_eq!(keys.len(), 6);
    for key in keys {
        let ttl: u64 = store.query(&["PTTL", &key]);
        assert!((350_000..=361_000).contains(&ttl), "{ttl}");
        assert!(!key.contains(client.key.thumbprint()));
    }
    // A rejected proof is not recorded.
    let stranger = DpopKey::generate().proof("GET", URI).access_token(&client.token).sign();
    assert_eq!(client.send(&one, &stranger).await, Err(Reason::InvalidToken));
    assert_eq!(store.keys("*:proof").len(), 6);
}

#[tokio::test]
async fn while_the_store_cannot_be_reached_a_proof_is_rejected_unless_the_setting_says_otherwise() {
    // R-H5
    let (mut store, server) = (RedisServer::start(), authorization_server().await);
    let strict = instance(&server, Dpop::accepted().shared(&shared(&store)));
    let lenient = Dpop::accepted().shared(&shared(&store));
    let lenient = lenient.on_replay_store_failure(ReplayStoreFailure::AcceptUnshared);
    let lenient = instance(&server, lenient);
    let client = Client::new(&server);
    assert_eq!(client.send(&strict, &client.proof()).await, Ok(()));
    store.kill();
    for _ in 0..2 {
        let proof = client.proof();
        assert_eq!(client.send(&strict, &proof).await, Err(Reason::Unavailable));
        assert_eq!(client.send(&lenient, &proof).await, Ok(()));
        assert_eq!(client.send(&lenient, &proof).await, Err(Reason::InvalidDpopProof));
    }
    store.restart();
    assert_eq!(client.send(&strict, &client.proof()).await, Ok(()), "at once");
    assert_eq!(client.send(&lenient, &client.proof()).await, Ok(()));
}

#[tokio::test]
async fn a_lost_connection_rejects_no_proof() {
    // R-H5
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let instance = instance(&server, Dpop::accepted().shared(&shared(&store)));
    let client = Client::new(&server);
    for _ in 0..3 {
        let proof = client.proof();
        assert_eq!(client.send(&instance, &proof).await, Ok(()));
        let _: u64 = store.query(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    }
}

#[tokio::test]
async fn no_request_waits_for_a_slow_store_longer_than_the_timeout() {
    // R-H5
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let shared = SharedCache::single(store.url(), SECRET).timeout(Duration::from_millis(100));
    let instance = instance(&server, Dpop::accepted().shared(&shared.build().unwrap()));
    let client = Client::new(&server);
    assert_eq!(client.send(&instance, &client.proof()).await, Ok(()));
    store.query::<()>(&["CLIENT", "PAUSE", "2000", "ALL"]);
    let started = std::time::Instant::now();
    assert_eq!(client.send(&instance, &client.proof()).await, Err(Reason::Unavailable));
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
}

#[tokio::test]
async fn instances_with_the_same_secret_accept_each_others_nonces() {
    // R-H6
    let (store, server) = (RedisServer::start(), authorization_server().await);
    let with_nonces = || Dpop::accepted().require_nonces().shared(&shared(&store));
    let (one, other) = (instance(&server, with_nonces()), instance(&server, with_nonces()));
    let client = Client::new(&server);
    let request = |proof: String| {
        http::Request::get("/entries")
            .header("authorization", format!("DPoP {}", client.token))
            .header("dpop", proof)
            .body(())
            .unwrap()
    };
    let first = request(client.proof());
    let rejected = one.authorize(RequestHead::from(&first), Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::UseDpopNonce);
    let nonce = rejected.headers()["dpop-nonce"].to_str().unwrap().to_owned();
    let proof = client.key.proof("GET", URI).access_token(&client.token).nonce(nonce).sign();
    assert_eq!(client.send(&other, &proof).await, Ok(()));
}
