//! Tokens that the token endpoint binds to a key: DPoP (RFC 9449 §5, §8, §10).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use requires_auth::testing::{
    AuthorizationServer, AuthorizationServerBuilder, DpopKey, ManualClock, OAuthClient, TokenFormat,
};
use requires_auth::{Dpop, SigningAlgorithm};
use serde_json::{Value, json};

use crate::support::*;

const REFRESHED: &str = "refresh_token";

fn builder() -> AuthorizationServerBuilder {
    AuthorizationServer::builder()
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .client("job", "s3cret")
        .introspection_bearer("introspects")
}

/// The form of a request for a token with this code.
fn code_form(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "cli"),
        ("code_verifier", VERIFIER),
    ]
}

const CREDENTIALS: [(&str, &str); 3] =
    [("grant_type", "client_credentials"), ("client_id", "job"), ("client_secret", "s3cret")];

async fn token_request(
    server: &AuthorizationServer,
    pairs: &[(&str, &str)],
    proof: impl Into<Option<String>>,
) -> Response {
    let request = post(server.token_url(), pairs);
    Response::of(match proof.into() {
        Some(proof) => request.header("dpop", proof),
        None => request,
    })
    .await
}

fn proof(server: &AuthorizationServer, key: &DpopKey) -> String {
    key.proof("POST", server.token_url()).sign()
}

async fn claims_of(server: &AuthorizationServer, response: &Response) -> Value {
    let token = text(&response.json(), "access_token").to_owned();
    let request = post(server.introspection_url(), &[("token", &token)]);
    Response::of(request.bearer_auth("introspects")).await.json()
}

async fn assert_bound(server: &AuthorizationServer, response: &Response, key: &DpopKey) {
    assert_eq!((response.status, &*response.json()["token_type"].to_string()), (200, "\"DPoP\""));
    let claims = claims_of(server, response).await;
    assert_eq!(claims["cnf"], json!({ "jkt": key.thumbprint() }));
    assert_eq!(claims["token_type"], "DPoP");
}

#[tokio::test]
async fn each_grant_binds_its_tokens_to_the_key_of_the_proof() {
    // R-H8
    let server = builder().start().await.unwrap();
    let key = DpopKey::generate();
    let code = code(&server).await;
    let first = token_request(&server, &code_form(&code), proof(&server, &key)).await;
    assert_bound(&server, &first, &key).await;

    let first = first.json();
    let refresh =
        [("grant_type", REFRESHED), (REFRESHED, text(&first, REFRESHED)), ("client_id", "cli")];
    let second = token_request(&server, &refresh, proof(&server, &key)).await;
    assert_bound(&server, &second, &key).await;

    let own = token_request(&server, &CREDENTIALS, proof(&server, &key)).await;
    assert_bound(&server, &own, &key).await;
    let unbound = token_request(&server, &CREDENTIALS, None).await;
    assert_eq!(unbound.json()["token_type"], "Bearer");
    assert_eq!(claims_of(&server, &unbound).await.get("cnf"), None);
}

#[tokio::test]
async fn a_jwt_has_the_key_and_the_metadata_the_algorithms() {
    // R-H8
    let algorithms = [SigningAlgorithm::EdDsa, SigningAlgorithm::Es256];
    let settings = Dpop::accepted().algorithms(algorithms);
    let server = builder().token_format(TokenFormat::Jwt).dpop(settings).start().await.unwrap();
    let key = DpopKey::generate_for(SigningAlgorithm::EdDsa);
    let response = token_request(&server, &CREDENTIALS, proof(&server, &key)).await;
    let token = text(&response.json(), "access_token").to_owned();
    let payload = token.split('.').nth(1).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["cnf"], json!({ "jkt": key.thumbprint() }));
    assert_eq!(claims.get("token_type"), None);

    let algorithms = "dpop_signing_alg_values_supported";
    let document = get(server.metadata_url()).await.json();
    assert_eq!(document[algorithms], json!(["EdDSA", "ES256"]));
    let wrong = DpopKey::generate_for(SigningAlgorithm::Es384);
    let response = token_request(&server, &CREDENTIALS, proof(&server, &wrong)).await;
    assert_eq!(response.error(), (400, "invalid_dpop_proof".into()));

    let off = builder().dpop(Dpop::off()).start().await.unwrap();
    assert_eq!(get(off.metadata_url()).await.json().get(algorithms), None);
    let response = token_request(&off, &CREDENTIALS, proof(&off, &key)).await;
    assert_eq!(response.json()["token_type"], "Bearer");
}

