//! The examples for other frameworks: starts each program and sends HTTP requests.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use requires_auth::testing::{AuthorizationServer, Fault};
use reqwest::Client;

const RESOURCE: &str = "https://hello.example/";

/// A running example. Dropping it stops it.
struct Program {
    process: Child,
    url: String,
}

impl Program {
    fn start(name: &str, authorization_server: &AuthorizationServer) -> Self {
        let mut path: PathBuf = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        let mut process = Command::new(path.join("examples").join(format!("{name}{EXE_SUFFIX}")))
            .env("LISTEN", "127.0.0.1:0")
            .env("REQUIRES_AUTH_RESOURCE", RESOURCE)
            .env("REQUIRES_AUTH_ISSUER", authorization_server.issuer())
            .env("REQUIRES_AUTH_INTROSPECTION_URL", authorization_server.introspection_url())
            .env("REQUIRES_AUTH_CLIENT_ID", "hello")
            .env("REQUIRES_AUTH_CLIENT_SECRET", "the-secret")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example is built with the tests of this package");
        let first = BufReader::new(process.stdout.take().unwrap()).lines().next();
        let first = first.expect("a line").unwrap();
        let url = first.strip_prefix("listening on ").expect("the address").to_owned();
        Self { process, url }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn check(name: &str) {
    let builder = AuthorizationServer::builder().client("hello", "the-secret");
    let authorization_server = builder.start().await.unwrap();
    let program = Program::start(name, &authorization_server);
    let client = Client::builder().no_proxy().build().unwrap();
    let token = |scopes: &str| {
        let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
        mint.scopes(scopes).issue()
    };
    let send = async |token: Option<String>| {
        let mut request = client.get(format!("{}/", program.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let headers = ["www-authenticate", "retry-after", "cache-control", "content-type"];
        let headers = headers.map(header);
        (response.status().as_u16(), headers, response.text().await.unwrap())
    };
    let json = "application/json";
    let challenge = |error: &str, description: &str| {
        let error = match error {
            "unauthorized" => String::new(),
            error => format!("error=\"{error}\", error_description=\"{description}\", "),
        };
        format!(
            "Bearer {error}scope=\"hello:read\", \
             resource_metadata=\"https://hello.example/.well-known/oauth-protected-resource\""
        )
    };
    let rejection = |status: u16, challenged: bool, error: &str, description: &str| {
        let challenge = challenged.then(|| challenge(error, description));
        let retry_after = (!challenged).then(|| "5".to_owned());
        let headers = [challenge, retry_after, Some("no-store".to_owned()), Some(json.to_owned())];
        let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
        (status, headers, body)
    };

    let (status, [challenge, ..], text) = send(Some(token("hello:read"))).await;
    assert_eq!((status, challenge, &*text), (200, None, "Hello, alice!\n"), "{name}");
    let description = "This resource needs an access token";
    assert_eq!(send(None).await, rejection(401, true, "unauthorized", description), "{name}");
    let description = "The access token does not carry the scopes that this operation needs";
    let expected = rejection(403, true, "insufficient_scope", description);
    assert_eq!(send(Some(token("other"))).await, expected, "{name}");
    authorization_server.fault(Fault::status(503));
    let description = "The access token cannot be checked at the moment";
    let expected = rejection(503, false, "temporarily_unavailable", description);
    assert_eq!(send(Some(token("hello:read"))).await, expected, "{name}");
}

#[tokio::test]
async fn the_example_for_hyper_is_guarded() {
    // R-B5
    check("hyper").await;
}

#[tokio::test]
async fn the_example_for_actix_web_is_guarded() {
    // R-B5
    check("actix-web").await;
}
