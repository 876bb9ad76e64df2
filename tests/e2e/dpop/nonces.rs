//! R-H6: nonces that the server provides (RFC 9449 §8, §9).

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::get;
use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, DpopKey, ManualClock};
use requires_auth::{AuthInfo, Condition, Dpop, Introspection, ResourceServer, requires_auth};
use serde_json::json;

use super::{URI, assert_dpop_challenged, dpop};
use crate::assert_ran;
use crate::service::RESOURCE;

const KEY: &str = "a key of the service, at least 32 bytes";

/// How the response gets the next nonce.
#[derive(Debug, Clone, Copy)]
enum Layer {
    Nonces,
    Authentication,
    /// That of nonces in front of that of authentication.
    Both,
    None,
}

struct Instance {
    address: std::net::SocketAddr,
    clock: ManualClock,
}

async fn start(
    authorization_server: &AuthorizationServer,
    settings: Dpop,
    layer: Layer,
) -> Instance {
    #[requires_auth(scopes = "read")]
    async fn read(auth: AuthInfo) -> String {
        format!("{} may", auth.subject().unwrap_or_default())
    }
    /// Passes a nonce of another server on.
    #[requires_auth(scopes = "read")]
    async fn own() -> [(&'static str, &'static str); 1] {
        [("dpop-nonce", "of another server")]
    }
    let clock = ManualClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000));
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client.unwrap())
        .clock(clock.clone())
        .dpop(settings)
        .build()
        .unwrap();
    let router = Router::new().route("/read", get(read)).route("/own", get(own));
    let router = match layer {
        Layer::Nonces => router.layer(server.dpop_nonce_layer()),
        Layer::Authentication => {
            router.route_layer(server.layer().require(Condition::Scope("read")))
        }
        Layer::Both => {
            let router = router.route_layer(server.layer().require(Condition::Scope("read")));
            router.layer(server.dpop_nonce_layer())
        }
        Layer::None => router,
    };
    Instance { address: serve(router.with_state(server)).await, clock }
}

struct Client<'a> {
    key: &'a DpopKey,
    token: &'a str,
    nonce: Option<String>,
    now: u64,
}

impl Client<'_> {
    /// Calls the function, and keeps the nonce that the response provides.
    async fn call(&mut self, instance: &Instance) -> Response {
        let mut proof = self.key.proof("GET", URI).access_token(self.token);
        proof = proof.claim("iat", json!(self.now));
        if let Some(nonce) = &self.nonce {
            proof = proof.nonce(nonce);
        }
        let request = dpop(Request::get("/read"), self.token, proof.sign());
        let response = request.send(instance.address).await;
        if let Some(nonce) = response.header("dpop-nonce") {
            self.nonce = Some(nonce.to_owned());
        }
        response
    }
}

fn bound_token(server: &AuthorizationServer, key: &DpopKey) -> String {
    let mint = server.mint().subject("alice").audience(RESOURCE).never_expires();
    mint.scopes("read").bound_to(key).issue()
}

#[track_caller]
fn assert_needs_nonce(response: &Response) {
    assert_dpop_challenged(response, body::USE_DPOP_NONCE);
    assert!(response.header("dpop-nonce").is_some_and(|nonce| !nonce.is_empty()), "{response:?}");
}

#[tokio::test]
async fn a_client_gets_one_401_and_then_each_nonce_in_time() {
    // R-H6
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let token = bound_token(&authorization_server, &key);
    for layer in [Layer::Nonces, Layer::Authentication, Layer::Both] {
        let settings = Dpop::accepted().require_nonces();
        let instance = start(&authorization_server, settings, layer).await;
        let mut client = Client { key: &key, token: &token, nonce: None, now: 2_000_000_000 };
        assert_needs_nonce(&client.call(&instance).await);
        let mut renewed = 0;
        // A request a minute for an hour.
        for _ in 0..60 {
            let response = client.call(&instance).await;
            assert_ran(&response, "alice may");
            renewed += response.all("dpop-nonce").len();
            instance.clock.advance(Duration::from_secs(60));
            client.now += 60;
        }
        assert!((10..=30).contains(&renewed), "{layer:?}: {renewed} new nonces");
        // Nothing for longer than the nonce is accepted.
        instance.clock.advance(Duration::from_secs(600));
        client.now += 600;
        assert_needs_nonce(&client.call(&instance).await);
        assert_ran(&client.call(&instance).await, "alice may");
    }
}

#[tokio::test]
async fn without_a_layer_no_response_provides_the_next_nonce_and_a_line_says_why() {
    // R-H6
    let log = LogCapture::default();
    let _guard = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let token = bound_token(&authorization_server, &key);
    let settings = Dpop::accepted().require_nonces();
    let instance = start(&authorization_server, settings, Layer::None).await;
    let mut client = Client { key: &key, token: &token, nonce: None, now: 2_000_000_000 };
    assert_needs_nonce(&client.call(&instance).await);
    for (seconds, lines) in [(0, 0), (200, 1), (50, 2)] {
        instance.clock.advance(Duration::from_secs(seconds));
        client.now += seconds;
        let response = client.call(&instance).await;
        assert_ran(&response, "alice may");
        assert_eq!(response.header("dpop-nonce"), None);
        let expected = "WARN requires_auth: nonces are required for DPoP proofs, and no layer provides the next one";
        let found = log.lines().iter().filter(|line| line.contains(expected)).count();
        assert_eq!(found, lines, "{:#?}", log.lines());
    }
}

