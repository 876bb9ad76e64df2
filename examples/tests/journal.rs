//! The journal as its users meet it: the program is started, and asked over HTTP.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

/// A running journal in demo mode; it ends with the test.
struct Journal {
    process: Child,
    url: String,
    commands: Vec<String>,
    tokens: HashMap<String, String>,
    tokens_file: PathBuf,
    client: Client,
}

impl Journal {
    fn start() -> Self {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::SeqCst);
        let name = format!("journal-tokens-{}-{number}.json", std::process::id());
        let tokens_file = std::env::temp_dir().join(name);
        let mut process = program()
            .args(["--listen", "127.0.0.1:0", "--auth-listen", "127.0.0.1:0", "--tokens-file"])
            .arg(&tokens_file)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example is built with the tests of this package");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.next().expect("a first line");
        let url = first.strip_prefix("listening on ").expect("the address comes first").to_owned();
        let commands = lines.take_while(|line| !line.starts_with("Ctrl-C")).collect();
        let tokens = serde_json::from_slice(&std::fs::read(&tokens_file).unwrap()).unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { process, url, commands, tokens, tokens_file, client }
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.bearer_auth(&self.tokens[token]);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    /// A request of the revision 2026-07-28, and the last message of the answer.
    async fn mcp(&self, method: &str, mut params: Value, token: &str) -> (u16, Value) {
        let name = params.get("name").or(params.get("uri")).and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = self
            .client
            .post(format!("{}/mcp", self.url))
            .bearer_auth(&self.tokens[token])
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method)
            .header("mcp-name", name);
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let last = text.lines().rfind(|line| line.contains('{')).unwrap();
        (status, serde_json::from_str(last.trim_start_matches("data: ")).unwrap())
    }

    async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        answer(self.ask(Method::GET, path, token, None).await).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> (u16, Value) {
        answer(self.ask(Method::POST, path, token, Some(body)).await).await
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.tokens_file);
    }
}

fn program() -> Command {
    let mut path = std::env::current_exe().expect("a test has a path");
    path.pop();
    path.pop();
    path.push("examples");
    path.push(format!("journal{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(path);
    // Whoever runs the tests may have the journal's own variables set.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("JOURNAL_") {
            command.env_remove(name);
        }
    }
    command
}

async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn each_printed_command_shows_what_is_promised_beside_it() {
    let journal = Journal::start();
    let mut promised = None;
    let mut pasted = 0;
    for line in &journal.commands {
        if let Some(promise) = line.strip_prefix("# ") {
            promised = promise.split(':').next().map(|status| status.parse::<u16>().unwrap());
        } else if line.starts_with("curl ") {
            let status = paste(&journal.client, line).await;
            assert_eq!(Some(status.as_u16()), promised.take(), "{line}");
            pasted += 1;
        }
    }
    assert_eq!(pasted, 8);
}

/// Does what curl would: the words are separated by spaces, or stand between quotes.
async fn paste(client: &Client, command: &str) -> StatusCode {
    let words: Vec<&str> = command
        .split('\'')
        .enumerate()
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        })
        .collect();
    let (mut headers, mut body, mut url) = (Vec::new(), None, None);
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        match word {
            "-i" => {}
            "-H" => headers.push(words.next().unwrap().split_once(": ").unwrap()),
            "-d" => body = words.next(),
            _ => url = Some(word),
        }
    }
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut request = client.request(method, url.unwrap()).body(body.unwrap_or("").to_owned());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn every_route_asks_for_its_scope() {
    // R-B3, R-I1
    let journal = Journal::start();
    let entry = json!({"title": "t", "content": "c"});
    let tag = json!({"name": "n"});
    for (method, path, body, scope) in [
        (Method::GET, "/me", None, "user:read"),
        (Method::GET, "/entries", None, "entries:read"),
        (Method::GET, "/entries/1", None, "entries:read"),
        (Method::POST, "/entries", Some(&entry), "entries:write"),
        (Method::DELETE, "/entries/1", None, "entries:write"),
        (Method::GET, "/tags", None, "tags:read"),
        (Method::POST, "/tags", Some(&tag), "tags:write"),
    ] {
        let response = journal.ask(method.clone(), path, "", body.cloned()).await;
        let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", journal.url);
        let challenge = format!(
            "Bearer realm=\"journal\", scope=\"{scope}\", resource_metadata=\"{metadata}\""
        );
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(response.headers()["www-authenticate"], challenge.as_str());
        for token in ["expired", "wrong_audience"] {
            let response = journal.ask(method.clone(), path, token, body.cloned()).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path} {token}");
        }
        let status = |token| {
            let journal = &journal;
            let (method, body) = (method.clone(), body.cloned());
            async move { journal.ask(method, path, token, body).await.status().as_u16() }
        };
        let reads = scope.ends_with(":read");
        assert_eq!(status("reader").await != 403, reads, "{method} {path}");
        let writers = scope.starts_with("entries:");
        assert_eq!(status("writer").await != 403, writers, "{method} {path}");
        assert_ne!(status("full").await, 403, "{method} {path}");
    }
    assert_eq!(journal.get("/healthz", "").await, (200, json!("ok\n")));
    let (status, document) = journal.get("/.well-known/oauth-protected-resource/mcp", "").await;
    assert_eq!(status, 200);
    assert_eq!(document["resource"], format!("{}/mcp", journal.url));
    let scopes = json!(["user:read", "entries:read", "entries:write", "tags:read", "tags:write"]);
    assert_eq!(document["scopes_supported"], scopes);
}

