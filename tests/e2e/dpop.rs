//! R-H1, R-H4 to R-H6: access tokens that are bound to a key, and DPoP proofs (RFC 9449).

mod attacks;
mod binding;
mod considerations;
mod entry_points;
mod external_url;
mod mcp;
mod nonces;
mod replay;

use fixtures::raw_http::{DPOP_CHALLENGE, Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, DpopKey, TokenFormat};
use requires_auth::{Dpop, JwtVerifier, ResourceServer};
use serde_json::json;

use crate::service::{METADATA, RESOURCE, Service};
use crate::{assert_ran, assert_rejection_headers};

/// The URI of the function under test. The service is behind another host name.
const URI: &str = "https://api.example/read";

/// A service, and a caller whose token is bound to a key.
struct Bound {
    service: Service,
    key: DpopKey,
    token: String,
}

impl Bound {
    /// With the defaults, and an opaque token.
    async fn start() -> Self {
        Self::with(Dpop::accepted()).await
    }

    async fn with(dpop: Dpop) -> Self {
        Self::of(Service::with(|client| client, |server| server.dpop(dpop)).await)
    }

    fn of(service: Service) -> Self {
        let key = DpopKey::generate();
        let token = token(&service.authorization_server, &key);
        Self { service, key, token }
    }

    /// A proof for the function under test.
    fn proof(&self) -> requires_auth::testing::DpopProof<'_> {
        self.key.proof("GET", URI).access_token(&self.token)
    }

    /// Calls the function under test with this proof.
    async fn call(&self, proof: impl AsRef<str>) -> Response {
        self.send(Request::get("/read"), proof).await
    }

    async fn send(&self, request: Request, proof: impl AsRef<str>) -> Response {
        dpop(request, &self.token, proof).send(self.service.address).await
    }
}

/// A token of `alice` with the scope `read`, bound to a key.
fn token(server: &AuthorizationServer, key: &DpopKey) -> String {
    let mint = server.mint().subject("alice").audience(RESOURCE);
    mint.scopes("read").bound_to(key).issue()
}

/// A request with a token and a proof.
fn dpop(request: Request, token: &str, proof: impl AsRef<str>) -> Request {
    request.header("authorization", format!("DPoP {token}")).header("dpop", proof.as_ref())
}

/// The whole response to a request with the scheme `DPoP` that is rejected.
#[track_caller]
fn assert_dpop_challenged(response: &Response, body: &str) {
    let parsed: serde_json::Value = serde_json::from_str(body).expect("the body is JSON");
    let error = parsed["error"].as_str().expect("a code");
    let description = parsed["error_description"].as_str().expect("a description");
    let dpop = format!(
        "{DPOP_CHALLENGE}, error=\"{error}\", error_description=\"{description}\", scope=\"read\", {METADATA}"
    );
    let bearer = format!("Bearer {METADATA}");
    assert_eq!((response.status, response.body.as_str()), (401, body));
    assert_eq!(response.all("www-authenticate"), [dpop, bearer]);
    assert_rejection_headers(response);
}

#[track_caller]
fn assert_invalid_proof(response: &Response) {
    assert_dpop_challenged(response, body::INVALID_DPOP_PROOF);
    assert_eq!(response.header("dpop-nonce"), None, "no nonces are required");
}

#[tokio::test]
async fn an_opaque_token_and_a_jwt_are_accepted_with_a_proof() {
    // R-H1
    let opaque = Bound::start().await;
    for _ in 0..2 {
        assert_ran(&opaque.call(opaque.proof().sign()).await, "alice may");
    }

    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start().await;
    let server = server.unwrap();
    let verifier = JwtVerifier::from_issuer(server.issuer()).build().unwrap();
    let jwt = Bound::of(Service::with_resolver(server, verifier).await);
    assert_ran(&jwt.call(jwt.proof().sign()).await, "alice may");
    assert_eq!(jwt.service.introspection_requests(), 0);
}

#[tokio::test]
async fn each_algorithm_of_the_list_is_accepted() {
    // R-H1
    use requires_auth::SigningAlgorithm::{EdDsa, Es256, Es384, Ps256, Rs256};
    let service = Service::start().await;
    for algorithm in [Es256, EdDsa, Es384, Ps256, Rs256] {
        let key = DpopKey::generate_for(algorithm);
        let token = token(&service.authorization_server, &key);
        let proof = key.proof("GET", URI).access_token(&token).sign();
        let response = dpop(Request::get("/read"), &token, proof).send(service.address).await;
        assert_ran(&response, "alice may");
    }
}

