//! The checks of MCP servers in SEP-1932 (DPoP, RFC 9449), which no release of the MCP conformance suite has yet: the
//! scenario `auth/dpop-server-validation` (modelcontextprotocol/conformance, issue 369 and pull request 395).
//!
//! A row has the id and the name of its check there, and a request with one defect. The response to it is compared as
//! a whole. As in the scenario, the request is `server/discover`, and `initialize` with an earlier revision.

use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fixtures::raw_http::{DPOP_CHALLENGE, Request, Response};
use fixtures::rejection_body as body;
use requires_auth::mcp::Mcp;
use requires_auth::testing::{AuthorizationServer, DpopKey, DpopProof, ManualClock, TokenFormat};
use requires_auth::{Clock, Dpop, Introspection, JwtVerifier, ResourceServer, requires_auth};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde_json::{Value, json};

use super::test_server::{MODES, Mode, RESOURCE, RunningServer};
use crate::assert_rejection_headers;
use crate::service::METADATA;

#[derive(Clone)]
struct Echo;

#[tool_router]
impl Echo {
    #[requires_auth]
    #[tool]
    async fn echo(&self) -> String {
        "echo".to_owned()
    }
}

#[tool_handler]
impl ServerHandler for Echo {}

/// How the server under test is set up.
#[derive(Debug, Clone, Copy)]
struct Setup {
    mode: Mode,
    format: TokenFormat,
    is_required: bool,
    with_nonces: bool,
}

/// Each revision and transport mode with opaque tokens, and one of them with tokens that are JWTs, as in the scenario;
/// each with both settings of DPoP.
fn setups() -> impl Iterator<Item = Setup> {
    let opaque = MODES.into_iter().take(5).map(|mode| (mode, TokenFormat::Opaque));
    let all = opaque.chain([(MODES[0], TokenFormat::Jwt)]);
    all.flat_map(|(mode, format)| {
        [true, false].map(|is_required| Setup { mode, format, is_required, with_nonces: false })
    })
}

/// The server under test and its client.
struct Client {
    setup: Setup,
    server: RunningServer,
    clock: ManualClock,
    key: DpopKey,
    token: String,
}