/// Every path of the REST API with its methods, as the program itself declares them.
fn routes() -> Vec<(Method, String)> {
    let source = include_str!("../journal/rest.rs");
    let mut routes = Vec::new();
    for route in source.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once('"').unwrap();
        let (methods, _) = rest.split_once(")\n").unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            if methods.contains(&format!("{method}(")) {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                routes.push((method, path.replace("{id}", "1")));
            }
        }
    }
    routes
}

#[tokio::test]
async fn nothing_of_the_journal_is_unguarded_but_what_says_so() {
    // Without one of the attributes, this fails: nobody has to add to it what the journal adds.
    const OPEN: [&str; 1] = ["/healthz"];
    let journal = Journal::start();
    let routes = routes();
    assert!(routes.len() > OPEN.len(), "{routes:?}");
    for (method, path) in routes {
        let response = journal.ask(method.clone(), &path, "", None).await;
        if OPEN.contains(&path.as_str()) {
            assert_eq!(response.status(), 200, "{path}");
            continue;
        }
        assert_eq!(response.status(), 401, "{method} {path}");
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("scope=\""), "{method} {path} needs no scope: {challenge}");
    }
    for (method, member) in [("tools/list", "tools"), ("prompts/list", "prompts")] {
        let (status, answer) = journal.mcp(method, json!({}), "full").await;
        assert_eq!(status, 200);
        let listed = answer["result"][member].as_array().unwrap().clone();
        assert!(!listed.is_empty(), "{answer}");
        for one in listed {
            let scopes = one["_meta"]["requires-auth/authorization"]["scopes"].as_array();
            assert!(scopes.is_some_and(|scopes| !scopes.is_empty()), "{one} needs no scope");
        }
    }
}

#[tokio::test]
async fn the_mcp_server_asks_for_the_same_scopes() {
    // R-I3, R-I6
    let journal = Journal::start();
    for (tool, arguments, scope) in [
        ("whoami", json!({}), "user:read"),
        ("list_entries", json!({}), "entries:read"),
        ("get_entry", json!({ "id": 1 }), "entries:read"),
        ("create_entry", json!({ "title": "t", "content": "c" }), "entries:write"),
        ("delete_entry", json!({ "id": 1 }), "entries:write"),
        ("list_tags", json!({}), "tags:read"),
        ("create_tag", json!({ "name": "n" }), "tags:write"),
    ] {
        let params = json!({ "name": tool, "arguments": arguments });
        for (token, may) in [
            ("reader", scope.ends_with(":read")),
            ("writer", scope.starts_with("entries:")),
            ("full", true),
        ] {
            let (status, answer) = journal.mcp("tools/call", params.clone(), token).await;
            assert_eq!(status, if may { 200 } else { 403 }, "{tool} {token}: {answer}");
        }
    }
    let reading = json!({ "uri": "journal://entries" });
    assert_eq!(journal.mcp("resources/read", reading, "reader").await.0, 200);
    let entry = json!({ "title": "Monday", "content": "It rained." });
    let (_, created) = journal
        .mcp("tools/call", json!({ "name": "create_entry", "arguments": entry }), "writer")
        .await;
    let id = created["result"]["structuredContent"]["id"].as_u64().unwrap();
    let uri = json!({ "uri": format!("journal://entries/{id}") });
    let (_, read) = journal.mcp("resources/read", uri.clone(), "reader").await;
    let text = read["result"]["contents"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap()["title"], "Monday");
    let (_, others) = journal.mcp("resources/read", uri, "other").await;
    assert_eq!(others["error"]["message"], "there is no such resource");
    let prompt = json!({ "name": "suggest_tags", "arguments": { "id": id.to_string() } });
    assert_eq!(journal.mcp("prompts/get", prompt.clone(), "writer").await.0, 403);
    let (_, prompt) = journal.mcp("prompts/get", prompt, "reader").await;
    let text = prompt["result"]["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains("# Monday"), "{text}");
}

#[tokio::test]
async fn a_browser_may_see_the_challenge() {
    // R-B6
    let journal = Journal::start();
    let url = format!("{}/mcp", journal.url);
    let preflight = journal
        .client
        .request(Method::OPTIONS, &url)
        .header("origin", "https://inspector.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,mcp-protocol-version")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("authorization"), "{allowed}");
    let origin = ("origin", "https://inspector.example");
    let refused = journal.client.post(&url).header(origin.0, origin.1).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    let exposed = refused.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(
        exposed.contains("www-authenticate") && exposed.contains("mcp-session-id"),
        "{exposed}"
    );
}