#[tokio::test]
async fn a_token_without_the_scopes_is_challenged_with_the_scheme_that_it_came_with() {
    // R-B2, R-H1
    let service = Service::start().await;
    let key = DpopKey::generate();
    let mint = service.authorization_server.mint().subject("alice").audience(RESOURCE);
    let token = mint.scopes("write").bound_to(&key).issue();
    let proof = key.proof("GET", URI).access_token(&token).sign();
    let response = dpop(Request::get("/read"), &token, proof).send(service.address).await;
    let challenge = format!(
        "{DPOP_CHALLENGE}, error=\"insufficient_scope\", error_description=\"The access token does not carry \
         the scopes that this operation needs\", scope=\"read\", {METADATA}"
    );
    assert_eq!((response.status, response.body.as_str()), (403, body::INSUFFICIENT_SCOPE));
    assert_eq!(response.all("www-authenticate"), [challenge]);
}

#[tokio::test]
async fn a_server_can_require_proofs() {
    // R-H1, R-I1
    let bound = Bound::with(Dpop::required()).await;
    assert_ran(&bound.call(bound.proof().sign()).await, "alice may");

    let without = Request::get("/read").send(bound.service.address).await;
    let challenge = format!("{DPOP_CHALLENGE}, scope=\"read\", {METADATA}");
    assert_eq!((without.status, without.body.as_str()), (401, body::UNAUTHORIZED));
    assert_eq!(without.all("www-authenticate"), [challenge], "the scheme Bearer is not accepted");

    let unbound = bound.service.token("read");
    let response = Request::get("/read").bearer(&unbound).send(bound.service.address).await;
    let challenge = format!(
        "{DPOP_CHALLENGE}, error=\"invalid_token\", error_description=\"The access token is malformed, expired, \
         revoked or not meant for this resource\", scope=\"read\", {METADATA}"
    );
    assert_eq!((response.status, response.body.as_str()), (401, body::INVALID_TOKEN));
    assert_eq!(response.all("www-authenticate"), [challenge]);
    assert_eq!(bound.service.runs(), 1);
}

#[tokio::test]
async fn the_401_without_a_token_is_right_for_each_set_of_schemes() {
    // R-B5, R-H1: the body names no scheme; the challenges do.
    let bearer = format!("Bearer scope=\"read\", {METADATA}");
    let alternative = format!("{DPOP_CHALLENGE}, {METADATA}");
    let proof = format!("{DPOP_CHALLENGE}, scope=\"read\", {METADATA}");
    for (dpop, challenges) in [
        (Dpop::off(), vec![bearer.clone()]),
        (Dpop::accepted(), vec![bearer, alternative]),
        (Dpop::required(), vec![proof]),
    ] {
        let bound = Bound::with(dpop).await;
        let response = Request::get("/read").send(bound.service.address).await;
        let expected =
            r#"{"error":"unauthorized","error_description":"This resource needs an access token"}"#;
        assert_eq!((response.status, response.body.as_str()), (401, expected));
        assert_eq!(response.all("www-authenticate"), challenges);
        assert_rejection_headers(&response);
    }
}

#[test]
fn the_metadata_says_whether_tokens_must_be_bound() {
    // R-I1: with DPoP off, neither member is there.
    for (dpop, members) in [
        (
            Dpop::required(),
            json!({ "dpop_bound_access_tokens_required": true, "dpop_signing_alg_values_supported": ["ES256"] }),
        ),
        (
            Dpop::accepted(),
            json!({ "dpop_bound_access_tokens_required": false, "dpop_signing_alg_values_supported": ["ES256"] }),
        ),
        (Dpop::off(), json!({})),
    ] {
        let server = ResourceServer::builder(RESOURCE)
            .authorization_servers(["https://auth.example"])
            .resolver(JwtVerifier::from_issuer("https://auth.example").build().unwrap())
            .dpop(dpop.algorithms([requires_auth::SigningAlgorithm::Es256]))
            .build()
            .unwrap();
        let mut expected = json!({
            "resource": RESOURCE,
            "authorization_servers": ["https://auth.example"],
            "bearer_methods_supported": ["header"],
        });
        let members = members.as_object().unwrap().clone();
        expected.as_object_mut().unwrap().extend(members);
        assert_eq!(serde_json::to_value(server.metadata()).unwrap(), expected);
    }
}

#[tokio::test]
async fn without_dpop_a_bound_token_is_rejected_and_the_scheme_is_unknown() {
    // R-H4
    let bound = Bound::with(Dpop::off()).await;
    let response = bound.call(bound.proof().sign()).await;
    let challenge = format!("Bearer scope=\"read\", {METADATA}");
    assert_eq!((response.status, response.body.as_str()), (401, body::UNAUTHORIZED));
    assert_eq!(response.all("www-authenticate"), [challenge]);
    let bearer = Request::get("/read").bearer(&bound.token).header("dpop", bound.proof().sign());
    let response = bearer.send(bound.service.address).await;
    assert_eq!((response.status, response.body.as_str()), (401, body::INVALID_TOKEN));
    assert_eq!(bound.service.runs(), 0);
}