#[tokio::test]
async fn a_proof_that_is_not_for_this_request_is_rejected() {
    // R-H8
    let clock = ManualClock::at(SystemTime::now());
    let server = builder().clock(clock.clone()).start().await.unwrap();
    let (key, url) = (DpopKey::generate(), server.token_url());
    let now = SystemTime::now();
    let used = proof(&server, &key);
    assert_eq!(token_request(&server, &CREDENTIALS, used.clone()).await.status, 200);
    for (wrong, description) in [
        ("x".to_owned(), "the DPoP proof is not a well-formed JWT"),
        (key.proof("GET", url).sign(), "the DPoP proof is for another method"),
        (key.proof("POST", server.issuer()).sign(), "the DPoP proof is for another URI"),
        (key.proof("POST", url).issued_at(now - Duration::from_secs(400)).sign(), TIME),
        (key.proof("POST", url).issued_at(now + Duration::from_secs(400)).sign(), TIME),
        (key.proof("POST", url).header_parameter("typ", "JWT").sign(), TYPE),
        (format!("{}A", proof(&server, &key)), "the signature of the DPoP proof is wrong"),
        (used, "the DPoP proof was used before"),
    ] {
        let response = token_request(&server, &CREDENTIALS, wrong).await;
        let expected = json!({ "error": "invalid_dpop_proof", "error_description": description });
        assert_eq!((response.status, response.json()), (400, expected));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(response.header("dpop-nonce"), None);
    }
    let two = post(url, &CREDENTIALS).header("dpop", proof(&server, &key));
    let response = Response::of(two.header("dpop", proof(&server, &key))).await;
    assert_eq!(response.error(), (400, "invalid_dpop_proof".into()));
    // The server's clock decides.
    clock.advance(Duration::from_secs(400));
    let later = key.proof("POST", url).issued_at(now + Duration::from_secs(400)).sign();
    assert_eq!(token_request(&server, &CREDENTIALS, later).await.status, 200);
    // A client that does not authenticate uses up nothing.
    let fresh = key.proof("POST", url).issued_at(now + Duration::from_secs(400)).sign();
    let wrong = [CREDENTIALS[0], CREDENTIALS[1], ("client_secret", "wrong")];
    let response = token_request(&server, &wrong, fresh.clone()).await;
    assert_eq!(response.error(), (401, "invalid_client".into()));
    assert_eq!(token_request(&server, &CREDENTIALS, fresh).await.status, 200);
}

const TIME: &str = "the DPoP proof is too old, or from the future";
const TYPE: &str = "the type of the DPoP proof is not `dpop+jwt`";

#[tokio::test]
async fn the_path_of_the_issuer_is_part_of_the_uri_of_a_proof() {
    // R-H8
    let server = builder().path("/tenants/blue").start().await.unwrap();
    let key = DpopKey::generate();
    assert!(server.token_url().ends_with("/tenants/blue/token"));
    let response = token_request(&server, &CREDENTIALS, proof(&server, &key)).await;
    assert_bound(&server, &response, &key).await;
    let short = format!("http://{}/token", server.address());
    let wrong = key.proof("POST", short).sign();
    let response = token_request(&server, &CREDENTIALS, wrong).await;
    assert_eq!(response.error(), (400, "invalid_dpop_proof".into()));
}

#[tokio::test]
async fn a_nonce_is_demanded_and_renewed() {
    // R-H8
    let clock = ManualClock::at(SystemTime::now());
    let settings = Dpop::accepted().require_nonces().nonce_lifetime(Duration::from_secs(100));
    let server = builder().clock(clock.clone()).dpop(settings).start().await.unwrap();
    let key = DpopKey::generate();
    let code = code(&server).await;
    let form = code_form(&code);
    let with = |nonce: &str| {
        let proof = key.proof("POST", server.token_url()).issued_at(clock_now(&clock));
        proof.nonce(nonce).sign()
    };
    for wrong in [proof(&server, &key), with("x")] {
        let response = token_request(&server, &form, wrong).await;
        let expected = json!({
            "error": "use_dpop_nonce",
            "error_description": "the DPoP proof has no current nonce",
        });
        assert_eq!((response.status, response.json()), (400, expected));
        assert!(response.header("dpop-nonce").is_some());
    }
    // The same code is used: a request without a nonce does not use it up.
    let response = token_request(&server, &form, proof(&server, &key)).await;
    let nonce = response.header("dpop-nonce").unwrap().to_owned();
    let exposed = response.header("access-control-expose-headers").unwrap();
    assert_eq!(exposed, "www-authenticate,dpop-nonce");
    let response = token_request(&server, &form, with(&nonce)).await;
    assert_bound(&server, &response, &key).await;
    assert_eq!(response.header("dpop-nonce"), None);

    clock.advance(Duration::from_secs(60));
    let response = token_request(&server, &CREDENTIALS, with(&nonce)).await;
    let next = response.header("dpop-nonce").unwrap();
    assert_bound(&server, &response, &key).await;
    clock.advance(Duration::from_secs(60));
    let response = token_request(&server, &CREDENTIALS, with(&nonce)).await;
    assert_eq!(response.error(), (400, "use_dpop_nonce".into()));
    assert_bound(&server, &token_request(&server, &CREDENTIALS, with(next)).await, &key).await;
}

fn clock_now(clock: &ManualClock) -> SystemTime {
    use requires_auth::Clock as _;
    clock.now()
}

