//! Conditions on the arguments of a function, in axum.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use fixtures::log_capture::LogCapture;
use fixtures::prometheus::{recorder, render};
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::Caller;
use requires_auth::{AuthInfo, Rejection, requires_auth};

use crate::counted_service::{CountedService, Runs};
use crate::{assert_challenged, assert_denied, assert_ran, assert_server_error};

/// An error of the application that carries a rejection.
enum Failure {
    Rejected(Rejection),
    Unknown,
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Rejected(rejection) => rejection.into_response(),
            Self::Unknown => http::StatusCode::NOT_FOUND.into_response(),
        }
    }
}

/// The owner of an entry, which takes a while to find out.
async fn owner_of(entry: u64) -> Result<String, Failure> {
    tokio::task::yield_now().await;
    match entry {
        0 => Err(Failure::Unknown),
        1 => Ok("alice".to_owned()),
        _ => Ok("bob".to_owned()),
    }
}

fn panics() -> bool {
    panic!("the condition of a test")
}

#[requires_auth(scopes = "write", when = auth.subject() == Some(&*owner))]
async fn owned(
    State(runs): State<Runs>,
    auth: AuthInfo,
    Path(owner): Path<String>,
) -> Result<String, Rejection> {
    Ok(runs.ran(format!("{owner} is {:?}", auth.subject())))
}

#[requires_auth(scopes = "write", when = owner_of(id).await? == auth.subject().unwrap_or_default())]
async fn awaited(State(runs): State<Runs>, Path(id): Path<u64>) -> Result<String, Failure> {
    Ok(runs.ran(id.to_string()))
}

#[requires_auth(when = auth.as_ref().is_some_and(|auth| auth.subject() == Some("alice")), optional)]
async fn optional(State(runs): State<Runs>, auth: Option<AuthInfo>) -> Response {
    runs.ran(format!("{:?}", auth.and_then(|auth| auth.subject().map(str::to_owned))))
        .into_response()
}

#[requires_auth(when = panics())]
async fn panicking(State(runs): State<Runs>) -> Result<String, Response> {
    Ok(runs.ran("ran"))
}

#[requires_auth(when = { tokio::task::yield_now().await; panics() })]
async fn panicking_later(State(runs): State<Runs>) -> Result<String, Response> {
    Ok(runs.ran("ran"))
}

#[requires_auth(when = panics())]
fn panicking_sync(
    State(runs): State<Runs>,
) -> std::pin::Pin<Box<dyn Future<Output = Result<String, Response>> + Send>> {
    Box::pin(async move { Ok(runs.ran("ran")) })
}

#[requires_auth(when = panics(), optional)]
async fn panicking_optional(
    State(runs): State<Runs>,
    auth: Option<AuthInfo>,
) -> Result<String, Response> {
    Ok(runs.ran(format!("{}", auth.is_some())))
}

#[requires_auth(when = !entry.is_empty() && entry.len() < 5)]
async fn body_of(
    State(runs): State<Runs>,
    caller: AuthInfo,
    Json(entry): Json<Vec<u8>>,
) -> Result<Json<usize>, Failure> {
    runs.ran(format!("{caller:?}"));
    Ok(Json(entry.len()))
}

#[requires_auth(when = auth.subject() == Some("alice"))]
async fn opaque(State(runs): State<Runs>) -> Result<impl IntoResponse, Rejection> {
    Ok(runs.ran("opaque"))
}

