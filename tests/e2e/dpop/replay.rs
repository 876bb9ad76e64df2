//! R-H5: a proof is used once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::{DPOP_CHALLENGE, Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, DpopKey, Mint};
use requires_auth::{
    AuthInfo, Condition, Dpop, Introspection, ReplayStore, ReplayStoreError, ReplayStoreFailure,
    ResourceServer, ResourceServerBuilder, UsedProof, requires_auth,
};

use crate::rejection_log::warned;

use super::{Bound, URI, assert_invalid_proof, dpop, token};
use crate::service::{METADATA, RESOURCE, Service};
use crate::{assert_ran, assert_rejection_headers, assert_server_error};

#[tokio::test]
async fn a_proof_is_used_once() {
    // R-H1, R-H5
    let bound = Bound::start().await;
    let proof = bound.proof().sign();
    assert_ran(&bound.call(&proof).await, "alice may");
    assert_invalid_proof(&bound.call(&proof).await);
    // The same `jti` in another proof of the key, for the same request, in another spelling.
    let jti = |uri: &str| bound.key.proof("GET", uri).access_token(&bound.token).claim("jti", "x");
    assert_ran(&bound.call(jti(URI).sign()).await, "alice may");
    for uri in [URI, "https://API.example:443/read", "https://api.example/./%72ead?x"] {
        assert_invalid_proof(&bound.call(jti(uri).sign()).await);
    }
    assert_eq!(bound.service.runs(), 2);
    // The same `jti` of another key, and for another request, is another proof.
    let other = DpopKey::generate();
    let token = token(&bound.service.authorization_server, &other);
    let proof = other.proof("GET", URI).access_token(&token).claim("jti", "x").sign();
    let response = dpop(Request::get("/read"), &token, proof).send(bound.service.address).await;
    assert_ran(&response, "alice may");
    let proof = bound.key.proof("GET", "https://api.example/any-token").access_token(&bound.token);
    let response = bound.send(Request::get("/any-token"), proof.claim("jti", "x").sign()).await;
    assert_ran(&response, "alice may");
}

#[tokio::test]
async fn of_concurrent_requests_with_the_same_proof_one_is_accepted() {
    // R-H5
    let bound = Bound::start().await;
    let proof = bound.proof().sign();
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let request = dpop(Request::get("/read"), &bound.token, &proof);
        requests.spawn(request.send(bound.service.address));
    }
    let statuses: Vec<u16> = requests.join_all().await.iter().map(|it| it.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 15, "{statuses:?}");
    assert_eq!(bound.service.runs(), 1);
}

#[tokio::test]
async fn a_proof_is_recorded_only_if_the_token_holds() {
    // R-H5: a stranger's proofs take no room, and use up nothing.
    let bound = Bound::with(Dpop::accepted().max_proofs(1)).await;
    let stranger = DpopKey::generate();
    for _ in 0..3 {
        let proof = stranger.proof("GET", URI).access_token("unknown").sign();
        let request = dpop(Request::get("/read"), "unknown", proof);
        assert_eq!(request.send(bound.service.address).await.status, 401);
        let proof = stranger.proof("GET", URI).access_token(&bound.token).sign();
        assert_eq!(bound.call(proof).await.status, 401);
    }
    assert_ran(&bound.call(bound.proof().sign()).await, "alice may");
    let full = bound.call(bound.proof().sign()).await;
    assert_server_error(&full, 503, body::UNAVAILABLE, Some("5"));
}

#[tokio::test]
async fn the_proofs_of_one_key_leave_room_for_others() {
    // R-H5
    let bound = Bound::with(Dpop::accepted().max_proofs_per_key(2)).await;
    for _ in 0..2 {
        assert_ran(&bound.call(bound.proof().sign()).await, "alice may");
    }
    let full = bound.call(bound.proof().sign()).await;
    assert_server_error(&full, 503, body::UNAVAILABLE, Some("5"));
    let other = DpopKey::generate();
    let token = token(&bound.service.authorization_server, &other);
    let proof = other.proof("GET", URI).access_token(&token).sign();
    let response = dpop(Request::get("/read"), &token, proof).send(bound.service.address).await;
    assert_ran(&response, "alice may");
}

