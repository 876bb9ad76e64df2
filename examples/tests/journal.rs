//! End-to-end tests of the journal: they start the program and send HTTP requests.

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

use requires_auth::testing::{AuthorizationServer, DpopKey, OAuthClient, TokenFormat};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

/// A running journal in demo mode. Dropping it stops it.
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
        Self::start_with(&[])
    }

    /// Starts it with further flags.
    fn start_with(flags: &[&str]) -> Self {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::SeqCst);
        let name = format!("journal-tokens-{}-{number}.json", std::process::id());
        let tokens_file = std::env::temp_dir().join(name);
        let mut process = program()
            .args(["--listen", "127.0.0.1:0", "--auth-listen", "127.0.0.1:0", "--tokens-file"])
            .arg(&tokens_file)
            .args(flags)
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

    async fn send(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Response {
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
        answer(self.send(Method::GET, path, token, None).await).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> (u16, Value) {
        answer(self.send(Method::POST, path, token, Some(body)).await).await
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
    // The environment of the tests may contain variables of the journal.
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
async fn each_printed_command_gets_the_status_in_its_comment() {
    let journal = Journal::start();
    let mut expected = None;
    let mut pasted = 0;
    for line in &journal.commands {
        if let Some(comment) = line.strip_prefix("# ") {
            expected = comment.split(':').next().map(|status| status.parse::<u16>().unwrap());
        } else if line.starts_with("curl ") {
            let status = paste(&journal.client, &with_proof(line)).await;
            assert_eq!(Some(status.as_u16()), expected.take(), "{line}");
            pasted += 1;
        }
    }
    assert_eq!(pasted, 20);
}

/// The command with the DPoP proof that the shell would make for it.
fn with_proof(command: &str) -> String {
    let Some((before, rest)) = command.split_once("\"DPoP: $(") else { return command.to_owned() };
    let (program, after) = rest.split_once(")\"").unwrap();
    let output = Command::new("sh").args(["-c", program]).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    let proof = String::from_utf8(output.stdout).unwrap();
    format!("{before}'DPoP: {}'{after}", proof.trim())
}

/// Sends the request of a curl command: its words are separated by spaces or are in quotes.
async fn paste(client: &Client, command: &str) -> StatusCode {
    let words: Vec<&str> = command
        .split('\'')
        .enumerate()
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        })
        .collect();
    let (mut headers, mut body, mut url, mut method) = (Vec::new(), None, None, None);
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        match word {
            "-i" => {}
            "-H" => headers.push(words.next().unwrap().split_once(": ").unwrap()),
            "-d" => body = words.next(),
            "-X" => method = words.next(),
            _ => url = Some(word),
        }
    }
    let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" });
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client.request(method, url.unwrap()).body(body.unwrap_or("").to_owned());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn every_route_requires_its_scope() {
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
        let response = journal.send(method.clone(), path, "", body.cloned()).await;
        let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", journal.url);
        let challenge = format!(
            "Bearer realm=\"journal\", scope=\"{scope}\", resource_metadata=\"{metadata}\""
        );
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(response.headers()["www-authenticate"], challenge.as_str());
        for token in ["expired", "wrong_audience"] {
            let response = journal.send(method.clone(), path, token, body.cloned()).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path} {token}");
        }
        let status = |token| {
            let journal = &journal;
            let (method, body) = (method.clone(), body.cloned());
            async move { journal.send(method, path, token, body).await.status().as_u16() }
        };
        let reads = scope.ends_with(":read");
        assert_eq!(status("reader").await != 403, reads, "{method} {path}");
        let writers = scope.starts_with("entries:");
        assert_eq!(status("writer").await != 403, writers, "{method} {path}");
        assert_ne!(status("full").await, 403, "{method} {path}");
        assert_ne!(status("admin").await, 403, "{method} {path}: the scope implies the others");
    }
    assert_eq!(journal.get("/healthz", "").await, (200, json!("ok\n")));
    let (status, document) = journal.get("/.well-known/oauth-protected-resource/mcp", "").await;
    assert_eq!(status, 200);
    assert_eq!(document["resource"], format!("{}/mcp", journal.url));
    let scopes =
        ["user:read", "entries:read", "entries:write", "tags:read", "tags:write", "journal:admin"];
    assert_eq!(document["scopes_supported"], json!(scopes));
}