impl Client {
    async fn start(setup: Setup) -> Self {
        let authorization_server = AuthorizationServer::builder();
        let authorization_server =
            authorization_server.token_format(setup.format).start().await.unwrap();
        // A whole second, as the times in proofs.
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let clock = ManualClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(now));
        let dpop = if setup.is_required { Dpop::required() } else { Dpop::accepted() };
        let dpop = if setup.with_nonces { dpop.require_nonces() } else { dpop };
        let server = ResourceServer::builder(RESOURCE).clock(clock.clone()).dpop(dpop);
        let server = server.issuer(authorization_server.issuer());
        let server = match setup.format {
            TokenFormat::Jwt => {
                let issuer = authorization_server.issuer();
                server.resolver(JwtVerifier::from_issuer(issuer).build().unwrap())
            }
            _ => {
                let url = authorization_server.introspection_url();
                server.resolver(Introspection::builder(url).build().unwrap())
            }
        };
        let server = server.build().unwrap();
        let mcp = Mcp::builder(&server, || Ok(Echo)).tool_router(Echo::tool_router());
        let mcp = mcp.build().unwrap();
        let key = DpopKey::generate();
        let token = mint(&authorization_server, RESOURCE, &key);
        let server = RunningServer::of(authorization_server, &mcp, setup.mode).await;
        Self { setup, server, clock, key, token }
    }

    fn request(&self) -> Request {
        if self.setup.mode.is_modern() {
            self.server.request("server/discover", json!({}))
        } else {
            self.server.initialize()
        }
    }

    async fn send(&self, scheme: &str, token: &str, proofs: &[String]) -> Response {
        let request = self.request().header("authorization", format!("{scheme} {token}"));
        let request = proofs.iter().fold(request, |request, proof| request.header("dpop", proof));
        request.send(self.server.address).await
    }

    /// With the token of the client.
    async fn send_proof(&self, proof: String) -> Response {
        self.send("DPoP", &self.token, &[proof]).await
    }

    /// A valid proof, to which a defect is added.
    fn proof(&self) -> DpopProof<'_> {
        self.key.proof("POST", RESOURCE).access_token(&self.token)
    }

    /// The whole response to a request that is rejected.
    #[track_caller]
    fn assert_rejected(&self, response: &Response, scheme: &str, body: &str, check: &str) {
        let Setup { is_required, .. } = self.setup;
        let parsed: Value = serde_json::from_str(body).unwrap();
        let mut error = String::new();
        // Without credentials, a challenge has no error (RFC 6750 §3.1).
        if parsed["error"] != "unauthorized" {
            let description = &parsed["error_description"];
            error = format!("error={}, error_description={description}, ", parsed["error"]);
        }
        let challenges = match (scheme, is_required) {
            (_, true) => vec![format!("{DPOP_CHALLENGE}, {error}{METADATA}")],
            ("DPoP", false) => {
                vec![format!("{DPOP_CHALLENGE}, {error}{METADATA}"), format!("Bearer {METADATA}")]
            }
            (_, false) => {
                vec![format!("Bearer {error}{METADATA}"), format!("{DPOP_CHALLENGE}, {METADATA}")]
            }
        };
        let context = format!("{check}, {:?}", self.setup);
        assert_eq!((response.status, response.body.as_str()), (401, body), "{context}");
        assert_eq!(response.all("www-authenticate"), challenges, "{context}");
        assert_rejection_headers(response);
    }

    #[track_caller]
    fn assert_accepted(&self, response: &Response, check: &str) {
        assert_eq!(response.status, 200, "{check}, {:?}: {response:?}", self.setup);
        assert_eq!(response.challenge(), None, "{check}");
        assert!(response.body.contains("serverInfo"), "{check}: {response:?}");
    }
}

