//! R-H4: a token that is bound to a key is no bearer token at any entry point (RFC 9449 §7.2), and one that is not
//! bound is of no use under the scheme `DPoP`.

use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::routing::get;
use fixtures::http_server::serve;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::mcp::StdioError;
use requires_auth::testing::{AuthorizationServer, DpopKey, TokenFormat};
use requires_auth::{
    ApiKeys, AuthInfo, Cached, Condition, Dpop, Introspection, JwtVerifier, Reason, Rejection,
    ResourceServer, ResourceServerBuilder, requires_auth,
};
use serde_json::json;

use super::{Bound, URI, assert_dpop_challenged, dpop, token};
use crate::mcp::test_server::{TestServer, guarded};
use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran};

fn builder(authorization_server: &AuthorizationServer) -> ResourceServerBuilder {
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(Cached::new(client.unwrap()))
}

#[requires_auth(scopes = "read")]
async fn attribute(auth: AuthInfo) -> String {
    format!("{} may", auth.subject().unwrap())
}

#[requires_auth(scopes = "read", optional)]
async fn optional(auth: Option<AuthInfo>) -> String {
    format!("{} may", auth.unwrap().subject().unwrap())
}

async fn extractor(auth: AuthInfo) -> String {
    format!("{} may", auth.subject().unwrap())
}

async fn extractor_of_option(auth: Option<AuthInfo>) -> String {
    format!("{} may", auth.unwrap().subject().unwrap())
}

async fn by_hand(
    State(server): State<ResourceServer>,
    request: HttpRequest,
) -> Result<String, Rejection> {
    let (mut parts, _) = request.into_parts();
    let auth = server.authorize(&mut parts, Condition::Scope("read")).await?;
    Ok(format!("{} may", auth.subject().unwrap()))
}

async fn unguarded() -> &'static str {
    "alice may"
}

#[tokio::test]
async fn every_entry_point_of_http_needs_the_proof() {
    // R-H1, R-H4 (RFC 9449 §7.1, §7.2)
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = builder(&authorization_server).build().unwrap();
    let layered = Router::new()
        .route("/layer", get(unguarded))
        .route("/layer-and-attribute", get(attribute))
        .layer(server.layer());
    let optional_layer =
        Router::new().route("/optional-layer", get(attribute)).layer(server.layer().optional());
    let router = Router::new()
        .route("/attribute", get(attribute))
        .route("/optional", get(optional))
        .route("/extractor", get(extractor))
        .route("/extractor-of-option", get(extractor_of_option))
        .route("/by-hand", get(by_hand))
        .merge(layered)
        .merge(optional_layer)
        .with_state(server);
    let address = serve(router).await;
    let key = DpopKey::generate();
    for path in [
        "/attribute",
        "/optional",
        "/extractor",
        "/extractor-of-option",
        "/by-hand",
        "/layer",
        "/layer-and-attribute",
        "/optional-layer",
    ] {
        let token = token(&authorization_server, &key);
        let uri = format!("https://api.example{path}");
        let proof = || key.proof("GET", &uri).access_token(&token).sign();
        let scheme =
            |scheme: &str| Request::get(path).header("authorization", format!("{scheme} {token}"));
        // Before the claims are cached, and after.
        for _ in 0..2 {
            for (request, expected) in [
                (scheme("Bearer"), body::INVALID_TOKEN),
                (scheme("bearer").header("dpop", proof()), body::INVALID_TOKEN),
                (scheme("DPoP"), body::INVALID_DPOP_PROOF),
                (scheme("dpop").header("dpop", "x"), body::INVALID_DPOP_PROOF),
            ] {
                let response = request.send(address).await;
                assert_eq!((response.status, &*response.body), (401, expected), "{path}");
            }
            for request in [scheme("Bearer"), scheme("DPoP").header("dpop", proof())] {
                // Two credentials: neither is used (RFC 6750 §3.1).
                let both = request.header("Authorization", format!("DPoP {token}"));
                let response = both.header("dpop", proof()).send(address).await;
                assert_eq!(response.status, 400, "{path}");
            }
            assert_ran(&scheme("DPoP").header("dpop", proof()).send(address).await, "alice may");
        }
    }
}

#[tokio::test]
async fn a_bound_token_is_of_no_use_on_stdio() {
    // R-H4: there is no request that a proof could be for.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    for (settings, is_bound) in
        [(Dpop::accepted(), true), (Dpop::off(), true), (Dpop::required(), false)]
    {
        let server = builder(&authorization_server).dpop(settings).build().unwrap();
        let mcp = guarded(&server, TestServer::default()).build().unwrap();
        let token = if is_bound {
            token(&authorization_server, &DpopKey::generate())
        } else {
            authorization_server.mint().subject("alice").audience(RESOURCE).issue()
        };
        let rejected = mcp.with_token(token).await.unwrap_err();
        let StdioError::Rejected(rejection) = rejected else { panic!("{rejected:?}") };
        assert_eq!(rejection.reason(), Reason::InvalidToken);
    }
}

