//! R-H1, R-H5, R-H6: what RFC 9449 says about nonces (§8, §9) and in its security considerations (§11), beyond the
//! checks of a proof.

use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::header::CACHE_CONTROL;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use requires_auth::testing::{AuthorizationServer, DpopKey, ManualClock};
use requires_auth::{
    AccessToken, AuthInfo, Claims, Condition, Dpop, Introspection, Reason, ReplayStore,
    ReplayStoreError, RequestHead, ResolveError, Resolver, ResourceServer, UsedProof,
    requires_auth,
};
use serde_json::json;
use tokio::sync::Notify;

use super::{Bound, URI, assert_invalid_proof, dpop, token};
use crate::assert_ran;
use crate::service::{RESOURCE, Service};

/// The start of the clocks.
fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000)
}

/// Claims of a token that is bound to a key. The first token is resolved at once, the others when they are released.
#[derive(Clone)]
struct SlowResolver {
    claims: Arc<str>,
    calls: Arc<AtomicUsize>,
    waits: Arc<Notify>,
    release: Arc<Notify>,
}

impl SlowResolver {
    fn of(key: &DpopKey) -> Self {
        let claims = json!({
            "active": true, "iss": "https://auth.example", "aud": RESOURCE, "sub": "alice",
            "cnf": { "jkt": key.thumbprint() },
        });
        Self {
            claims: claims.to_string().into(),
            calls: Arc::default(),
            waits: Arc::default(),
            release: Arc::default(),
        }
    }
}

impl Resolver for SlowResolver {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) > 0 {
            self.waits.notify_one();
            self.release.notified().await;
        }
        Claims::from_introspection(self.claims.as_bytes())
    }

    fn cache_namespace(&self) -> String {
        "slow".to_owned()
    }
}

/// A request under the scheme `DPoP`.
fn request(token: &str, proof: &str) -> http::Request<()> {
    http::Request::get("/read")
        .header("authorization", format!("DPoP {token}"))
        .header("dpop", proof)
        .body(())
        .unwrap()
}

async fn send(server: &ResourceServer, token: &str, proof: &str) -> Result<(), Reason> {
    let request = request(token, proof);
    let authorized = server.authorize(RequestHead::from(&request), Condition::NONE).await;
    authorized.map(drop).map_err(|rejection| rejection.reason())
}

#[tokio::test]
async fn a_proof_that_expires_while_its_token_is_resolved_is_rejected() {
    // R-H5 (§11.1): the use by the request that was faster may be forgotten by then.
    let key = DpopKey::generate();
    let (resolver, clock) = (SlowResolver::of(&key), ManualClock::at(start()));
    let server = ResourceServer::builder(RESOURCE)
        .issuer("https://auth.example")
        .resolver(resolver.clone())
        .clock(clock.clone())
        .build()
        .unwrap();
    let proof = key.proof("GET", URI).access_token("t0k3n");
    let proof = proof.issued_at(start() - Duration::from_secs(300)).sign();
    assert_eq!(send(&server, "t0k3n", &proof).await, Ok(()));
    let slow = tokio::spawn({
        let (server, proof) = (server.clone(), proof.clone());
        async move { send(&server, "t0k3n", &proof).await }
    });
    resolver.waits.notified().await;
    clock.advance(Duration::from_secs(200));
    resolver.release.notify_one();
    assert_eq!(slow.await.unwrap(), Err(Reason::InvalidDpopProof));
}

/// A store that forgets a proof when its lifetime is over.
#[derive(Clone)]
struct ForgetfulStore {
    used: Arc<Mutex<HashMap<String, SystemTime>>>,
    clock: ManualClock,
}

impl ReplayStore for ForgetfulStore {
    async fn record(&self, proof: UsedProof, lifetime: Duration) -> Result<bool, ReplayStoreError> {
        use requires_auth::Clock as _;
        let now = self.clock.now();
        let mut used = self.used.lock().unwrap();
        used.retain(|_, expires_at| *expires_at > now);
        Ok(used.insert(proof.to_string(), now + lifetime).is_none())
    }
}