/// Every path of the REST API with its methods, from the source of the program.
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
async fn every_route_tool_and_prompt_is_guarded_except_the_open_ones() {
    // Fails if one of the attributes is missing, also for a route that is added later.
    const OPEN: [&str; 2] = ["/healthz", "/openapi.json"];
    let journal = Journal::start();
    let routes = routes();
    assert!(routes.len() > OPEN.len(), "{routes:?}");
    for (method, path) in routes {
        let response = journal.send(method.clone(), &path, "", None).await;
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
async fn the_page_sends_requests_to_the_journal_and_its_authorization_server_alone() {
    // R-K25
    let journal = Journal::start();
    let issuer = journal
        .commands
        .iter()
        .find_map(|line| line.strip_prefix("authorization server of the demo: "))
        .unwrap();
    let line = format!("Use the journal in a browser, with sign-in and step-up: {}/", journal.url);
    assert!(journal.commands.contains(&line), "{:?}", journal.commands);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' {issuer} {}; form-action 'none'; \
         base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        journal.url
    );
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/page/style.css", "text/css; charset=utf-8"),
        ("/page/script.js", "text/javascript; charset=utf-8"),
    ] {
        let response = journal.send(Method::GET, path, "", None).await;
        assert_eq!(response.status(), 200, "{path}");
        for (name, value) in [
            ("content-type", content_type),
            ("content-security-policy", &policy),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(response.headers()[name], value, "{path} {name}");
        }
        let text = response.text().await.unwrap();
        assert!(!text.contains("CLIENT_ID"), "{path}");
        assert!(!text.contains(" style=") && !text.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn the_openapi_document_names_the_scopes_that_the_guards_challenge() {
    // R-K23
    let journal = Journal::start();
    let (status, document) = journal.get("/openapi.json", "").await;
    assert_eq!(status, 200);
    let mut described = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (name, operation) in operations.as_object().unwrap() {
            let method = Method::from_bytes(name.to_uppercase().as_bytes()).unwrap();
            let path = path.replace("{id}", "1");
            let response = journal.send(method.clone(), &path, "", None).await;
            let security = &operation["security"];
            if response.status() == 200 {
                assert_eq!(security, &Value::Null, "{method} {path}");
            } else {
                let challenge = response.headers()["www-authenticate"].to_str().unwrap();
                let scopes = security[0]["oauth2"].as_array().unwrap();
                let scopes: Vec<&str> =
                    scopes.iter().map(|scope| scope.as_str().unwrap()).collect();
                assert!(
                    challenge.contains(&format!("scope=\"{}\"", scopes.join(" "))),
                    "{challenge}"
                );
                for status in ["401", "403", "503"] {
                    assert!(operation["responses"][status].is_object(), "{method} {path} {status}");
                }
            }
            described.push((method, path));
        }
    }
    let mut routes = routes();
    routes.retain(|(_, path)| path != "/openapi.json");
    let sorted = |mut routes: Vec<(Method, String)>| {
        routes.sort_by_key(|(method, path)| format!("{path} {method}"));
        routes
    };
    assert_eq!(sorted(described), sorted(routes), "every route is described");
}

#[tokio::test]
async fn the_mcp_server_requires_the_same_scopes() {
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
async fn only_an_administrator_lists_the_entries_of_another_user() {
    // R-I20, R-K15
    let journal = Journal::start();
    let entry = json!({"title": "Monday", "content": "It rained."});
    let (_, created) = journal.post("/entries", "writer", entry).await;
    let entries = json!([created]);
    let refused = journal.send(Method::GET, "/entries?owner=alice", "full", None).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("scope=\"journal:admin\""), "{challenge}");
    assert_eq!(journal.get("/entries?owner=alice", "admin").await, (200, entries.clone()));
    assert_eq!(journal.get("/entries", "admin").await, (200, json!([])));

    let of_alice = json!({ "name": "list_entries", "arguments": { "owner": "alice" } });
    assert_eq!(journal.mcp("tools/call", of_alice.clone(), "full").await.0, 403);
    let (status, listed) = journal.mcp("tools/call", of_alice, "admin").await;
    assert_eq!((status, &listed["result"]["structuredContent"]["entries"]), (200, &entries));
}

#[tokio::test]
async fn an_agent_deletes_no_entry() {
    // R-K13
    let journal = Journal::start();
    let entry = json!({"title": "Monday", "content": "It rained."});
    assert_eq!(
        journal.post("/entries", "agent", entry.clone()).await,
        (201, json!({"id": 1, "title": "Monday", "content": "It rained.", "tags": []}))
    );
    let denied = journal.send(Method::DELETE, "/entries/1", "agent", None).await;
    assert_eq!(denied.headers().get("www-authenticate"), None);
    let (status, denied) = answer(denied).await;
    assert_eq!((status, &denied["error"]), (403, &json!("access_denied")));
    let delete = json!({ "name": "delete_entry", "arguments": { "id": 1 } });
    assert_eq!(journal.mcp("tools/call", delete.clone(), "agent").await.0, 403);
    assert_eq!(journal.mcp("tools/call", delete, "full").await.0, 200);
}

#[tokio::test]
async fn an_export_needs_a_bound_token_and_its_proof() {
    // R-H1, R-H7
    let journal = Journal::start();
    let url = format!("{}/export", journal.url);
    let key = DpopKey::from_pem(&journal.tokens["bound_key"]).unwrap();
    let send = async |token: &str, proof: Option<String>| {
        let mut request = journal.client.get(&url);
        request = match proof {
            Some(proof) => request
                .header("authorization", format!("DPoP {}", journal.tokens[token]))
                .header("dpop", proof),
            None => request.bearer_auth(&journal.tokens[token]),
        };
        request.send().await.unwrap()
    };
    let proof = || Some(key.proof("GET", &url).access_token(&journal.tokens["bound"]).sign());

    let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", journal.url);
    let unbound = send("full", None).await;
    assert_eq!(unbound.status(), 401);
    assert_eq!(
        unbound.headers()["www-authenticate"],
        format!(
            "DPoP realm=\"journal\", algs=\"ES256 EdDSA ES384 PS256 RS256\", error=\"invalid_token\", \
             error_description=\"The access token is malformed, expired, revoked or not meant for this resource\", \
             scope=\"entries:read tags:read\", resource_metadata=\"{metadata}\""
        )
    );
    assert_eq!(send("bound", None).await.status(), 401);
    let (status, exported) = answer(send("bound", proof()).await).await;
    assert_eq!((status, exported), (200, json!({ "entries": [], "tags": [] })));
}

#[tokio::test]
async fn only_a_user_who_has_just_logged_in_deletes_all_entries() {
    // R-H3
    let journal = Journal::start();
    let entry = json!({ "title": "Monday", "content": "It rained." });
    assert_eq!(journal.post("/entries", "full", entry).await.0, 201);
    for token in ["full", "admin", "agent"] {
        let rejected = journal.send(Method::DELETE, "/entries", token, None).await;
        assert_eq!(rejected.status(), 401, "{token}");
        let challenge = rejected.headers()["www-authenticate"].to_str().unwrap();
        for part in [
            "error=\"insufficient_user_authentication\"",
            "acr_values=\"phr phrh\"",
            "max_age=\"600\"",
            "scope=\"entries:write\"",
        ] {
            assert!(challenge.contains(part), "{token}: {challenge}");
        }
    }
    assert_eq!(journal.get("/entries", "full").await.1.as_array().unwrap().len(), 1);
    let deleted = journal.send(Method::DELETE, "/entries", "login", None).await;
    assert_eq!(deleted.status(), 204);
    assert_eq!(journal.get("/entries", "full").await, (200, json!([])));
}

#[tokio::test]
async fn only_an_order_that_the_user_has_authorized_is_accepted() {
    // R-H7
    let journal = Journal::start();
    let print = |copies: u32, recipient: &str| json!({ "copies": copies, "recipient": recipient });
    let two = print(2, "alice");
    assert_eq!(journal.post("/prints", "print", two.clone()).await, (201, two.clone()));
    for other in [print(3, "alice"), print(2, "mallory")] {
        let (status, body) = journal.post("/prints", "print", other).await;
        assert_eq!((status, &body["error"]), (403, &json!("access_denied")));
    }
    for token in ["full", "admin"] {
        let (status, body) = journal.post("/prints", token, two.clone()).await;
        assert_eq!(status, 403, "{token}");
        assert_eq!(body["error"], "insufficient_authorization_details", "{token}");
    }
    let (_, metadata) = journal.get("/.well-known/oauth-protected-resource/mcp", "").await;
    assert_eq!(metadata["authorization_details_types_supported"], json!(["journal_print"]));
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
    let rejected = journal.client.post(&url).header(origin.0, origin.1).send().await.unwrap();
    assert_eq!(rejected.status(), 401);
    assert_eq!(rejected.headers()["access-control-allow-origin"], "*");
    let exposed = rejected.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(
        exposed.contains("www-authenticate") && exposed.contains("mcp-session-id"),
        "{exposed}"
    );
}

#[tokio::test]
async fn each_owner_has_a_separate_journal() {
    let journal = Journal::start();
    let new = json!({"title": "Monday", "content": "It rained.", "tags": ["weather"]});
    let entry = json!({"id": 1, "title": "Monday", "content": "It rained.", "tags": ["weather"]});
    assert_eq!(journal.post("/entries", "writer", new).await, (201, entry.clone()));
    assert_eq!(journal.get("/entries", "reader").await, (200, json!([entry])));
    assert_eq!(journal.get("/entries/1", "reader").await, (200, entry));
    let nothing = (404, json!({"error": "there is no such entry"}));
    assert_eq!(journal.get("/entries", "other").await, (200, json!([])));
    assert_eq!(journal.get("/entries/1", "other").await, nothing);
    let delete = |token| journal.send(Method::DELETE, "/entries/1", token, None);
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

#[tokio::test]
async fn jwts_are_accepted_as_opaque_tokens_are() {
    // R-F10
    for mode in ["jwt", "hybrid"] {
        let journal = Journal::start_with(&["--mode", mode]);
        assert_eq!(journal.tokens["reader"].split('.').count(), 3, "a JWT");
        assert_eq!(journal.get("/entries", "reader").await, (200, json!([])));
        let entry = json!({"title": "t", "content": "c"});
        assert_eq!(journal.post("/entries", "reader", entry.clone()).await.0, 403);
        assert_eq!(journal.post("/entries", "writer", entry).await.0, 201);
        for invalid in ["expired", "wrong_audience"] {
            assert_eq!(journal.get("/entries", invalid).await.0, 401, "{mode}: {invalid}");
        }
    }
}

#[test]
fn unsupported_and_contradictory_flags_are_rejected() {
    const ISSUER: &str = "--issuer=http://127.0.0.1:1";
    for (flags, words) in [
        (
            vec!["--mode", "jwt", "--introspection-url", "http://127.0.0.1:1/introspect"],
            "give its --issuer",
        ),
        (vec![ISSUER, ISSUER, "--jwks-uri", "http://127.0.0.1:1/jwks"], "are for one --issuer"),
        (
            vec![ISSUER, ISSUER, "--redis", "redis://127.0.0.1", "--redis-secret", "a"],
            "is for one --issuer",
        ),
        (vec![ISSUER, ISSUER, "--provider", "okta"], "is for one --issuer"),
        (vec!["--provider", "okta"], "is for one --issuer"),
        (vec![ISSUER, "--provider", "ocelot"], "keycloak"),
        (vec!["--redis", "redis://127.0.0.1"], "--redis-secret"),
        (vec![ISSUER, "--algorithm", "HS256"], "expected one of `RS256`"),
        (vec![ISSUER, "--algorithm", "ES256"], "choose --mode jwt or hybrid"),
        (vec![ISSUER, "--mode", "jwt", "--signed-response"], "leave it out"),
        (vec!["--signed-response"], "give its --issuer"),
        (vec!["--redis-secret", "a"], "--redis"),
        (vec!["--client-id", "a", "--client-secret", "b"], "--introspection-url"),
        (vec!["--client-id", "a"], "--client-secret"),
        (vec!["--audience", "perhaps"], "if-present"),
        (vec!["--bearer-token", "a"], "--introspection-url"),
        (vec!["--client-authentication", "none"], "--introspection-url"),
        (vec!["--scope-claim", "scp[]"], "--introspection-url"),
        (vec!["--scope-claim", "[]"], "--scope-claim"),
        (vec!["--client-authentication", "unknown"], "client_secret_post"),
        (vec!["--client-authentication", "private_key_jwt"], "--introspection-url"),
        (vec!["--trust-anchors", "a"], "--introspection-url"),
        (vec![ISSUER, "--client-private-key", "a"], "--client-id"),
        (vec![ISSUER, "--client-key-id", "a"], "--client-private-key"),
        (
            vec![ISSUER, "--client-id", "a", "--client-secret", "b", "--client-secret-file", "c"],
            "cannot be used with",
        ),
        (
            vec![ISSUER, "--client-authentication", "private_key_jwt"],
            "give --client-id and --client-private-key too",
        ),
        (
            vec![
                ISSUER,
                "--client-id",
                "a",
                "--client-private-key",
                "b",
                "--client-authentication",
                "none",
            ],
            "is for --client-authentication private_key_jwt",
        ),
        (vec!["--audience", "unchecked", "--accept-audience", "a"], "--audience unchecked accepts"),
        (
            vec![ISSUER, "--bearer-token", "a", "--client-id", "b", "--client-secret", "c"],
            "two ways to authenticate",
        ),
        (vec![ISSUER, "--bearer-token", ""], "--bearer-token is empty"),
        (
            vec![ISSUER, "--bearer-token", "a", "--client-authentication", "none"],
            "leave one of them out",
        ),
        (
            vec![ISSUER, "--client-authentication", "client_secret_post"],
            "give --client-id and --client-secret too",
        ),
        (
            vec![
                ISSUER,
                "--client-authentication",
                "none",
                "--client-id",
                "b",
                "--client-secret",
                "c",
            ],
            "sends no client secret",
        ),
    ] {
        let Output { status, stdout, stderr } = program().args(&flags).output().unwrap();
        let message = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && stdout.is_empty(), "{flags:?}");
        assert!(message.starts_with("error: ") && message.contains(words), "{flags:?}: {message}");
        assert!(!message.contains("requires-auth-examples"), "{flags:?}: {message}");
    }
}

#[test]
fn an_error_in_the_setup_is_reported_in_one_line() {
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
    // R-C12: the journal itself has no metadata of an authorization server.
    let message = fails(&["--issuer", &journal.url]);
    assert!(message.contains("no metadata at either place"), "{message}");
    assert!(message.contains(&journal.url) && message.contains("introspection_url"), "{message}");
    // Messages name the flags of the journal.
    assert!(message.contains("(--introspection-url)"), "{message}");
    assert!(message.contains("(--issuer)") && !message.contains("REQUIRES_AUTH_"), "{message}");
    let message = fails(&["--introspection-url", "http://auth.example/introspect"]);
    assert!(message.contains("use https"), "{message}");
    let message = fails(&["--auth-listen", "0.0.0.0:0"]);
    assert!(message.contains("loopback"), "{message}");
    let Output { status, stderr, .. } = program().args(["--listen", taken]).output().unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert!(!status.success() && message.contains("--listen 127.0.0.1:0"), "{message}");
}

#[test]
fn its_manifest_lists_every_function() {
    // R-K16, R-K17, R-K20
    let manifest = |format: &str| {
        let output = program().args(["--manifest", format]).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
        String::from_utf8(output.stdout).unwrap()
    };
    // The test beside the program compares it with the reviewed one.
    let json: Value = serde_json::from_str(&manifest("json")).unwrap();
    let mut functions = json["functions"].as_array().unwrap().iter();
    let delete =
        functions.find(|it| it["path"] == "journal::rest::handlers::delete_entry").unwrap();
    assert_eq!(delete["scopes"], json!({ "any": ["entries:write", "journal:admin"] }));
    assert_eq!(delete["when"], "auth.actor().is_none()");
    assert!(manifest("table").starts_with("FUNCTION "));
    assert!(manifest("markdown").starts_with("| function | kind | requires | source |\n"));
    let html = manifest("html");
    assert!(html.starts_with("<!DOCTYPE html>\n"), "{html}");
    assert!(html.contains("<h1>Functions and required scopes of journal</h1>"), "{html}");
}

#[test]
fn it_starts_while_its_authorization_server_is_down() {
    // R-C12
    let mut process = program()
        .args(["--listen", "127.0.0.1:0", "--issuer", "http://127.0.0.1:1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut first).unwrap();
    process.kill().unwrap();
    let stderr = process.wait_with_output().unwrap().stderr;
    assert!(first.starts_with("listening on http://127.0.0.1:"), "{first}");
    let log = String::from_utf8(stderr).unwrap();
    assert!(log.contains("discovery failed") && log.contains("cannot be reached"), "{log}");
}

#[cfg(unix)]
#[test]
fn it_exits_with_success_on_a_signal() {
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

impl Journal {
    /// The link of the sign-in, from the output of the journal.
    fn link(&self) -> &str {
        let link = self.commands.iter().find(|line| line.contains("/authorize?"));
        link.expect("it prints a link")
    }
}

/// The text of a page between two others.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).expect("the page has it");
    rest.split_once(after).expect("the page goes on").0
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// Submits the consent page.
async fn decide(client: &Client, page: &str, link: &str, decision: &str) -> Response {
    let id = between(page, "name=\"request\" value=\"", "\"");
    let consent = link.split_once("/authorize").unwrap().0.to_owned() + "/consent";
    let scopes = "scope=user%3Aread&scope=entries%3Aread";
    let form = format!("request={id}&user=bob&decision={decision}&{scopes}");
    let request = client.post(consent).header("content-type", "application/x-www-form-urlencoded");
    request.body(form).send().await.unwrap()
}

#[tokio::test]
async fn the_printed_link_begins_a_sign_in_that_ends_with_a_token() {
    let journal = Journal::start();
    let unfollowed = reqwest::redirect::Policy::none();
    let browser = Client::builder().no_proxy().redirect(unfollowed).build().unwrap();
    let get = |url: String| browser.get(url).send();
    let first = get(journal.link().to_owned()).await.unwrap();
    assert_eq!(first.status(), 200);
    let page = first.text().await.unwrap();
    assert!(page.contains("Allow <bdi>Demo of the journal</bdi> access?"), "{page}");
    assert!(page.contains(&format!("<code>{}/demo/callback</code>", journal.url)), "{page}");
    assert!(page.contains(&format!("<code>{}/mcp</code>", journal.url)), "{page}");

    let allowed = location(&decide(&browser, &page, journal.link(), "allow").await);
    assert!(allowed.starts_with(&format!("{}/demo/callback?code=", journal.url)), "{allowed}");
    let signed_in = get(allowed.clone()).await.unwrap();
    assert_eq!(signed_in.status(), 200);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(signed_in.headers()[name], value);
    }
    let page = signed_in.text().await.unwrap();
    assert!(page.contains("<h1>Signed in</h1>"), "{page}");
    assert!(page.contains("<code>user:read entries:read</code>"), "{page}");
    let token = between(&page, "<pre id=\"token\">", "</pre>").to_owned();
    let command = format!("curl -i {}/entries -H 'Authorization: Bearer {token}'", journal.url);
    assert!(page.contains(&command), "{page}");
    assert_eq!(paste(&browser, &command).await, 200);
    let me = browser.get(format!("{}/me", journal.url)).bearer_auth(&token).send().await.unwrap();
    let (status, me) = answer(me).await;
    assert_eq!(
        (status, &me["clientId"], &me["extra"]["sub"]),
        (200, &json!("demo"), &json!("bob"))
    );
    // The tokens of the demo have the same client.
    let (_, me) = journal.get("/me", "reader").await;
    assert_eq!(me["clientId"], "demo");

    // A code can be used once, the link again.
    let again = get(allowed.clone()).await.unwrap();
    assert_eq!(again.status(), StatusCode::BAD_GATEWAY);
    assert!(again.text().await.unwrap().contains("invalid_grant"));
    let page = get(journal.link().to_owned()).await.unwrap().text().await.unwrap();
    let denied = location(&decide(&browser, &page, journal.link(), "deny").await);
    let denied = get(denied).await.unwrap();
    assert_eq!(denied.status(), 200);
    assert!(denied.text().await.unwrap().contains("<p>access_denied</p>"));
}

#[tokio::test]
async fn the_page_of_the_sign_in_rejects_other_responses() {
    let journal = Journal::start_with(&["--consent", "auto"]);
    let unfollowed = reqwest::redirect::Policy::none();
    let browser = Client::builder().no_proxy().redirect(unfollowed).build().unwrap();
    let answer = location(&browser.get(journal.link()).send().await.unwrap());
    let state = between(&answer, "&state=", "&");
    for other in [
        format!("{}/demo/callback", journal.url),
        answer.replace(state, "another"),
        answer.replace("&iss=", "&another="),
        answer.replace("code=", "another="),
        format!("{answer}&error=%3Cscript%3E"),
    ] {
        let rejected = browser.get(&other).send().await.unwrap();
        assert_eq!(rejected.status(), 400, "{other}");
        let page = rejected.text().await.unwrap();
        assert!(page.contains("not the answer to a sign-in that this journal began"), "{page}");
    }
    let error = answer.replace("code=", "error=%3Cscript%3E&x=");
    let page = browser.get(&error).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<p>&lt;script&gt;</p>"), "{page}");
    let page = browser.get(&answer).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<h1>Signed in</h1>"), "{page}");
}

/// A journal with an authorization server of the test. The server must run while the test waits for the journal, so
/// the test needs several threads.
struct Beside {
    process: Child,
    url: String,
}

impl Beside {
    fn start(server: &AuthorizationServer, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = program()
            .args(["--listen", "127.0.0.1:0", "--resource", "https://journal.example/mcp"])
            .args(["--issuer", server.issuer()])
            .args(flags)
            .envs(variables.iter().copied())
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let url = first.trim().strip_prefix("listening on ").expect("it starts").to_owned();
        Self { process, url }
    }

    /// The whole response: status, challenge, `Cache-Control` and body.
    async fn get(&self, path: &str, token: &str) -> (u16, String, String, String) {
        let client = Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("{}{path}", self.url)).bearer_auth(token);
        let response = request.send().await.unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (challenge, caching) = (header("www-authenticate"), header("cache-control"));
        (response.status().as_u16(), challenge, caching, response.text().await.unwrap())
    }

    /// Stops it, and returns its log.
    fn log(mut self) -> String {
        self.process.kill().unwrap();
        let mut log = String::new();
        std::io::Read::read_to_string(&mut self.process.stderr.take().unwrap(), &mut log).unwrap();
        log
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn granted(body: &str) -> (u16, String, String, String) {
    (200, String::new(), String::new(), body.to_owned())
}

/// The rejection of a request to `/entries`.
fn rejected(status: u16, error: &str, description: &str) -> (u16, String, String, String) {
    let metadata = "https://journal.example/.well-known/oauth-protected-resource/mcp";
    let challenge = format!(
        "Bearer realm=\"journal\", error=\"{error}\", error_description=\"{description}\", \
         scope=\"entries:read\", resource_metadata=\"{metadata}\""
    );
    let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
    (status, challenge, "no-store".to_owned(), body)
}

const INVALID: &str =
    "The access token is malformed, expired, revoked or not meant for this resource";
const INSUFFICIENT: &str = "The access token does not carry the scopes that this operation needs";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_can_accept_further_audiences() {
    let server = AuthorizationServer::start().await.unwrap();
    let token = |audience: &str| {
        server.mint().subject("alice").audience(audience).scopes("entries:read").issue()
    };
    let journals = [
        Beside::start(
            &server,
            &["--accept-audience", "journal", "--accept-audience", "api://x"],
            &[],
        ),
        // A flag overrides the variable, and is one audience that may contain spaces.
        Beside::start(
            &server,
            &["--accept-audience", "journal", "--accept-audience", "api://x"],
            &[("JOURNAL_ACCEPT_AUDIENCE", "journa")],
        ),
        Beside::start(&server, &[], &[("JOURNAL_ACCEPT_AUDIENCE", "journal api://x")]),
    ];
    for journal in journals {
        for audience in ["https://journal.example/mcp", "journal", "api://x"] {
            assert_eq!(journal.get("/entries", &token(audience)).await, granted("[]"));
        }
        let answer = journal.get("/entries", &token("journa")).await;
        assert_eq!(answer, rejected(401, "invalid_token", INVALID));
    }
    let journal = Beside::start(&server, &["--accept-audience", "user:read entries:read"], &[]);
    assert_eq!(journal.get("/entries", &token("user:read entries:read")).await, granted("[]"));
    let answer = journal.get("/entries", &token("user:read")).await;
    assert_eq!(answer, rejected(401, "invalid_token", INVALID));
    let journal = Beside::start(&server, &[], &[("JOURNAL_ACCEPT_AUDIENCE", "")]);
    let answer = journal.get("/entries", &token("journal")).await;
    assert_eq!(answer, rejected(401, "invalid_token", INVALID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_reads_scopes_from_the_configured_claims() {
    let server = AuthorizationServer::start().await.unwrap();
    let mint = || server.mint().subject("alice").audience("https://journal.example/mcp");
    let flags = ["--scope-claim", "scp[]", "--scope-claim", "/realm_access/roles[]"];
    let journals = [
        Beside::start(&server, &flags, &[]),
        Beside::start(&server, &[], &[("JOURNAL_SCOPE_CLAIM", "scp[] /realm_access/roles[]")]),
    ];
    for journal in journals {
        let scp = mint().claim("scp", vec!["entries:read"]).issue();
        let roles = mint().claim("realm_access", json!({ "roles": ["entries:read"] })).issue();
        for token in [scp, roles] {
            assert_eq!(journal.get("/entries", &token).await, granted("[]"));
        }
        let answer = journal.get("/entries", &mint().scopes("entries:read").issue()).await;
        assert_eq!(answer, rejected(403, "insufficient_scope", INSUFFICIENT));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_sets_the_defaults_for_its_tokens() {
    // R-F12
    let builder = AuthorizationServer::builder().token_format(TokenFormat::Jwt);
    let server = builder.start().await.unwrap();
    let mint = || {
        let mint = server.mint().subject("alice").header_parameter("typ", "JWT");
        mint.without_claim("client_id").without_claim("jti").claim("azp", "app")
    };
    let entra = mint().audience("app-id").claim("scp", "entries:read").issue();
    let journal =
        Beside::start(&server, &["--provider", "entra", "--accept-audience", "app-id"], &[]);
    assert_eq!(journal.get("/entries", &entra).await, granted("[]"));
    assert_eq!(server.introspections(), 0, "the mode is `jwt`");
    let journal = Beside::start(&server, &["--mode", "jwt", "--accept-audience", "app-id"], &[]);
    let answer = journal.get("/entries", &entra).await;
    assert_eq!(answer, rejected(401, "invalid_token", INVALID));

    let cognito = server.mint().subject("alice").client_id("app").scopes("entries:read");
    let cognito = cognito.header_parameter("typ", Value::Null).claim("token_use", "access").issue();
    let accepted =
        Beside::start(&server, &["--provider", "cognito", "--accept-client", "app"], &[]);
    assert_eq!(accepted.get("/entries", &cognito).await, granted("[]"));
    let journal = Beside::start(&server, &["--provider", "cognito"], &[]);
    let answer = journal.get("/entries", &cognito).await;
    assert_eq!(answer, rejected(401, "invalid_token", INVALID));
    let log = journal.log();
    assert!(log.contains("--accept-client") && !log.contains("REQUIRES_AUTH_"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api_keys_are_accepted_beside_access_tokens() {
    // R-F13
    const KEY: &str = "jrn_0123456789abcdef0123456789abcdef";
    const SHA256: &str = "5b87420577df2e2cdffb49cc228ba8c6bb4e53e657b60fa67eb49b4e101941a2";
    let server = AuthorizationServer::start().await.unwrap();
    let path = std::env::temp_dir().join(format!("journal-api-keys-{}.json", std::process::id()));
    let key = json!({ "id": "monitoring", "sha256": SHA256, "scopes": ["entries:read"], "subject": "bob" });
    std::fs::write(&path, json!({ "keys": [key] }).to_string()).unwrap();
    let journal = Beside::start(&server, &["--api-keys", path.to_str().unwrap()], &[]);
    assert_eq!(journal.get("/entries", KEY).await, granted("[]"));
    let answer = journal.get("/entries", &KEY.replace("01", "10")).await;
    assert_eq!(answer, rejected(401, "invalid_token", INVALID));
    assert_eq!(server.introspections(), 0);
    let token = server.mint().subject("alice").audience("https://journal.example/mcp");
    let token = token.scopes("entries:read").issue();
    assert_eq!(journal.get("/entries", &token).await, granted("[]"));
    let log = journal.log();
    assert!(log.contains("--api-keys") && !log.contains("0123456789abcdef"), "{log}");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_authenticates_as_configured_and_logs_no_secret() {
    // R-C2, R-C3
    let server = AuthorizationServer::builder()
        .client("journal", "s3cret-of-the-client")
        .introspection_bearer("s3cret-token")
        .start()
        .await
        .unwrap();
    let token = || {
        let mint = server.mint().subject("alice").audience("https://journal.example/mcp");
        mint.scopes("entries:read").issue()
    };
    let client = ["--client-id", "journal", "--client-secret", "s3cret-of-the-client"];
    let post = [&client[..], &["--client-authentication", "client_secret_post"]].concat();
    let short = [&client[..], &["--client-authentication", "post"]].concat();
    let basic = [&client[..], &["--client-authentication", "client_secret_basic"]].concat();
    let method = ("JOURNAL_CLIENT_AUTHENTICATION", "client_secret_post");
    let bearer = ("JOURNAL_BEARER_TOKEN", "s3cret-token");
    // base64("journal:s3cret-of-the-client")
    let encoded = "Basic am91cm5hbDpzM2NyZXQtb2YtdGhlLWNsaWVudA==";
    for (flags, variables, header, form) in [
        (&client[..], &[][..], Some(encoded), None),
        (&basic, &[], Some(encoded), None),
        (&post, &[], None, Some("s3cret-of-the-client")),
        (&short, &[], None, Some("s3cret-of-the-client")),
        (&client, &[method], None, Some("s3cret-of-the-client")),
        (&["--bearer-token", "s3cret-token"], &[], Some("Bearer s3cret-token"), None),
        (&[], &[bearer], Some("Bearer s3cret-token"), None),
    ] {
        let journal = Beside::start(&server, flags, variables);
        assert_eq!(journal.get("/entries", &token()).await, granted("[]"), "{flags:?}");
        let introspection = server.last_introspection().unwrap();
        assert_eq!(introspection.header("authorization"), header, "{flags:?}");
        assert_eq!(introspection.param("client_secret").as_deref(), form, "{flags:?}");
        let log = journal.log();
        assert!(!log.is_empty() && !log.contains("s3cret"), "{log}");
    }
    // A method of client authentication that the server rejects is not the fault of the caller: no 401.
    let journal = Beside::start(&server, &["--client-authentication", "none"], &[]);
    let (status, challenge, caching, _) = journal.get("/entries", &token()).await;
    assert_eq!((status, challenge.as_str(), caching.as_str()), (500, "", "no-store"));

    let help = program().arg("--help").envs([bearer]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("JOURNAL_BEARER_TOKEN") && !help.contains("s3cret"), "{help}");
    assert!(help.contains("RUST_LOG") && help.contains("issued for another service"), "{help}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_authenticates_with_a_private_key_or_a_secret_from_a_file() {
    // R-C14, R-C11
    let directory = std::env::temp_dir();
    let file = |name: &str, content: &str| {
        let path = directory.join(format!("requires-auth-journal-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    // RFC 8037 appendix A.1.
    let public = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let mut private = public.clone();
    private["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".into();
    let key = file("key", &private.to_string());
    let secret = file("secret", "a s3cret of at least 32 bytes, in a file\n");
    let server = AuthorizationServer::builder()
        .register(OAuthClient::private_key_jwt("with-key", public))
        .client("with-secret", "a s3cret of at least 32 bytes, in a file")
        .start()
        .await
        .unwrap();
    let mint = server.mint().subject("alice").audience("https://journal.example/mcp");
    let token = mint.scopes("entries:read").issue();
    let with_key = ["--client-id", "with-key", "--client-private-key", &key];
    let with_secret = ["--client-id", "with-secret", "--client-secret-file", &secret];
    let by_jwt = [&with_secret[..], &["--client-authentication", "client_secret_jwt"]].concat();
    // Several issuers are configured by another part of the journal.
    let other = AuthorizationServer::start().await.unwrap();
    let issuers = ["--issuer", other.issuer()];
    for (flags, has_assertion) in [(&with_key[..], true), (&with_secret, false), (&by_jwt, true)] {
        for flags in [flags.to_vec(), [flags, &issuers[..]].concat()] {
            let journal = Beside::start(&server, &flags, &[]);
            assert_eq!(journal.get("/entries", &token).await, granted("[]"), "{flags:?}");
            let request = server.last_introspection().unwrap();
            assert_eq!(request.param("client_assertion").is_some(), has_assertion, "{flags:?}");
            assert_eq!(request.header("authorization").is_some(), !has_assertion, "{flags:?}");
        }
    }
    for path in [key, secret] {
        std::fs::remove_file(path).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejection_that_its_setup_causes_is_logged_without_rust_log() {
    // R-B9: the operator must change a setting, so the level is WARN.
    let server = AuthorizationServer::builder().client("journal", "right").start().await.unwrap();
    let mut process = program()
        .args(["--listen", "127.0.0.1:0", "--issuer", server.issuer()])
        .args(["--client-id", "journal", "--client-secret", "wrong"])
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let url = first.trim().strip_prefix("listening on ").unwrap().to_owned();
    let mut journal = Beside { process, url };
    assert_eq!(journal.get("/entries", "token").await.0, 500);
    let stderr = journal.process.stderr.as_mut().unwrap();
    let mut line = String::new();
    BufReader::new(stderr).read_line(&mut line).unwrap();
    assert!(line.contains(" WARN requires_auth: request rejected status=500"), "{line}");
    // The line names the flags of the journal.
    assert!(line.contains("--client-id, --client-secret, --bearer-token)"), "{line}");
    assert!(line.contains("(--client-authentication)"), "{line}");
    assert!(!line.contains("REQUIRES_AUTH_"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_each_issuer_are_accepted() {
    // R-F11
    let jwt_server = || async {
        let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt);
        server.start().await.unwrap()
    };
    let (one, two, unknown) = (jwt_server().await, jwt_server().await, jwt_server().await);
    let flags = ["--issuer", two.issuer(), "--mode", "jwt"];
    let journal = Beside::start(&one, &flags, &[]);
    let token = |server: &AuthorizationServer| {
        let mint = server.mint().subject("alice").audience("https://journal.example/mcp");
        mint.scopes("user:read").issue()
    };
    for (server, status) in [(&one, 200), (&two, 200), (&unknown, 401)] {
        assert_eq!(journal.get("/me", &token(server)).await.0, status);
    }
    assert_eq!(unknown.key_set_requests(), 0);
}