async fn start() -> CountedService {
    CountedService::start(
        Router::new()
            .route("/owned/{owner}", get(owned))
            .route("/awaited/{id}", get(awaited))
            .route("/optional", get(optional))
            .route("/panicking", get(panicking))
            .route("/panicking/later", get(panicking_later))
            .route("/panicking/sync", get(panicking_sync))
            .route("/panicking/optional", get(panicking_optional))
            .route("/body", post(body_of))
            .route("/opaque", get(opaque)),
    )
    .await
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_a_403_without_a_challenge() {
    // R-K13, R-B2
    let service = start().await;
    let token = service.token("alice", "write");
    let get = |path: &str| Request::get(path).bearer(&token).send(service.address);
    for path in ["/owned/bob", "/owned/Alice", "/awaited/2"] {
        assert_denied(&get(path).await);
    }
    let posted = |json: &str| Request::post("/body").bearer(&token).json(json);
    for json in ["[]", "[1,2,3,4,5]"] {
        assert_denied(&posted(json).send(service.address).await);
    }
    let bob = service.token("bob", "");
    assert_denied(&Request::get("/opaque").bearer(&bob).send(service.address).await);
    assert_eq!(service.runs(), 0);

    assert_ran(&get("/owned/alice").await, "alice is Some(\"alice\")");
    assert_ran(&get("/awaited/1").await, "1");
    assert_ran(&posted("[1]").send(service.address).await, "1");
    assert_ran(&get("/opaque").await, "opaque");
    assert_eq!(service.runs(), 4);
}

#[tokio::test]
async fn the_condition_is_evaluated_after_the_scopes_and_the_arguments() {
    // R-K13
    let service = start().await;
    let token = service.token("bob", "read");
    let get = |path: &str| Request::get(path).bearer(&token).send(service.address);
    assert_challenged(&get("/owned/alice").await, 403, body::INSUFFICIENT_SCOPE, "write");
    assert_challenged(
        &Request::get("/owned/alice").send(service.address).await,
        401,
        body::UNAUTHORIZED,
        "write",
    );
    let no_json = Request::post("/body").bearer(&token).json("{");
    assert_eq!(no_json.send(service.address).await.status, 422, "axum's own answer");
    // The `?` of the expression is that of the function.
    let token = service.token("bob", "write");
    let missing = Request::get("/awaited/0").bearer(&token).send(service.address).await;
    assert_eq!((missing.status, missing.body.as_str()), (404, ""));
    assert_eq!(service.runs(), 0);
}

#[tokio::test]
async fn a_request_without_a_token_for_which_the_condition_does_not_hold_is_a_401() {
    // R-K13, R-K11
    let service = start().await;
    let anonymous = Request::get("/optional").send(service.address).await;
    assert_challenged(&anonymous, 401, body::UNAUTHORIZED, "");
    let get = |token: String| Request::get("/optional").bearer(&token).send(service.address);
    assert_denied(&get(service.token("bob", "")).await);
    assert_eq!(service.runs(), 0);
    assert_ran(&get(service.token("alice", "")).await, "Some(\"alice\")");
}

#[tokio::test]
async fn a_condition_that_panics_lets_no_request_through() {
    // R-K13, R-B5
    let service = start().await;
    let log = LogCapture::default();
    let _capturing = log.start();
    let token = service.token("alice", "");
    for path in ["/panicking", "/panicking/later", "/panicking/sync"] {
        let response = Request::get(path).bearer(&token).send(service.address).await;
        assert_server_error(&response, 500, body::CONDITION_PANICKED, None);
    }
    let response = Request::get("/panicking/optional").send(service.address).await;
    assert_server_error(&response, 500, body::CONDITION_PANICKED, None);
    assert_eq!(service.runs(), 0);
    let lines = log.lines();
    for function in ["panicking", "panicking_later", "panicking_sync", "panicking_optional"] {
        let expected = format!(
            "WARN requires_auth: request rejected status=500 reason=\"condition_panicked\" \
             function=\"{function}\""
        );
        assert!(lines.iter().any(|line| line.contains(&expected)), "{expected}: {lines:?}");
    }
}

#[tokio::test]
async fn the_log_and_the_metrics_name_the_reason() {
    // R-K13
    let (recorder, prometheus) = recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let service = start().await;
    let log = LogCapture::default();
    let _capturing = log.start();
    let token = service.token("alice", "write");
    assert_denied(&Request::get("/owned/bob").bearer(&token).send(service.address).await);
    let expected = "DEBUG requires_auth: request rejected status=403 reason=\"access_denied\" \
                    function=\"owned\" needs=write";
    let lines = log.lines();
    assert!(lines.iter().any(|line| line.ends_with(expected)), "{lines:?}");
    let series = "requires_auth_rejections_total{reason=\"access_denied\",function=\"owned\",\
                  scopes=\"write\"} 1";
    let rendered = render(&prometheus);
    assert!(rendered.lines().any(|line| line == series), "{rendered}");
}

#[tokio::test]
async fn a_function_that_the_application_calls_evaluates_its_condition() {
    // R-K13
    let call = |subject: &str, scopes: &str, owner: &str| {
        let auth = Caller::new(subject, scopes).auth_info();
        let owner = Path(owner.to_owned());
        async move { owned(auth.try_into()?, State(Runs::default()), owner).await }
    };
    assert_eq!(call("alice", "write", "alice").await.unwrap(), "alice is Some(\"alice\")");
    let reason = |result: Result<String, Rejection>| result.unwrap_err().reason();
    let denied = reason(call("alice", "write", "bob").await);
    assert_eq!(denied, requires_auth::Reason::AccessDenied);
    let insufficient = reason(call("alice", "", "alice").await);
    assert_eq!(insufficient, requires_auth::Reason::InsufficientScope);
    let anonymous = optional(None.try_into().unwrap(), State(Runs::default())).await;
    assert_eq!(anonymous.status(), 403);
}