#[tokio::test]
async fn the_refresh_token_of_a_public_client_is_bound_to_its_key() {
    // R-H8
    let confidential = OAuthClient::confidential("web", "s3cret").redirect_uri(REDIRECT);
    let server = builder().register(confidential).start().await.unwrap();
    let (key, thief) = (DpopKey::generate(), DpopKey::generate());
    let code = code(&server).await;
    let first = token_request(&server, &code_form(&code), proof(&server, &key)).await.json();
    let stolen = text(&first, REFRESHED);
    let form = [("grant_type", REFRESHED), (REFRESHED, stolen), ("client_id", "cli")];
    let response = token_request(&server, &form, proof(&server, &thief)).await;
    assert_eq!(response.error(), (400, "invalid_grant".into()));
    let response = token_request(&server, &form, None).await;
    assert_eq!(response.error(), (400, "invalid_dpop_proof".into()));
    // Neither has used it up.
    let second = token_request(&server, &form, proof(&server, &key)).await;
    assert_bound(&server, &second, &key).await;

    // A confidential client can change its key (RFC 9449 §5).
    let changes = [("client_id", "web")];
    let code = get(&request(&server, &changes)).await.redirected()["code"].clone();
    let web = ("client_secret", "s3cret");
    let mut form = code_form(&code);
    form.extend([web]);
    form[2] = changes[0];
    let first = token_request(&server, &form, proof(&server, &key)).await.json();
    let form = [
        ("grant_type", REFRESHED),
        (REFRESHED, text(&first, REFRESHED)),
        ("client_id", "web"),
        web,
    ];
    let second = token_request(&server, &form, proof(&server, &thief)).await;
    assert_bound(&server, &second, &thief).await;
}

#[tokio::test]
async fn a_code_can_be_bound_to_a_key() {
    // R-H8
    let server = builder().start().await.unwrap();
    let (key, thief) = (DpopKey::generate(), DpopKey::generate());
    let url = request(&server, &[("dpop_jkt", key.thumbprint())]);
    for (other, expected) in
        [(Some(proof(&server, &thief)), "invalid_grant"), (None, "invalid_dpop_proof")]
    {
        let code = get(&url).await.redirected()["code"].clone();
        let response = token_request(&server, &code_form(&code), other).await;
        assert_eq!(response.error(), (400, expected.into()));
    }
    let code = get(&url).await.redirected()["code"].clone();
    let response = token_request(&server, &code_form(&code), proof(&server, &key)).await;
    assert_bound(&server, &response, &key).await;
    let malformed = get(&request(&server, &[("dpop_jkt", "short")])).await.redirected();
    assert_eq!(malformed["error"], "invalid_request");
}

#[tokio::test]
async fn a_proof_can_be_required_of_all_clients_or_of_one() {
    // R-H8
    let required = builder().dpop(Dpop::required()).start().await.unwrap();
    let response = token_request(&required, &CREDENTIALS, None).await;
    let expected = json!({
        "error": "invalid_dpop_proof",
        "error_description": "the request has no DPoP proof",
    });
    assert_eq!((response.status, response.json()), (400, expected));

    let client = OAuthClient::confidential("bound", "s3cret").dpop_bound_access_tokens();
    let server = builder().register(client).start().await.unwrap();
    let mut form = CREDENTIALS;
    assert_eq!(token_request(&server, &form, None).await.status, 200);
    form[1] = ("client_id", "bound");
    let response = token_request(&server, &form, None).await;
    assert_eq!(response.error(), (400, "invalid_dpop_proof".into()));
    let key = DpopKey::generate();
    assert_bound(&server, &token_request(&server, &form, proof(&server, &key)).await, &key).await;

    let registration = json!({
        "redirect_uris": [], "grant_types": ["client_credentials"], "dpop_bound_access_tokens": true,
    });
    let request = http().post(server.registration_url()).body(registration.to_string());
    let registered = Response::of(request).await.json();
    assert_eq!(registered["dpop_bound_access_tokens"], true);
    form[1] = ("client_id", text(&registered, "client_id"));
    form[2] = ("client_secret", text(&registered, "client_secret"));
    let response = token_request(&server, &form, None).await;
    assert_eq!(response.error(), (400, "invalid_dpop_proof".into()));
}

#[tokio::test]
async fn a_bound_token_is_no_credential_for_introspection() {
    // R-H8
    let server = builder().start().await.unwrap();
    let key = DpopKey::generate();
    for (proof, expected) in [(None, 200), (Some(proof(&server, &key)), 401)] {
        let response = token_request(&server, &CREDENTIALS, proof).await.json();
        let bearer = text(&response, "access_token").to_owned();
        let request = post(server.introspection_url(), &[("token", &bearer)]);
        assert_eq!(Response::of(request.bearer_auth(&bearer)).await.status, expected);
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_are_an_error() {
    // R-C2
    let settings = Dpop::accepted().nonce_key("short");
    let error = AuthorizationServer::builder().dpop(settings).start().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("at least 32 bytes: found 5 bytes"), "{error}");
}
