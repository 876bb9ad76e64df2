//! The example `authorization-server`: starts it and an application with the variables that it prints, and uses the API of
//! its page. `tests/clients` does the same in a browser.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// A running program. Dropping it stops it.
struct Program {
    process: Child,
    /// What it printed up to a line that begins with the last text that is awaited.
    printed: Vec<String>,
}

impl Program {
    fn start(command: &mut Command, last: &str) -> Self {
        let mut process =
            command.stdout(Stdio::piped()).spawn().expect("the example is built with the tests");
        let mut printed = Vec::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            printed.push(line.unwrap());
            if printed.last().unwrap().starts_with(last) {
                break;
            }
        }
        Self { process, printed }
    }

    fn after(&self, beginning: &str) -> &str {
        let mut lines = self.printed.iter();
        lines.find_map(|line| line.strip_prefix(beginning)).expect(beginning)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn path(example: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples").join(format!("{example}{EXE_SUFFIX}"))
}

/// The authorization server and its page.
struct Server {
    program: Program,
    page: String,
    client: Client,
}

impl Server {
    fn start(flags: &[&str]) -> Self {
        let mut command = Command::new(path("authorization-server"));
        let program = Program::start(command.args(flags), "Ctrl-C");
        let (_, page) =
            program.printed.iter().find_map(|line| line.split_once("browser: ")).unwrap();
        let page = page.trim_end_matches('/').to_owned();
        Self { program, page, client: Client::builder().no_proxy().build().unwrap() }
    }

    fn request(&self, method: Method, path: &str, body: Option<Value>) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.page));
        let request = request.header("x-requires-auth-console", "1");
        match body {
            None => request,
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        }
    }

    async fn answer(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.request(method, path, body).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn state(&self) -> Value {
        self.answer(Method::GET, "/api/state", None).await.1
    }

    async fn mint(&self, token: Value) -> String {
        let (status, answer) = self.answer(Method::POST, "/api/tokens", Some(token)).await;
        assert_eq!(status, 201, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Changes something, which is answered without a body.
    async fn set(&self, method: Method, path: &str, body: Value) {
        let answer = self.answer(method, path, Some(body)).await;
        assert_eq!(answer, (204, Value::String(String::new())));
    }
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[cfg(unix)]
#[tokio::test]
async fn an_application_with_the_printed_variables_accepts_and_rejects_minted_tokens() {
    // R-K24
    let server = Server::start(&[]);
    let variables: Vec<&str> = server
        .program
        .printed
        .iter()
        .map(String::as_str)
        .filter(|line| line.starts_with("export "))
        .collect();
    assert_eq!(variables.len(), 5);
    let issuer = server.program.after("listening on ");
    let introspection = server.program.after("introspection endpoint: ");
    assert_eq!(introspection, format!("{issuer}/introspect"));
    let pasted = format!("{}\nexec '{}'", variables.join("\n"), path("hyper").display());
    let mut shell = Command::new("sh");
    let application =
        Program::start(shell.args(["-c", &pasted]).env("LISTEN", "127.0.0.1:0"), "listening on");
    let url = application.after("listening on ").to_owned();
    let status = async |token: &str| {
        let request = server.client.get(&url).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    };
    let with = |name: &str, value: Value| {
        let mut token = json!({
            "subject": "alice", "scopes": "hello:read", "audience": "http://127.0.0.1:3000",
        });
        token[name] = value;
        token
    };
    let good = with("client_id", "cli".into());
    let token = server.mint(good.clone()).await;
    assert_eq!(status(&token).await, 200);
    for (name, value, expected) in [
        ("format", json!("jwt"), 200),
        ("scopes", json!("hello:write"), 403),
        ("scopes", json!(""), 403),
        ("audience", json!("http://127.0.0.1:3001"), 401),
        ("audience", json!(""), 401),
        ("audience", Value::Null, 200),
        ("status", json!("expired"), 401),
        ("status", json!("revoked"), 401),
    ] {
        let token = server.mint(with(name, value.clone())).await;
        assert_eq!(status(&token).await, expected, "{name} {value}");
    }

    // A response that is no decision is a 503, and the rejection of the client's credentials a 500.
    for (fault, expected) in
        [("status-401", 500), ("status-503", 503), ("reset", 503), ("active-text", 503)]
    {
        let on = json!({ "endpoint": "introspection", "fault": fault });
        server.set(Method::PUT, "/api/faults", on.clone()).await;
        assert_eq!(server.state().await["faults"], json!([on]));
        assert_eq!(status(&token).await, expected, "{fault}");
    }
    let other = json!({ "endpoint": "token", "fault": "hang" });
    server.set(Method::PUT, "/api/faults", other.clone()).await;
    let off = json!({ "endpoint": "introspection", "fault": null });
    server.set(Method::PUT, "/api/faults", off).await;
    assert_eq!(server.state().await["faults"], json!([other]), "the other one stays");
    assert_eq!(status(&token).await, 200);
    server.set(Method::PUT, "/api/running", json!({ "running": false })).await;
    assert_eq!(server.state().await["running"], false);
    assert_eq!(status(&token).await, 503);
    server.set(Method::PUT, "/api/running", json!({ "running": true })).await;
    assert_eq!(server.state().await["running"], true);
    assert_eq!(status(&token).await, 200);

    server.set(Method::POST, "/api/revocations", json!({ "token": token })).await;
    assert_eq!(status(&token).await, 401);
    let state = server.state().await;
    let listed = &state["tokens"].as_array().unwrap()[8];
    let (expires, format) = (&listed["expires"], &listed["format"]);
    assert_eq!(
        listed,
        &json!({
            "token": token, "subject": "alice", "client_id": "cli", "scopes": "hello:read",
            "audience": "http://127.0.0.1:3000", "expires": expires, "format": format,
            "status": "revoked",
        })
    );
    assert_eq!((&state["issued"], format), (&json!(9), &json!("opaque")));
    let statuses: Vec<_> =
        state["tokens"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    let active = ["active"; 6].as_slice();
    assert_eq!(statuses, [&["revoked", "expired"], active, &["revoked"]].concat());
    assert!(state["requests"]["introspection"].as_u64().unwrap() > 10);
}

#[tokio::test]
async fn no_other_site_can_use_the_page_or_its_api() {
    // R-K24
    let server = Server::start(&["--scopes", "hello:read hello:write"]);
    let origin = server.page.clone();
    let port = origin.rsplit(':').next().unwrap();
    let token = server.mint(json!({})).await;
    let revocation = || Some(json!({ "token": token }));
    let revoke = || server.request(Method::POST, "/api/revocations", revocation());
    let rejected = async |request: RequestBuilder, status: u16, text: &str| {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{text}");
        assert_eq!(header(&response, "access-control-allow-origin"), None);
        assert_eq!(header(&response, "access-control-allow-headers"), None);
        assert_eq!(response.text().await.unwrap(), text);
        assert_eq!(server.state().await["tokens"][0]["status"], "active");
    };

    // A form or a request without preflight has no header of its own.
    let missing = "The header x-requires-auth-console is missing.\n";
    for path in ["/api/revocations", "/api/tokens", "/api/state", "/api/description"] {
        let plain = server.client.post(format!("{origin}{path}"));
        rejected(plain.body(json!({ "token": token }).to_string()), 403, missing).await;
    }
    let preflight = server.client.request(Method::OPTIONS, format!("{origin}/api/revocations"));
    let preflight = preflight
        .header("origin", "http://evil.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-requires-auth-console");
    rejected(preflight, 403, missing).await;
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", &*format!("https://127.0.0.1:{port}")),
        ("origin", "http://127.0.0.1:1"),
        ("origin", &*format!("http://localhost:{port}")),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
    ] {
        let text = "The request is from another origin.\n";
        rejected(revoke().header(name, value), 403, text).await;
    }
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("evil.localhost:{port}"),
        format!("0.0.0.0:{port}"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:1".to_owned(),
        String::new(),
    ] {
        let text = "The request names another host.\n";
        rejected(revoke().header("host", &host), 421, text).await;
        let document = server.client.get(&origin).header("host", &host);
        rejected(document, 421, text).await;
    }
    // Two hosts, and a target in absolute form that differs from the header.
    for head in [
        format!("GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nhost: evil.example\r\n"),
        format!("GET http://evil.example/ HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"),
        "GET / HTTP/1.0\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        write!(stream, "{head}connection: close\r\n\r\n").unwrap();
        let first = BufReader::new(stream).lines().next().unwrap().unwrap();
        assert!(first.contains(" 421 "), "{head}: {first}");
    }

    // The page itself and another program can.
    let own = revoke().header("origin", &origin).header("sec-fetch-site", "same-origin");
    assert_eq!(own.send().await.unwrap().status(), 204);
    assert_eq!(server.state().await["tokens"][0]["status"], "revoked");
    let by_name = server.client.get(format!("{origin}/api/state"));
    let by_name =
        by_name.header("x-requires-auth-console", "1").header("host", format!("LOCALHOST:{port}"));
    assert_eq!(by_name.send().await.unwrap().status(), 200);

    // No page can load or frame a response, and the document loads no other.
    for (path, status, content_type) in [
        ("/", 200, "text/html; charset=utf-8"),
        ("/style.css", 200, "text/css; charset=utf-8"),
        ("/script.js", 200, "text/javascript; charset=utf-8"),
        ("/api/state", 200, "application/json"),
        ("/api/other", 404, ""),
    ] {
        let response = server.request(Method::GET, path, None).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        for (name, value) in [
            ("content-type", content_type),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; \
                 base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
            ),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(&response, name).unwrap_or_default(), value, "{path} {name}");
        }
        let text = response.text().await.unwrap();
        assert!(!text.contains("http://www.") && !text.contains("https://"), "{path}");
    }
}

#[tokio::test]
async fn a_mistake_in_a_request_is_explained() {
    let server = Server::start(&["--format", "jwt"]);
    let description = server.answer(Method::GET, "/api/description", None).await.1;
    assert_eq!(description["format"], "jwt");
    for (method, path, body, status, text) in [
        (Method::POST, "/api/tokens", json!({ "scopes": "a\"b" }), 400, "is no scope"),
        (Method::POST, "/api/tokens", json!({ "lifetime_s": 0 }), 400, "The lifetime is 1 to"),
        (Method::POST, "/api/tokens", json!({ "subjekt": "x" }), 422, "subjekt"),
        (Method::POST, "/api/tokens", json!({ "format": "x" }), 422, "unknown variant"),
        (Method::POST, "/api/revocations", json!({ "token": "x" }), 404, "no such token"),
        (
            Method::PUT,
            "/api/faults",
            json!({ "endpoint": "x", "fault": "hang" }),
            400,
            "no such endpoint",
        ),
        (
            Method::PUT,
            "/api/faults",
            json!({ "endpoint": "token", "fault": "x" }),
            400,
            "no such fault",
        ),
        (
            Method::PUT,
            "/api/faults",
            json!({ "endpoint": "token", "fault": "active-text" }),
            400,
            "for introspection alone",
        ),
    ] {
        let (found, answer) = server.answer(method, path, Some(body.clone())).await;
        assert_eq!(found, status, "{body}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(text), "{body}: {answer}");
    }
    assert_eq!(server.state().await["tokens"], json!([]));
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_ends_the_program() {
    let mut server = Server::start(&[]);
    assert!(server.state().await["running"].as_bool().unwrap());
    let pid = server.program.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert!(server.program.process.wait().unwrap().success());
}