#[tokio::test]
async fn a_request_of_tonic_has_no_uri_that_a_proof_could_be_for() {
    // R-H4
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = builder(&authorization_server).build().unwrap();
    let key = DpopKey::generate();
    let token = token(&authorization_server, &key);
    for (scheme, expected) in [("Bearer", Reason::InvalidToken), ("DPoP", Reason::InvalidDpopProof)]
    {
        for (method, uri) in [("POST", "https://api.example/"), ("CONNECT", "https://api.example/")]
        {
            let proof = key.proof(method, uri).access_token(&token).sign();
            let mut request = tonic::Request::new(());
            let metadata = request.metadata_mut();
            metadata.insert("authorization", format!("{scheme} {token}").parse().unwrap());
            metadata.insert("dpop", proof.parse().unwrap());
            let rejected = server.authorize(&request, Condition::NONE).await.unwrap_err();
            assert_eq!(rejected.reason(), expected, "{scheme} {method}");
        }
    }
}

#[tokio::test]
async fn a_second_guard_of_a_request_that_is_lent_for_reading_rejects_its_proof() {
    // R-H4, R-H5: the first one cannot keep that the proof is that of this request.
    let bound = Bound::start().await;
    let server = builder(&bound.service.authorization_server).build().unwrap();
    let request = http::Request::get("/read")
        .header("authorization", format!("DPoP {}", bound.token))
        .header("dpop", bound.proof().sign())
        .body(())
        .unwrap();
    assert!(server.authorize(&request, Condition::NONE).await.is_ok());
    let rejected = server.authorize(&request, Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InvalidDpopProof);
    let (mut parts, ()) = request.into_parts();
    parts.headers.insert("dpop", bound.proof().sign().parse().unwrap());
    for _ in 0..2 {
        assert!(server.authorize(&mut parts, Condition::NONE).await.is_ok());
    }
    // What is kept is kept for this token only.
    let other = token(&bound.service.authorization_server, &DpopKey::generate());
    parts.headers.insert("authorization", format!("DPoP {other}").parse().unwrap());
    let rejected = server.authorize(&mut parts, Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InvalidDpopProof);
    parts.headers.insert("authorization", format!("Bearer {}", bound.token).parse().unwrap());
    let rejected = server.authorize(&mut parts, Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InvalidToken);
}

#[tokio::test]
async fn an_api_key_is_bound_to_no_key() {
    // R-H4
    const KEY: &str = "jrn_0123456789abcdef0123456789abcdef";
    const SHA256: &str = "5b87420577df2e2cdffb49cc228ba8c6bb4e53e657b60fa67eb49b4e101941a2";
    let keys =
        json!({ "keys": [{ "id": "a", "sha256": SHA256, "scopes": ["read"], "subject": "bob" }] });
    let file = fixtures::test_file::TestFile::new(&keys.to_string());
    let key = DpopKey::generate();
    for (settings, bearer_is_accepted) in [(Dpop::accepted(), true), (Dpop::required(), false)] {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let keys = ApiKeys::from_file(file.path()).unwrap();
        let server = builder(&authorization_server).api_keys("jrn_", keys).dpop(settings);
        let service = Service::from_builder(authorization_server, server).await;
        let bearer = Request::get("/read").bearer(KEY).send(service.address).await;
        assert_eq!(bearer.status == 200, bearer_is_accepted, "{bearer:?}");
        let proof = key.proof("GET", URI).access_token(KEY).sign();
        let response = dpop(Request::get("/read"), KEY, proof).send(service.address).await;
        assert_eq!((response.status, &*response.body), (401, body::INVALID_TOKEN));
    }
}

#[tokio::test]
async fn a_proof_is_no_access_token_and_an_access_token_is_no_proof() {
    // R-H1, R-H4 (RFC 9449 §11.5)
    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start().await;
    let server = server.unwrap();
    let verifier = JwtVerifier::from_issuer(server.issuer()).build().unwrap();
    let bound = Bound::of(Service::with_resolver(server, verifier).await);
    let proof = bound.proof().sign();
    let bearer = Request::get("/read").bearer(&proof).send(bound.service.address).await;
    assert_challenged(&bearer, 401, body::INVALID_TOKEN, "read");
    // Under the scheme `DPoP`, with a proof for it.
    let of_proof = bound.key.proof("GET", URI).access_token(&proof).sign();
    let response = dpop(Request::get("/read"), &proof, of_proof).send(bound.service.address).await;
    assert_dpop_challenged(&response, body::INVALID_TOKEN);
    let response = bound.call(&bound.token).await;
    assert_dpop_challenged(&response, body::INVALID_DPOP_PROOF);
    assert_eq!(bound.service.runs(), 0);
}
