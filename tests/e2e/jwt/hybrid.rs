//! JWTs and opaque tokens of one issuer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use fixtures::rejection_body as body;
use requires_auth::second_level::{Acknowledgement, CacheKey, ResolvedClaims, SecondLevel};
use requires_auth::testing::{AuthorizationServer, Endpoint, Fault, TokenFormat};
use requires_auth::{
    AccessToken, AudienceCheck, Cached, Hybrid, Introspection, JwtError, JwtVerifier, ResolveError,
    Resolver, ResourceServer, TokenError,
};
use serde_json::{Value, json};

use super::{assert_invalid, claims, header, read};
use crate::service::{RESOURCE, Service};
use crate::{assert_ran, assert_server_error};

async fn hybrid(settings: impl FnOnce(Hybrid) -> Hybrid) -> Service {
    let server = AuthorizationServer::start().await.unwrap();
    let verifier = JwtVerifier::from_issuer(server.issuer()).build().unwrap();
    let introspection = Introspection::from_issuer(server.issuer()).build().unwrap();
    let resolver = Cached::new(settings(Hybrid::new(verifier, introspection)));
    Service::with_resolver(server, resolver).await
}

fn token(service: &Service, format: TokenFormat) -> String {
    let mint = service.authorization_server.mint().subject("alice").audience(RESOURCE);
    mint.scopes("read").token_format(format).issue()
}

#[tokio::test]
async fn a_jwt_is_verified_and_an_opaque_token_is_introspected() {
    // R-F10
    let service = hybrid(|hybrid| hybrid).await;
    assert_ran(&read(&service, &token(&service, TokenFormat::Jwt)).await, "alice may");
    assert_eq!(service.introspection_requests(), 0);
    assert_ran(&read(&service, &token(&service, TokenFormat::Opaque)).await, "alice may");
    assert_eq!(service.introspection_requests(), 1);
    // Not a signed JWT of the issuer: only the authorization server can tell.
    let mut foreign = claims(&service);
    foreign["iss"] = "https://other.example".into();
    let foreign = service.authorization_server.sign_jwt(header(&service), foreign.to_string());
    for other in ["a.b.c.d.e", "opaque", &foreign] {
        assert_invalid(&read(&service, other).await);
    }
    assert_eq!(service.introspection_requests(), 4);
}

#[tokio::test]
async fn a_jwt_with_a_wrong_signature_is_never_introspected() {
    // R-F10
    for introspect in [false, true] {
        let service =
            hybrid(|hybrid| if introspect { hybrid.introspect_jwts() } else { hybrid }).await;
        let good = token(&service, TokenFormat::Jwt);
        let (input, _) = good.rsplit_once('.').unwrap();
        for signature in ["", "AAAA"] {
            assert_invalid(&read(&service, &format!("{input}.{signature}")).await);
        }
        assert_eq!((service.introspection_requests(), service.runs()), (0, 0));
    }
}

#[tokio::test]
async fn a_revoked_jwt_is_rejected_where_jwts_are_introspected() {
    // R-F10
    let service = hybrid(Hybrid::introspect_jwts).await;
    let (kept, revoked) = (token(&service, TokenFormat::Jwt), token(&service, TokenFormat::Jwt));
    assert!(service.authorization_server.revoke(&revoked));
    assert_ran(&read(&service, &kept).await, "alice may");
    assert_invalid(&read(&service, &revoked).await);
    assert_eq!(service.introspection_requests(), 2);
}

#[tokio::test]
async fn introspection_completes_the_claims_of_a_jwt() {
    // R-F10
    let (completed, alone) = (hybrid(Hybrid::introspect_jwts).await, hybrid(|hybrid| hybrid).await);
    for service in [&completed, &alone] {
        let mut claims = claims(service);
        claims.as_object_mut().unwrap().retain(|name, _| name == "iss" || name == "exp");
        let token = service.authorization_server.sign_jwt(header(service), claims.to_string());
        let response = json!({"active": true, "sub": "alice", "aud": RESOURCE, "scope": "read"});
        let token = service.authorization_server.mint().token(token).answer_with(response).issue();
        let response = read(service, &token).await;
        if std::ptr::eq(service, &raw const completed) {
            assert_ran(&response, "alice may");
        } else {
            assert_invalid(&response);
        }
    }
}

#[tokio::test]
async fn a_response_that_names_another_issuer_than_the_jwt_is_rejected() {
    // R-F10: also where the resource server does not check the issuer.
    let server = AuthorizationServer::start().await.unwrap();
    let verifier = JwtVerifier::from_issuer(server.issuer()).build().unwrap();
    let introspection = Introspection::from_issuer(server.issuer()).build().unwrap();
    let hybrid = Hybrid::new(verifier, introspection).introspect_jwts();
    let mint = || server.mint().token_format(TokenFormat::Jwt).subject("alice").audience(RESOURCE);
    for (issuer, expected) in
        [(server.issuer(), Ok(())), ("https://other.example", Err(TokenError::Issuer))]
    {
        let token = mint().claim("nonce", issuer).issue();
        let response = json!({"active": true, "sub": "alice", "iss": issuer});
        let token = server.mint().token(token).answer_with(response).issue();
        let resolved = hybrid.resolve(&token.parse().unwrap()).await.map(drop);
        match (resolved, expected) {
            (Ok(()), Ok(())) => {}
            (Err(ResolveError::InvalidToken(error)), Err(expected)) => assert_eq!(error, expected),
            (resolved, _) => panic!("{issuer}: {resolved:?}"),
        }
    }
}