#[tokio::test]
async fn everybody_has_a_journal_of_their_own() {
    let journal = Journal::start();
    let new = json!({"title": "Monday", "content": "It rained.", "tags": ["weather"]});
    let entry = json!({"id": 1, "title": "Monday", "content": "It rained.", "tags": ["weather"]});
    assert_eq!(journal.post("/entries", "writer", new).await, (201, entry.clone()));
    assert_eq!(journal.get("/entries", "reader").await, (200, json!([entry])));
    assert_eq!(journal.get("/entries/1", "reader").await, (200, entry));
    let nothing = (404, json!({"error": "there is no such entry"}));
    assert_eq!(journal.get("/entries", "other").await, (200, json!([])));
    assert_eq!(journal.get("/entries/1", "other").await, nothing);
    let delete = |token| journal.ask(Method::DELETE, "/entries/1", token, None);
    assert_eq!(answer(delete("other").await).await, nothing);
    assert_eq!(delete("writer").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(journal.get("/entries/1", "reader").await, nothing);

    let tag = json!({"id": 1, "name": "weather"});
    let new = json!({"name": "weather"});
    assert_eq!(journal.post("/tags", "other", new.clone()).await, (201, tag.clone()));
    assert_eq!(journal.post("/tags", "other", new).await, (201, tag.clone()), "once is enough");
    assert_eq!(journal.get("/tags", "other").await, (200, json!([tag])));
    assert_eq!(journal.get("/tags", "reader").await, (200, json!([])));

    let (status, me) = journal.get("/me", "reader").await;
    assert_eq!((status, &me["extra"]["sub"]), (200, &json!("alice")));
    assert_eq!(me["scopes"], json!(["entries:read", "tags:read", "user:read"]));
    assert!(!me.to_string().contains(&journal.tokens["reader"]), "the token is not part of it");
}

#[test]
fn what_it_cannot_do_yet_it_says() {
    for (flags, words) in [
        (vec!["--mode", "jwt"], "JWT validation"),
        (vec!["--mode", "hybrid"], "JWT validation"),
        (vec!["--redis", "redis://127.0.0.1"], "--redis-secret"),
        (vec!["--redis-secret", "a"], "--redis"),
        (vec!["--client-id", "a", "--client-secret", "b"], "--introspection-url"),
        (vec!["--client-id", "a"], "--client-secret"),
        (vec!["--audience", "perhaps"], "if-present"),
    ] {
        let Output { status, stdout, stderr } = program().args(&flags).output().unwrap();
        let message = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && stdout.is_empty(), "{flags:?}");
        assert!(message.starts_with("error: ") && message.contains(words), "{flags:?}: {message}");
        assert!(!message.contains("requires-auth-examples"), "{flags:?}: {message}");
    }
}

#[test]
fn a_mistake_in_the_setup_is_told_in_one_line() {
    let journal = Journal::start();
    let taken = journal.url.strip_prefix("http://").unwrap();
    let fails = |flags: &[&str]| {
        let mut command = program();
        command.args(["--listen", "127.0.0.1:0"]).args(flags);
        let Output { status, stderr, .. } = command.output().unwrap();
        assert!(!status.success(), "{flags:?}");
        String::from_utf8(stderr).unwrap()
    };
    let message = fails(&["--auth-listen", taken]);
    assert!(message.contains("--auth-listen 127.0.0.1:0"), "{message}");
    let message =
        fails(&["--auth-listen", "127.0.0.1:0", "--redis", "http://a", "--redis-secret", "a"]);
    assert!(message.contains("32 bytes"), "{message}");
    let message = fails(&["--issuer", "http://127.0.0.1:1"]);
    assert!(message.contains("metadata could not be read"), "{message}");
    let message = fails(&["--introspection-url", "http://auth.example/introspect"]);
    assert!(message.contains("use https"), "{message}");
    let message = fails(&["--auth-listen", "0.0.0.0:0"]);
    assert!(message.contains("loopback"), "{message}");
    let Output { status, stderr, .. } = program().args(["--listen", taken]).output().unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert!(!status.success() && message.contains("--listen 127.0.0.1:0"), "{message}");
}

#[cfg(unix)]
#[test]
fn it_ends_in_good_order_when_it_is_told_to() {
    let mut journal = Journal::start();
    let id = journal.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(journal.process.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_client_that_never_finishes_its_request_does_not_keep_it_alive() {
    let mut journal = Journal::start();
    let mut client = TcpStream::connect(journal.url.strip_prefix("http://").unwrap()).unwrap();
    client.write_all(b"GET /entries").unwrap();
    let id = journal.process.id().to_string();
    let ended = loop {
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        if let Some(status) = journal.process.try_wait().unwrap() {
            break status;
        }
    };
    assert!(ended.success());
}
