//! oidc-provider in a process of its own: `oidc-provider/server.mjs`.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/oidc-provider/server.mjs");

/// Long enough for a machine that is busy with something else.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running server. Dropping it stops the server.
pub(crate) struct AuthorizationServer {
    pub(crate) facts: Facts,
    process: Child,
    commands: ChildStdin,
    responses: Lines<BufReader<ChildStdout>>,
    http: reqwest::Client,
}

/// The line that the server prints when it starts.
#[derive(Deserialize)]
pub(crate) struct Facts {
    pub(crate) issuer: String,
    pub(crate) token_endpoint: String,
    pub(crate) introspection_endpoint: String,
    pub(crate) revocation_endpoint: String,
    /// Of its tokens, in seconds.
    pub(crate) lifetime: u64,
    pub(crate) clients: Clients,
}

/// The clients that are registered with it.
#[derive(Deserialize)]
pub(crate) struct Clients {
    /// Resource servers, by how they authenticate.
    pub(crate) basic: Client,
    pub(crate) post: Client,
    /// Gets tokens, by the client credentials grant.
    pub(crate) caller: Client,
}

#[derive(Deserialize)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl AuthorizationServer {
    /// With an issuer that has no path.
    pub(crate) async fn start() -> Self {
        Self::start_at("").await
    }

    /// With an issuer of this path, at which RFC 8414 finds no metadata.
    pub(crate) async fn start_at(path: &str) -> Self {
        let mut process = Command::new("node")
            .args([PROGRAM, path])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed");
        let commands = process.stdin.take().unwrap();
        let mut responses = BufReader::new(process.stdout.take().unwrap()).lines();
        let facts = response(&mut responses).await;
        Self { facts, process, commands, responses, http: reqwest::Client::new() }
    }

    /// An access token for a resource (RFC 8707), or for none.
    pub(crate) async fn token(&self, scope: &str, resource: Option<&str>) -> String {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
        }
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend((!scope.is_empty()).then_some(("scope", scope)));
        form.extend(resource.map(|resource| ("resource", resource)));
        let response = self.post(&self.facts.token_endpoint, &form).await;
        response.json::<Granted>().await.unwrap().access_token
    }

    /// Revokes a token (RFC 7009).
    pub(crate) async fn revoke(&self, token: &str) {
        self.post(&self.facts.revocation_endpoint, &[("token", token)]).await;
    }

    /// Sets the server's clock, in seconds relative to the machine's.
    pub(crate) async fn set_clock(&mut self, offset: i64) {
        let command = json!({ "clock": offset });
        self.commands.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        assert_eq!(response::<Value>(&mut self.responses).await, command);
    }

    /// Stops the server; afterwards its port refuses connections.
    pub(crate) async fn stop(&mut self) {
        self.process.kill().await.unwrap();
    }

    async fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let Client { id, secret } = &self.facts.clients.caller;
        let request = self.http.post(endpoint).basic_auth(id, Some(secret)).form(form);
        request.send().await.unwrap().error_for_status().unwrap()
    }
}

async fn response<T: DeserializeOwned>(responses: &mut Lines<BufReader<ChildStdout>>) -> T {
    let line = timeout(DEADLINE, responses.next_line()).await.expect("an answer in time").unwrap();
    let line = line.expect("a running server; tests/interop/run installs what it needs");
    serde_json::from_str(&line).unwrap()
}