#[tokio::test]
async fn an_instance_whose_clock_is_behind_accepts_no_proof_that_the_store_has_forgotten() {
    // R-H5 (§11.1)
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE).never_expires();
    let token = mint.bound_to(&key).issue();
    let (ahead, behind) =
        (ManualClock::at(start()), ManualClock::at(start() - Duration::from_secs(50)));
    let store = ForgetfulStore { used: Arc::default(), clock: ManualClock::at(start()) };
    let instance = |clock: &ManualClock| {
        let client = Introspection::builder(authorization_server.introspection_url()).build();
        ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client.unwrap())
            .clock(clock.clone())
            .dpop(Dpop::accepted().replay_store(store.clone()))
            .build()
            .unwrap()
    };
    let (one, other) = (instance(&ahead), instance(&behind));
    let proof = key.proof("GET", URI).access_token(&token);
    let proof = proof.issued_at(start() - Duration::from_secs(300)).sign();
    assert_eq!(send(&one, &token, &proof).await, Ok(()));
    for _ in 0..50 {
        for clock in [&ahead, &behind, &store.clock] {
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(send(&other, &token, &proof).await, Err(Reason::InvalidDpopProof));
    }
    // By then it is too old for every instance.
    behind.advance(Duration::from_secs(1));
    assert_eq!(send(&other, &token, &proof).await, Err(Reason::InvalidDpopProof));
}

/// A store that never answers.
struct HangingStore(Arc<Notify>);

impl ReplayStore for HangingStore {
    async fn record(&self, _: UsedProof, _: Duration) -> Result<bool, ReplayStoreError> {
        self.0.notify_one();
        pending().await
    }
}

#[tokio::test]
async fn a_request_that_is_cancelled_before_its_answer_has_used_its_proof() {
    // R-H5 (§11.1)
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let token = token(&authorization_server, &key);
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let reached = Arc::new(Notify::new());
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client.unwrap())
        .dpop(Dpop::accepted().replay_store(HangingStore(Arc::clone(&reached))))
        .build()
        .unwrap();
    let proof = key.proof("GET", URI).access_token(&token).sign();
    tokio::select! {
        result = send(&server, &token, &proof) => panic!("{result:?}"),
        () = reached.notified() => {}
    }
    assert_eq!(send(&server, &token, &proof).await, Err(Reason::InvalidDpopProof));
}

#[tokio::test]
async fn an_identifier_of_any_length_and_spelling_is_used_once() {
    // R-H5 (§11.1)
    let bound = Bound::start().await;
    let with_jti = |jti: &str| bound.proof().claim("jti", jti).sign();
    for jti in ["x".repeat(5000), "\0".to_owned(), "\u{feff}é\u{1f511}".to_owned(), " ".to_owned()]
    {
        assert_ran(&bound.call(with_jti(&jti)).await, "alice may");
        assert_invalid_proof(&bound.call(with_jti(&jti)).await);
    }
    // Those that differ at the end only are different.
    let long = "x".repeat(4999);
    assert_ran(&bound.call(with_jti(&format!("{long}y"))).await, "alice may");
    // The same text with an escape of JSON, in a proof that the holder of the key has signed anew.
    assert_ran(&bound.call(with_jti("escaped")).await, "alice may");
    let proof = with_jti("escaped");
    let claims = URL_SAFE_NO_PAD.decode(proof.split('.').nth(1).unwrap()).unwrap();
    let claims = String::from_utf8(claims).unwrap().replace("\"escaped\"", "\"\\u0065scaped\"");
    assert_invalid_proof(&bound.call(resigned(&bound, &proof, &claims)).await);
    assert_invalid_proof(&bound.call(with_jti("")).await);
}

/// The proof with other claims.
fn resigned(bound: &Bound, proof: &str, claims: &str) -> String {
    let header = proof.split('.').next().unwrap();
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(bound.key.sign_bytes(&message)))
}

#[tokio::test]
async fn another_signature_of_the_same_proof_makes_no_other_proof() {
    // R-H5 (§11.1): whoever has an ECDSA signature (r, s) can make (r, n - s), which is one as well.
    let bound = Bound::start().await;
    let proof = bound.proof().sign();
    let (message, signature) = proof.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (_, s) = signature.split_at_mut(32);
    negate(s);
    let other = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature));
    assert_ne!(other, proof);
    assert_ran(&bound.call(&other).await, "alice may");
    assert_invalid_proof(&bound.call(&proof).await);
    assert_eq!(bound.service.runs(), 1);
}