/// A token that is bound to the key.
fn mint(server: &AuthorizationServer, audience: &str, key: &DpopKey) -> String {
    server.mint().subject("alice").audience(audience).bound_to(key).issue()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn without_signature(proof: &str) -> &str {
    proof.rsplit_once('.').unwrap().0
}

const DISCOVERY_CHECKS: [&str; 3] = [
    "sep-1932-server-advertises-dpop/AdvertisesDpop",
    "sep-1932-server-prm-dpop/PrmDpop",
    "sep-1932-server-prm-consistency/PrmConsistency",
];

#[tokio::test]
async fn a_client_without_a_token_discovers_that_it_needs_dpop() {
    // R-H1, R-I1
    let [advertises, prm, consistency] = DISCOVERY_CHECKS;
    for setup in setups() {
        let client = Client::start(setup).await;
        let unauthenticated = client.request().send(client.server.address).await;
        client.assert_rejected(&unauthenticated, "Bearer", body::UNAUTHORIZED, advertises);

        let path = "/.well-known/oauth-protected-resource/v1";
        let metadata = Request::new_to("127.0.0.1", "GET", path).send(client.server.address).await;
        assert_eq!(metadata.status, 200, "{prm}");
        let metadata: Value = serde_json::from_str(&metadata.body).unwrap();
        let algorithms = json!(["ES256", "EdDSA", "ES384", "PS256", "RS256"]);
        assert_eq!(metadata["dpop_signing_alg_values_supported"], algorithms, "{prm}");
        // The scenario fails without the member, although `false` is its default (RFC 9728 §2).
        let required = &metadata["dpop_bound_access_tokens_required"];
        assert_eq!(*required, setup.is_required, "{prm}, {setup:?}");

        let unbound = client.server.token("");
        let response = client.send("Bearer", &unbound, &[]).await;
        if setup.is_required {
            client.assert_rejected(&response, "Bearer", body::INVALID_TOKEN, consistency);
        } else {
            client.assert_accepted(&response, consistency);
        }
    }
}

#[tokio::test]
async fn a_proof_is_validated() {
    // R-H1: RFC 9449 §4.3. `sep-1932-server-error-code/ReportsDpopErrorCode` is a part of each whole response.
    const CHECK: &str = "sep-1932-server-validate-proof";
    for setup in setups() {
        let client = Client::start(setup).await;
        let valid = || client.proof().sign();
        let check = format!("{CHECK}/AcceptsValidProof");
        client.assert_accepted(&client.send_proof(valid()).await, &check);

        let without = |claim: &str| vec![client.proof().claim(claim, Value::Null).sign()];
        let good = valid();
        let (message, signature) = good.rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { "B" } else { "A" };
        let tampered = format!("{message}.{other}{}", &signature[1..]);
        let mut private = client.key.public_jwk().clone();
        private["d"] = encode([1; 32]).into();
        let uri = "https://wrong.example.com/mcp";
        for (name, proofs) in [
            ("RejectsTamperedSignature", vec![tampered]),
            ("RejectsMissingJti", without("jti")),
            ("RejectsWrongTyp", vec![client.proof().header_parameter("typ", "jwt").sign()]),
            ("RejectsHtuMismatch", vec![client.proof().claim("htu", uri).sign()]),
            ("RejectsHtmMismatch", vec![client.proof().claim("htm", "GET").sign()]),
            (
                "RejectsPrivateKeyInJwk",
                vec![client.proof().header_parameter("jwk", private).sign()],
            ),
            ("RejectsWrongAth", vec![client.proof().claim("ath", "not-the-right-hash").sign()]),
            ("RejectsDuplicateDpopHeader", vec![valid(), valid()]),
            ("RejectsMissingHtm", without("htm")),
            ("RejectsMissingHtu", without("htu")),
            ("RejectsMissingIat", without("iat")),
            ("RejectsMissingJwk", vec![client.proof().header_parameter("jwk", Value::Null).sign()]),
            ("RejectsAthAbsent", without("ath")),
            ("RejectsMalformedProof", vec!["this-is-not-a-jwt".to_owned()]),
            // In the issue, not in the scenario.
            ("no proof", vec![]),
        ] {
            let response = client.send("DPoP", &client.token, &proofs).await;
            let check = format!("{CHECK}/{name}");
            client.assert_rejected(&response, "DPoP", body::INVALID_DPOP_PROOF, &check);
        }
        client.assert_accepted(&client.send_proof(good.clone()).await, CHECK);
        // R-H5: not in the scenario, where it is optional.
        let replayed = client.send_proof(good).await;
        client.assert_rejected(&replayed, "DPoP", body::INVALID_DPOP_PROOF, "a replayed proof");
    }
}

#[tokio::test]
async fn a_token_is_used_as_it_is_bound() {
    // R-H4
    const CHECK: &str = "sep-1932-server-validate-proof";
    for setup in setups() {
        let client = Client::start(setup).await;
        let response = client.send("Bearer", &client.token, &[client.proof().sign()]).await;
        let check = format!("{CHECK}/RejectsBearerScheme");
        client.assert_rejected(&response, "Bearer", body::INVALID_TOKEN, &check);

        let authorization_server = &client.server.authorization_server;
        let foreign = mint(authorization_server, RESOURCE, &DpopKey::generate());
        let proof = client.key.proof("POST", RESOURCE).access_token(&foreign).sign();
        let response = client.send("DPoP", &foreign, &[proof]).await;
        let check = format!("{CHECK}/RejectsCnfJktMismatch");
        client.assert_rejected(&response, "DPoP", body::INVALID_TOKEN, &check);
    }
}

#[tokio::test]
async fn a_token_for_another_audience_is_rejected_with_a_valid_proof_too() {
    // R-H1, R-D6
    const CHECK: &str = "sep-1932-server-audience-validation/RejectsWrongAudience";
    for setup in setups() {
        let client = Client::start(setup).await;
        let audience = "https://not-this-server.example.com/mcp";
        let token = mint(&client.server.authorization_server, audience, &client.key);
        let proof = client.key.proof("POST", RESOURCE).access_token(&token).sign();
        let response = client.send("DPoP", &token, &[proof]).await;
        client.assert_rejected(&response, "DPoP", body::INVALID_TOKEN, CHECK);
    }
}

#[tokio::test]
async fn a_proof_is_accepted_within_five_minutes_of_its_time() {
    // R-H1: the scenario has 303 s alone, since it does not know the clock of the server.
    const CHECK: &str = "sep-1932-server-iat-window";
    for setup in setups() {
        let client = Client::start(setup).await;
        let now = client.clock.now();
        let at = |seconds: i64| {
            let distance = Duration::from_secs(seconds.unsigned_abs());
            let time = if seconds < 0 { now - distance } else { now + distance };
            client.send_proof(client.proof().issued_at(time).sign())
        };
        for (name, seconds) in [
            ("RejectsStaleIat", -303),
            ("RejectsStaleIat", -301),
            ("RejectsFutureIat", 303),
            ("RejectsFutureIat", 301),
        ] {
            let check = format!("{CHECK}/{name} {seconds}");
            client.assert_rejected(&at(seconds).await, "DPoP", body::INVALID_DPOP_PROOF, &check);
        }
        for seconds in [-300, 300] {
            client.assert_accepted(&at(seconds).await, &format!("{CHECK} {seconds}"));
        }
    }
}

#[tokio::test]
async fn a_proof_is_signed_with_an_asymmetric_algorithm() {
    // R-H1
    const CHECK: &str = "sep-1932-asymmetric-alg-only";
    for setup in setups() {
        let client = Client::start(setup).await;
        let unsigned = client.proof().header_parameter("alg", "none").sign();
        let unsigned = format!("{}.", without_signature(&unsigned));
        let symmetric = client.proof().header_parameter("alg", "HS256").sign();
        let message = without_signature(&symmetric);
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        let symmetric = format!("{message}.{}", encode(hmac::sign(&secret, message.as_bytes())));
        for (name, proof) in [("RejectsAlgNone", unsigned), ("RejectsAlgSymmetric", symmetric)] {
            let response = client.send_proof(proof).await;
            let check = format!("{CHECK}/{name}");
            client.assert_rejected(&response, "DPoP", body::INVALID_DPOP_PROOF, &check);
        }
    }
}

#[tokio::test]
async fn a_proof_that_fails_is_a_401_with_a_challenge() {
    // R-H1
    const CHECK: &str = "sep-1932-server-reject-401/RejectsWith401Challenge";
    for setup in setups() {
        let client = Client::start(setup).await;
        let proof = client.proof().sign();
        let proof = format!("{}.{}", without_signature(&proof), encode([1; 64]));
        let response = client.send_proof(proof).await;
        client.assert_rejected(&response, "DPoP", body::INVALID_DPOP_PROOF, CHECK);
    }
}

#[tokio::test]
async fn a_server_can_require_its_nonce() {
    // R-H6
    const CHECK: &str = "sep-1932-server-nonce/NonceFlow";
    for setup in setups().map(|setup| Setup { with_nonces: true, ..setup }) {
        let client = Client::start(setup).await;
        let first = client.send_proof(client.proof().sign()).await;
        client.assert_rejected(&first, "DPoP", body::USE_DPOP_NONCE, CHECK);
        let nonce = first.header("dpop-nonce").expect(CHECK);
        let retry = client.send_proof(client.proof().nonce(nonce).sign()).await;
        client.assert_accepted(&retry, CHECK);
        let wrong = client.proof().nonce("definitely-not-the-server-nonce").sign();
        let wrong = client.send_proof(wrong).await;
        client.assert_rejected(&wrong, "DPoP", body::USE_DPOP_NONCE, CHECK);
        assert!(wrong.header("dpop-nonce").is_some(), "{CHECK}");
    }
}
