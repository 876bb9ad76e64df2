//! R-H1, R-H4: every request to an MCP server needs its own proof. A session does not take its place.

use std::time::{Duration, SystemTime};

use fixtures::raw_http::{DPOP_CHALLENGE, Request, Response};
use requires_auth::testing::{AuthorizationServer, DpopKey, ManualClock};
use requires_auth::{Dpop, Introspection, ResourceServer};
use serde_json::json;

use super::{dpop, token};
use crate::mcp::test_server::{MODES, Mode, RESOURCE, RunningServer, text};

const URI: &str = "https://api.example/v1";

struct Client<'a> {
    server: &'a RunningServer,
    key: DpopKey,
    token: String,
}

impl<'a> Client<'a> {
    fn new(server: &'a RunningServer) -> Self {
        let key = DpopKey::generate();
        let token = token(&server.authorization_server, &key);
        Self { server, key, token }
    }

    fn proof(&self, method: &str) -> String {
        self.key.proof(method, URI).access_token(&self.token).sign()
    }

    async fn send(&self, request: Request, method: &str) -> Response {
        dpop(request, &self.token, self.proof(method)).send(self.server.address).await
    }

    /// The id of a new session.
    async fn session(&self) -> Option<String> {
        if !self.server.mode.has_sessions() {
            return None;
        }
        let response = self.send(self.server.initialize(), "POST").await;
        assert_eq!(response.status, 200, "{response:?}");
        let id = response.header("mcp-session-id").expect("a session").to_owned();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let request = self.server.head().json(&initialized.to_string());
        let response = self.send(request.header("mcp-session-id", &id), "POST").await;
        assert_eq!(response.status, 202, "{response:?}");
        Some(id)
    }

    fn call(&self, session: Option<&str>) -> Request {
        let call = json!({ "name": "any_token", "arguments": {} });
        within(self.server.request("tools/call", call), session)
    }
}

fn within(request: Request, session: Option<&str>) -> Request {
    match session {
        Some(id) => request.header("mcp-session-id", id),
        None => request,
    }
}

#[track_caller]
fn assert_rejected(response: &Response, error: &str, mode: Mode) {
    assert_eq!(response.status, 401, "{mode:?} {response:?}");
    let challenges = response.all("www-authenticate");
    let error = format!("error=\"{error}\"");
    assert!(challenges[0].contains(&error), "{mode:?} {challenges:?}");
    assert_eq!(challenges.len(), 2, "{mode:?} {challenges:?}");
    assert!(challenges.iter().any(|it| it.starts_with(DPOP_CHALLENGE)), "{challenges:?}");
}

#[tokio::test]
async fn each_request_needs_its_own_proof_within_a_session_too() {
    // R-H1, R-H4
    for mode in MODES {
        let server = RunningServer::start(mode).await;
        let alice = Client::new(&server);
        let session = alice.session().await;
        let session = session.as_deref();
        let proof = alice.proof("POST");
        let response = dpop(alice.call(session), &alice.token, &proof).send(server.address).await;
        assert_eq!(text(&response), "alice may", "{mode:?}");

        let replayed = dpop(alice.call(session), &alice.token, &proof).send(server.address).await;
        assert_rejected(&replayed, "invalid_dpop_proof", mode);
        let without = alice.call(session).header("authorization", format!("DPoP {}", alice.token));
        assert_rejected(&without.send(server.address).await, "invalid_dpop_proof", mode);
        let bearer = alice.call(session).bearer(&alice.token);
        assert_rejected(&bearer.send(server.address).await, "invalid_token", mode);
        let response = alice.send(alice.call(session), "GET").await;
        assert_rejected(&response, "invalid_dpop_proof", mode);

        for method in ["GET", "DELETE"] {
            let request = || {
                let request = Request::new_to("127.0.0.1", method, "/v1")
                    .header("accept", "text/event-stream")
                    .header("mcp-protocol-version", mode.revision);
                within(request, session)
            };
            assert_rejected(&alice.send(request(), "POST").await, "invalid_dpop_proof", mode);
            let bearer = request().bearer(&alice.token).send(server.address).await;
            assert_rejected(&bearer, "invalid_token", mode);
        }
        assert_eq!(server.runs(), 1, "{mode:?}");
        if let Some(id) = session {
            let end = Request::new_to("127.0.0.1", "DELETE", "/v1").header("mcp-session-id", id);
            let response = alice.send(end, "DELETE").await;
            assert!((200..300).contains(&response.status), "{mode:?} {response:?}");
        }
    }
}

#[tokio::test]
async fn a_response_of_an_mcp_server_provides_the_next_nonce() {
    // R-H6
    for mode in [MODES[0], MODES[1], MODES[4]] {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let clock = ManualClock::at(SystemTime::now());
        let client = Introspection::builder(authorization_server.introspection_url()).build();
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client.unwrap())
            .clock(clock.clone())
            .dpop(Dpop::accepted().require_nonces())
            .build()
            .unwrap();
        let server =
            RunningServer::with_resource_server(authorization_server, &server, mode, |it| it).await;
        let alice = Client::new(&server);
        let send = |nonce: &str| {
            let proof = alice.key.proof("POST", URI).access_token(&alice.token).nonce(nonce);
            let request = if mode.has_sessions() { server.initialize() } else { alice.call(None) };
            dpop(request, &alice.token, proof.sign()).send(server.address)
        };
        let response = send("").await;
        assert_rejected(&response, "use_dpop_nonce", mode);
        let nonce = response.header("dpop-nonce").unwrap().to_owned();
        let response = send(&nonce).await;
        assert_eq!((response.status, response.header("dpop-nonce")), (200, None), "{mode:?}");
        clock.advance(Duration::from_secs(200));
        let response = send(&nonce).await;
        assert_eq!(response.status, 200, "{mode:?} {response:?}");
        let next = response.header("dpop-nonce").unwrap().to_owned();
        assert_ne!(next, nonce);
        clock.advance(Duration::from_secs(90));
        assert_eq!(send(&next).await.status, 200, "{mode:?}");
    }
}
