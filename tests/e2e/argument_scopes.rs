//! `scopes_from = …` in axum: scopes that depend on the arguments.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "the attribute passes references")]

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::Caller;
use requires_auth::{AuthInfo, Condition, Reason, Rejection, Scope, requires_auth};
use serde::Deserialize;

use crate::counted_service::{CountedService, Runs};
use crate::{assert_challenged, assert_denied, assert_ran, assert_server_error};

#[derive(Scope)]
enum EntryScope {
    #[scope("entries:private")]
    Private,
    #[scope("admin", implies = [Private])]
    Admin,
}

#[derive(Deserialize)]
struct Entry {
    private: bool,
    tags: Vec<String>,
}

/// With a typed scope, and with literals.
fn scopes_of(entry: &Entry) -> Condition {
    const TAGGING: Condition =
        Condition::Any(&[Condition::Scope("tags:write"), Condition::Scope("admin")]);
    if entry.tags == ["two scopes"] {
        return Condition::Scope("two scopes");
    }
    match (entry.private, entry.tags.is_empty()) {
        (true, _) => EntryScope::Private.into(),
        (false, false) => TAGGING,
        (false, true) => Condition::NONE,
    }
}

fn of_owner(owner: &str, id: &u64) -> Result<EntryScope, Rejection> {
    if *id > 100 {
        return Err(Caller::new("nobody", "").auth_info().access_denied());
    }
    Ok(if owner == "root" { EntryScope::Admin } else { EntryScope::Private })
}

fn of_id(id: &u64) -> &'static str {
    match id {
        0 => "two scopes",
        1 => "entries:one",
        _ => "entries:many",
    }
}

fn reserved(name: &str) -> Result<Condition, Rejection> {
    assert_ne!(name, "broken", "a mistake in the application");
    if name == "reserved" {
        return Err(Caller::new("nobody", "").auth_info().access_denied());
    }
    Ok(Condition::NONE)
}

#[requires_auth(scopes = "entries:write", scopes_from = scopes_of)]
async fn create(auth: AuthInfo, Json(entry): Json<Entry>) -> Result<String, Rejection> {
    Ok(format!("{} {:?}", entry.tags.len(), auth.subject()))
}

#[requires_auth(scopes_from = of_owner)]
async fn of_a_pattern(
    State(runs): State<Runs>,
    Path((owner, id)): Path<(String, u64)>,
    _auth: AuthInfo,
) -> Result<String, Rejection> {
    Ok(runs.ran(format!("{owner} {id}")))
}

#[requires_auth(scopes_from = of_id(id), when = auth.subject() == Some("alice"))]
async fn named(State(runs): State<Runs>, Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(runs.ran(id.to_string()))
}

#[requires_auth(scopes = "entries:write", scopes_from = scopes_of(entry), optional)]
async fn optional(
    State(runs): State<Runs>,
    auth: Option<AuthInfo>,
    Json(entry): Json<Entry>,
) -> Result<String, Rejection> {
    Ok(runs.ran(format!("{} {}", entry.private, auth.is_some())))
}

#[requires_auth(scopes_from = reserved(name))]
async fn fallible(State(runs): State<Runs>, Path(name): Path<String>) -> Result<String, Rejection> {
    Ok(runs.ran(name))
}

async fn start() -> CountedService {
    CountedService::start(
        Router::new()
            .route("/create", post(create))
            .route("/pattern/{owner}/{id}", get(of_a_pattern))
            .route("/named/{id}", get(named))
            .route("/optional", post(optional))
            .route("/fallible/{name}", get(fallible)),
    )
    .await
}

const PUBLIC: &str = r#"{"private":false,"tags":[]}"#;
const PRIVATE: &str = r#"{"private":true,"tags":[]}"#;
const TAGGED: &str = r#"{"private":false,"tags":["a"]}"#;

#[tokio::test]
async fn scopes_that_the_arguments_require_are_decided_after_the_declared_ones() {
    // R-K15: the challenge names both.
    let service = start().await;
    let create = async |scopes: &str, entry: &str| {
        let token = service.token("alice", scopes);
        Request::post("/create").bearer(&token).json(entry).send(service.address).await
    };
    let insufficient = body::INSUFFICIENT_SCOPE;
    for (scopes, entry, challenged) in [
        ("", PRIVATE, "entries:write"),
        ("entries:private", PRIVATE, "entries:write"),
        ("entries:write", PRIVATE, "entries:write entries:private"),
        ("entries:write other", TAGGED, "entries:write tags:write"),
    ] {
        let response = create(scopes, entry).await;
        assert_challenged(&response, 403, insufficient, challenged);
    }
    for (scopes, entry, ran) in [
        ("entries:write", PUBLIC, "0 Some(\"alice\")"),
        ("entries:write entries:private", PRIVATE, "0 Some(\"alice\")"),
        // The hierarchy of the vocabulary.
        ("entries:write admin", PRIVATE, "0 Some(\"alice\")"),
        ("entries:write tags:write", TAGGED, "1 Some(\"alice\")"),
        ("entries:write admin", TAGGED, "1 Some(\"alice\")"),
    ] {
        assert_ran(&create(scopes, entry).await, ran);
    }
    // Without the declared scopes, the body is not read.
    assert_challenged(&create("", "{").await, 403, insufficient, "entries:write");
    assert_eq!(create("entries:write", "{").await.status, 400, "axum's own answer");
    let anonymous = Request::post("/create").json(PRIVATE).send(service.address).await;
    assert_challenged(&anonymous, 401, body::UNAUTHORIZED, "entries:write");
}