#[tokio::test]
async fn a_nonce_that_the_function_provides_is_kept() {
    // R-H6
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let token = bound_token(&authorization_server, &key);
    for layer in [Layer::Nonces, Layer::Authentication, Layer::Both] {
        let settings = Dpop::accepted().require_nonces();
        let instance = start(&authorization_server, settings, layer).await;
        let mut client = Client { key: &key, token: &token, nonce: None, now: 2_000_000_000 };
        assert_needs_nonce(&client.call(&instance).await);
        instance.clock.advance(Duration::from_secs(200));
        client.now += 200;
        let proof = key.proof("GET", URI.replace("/read", "/own")).access_token(&token);
        let proof = proof.claim("iat", json!(client.now)).nonce(client.nonce.as_ref().unwrap());
        let request = dpop(Request::get("/own"), &token, proof.sign());
        let response = request.send(instance.address).await;
        assert_eq!(response.status, 200, "{layer:?}");
        assert_eq!(response.all("dpop-nonce"), ["of another server"], "{layer:?}");
    }
}

#[tokio::test]
async fn where_no_nonces_are_required_the_layer_adds_none() {
    // R-H6
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let token = bound_token(&authorization_server, &key);
    let instance = start(&authorization_server, Dpop::accepted(), Layer::Both).await;
    let mut client = Client { key: &key, token: &token, nonce: None, now: 2_000_000_000 };
    let response = client.call(&instance).await;
    assert_ran(&response, "alice may");
    assert_eq!(response.header("dpop-nonce"), None);
}

#[tokio::test]
async fn instances_with_the_same_key_accept_each_others_nonces() {
    // R-H6
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let token = bound_token(&authorization_server, &key);
    let shared = || Dpop::accepted().nonce_key(KEY);
    let first = start(&authorization_server, shared(), Layer::Nonces).await;
    let second = start(&authorization_server, shared(), Layer::Nonces).await;
    let random = Dpop::accepted().require_nonces();
    let other = start(&authorization_server, random, Layer::Nonces).await;
    let mut client = Client { key: &key, token: &token, nonce: None, now: 2_000_000_000 };
    assert_needs_nonce(&client.call(&first).await);
    assert_ran(&client.call(&second).await, "alice may");
    assert_ran(&client.call(&first).await, "alice may");
    // A server with another key: also this one after a restart without a configured key.
    assert_needs_nonce(&client.call(&other).await);
    assert_needs_nonce(&client.call(&first).await);
}

#[tokio::test]
async fn what_is_no_nonce_of_this_server_is_not_accepted() {
    // R-H6
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let token = bound_token(&authorization_server, &key);
    let instance =
        start(&authorization_server, Dpop::accepted().nonce_key(KEY), Layer::Nonces).await;
    let mut client = Client { key: &key, token: &token, nonce: None, now: 2_000_000_000 };
    client.call(&instance).await;
    let good = client.nonce.clone().unwrap();
    for nonce in ["", "x", &good[1..], &format!("{good}A"), &good.to_uppercase()] {
        client.nonce = Some(nonce.to_owned());
        assert_needs_nonce(&client.call(&instance).await);
    }
    // Another error has the nonce, too, so that the client needs no second attempt for it.
    let wrong = key.proof("POST", URI).access_token(&token).sign();
    let response = dpop(Request::get("/read"), &token, wrong).send(instance.address).await;
    assert_dpop_challenged(&response, body::INVALID_DPOP_PROOF);
    assert!(response.header("dpop-nonce").is_some());
}

#[tokio::test]
async fn a_nonce_key_must_be_long_enough() {
    // R-C2, R-H6
    let build = |dpop: Dpop| {
        ResourceServer::builder(RESOURCE)
            .issuer("https://auth.example")
            .resolver(Introspection::builder("https://auth.example/x").build().unwrap())
            .dpop(dpop)
            .build()
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let message = build(Dpop::accepted().nonce_key("s3cret")).unwrap_err();
    assert!(message.contains("at least 32 bytes: found 6 bytes"), "{message}");
    let message = build(Dpop::accepted().nonce_lifetime(Duration::from_secs(60))).unwrap_err();
    assert!(message.contains("without nonces it has no effect"), "{message}");
    let message = build(Dpop::accepted().proof_window(Duration::ZERO)).unwrap_err();
    assert!(message.contains("from 10 seconds to 1 hour"), "{message}");
    let message = build(Dpop::accepted().algorithms([])).unwrap_err();
    assert!(message.contains("at least one algorithm"), "{message}");
    for (dpop, setting) in [
        (Dpop::accepted().max_proofs(0), "`Dpop::max_proofs`"),
        (Dpop::accepted().max_proofs_per_key(0), "`Dpop::max_proofs_per_key`"),
        (Dpop::accepted().max_proofs_per_subject(0), "`Dpop::max_proofs_per_subject`"),
    ] {
        let message = build(dpop).unwrap_err();
        assert!(message.contains("at least 1") && message.contains(setting), "{message}");
    }
}