#[tokio::test]
async fn the_keys_of_one_subject_leave_room_for_others() {
    // R-H5: with a new key for each proof, from two clients of the user.
    let bound = Bound::with(Dpop::accepted().max_proofs_per_subject(2)).await;
    let send = async |subject: &str, client: &str| {
        let key = DpopKey::generate();
        let mint = bound.service.authorization_server.mint().subject(subject).client_id(client);
        let token = mint.audience(RESOURCE).scopes("read").bound_to(&key).issue();
        let proof = key.proof("GET", URI).access_token(&token).sign();
        dpop(Request::get("/read"), &token, proof).send(bound.service.address).await
    };
    assert_ran(&send("alice", "first").await, "alice may");
    assert_ran(&send("alice", "second").await, "alice may");
    assert_server_error(&send("alice", "third").await, 503, body::UNAVAILABLE, Some("5"));
    assert_ran(&send("bob", "first").await, "bob may");
    assert_eq!(bound.service.runs(), 3);
}

#[tokio::test]
async fn two_resource_servers_that_authenticate_one_request_need_stores_of_their_own() {
    // R-H5: the id of a proof has its URI, not a resource (RFC 9449 §11.1).
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let audiences = [RESOURCE, "https://api.example/outer"];
    let address = async |stores: [Store; 2]| {
        let issuer = authorization_server.issuer();
        let layers = audiences.into_iter().zip(stores).map(|(resource, store)| {
            let url = authorization_server.introspection_url();
            let server = ResourceServer::builder(resource).issuer(issuer);
            let server = server.resolver(Introspection::builder(url).build().unwrap());
            server.dpop(Dpop::accepted().replay_store(store)).build().unwrap().layer()
        });
        let app = Router::new().route("/read", get(|| async { "both may" }));
        serve(layers.fold(app, Router::layer)).await
    };
    let key = DpopKey::generate();
    let mint = authorization_server.mint().subject("alice").scopes("read").bound_to(&key);
    let token = audiences.into_iter().fold(mint, Mint::audience).issue();
    let proof = || key.proof("GET", URI).access_token(&token).sign();

    let assert_replayed = |response: &Response, metadata: &str| {
        let parsed: serde_json::Value = serde_json::from_str(body::INVALID_DPOP_PROOF).unwrap();
        let error =
            format!("error={}, error_description={}", parsed["error"], parsed["error_description"]);
        let challenges =
            [format!("{DPOP_CHALLENGE}, {error}, {metadata}"), format!("Bearer {metadata}")];
        assert_eq!((response.status, response.body.as_str()), (401, body::INVALID_DPOP_PROOF));
        assert_eq!(response.all("www-authenticate"), challenges);
        assert_rejection_headers(response);
    };

    let own = address([Store::default(), Store::default()]).await;
    let first = proof();
    assert_ran(&dpop(Request::get("/read"), &token, &first).send(own).await, "both may");
    let outer = METADATA.replace("/v1", "/outer");
    assert_replayed(&dpop(Request::get("/read"), &token, &first).send(own).await, &outer);

    let store = Store::default();
    let shared = address([store.clone(), store]).await;
    // The inner one finds what the outer one has recorded.
    assert_replayed(&dpop(Request::get("/read"), &token, proof()).send(shared).await, METADATA);
}

/// A store that two instances share, or one that does not answer.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<HashSet<String>>>, bool);

impl ReplayStore for Store {
    async fn record(&self, proof: UsedProof, lifetime: Duration) -> Result<bool, ReplayStoreError> {
        assert!((Duration::from_secs(355)..=Duration::from_secs(662)).contains(&lifetime));
        tokio::task::yield_now().await;
        if self.1 {
            return Err(ReplayStoreError::new("it is down"));
        }
        Ok(self.0.lock().unwrap().insert(proof.to_string()))
    }
}