/// `n - s`, where `n` is the order of P-256 (FIPS 186-4 §D.1.2.3).
fn negate(s: &mut [u8]) {
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let mut borrow = 0;
    for place in (0..32).rev() {
        let digit = i32::from_str_radix(&order[2 * place..2 * place + 2], 16).unwrap();
        let difference = digit - i32::from(s[place]) - borrow;
        borrow = i32::from(difference < 0);
        s[place] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
}

#[tokio::test]
async fn a_proof_is_for_the_path_that_is_routed() {
    // R-H1, check 9: a router compares paths as they are. A client removes dot segments (RFC 3986 §5.2.4), so a path
    // with one comes from somebody who wants a proof for one path to be taken for another one.
    #[requires_auth(scopes = "read")]
    async fn file(auth: AuthInfo, OriginalUri(uri): OriginalUri) -> String {
        format!("{} may read {}", auth.subject().unwrap_or_default(), uri.path())
    }
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = |base: &str| {
        let client = Introspection::builder(authorization_server.introspection_url()).build();
        ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client.unwrap())
            .external_base_url(base)
            .build()
            .unwrap()
    };
    let key = DpopKey::generate();
    let token = token(&authorization_server, &key);
    let route = |base: &str| {
        Router::new()
            .route("/files/{*path}", get(file))
            .fallback(get(file))
            .with_state(server(base))
    };
    let root = serve(route("https://api.example")).await;
    let prefixed = serve(route("https://api.example/journal")).await;
    for (address, path, uri) in [
        (root, "/files/../read", "https://api.example/read"),
        (root, "/files/./read", "https://api.example/files/read"),
        (root, "/files/%2e%2E/read", "https://api.example/read"),
        (root, "/files/x/..", "https://api.example/files/"),
        (root, "/files/.", "https://api.example/files/"),
        (root, "/..", "https://api.example/"),
        // Another service under the same host.
        (prefixed, "/../other/read", "https://api.example/other/read"),
        (prefixed, "/.%2e/other/read", "https://api.example/other/read"),
    ] {
        for uri in [uri.to_owned(), format!("https://api.example{path}")] {
            let proof = key.proof("GET", &uri).access_token(&token).sign();
            let response = dpop(Request::get(path), &token, proof).send(address).await;
            assert_invalid_proof(&response);
        }
    }
    for (address, path, uri) in [
        (root, "/files/...", "https://api.example/files/..."),
        (root, "/files/.a/b..", "https://api.example/files/.a/b.."),
        (root, "/files/a%2Fb", "https://api.example/files/a%2fb"),
        (root, "/files/%7Eb", "https://api.example/files/~b"),
        (prefixed, "/files/a", "https://api.example/journal/files/a"),
    ] {
        let proof = key.proof("GET", uri).access_token(&token).sign();
        let response = dpop(Request::get(path), &token, proof).send(address).await;
        assert_ran(&response, &format!("alice may read {path}"));
    }
    // A target in absolute form: its host is what the caller says, as in `Host`.
    let absolute = Request::get("http://evil.example/files/a");
    let proof = |uri: &str| key.proof("GET", uri).access_token(&token).sign();
    let response =
        dpop(absolute.clone(), &token, proof("http://evil.example/files/a")).send(root).await;
    assert_invalid_proof(&response);
    let response = dpop(absolute, &token, proof("https://api.example/files/a")).send(root).await;
    assert_eq!(response.status, 200, "{response:?}");
}

#[tokio::test]
async fn no_log_line_has_the_token_or_the_proof() {
    // R-A6, R-H1 (§7.1)
    let log = LogCapture::default();
    let _guard = log.start();
    let bound = Bound::start().await;
    let secret = "0a1b2c3d4e5f";
    let proof = |uri: &str| bound.key.proof("GET", uri).access_token(&bound.token);
    let (fresh, unsigned) = (bound.proof().sign(), bound.proof().sign());
    let unsigned = unsigned.rsplit_once('.').unwrap().0;
    let proofs = [
        fresh.clone(),
        fresh,
        format!("{unsigned}.AAAA"),
        proof(URI).claim("iat", 0).claim("jti", secret).sign(),
        proof(URI).claim("htm", "POST").claim("jti", secret).sign(),
        proof(URI).header_parameter("alg", "none").claim("jti", secret).sign(),
        proof(&format!("https://api.example/other?access_token={secret}")).sign(),
        proof(&format!("https://api.example/other#access_token={secret}")).sign(),
        proof(&format!("https://alice:{secret}@api.example/read")).sign(),
        proof(&format!("https://alice:{secret}@api.example/read?x={secret}")).sign(),
        proof(&format!("?access_token={secret}")).sign(),
    ];
    let mut texts = vec![bound.token.clone(), secret.to_owned()];
    for proof in proofs {
        texts.extend(proof.split('.').map(|part| part[..part.len().min(20)].to_owned()));
        let response = bound.call(&proof).await.text();
        assert!(!response.contains(secret), "{response}");
    }
    texts.retain(|text| text.len() > 4);
    let lines = log.lines();
    assert!(lines.iter().any(|line| line.contains("request rejected")), "{lines:?}");
    for line in lines {
        for text in &texts {
            assert!(!line.contains(text.as_str()), "{text}: {line}");
        }
    }
}