#[tokio::test]
async fn an_outage_of_introspection_does_not_affect_jwts() {
    // R-F10
    let service = hybrid(|hybrid| hybrid).await;
    service.authorization_server.fault(Fault::status(500).at(Endpoint::Introspection));
    assert_ran(&read(&service, &token(&service, TokenFormat::Jwt)).await, "alice may");
    let opaque = read(&service, &token(&service, TokenFormat::Opaque)).await;
    assert_server_error(&opaque, 503, body::UNAVAILABLE, Some("5"));
}

#[tokio::test]
async fn a_response_lifts_no_restriction_of_the_jwt() {
    // R-F5, R-F8, R-F10, R-D8: the response omits what the JWT has.
    let server = AuthorizationServer::start().await.unwrap();
    let verifier = JwtVerifier::from_issuer(server.issuer()).accept_generic_type().build().unwrap();
    let introspection = Introspection::from_issuer(server.issuer()).build().unwrap();
    let resolver = Hybrid::new(verifier, introspection).introspect_jwts();
    let builder = ResourceServer::builder(RESOURCE)
        .issuer(server.issuer())
        .audience_check(AudienceCheck::IfPresent)
        .resolver(resolver);
    let service = Service::from_builder(server, builder).await;
    let introspected = |claims: &Value| {
        let token = service.authorization_server.sign_jwt(header(&service), claims.to_string());
        let response = json!({"active": true, "sub": "alice", "scope": "read"});
        service.authorization_server.mint().token(token).answer_with(response).issue()
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for (member, value) in [
        ("aud", json!("https://other.example")),
        ("exp", json!(now - 60)),
        ("nbf", json!(now + 60)),
        ("cnf", json!({"jkt": "x"})),
        ("at_hash", json!("x")),
        ("token_use", json!("id")),
    ] {
        let mut claims = claims(&service);
        claims[member] = value;
        assert_invalid(&read(&service, &introspected(&claims)).await);
        assert_eq!(service.runs(), 0, "{member}");
    }
    let mut claims = claims(&service);
    claims["nbf"] = (now + 10).into();
    assert_ran(&read(&service, &introspected(&claims)).await, "alice may");
}

#[tokio::test]
async fn a_jwt_of_the_issuer_with_an_unusable_header_is_never_introspected() {
    // R-F6, R-F10
    let service = hybrid(|hybrid| hybrid).await;
    for (parameter, value) in [
        ("crit", json!(["x"])),
        ("alg", json!(1)),
        ("kid", json!("k".repeat(257))),
        ("zip", json!("DEF")),
    ] {
        let mut header = header(&service);
        header[parameter] = value;
        let claims = claims(&service).to_string();
        let token = service.authorization_server.sign_jwt(header, claims);
        let token =
            service.authorization_server.mint().token(token).answer_with(
                json!({"active": true, "sub": "alice", "aud": RESOURCE, "scope": "read"}),
            );
        assert_invalid(&read(&service, &token.issue()).await);
        assert_eq!((service.introspection_requests(), service.runs()), (0, 0), "{parameter}");
    }
}

/// A second level of the cache that is in this process.
#[derive(Clone, Default)]
struct InProcess(Arc<Mutex<HashMap<CacheKey, ResolvedClaims>>>);

impl SecondLevel for InProcess {
    async fn look_up(&self, _: &AccessToken, key: CacheKey) -> Option<ResolvedClaims> {
        self.0.lock().unwrap().get(&key).cloned()
    }

    async fn store(&self, _: &AccessToken, key: CacheKey, claims: ResolvedClaims, _: Duration) {
        self.0.lock().unwrap().insert(key, claims);
    }

    fn invalidate(&self, _: &AccessToken, key: CacheKey) -> Acknowledgement {
        self.0.lock().unwrap().remove(&key);
        Acknowledgement::stored()
    }

    fn invalidate_all(&self) -> Acknowledgement {
        self.0.lock().unwrap().clear();
        Acknowledgement::stored()
    }
}

#[tokio::test]
async fn a_shared_cache_revives_no_jwt_whose_key_was_removed() {
    // R-F9
    let server = AuthorizationServer::start().await.unwrap();
    let shared = InProcess::default();
    let resolver = || {
        let verifier = JwtVerifier::from_issuer(server.issuer()).build().unwrap();
        let introspection = Introspection::from_issuer(server.issuer()).build().unwrap();
        let hybrid = Hybrid::new(verifier, introspection).introspect_jwts();
        let shared = shared.clone();
        Cached::builder(hybrid).second_level(|_| shared).build().unwrap()
    };
    let (first, second) = (resolver(), resolver());
    let mint = || server.mint().subject("alice").audience(RESOURCE).scopes("read");
    let jwt = |issued: String| issued.parse::<AccessToken>().unwrap();
    let old = jwt(mint().token_format(TokenFormat::Jwt).issue());
    first.resolve(&old).await.unwrap();
    let stored = async {
        while shared.0.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), stored).await.unwrap();
    second.resolve(&old).await.unwrap();
    assert_eq!(server.introspections(), 1, "the second instance uses the shared entry");
    server.replace_key().unwrap();
    let new = jwt(mint().token_format(TokenFormat::Jwt).issue());
    for instance in [&first, &second] {
        instance.resolve(&new).await.unwrap();
        let rejected = instance.resolve(&old).await.unwrap_err();
        let unknown_key = ResolveError::InvalidToken(TokenError::Jwt(JwtError::UnknownKey));
        assert_eq!(rejected.to_string(), unknown_key.to_string());
    }
}