#[tokio::test]
async fn a_proof_that_one_instance_has_accepted_is_rejected_by_another() {
    // R-H5
    let store = Store::default();
    let first = Bound::with(Dpop::accepted().replay_store(store.clone())).await;
    let issuer = first.service.authorization_server.issuer().to_owned();
    let url = first.service.authorization_server.introspection_url();
    let second = instance(&issuer, url, Dpop::accepted().replay_store(store)).await;
    for _ in 0..2 {
        let proof = first.proof().sign();
        assert_ran(&first.call(&proof).await, "alice may");
        let replayed = dpop(Request::get("/read"), &first.token, &proof).send(second).await;
        assert_invalid_proof(&replayed);
    }
    // At both at once.
    let proof = first.proof().sign();
    let request = || dpop(Request::get("/read"), &first.token, &proof);
    let (one, other) = tokio::join!(request().send(first.service.address), request().send(second));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn while_the_store_does_not_answer_the_setting_decides() {
    // R-H5
    let down = || Store(Arc::default(), true);
    let bound = Bound::with(Dpop::accepted().replay_store(down())).await;
    let response = bound.call(bound.proof().sign()).await;
    assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    assert_eq!(bound.service.runs(), 0);
    // A token that is not bound needs no store.
    let bearer = Request::get("/read").bearer(&bound.service.token("read"));
    assert_ran(&bearer.send(bound.service.address).await, "alice may");

    let lenient = Dpop::accepted()
        .replay_store(down())
        .on_replay_store_failure(ReplayStoreFailure::AcceptUnshared);
    let bound = Bound::with(lenient).await;
    let proof = bound.proof().sign();
    assert_ran(&bound.call(&proof).await, "alice may");
    assert_invalid_proof(&bound.call(&proof).await);
}

/// Another instance of the service: behind a layer, and with a guard that needs its own decision.
async fn instance(issuer: &str, introspection: &str, dpop: Dpop) -> std::net::SocketAddr {
    #[requires_auth(scopes = "read")]
    async fn read(auth: AuthInfo) -> String {
        format!("{} may", auth.subject().unwrap_or_default())
    }
    let server = server(issuer, introspection).dpop(dpop).build().unwrap();
    let layer = server.layer().require(Condition::Scope("read"));
    serve(Router::new().route("/read", get(read)).route_layer(layer).with_state(server)).await
}

fn server(issuer: &str, introspection: &str) -> ResourceServerBuilder {
    let client = Introspection::builder(introspection).build().unwrap();
    ResourceServer::builder(RESOURCE).issuer(issuer).resolver(client)
}

#[tokio::test]
async fn the_guards_of_one_request_use_its_proof_once() {
    // R-H1: a layer, a guard and a second guard.
    for store in [None, Some(Store::default())] {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let (issuer, url) =
            (authorization_server.issuer(), authorization_server.introspection_url());
        let settings = match store {
            None => Dpop::accepted(),
            Some(store) => Dpop::accepted().replay_store(store),
        };
        let address = instance(issuer, url, settings).await;
        let key = DpopKey::generate();
        let token = token(&authorization_server, &key);
        for _ in 0..2 {
            let proof = key.proof("GET", URI).access_token(&token).sign();
            let request = || dpop(Request::get("/read"), &token, &proof);
            assert_ran(&request().send(address).await, "alice may");
            assert_invalid_proof(&request().send(address).await);
        }
    }
}

#[tokio::test]
async fn a_replayed_proof_is_rejected_whether_or_not_the_token_is_cached() {
    // R-E1, R-H5
    let (service, _cache) = Service::with_cache().await;
    let bound = Bound::of(service);
    let proof = bound.proof().sign();
    assert_ran(&bound.call(&proof).await, "alice may");
    assert_invalid_proof(&bound.call(&proof).await);
    assert_ran(&bound.call(bound.proof().sign()).await, "alice may");
    assert_eq!(
        bound.service.introspection_requests(),
        1,
        "the claims are cached, the proof is not"
    );
}

#[tokio::test]
async fn the_log_says_that_proofs_are_not_shared_a_few_times_only() {
    // R-B9, R-H5: callers can repeat requests.
    let log = LogCapture::default();
    let _guard = log.start();
    let lenient = Dpop::accepted()
        .replay_store(Store(Arc::default(), true))
        .on_replay_store_failure(ReplayStoreFailure::AcceptUnshared);
    let bound = Bound::with(lenient).await;
    for _ in 0..20 {
        assert_ran(&bound.call(bound.proof().sign()).await, "alice may");
    }
    let warnings = warned(&log);
    let about =
        warnings.iter().filter(|line| line.contains("DPoP proofs that are used are recorded"));
    assert_eq!(about.count(), 5, "{warnings:?}");
    assert!(warnings[0].contains("the replay store does not answer: it is down"), "{warnings:?}");
}