#[tokio::test]
async fn each_variable_is_passed_in_its_order_or_those_that_are_named() {
    // R-K15
    let service = start().await;
    let get = async |subject: &str, scopes: &str, path: &str| {
        let token = service.token(subject, scopes);
        Request::get(path).bearer(&token).send(service.address).await
    };
    let missing = get("alice", "", "/pattern/bob/7").await;
    assert_challenged(&missing, 403, body::INSUFFICIENT_SCOPE, "entries:private");
    let missing = get("alice", "entries:private", "/pattern/root/7").await;
    assert_challenged(&missing, 403, body::INSUFFICIENT_SCOPE, "admin");
    let missing = get("alice", "entries:one", "/named/2").await;
    assert_challenged(&missing, 403, body::INSUFFICIENT_SCOPE, "entries:many");
    // The scopes come before `when`.
    let missing = get("bob", "", "/named/1").await;
    assert_challenged(&missing, 403, body::INSUFFICIENT_SCOPE, "entries:one");
    assert_denied(&get("bob", "entries:one", "/named/1").await);
    // A text that is no scope is a mistake in the code of the server.
    let misconfigured = get("alice", "two scopes", "/named/0").await;
    assert_server_error(&misconfigured, 500, body::SERVER_ERROR, None);
    assert_eq!(service.runs(), 0);

    assert_ran(&get("alice", "entries:private", "/pattern/bob/7").await, "bob 7");
    assert_ran(&get("alice", "admin", "/pattern/root/7").await, "root 7");
    assert_ran(&get("alice", "entries:one", "/named/1").await, "1");
    assert_eq!(service.runs(), 3);
}

#[tokio::test]
async fn an_anonymous_caller_runs_the_function_if_the_arguments_require_nothing() {
    // R-K15, R-K11
    let service = start().await;
    let anonymous =
        async |entry| Request::post("/optional").json(entry).send(service.address).await;
    let refused = anonymous(PRIVATE).await;
    assert_challenged(&refused, 401, body::UNAUTHORIZED, "entries:write entries:private");
    let refused = anonymous(TAGGED).await;
    assert_challenged(&refused, 401, body::UNAUTHORIZED, "entries:write tags:write");
    // A text that is no scope is a mistake in the code of the server.
    let misconfigured = anonymous(r#"{"private":false,"tags":["two scopes"]}"#).await;
    assert_server_error(&misconfigured, 500, body::SERVER_ERROR, None);
    let with = async |scopes, entry| {
        let token = service.token("alice", scopes);
        Request::post("/optional").bearer(&token).json(entry).send(service.address).await
    };
    let refused = with("entries:write", PRIVATE).await;
    assert_challenged(&refused, 403, body::INSUFFICIENT_SCOPE, "entries:write entries:private");
    assert_eq!(service.runs(), 0);
    assert_ran(&anonymous(PUBLIC).await, "false false");
    assert_ran(&with("entries:write entries:private", PRIVATE).await, "true true");
}

#[tokio::test]
async fn a_rejection_of_the_function_of_the_scopes_is_the_response() {
    // R-K15
    let service = start().await;
    let token = service.token("alice", "");
    let get = |path: &str| Request::get(path).bearer(&token).send(service.address);
    assert_denied(&get("/fallible/reserved").await);
    let panicked = get("/fallible/broken").await;
    assert_server_error(&panicked, 500, body::CONDITION_PANICKED, None);
    assert_eq!(service.runs(), 0);
    assert_ran(&get("/fallible/free").await, "free");
}

#[tokio::test]
async fn the_log_names_the_declared_scopes_and_those_that_the_arguments_require() {
    // R-K15
    let service = start().await;
    let log = LogCapture::default();
    let _capturing = log.start();
    let token = service.token("alice", "entries:write");
    let response = Request::post("/create").bearer(&token).json(TAGGED).send(service.address).await;
    assert_eq!(response.status, 403);
    let expected = "DEBUG requires_auth: request rejected status=403 reason=\"insufficient_scope\" \
                    function=\"create\" needs=entries:write tags:write";
    let lines = log.lines();
    assert!(lines.iter().any(|line| line.ends_with(expected)), "{lines:?}");
}

#[tokio::test]
async fn a_function_that_the_application_calls_decides_about_its_arguments() {
    // R-K15
    let call = async |scopes: &str, private| {
        let auth = Caller::new("alice", scopes).auth_info();
        let entry = Json(Entry { private, tags: Vec::new() });
        create(auth.try_into().unwrap(), entry).await
    };
    let rejection = call("entries:write", true).await.unwrap_err();
    assert_eq!(rejection.reason(), Reason::InsufficientScope);
    assert_eq!(rejection.scope(), Some("entries:write entries:private"));
    assert_eq!(call("entries:write", false).await.unwrap(), "0 Some(\"alice\")");
    let anonymous = async |private| {
        let entry = Json(Entry { private, tags: Vec::new() });
        optional(None.try_into().unwrap(), State(Runs::default()), entry).await
    };
    assert_eq!(anonymous(true).await.unwrap_err().reason(), Reason::AccessDenied);
    assert_eq!(anonymous(false).await.unwrap(), "false false");
}