#[tokio::test]
async fn a_response_with_a_nonce_is_not_cached() {
    // R-H6 (§8.2)
    #[requires_auth(scopes = "read")]
    async fn read(auth: AuthInfo) -> ([(http::HeaderName, &'static str); 1], String) {
        let body = format!("{} may", auth.subject().unwrap_or_default());
        ([(CACHE_CONTROL, "max-age=3600")], body)
    }
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE).never_expires();
    let token = mint.scopes("read").bound_to(&key).issue();
    for has_layer in [true, false] {
        let clock = ManualClock::at(start());
        let client = Introspection::builder(authorization_server.introspection_url()).build();
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client.unwrap())
            .clock(clock.clone())
            .dpop(Dpop::accepted().require_nonces())
            .build()
            .unwrap();
        let router = Router::new().route("/read", get(read));
        let router = if has_layer {
            router.route_layer(server.layer())
        } else {
            router.layer(server.dpop_nonce_layer())
        };
        let address = serve(router.with_state(server)).await;
        let send = |nonce: Option<String>, seconds: u64| {
            let proof = key.proof("GET", URI).access_token(&token);
            let proof = proof.issued_at(start() + Duration::from_secs(seconds));
            let proof = proof.claim("nonce", nonce.map_or(serde_json::Value::Null, Into::into));
            dpop(Request::get("/read"), &token, proof.sign()).send(address)
        };
        let response = send(None, 0).await;
        assert_eq!((response.status, response.header("cache-control")), (401, Some("no-store")));
        let nonce = response.header("dpop-nonce").map(str::to_owned);
        let response = send(nonce.clone(), 0).await;
        assert_ran(&response, "alice may");
        assert_eq!(response.header("cache-control"), Some("max-age=3600"), "there is no nonce");
        clock.advance(Duration::from_secs(200));
        let response = send(nonce, 200).await;
        assert_ran(&response, "alice may");
        assert!(response.header("dpop-nonce").is_some());
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_nonce_of_another_time_is_not_accepted() {
    // R-H6 (§9, §11.3): an old one, one of a clock that is far ahead, and no text at all.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let key = DpopKey::generate();
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE).never_expires();
    let token = mint.bound_to(&key).issue();
    let clock = ManualClock::at(start());
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client.unwrap())
        .clock(clock.clone())
        .dpop(Dpop::accepted().require_nonces())
        .build()
        .unwrap();
    let send = async |nonce: serde_json::Value, at: SystemTime| {
        let proof = key.proof("GET", URI).access_token(&token).issued_at(at);
        let request = request(&token, &proof.claim("nonce", nonce).sign());
        server.authorize(RequestHead::from(&request), Condition::NONE).await
    };
    let nonce_at = async |at: SystemTime| {
        clock.set(at);
        let rejection = send(json!(null), at).await.unwrap_err();
        assert_eq!(rejection.reason(), Reason::UseDpopNonce);
        json!(rejection.headers()["dpop-nonce"].to_str().unwrap())
    };
    let (past, future) = (start() - Duration::from_secs(300), start() + Duration::from_secs(300));
    let (old, early, current) =
        (nonce_at(past).await, nonce_at(future).await, nonce_at(start()).await);
    for nonce in [old, early, json!(""), json!(current.as_str().unwrap().repeat(100))] {
        let rejection = send(nonce, start()).await.unwrap_err();
        assert_eq!(rejection.reason(), Reason::UseDpopNonce);
    }
    for nonce in [json!([current]), json!({ "nonce": current }), json!(1), json!(true)] {
        let rejection = send(nonce, start()).await.unwrap_err();
        assert_eq!(rejection.reason(), Reason::InvalidDpopProof);
    }
    assert!(send(current, start()).await.is_ok());
}

#[tokio::test]
async fn a_header_in_two_lines_is_no_request() {
    // R-H1, check 1 (RFC 9112 §5.2)
    let service = Service::start().await;
    let bound = Bound::of(service);
    let (first, rest) = (bound.proof().sign(), bound.proof().sign());
    for folded in [format!("{first}\r\n {rest}"), format!("{first}\r\n\t,{rest}")] {
        let response = dpop(Request::get("/read"), &bound.token, folded);
        let response = response.send(bound.service.address).await;
        assert!(matches!(response.status, 400 | 401), "{response:?}");
    }
    assert_eq!(bound.service.runs(), 0);
}
