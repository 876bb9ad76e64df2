//! R-B8: a rejection that the application creates equals that of a guard.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::routing::get;
use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use fixtures::prometheus::{recorder, render};
use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::Condition::{self, All, Any, Scope};
use requires_auth::policy::{ByTryInto, Function, OAuthScope, Optional};
use requires_auth::testing::{AuthorizationServer, Caller, Fault, ManualClock};
use requires_auth::{
    AuthInfo, Authorized, Cached, Introspection, Reason, Rejection, ResourceServer, requires_auth,
};

use crate::service::RESOURCE;
use crate::{assert_challenged, assert_ran, assert_server_error, head};

const READING: Condition = Scope("read");
const CHOICE: Condition = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
const LIST_FIRST: Condition = Any(&[All(&[Scope("read"), Scope("write")]), Scope("admin")]);
const BROKEN: Condition = Any(&[Scope("read"), Scope("wri\"te")]);

#[derive(Clone, FromRef)]
struct App {
    server: ResourceServer,
}

/// A public document needs no token. A private one needs a token that satisfies the condition of its name.
#[requires_auth(optional)]
async fn document(
    auth: Option<AuthInfo>,
    State(server): State<ResourceServer>,
    Path(name): Path<String>,
) -> Result<&'static str, Rejection> {
    let condition = match name.as_str() {
        "private" => CHOICE,
        "list-first" => LIST_FIRST,
        "broken" => BROKEN,
        "nobody's" => Any(&[]),
        "anybody's" => Condition::NONE,
        _ => return Ok("public"),
    };
    let auth = auth.ok_or_else(|| server.unauthorized(condition))?;
    auth.require_condition(condition)?;
    Ok("private")
}

#[requires_auth(scopes = any("base", "read"))]
async fn declared(auth: AuthInfo) -> Result<&'static str, Rejection> {
    auth.require_condition(CHOICE)?;
    Ok("may")
}

/// Code that has no `AuthInfo`.
async fn outside(
    State(server): State<ResourceServer>,
    Path(kind): Path<String>,
) -> Result<(), Rejection> {
    Err(match kind.as_str() {
        "unauthorized" => server.unauthorized(READING),
        "invalid-token" => server.invalid_token(LIST_FIRST),
        "insufficient-scope" => server.insufficient_scope(LIST_FIRST),
        "broken-token" => server.invalid_token(BROKEN),
        _ => server.insufficient_scope(BROKEN),
    })
}

struct Service {
    address: SocketAddr,
    authorization_server: AuthorizationServer,
}

impl Service {
    async fn start() -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let client = Introspection::builder(authorization_server.introspection_url());
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client.build().unwrap())
            .build()
            .unwrap();
        let app = Router::new()
            .route("/document/{name}", get(document))
            .route("/declared", get(declared))
            .route("/outside/{kind}", get(outside))
            .route("/wrong-argument", get(wrong_argument))
            .route("/wrong-presence", get(wrong_presence))
            .with_state(App { server });
        let address = serve(app).await;
        Self { address, authorization_server }
    }

    async fn get(&self, path: &str) -> Response {
        Request::get(path).send(self.address).await
    }

    async fn get_with(&self, path: &str, scopes: &str) -> Response {
        let mint = self.authorization_server.mint().subject("alice").audience(RESOURCE);
        Request::get(path).bearer(&mint.scopes(scopes).issue()).send(self.address).await
    }
}

#[tokio::test]
async fn a_rejection_by_an_optional_function_has_the_challenge_of_a_guard() {
    // R-B8, R-B1 to R-B6
    let service = Service::start().await;
    assert_ran(&service.get("/document/public").await, "public");
    let rejected = service.get("/document/private").await;
    assert_challenged(&rejected, 401, body::UNAUTHORIZED, "admin");
    let rejected = service.get("/document/list-first").await;
    assert_challenged(&rejected, 401, body::UNAUTHORIZED, "read write");
    let rejected = service.get("/document/anybody's").await;
    assert_challenged(&rejected, 401, body::UNAUTHORIZED, "");
    let rejected = service.get("/document/nobody's").await;
    assert_challenged(&rejected, 401, body::UNAUTHORIZED, "");

    for (scopes, challenged) in [("", "admin"), ("read", "read write"), ("other", "admin")] {
        let rejected = service.get_with("/document/private", scopes).await;
        assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, challenged);
    }
    let rejected = service.get_with("/document/nobody's", "read").await;
    assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, "");
    for enough in ["admin", "write read"] {
        assert_ran(&service.get_with("/document/private", enough).await, "private");
    }
    assert_ran(&service.get_with("/document/anybody's", "").await, "private");
}

#[tokio::test]
async fn the_challenge_of_a_further_condition_includes_the_declared_one() {
    // R-B3, R-B4, R-B8
    let service = Service::start().await;
    let rejected = service.get_with("/declared", "read").await;
    assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, "read write");
    let rejected = service.get_with("/declared", "base").await;
    assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, "base admin");
    assert_ran(&service.get_with("/declared", "base admin").await, "may");
}

#[tokio::test]
async fn code_without_a_caller_creates_the_same_rejections() {
    // R-B8
    let service = Service::start().await;
    let rejected = service.get("/outside/unauthorized").await;
    assert_challenged(&rejected, 401, body::UNAUTHORIZED, "read");
    let rejected = service.get("/outside/invalid-token").await;
    assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read write");
    let rejected = service.get("/outside/insufficient-scope").await;
    assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, "read write");
}

#[tokio::test]
async fn a_condition_with_an_invalid_scope_is_a_server_error() {
    // R-B8: it fails closed, also if the token satisfies another alternative.
    let service = Service::start().await;
    for path in ["/document/broken", "/outside/broken-token", "/outside/broken-scope"] {
        assert_server_error(&service.get(path).await, 500, body::SERVER_ERROR, None);
    }
    let rejected = service.get_with("/document/broken", "read").await;
    assert_server_error(&rejected, 500, body::SERVER_ERROR, None);
    let auth = Caller::new("alice", "read").auth_info();
    for scope in ["", "a b", "ä", "a\\b"] {
        let condition = Scope(Box::leak(scope.to_owned().into_boxed_str()));
        let rejected = auth.require_condition(condition).unwrap_err();
        assert_eq!(rejected.reason(), Reason::Misconfigured, "{scope:?}");
    }
}

#[tokio::test]
async fn stale_claims_satisfy_a_condition_only_with_the_configured_scopes() {
    // R-B8, R-C10
    let server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(server.introspection_url()).without_retry();
    let clock = ManualClock::new();
    let cached = Cached::builder(client.build().unwrap())
        .clock(clock.clone())
        .stale_if_error(std::time::Duration::from_secs(600))
        .stale_scopes(["read"])
        .build()
        .unwrap();
    let resource = ResourceServer::builder(RESOURCE)
        .issuer(server.issuer())
        .resolver(cached)
        .clock(clock.clone())
        .build()
        .unwrap();
    let token = server.mint().audience(RESOURCE).scopes("read write").issue();
    resource.authorize(&mut head(&token), READING).await.unwrap();
    server.fault(Fault::status(500));
    clock.advance(Duration::from_secs(61));

    let auth = resource.authorize(&mut head(&token), READING).await.unwrap();
    assert!(auth.is_stale());
    auth.require_condition(READING).unwrap();
    auth.require_condition(Any(&[Scope("write"), READING])).unwrap();
    for write in [Scope("write"), CHOICE] {
        let rejected = auth.require_condition(write).unwrap_err();
        assert_eq!(rejected.reason(), Reason::Unavailable, "a fresh token might have it");
    }
    let rejected =
        auth.require_condition(Any(&[Scope("admin"), All(&[Scope("write"), Scope("x")])]));
    let rejected = rejected.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InsufficientScope);
    // All of the token's scopes count for the challenge.
    assert_eq!(rejected.scope(), Some("read write x"));
}

#[tokio::test]
async fn application_rejections_are_counted_and_logged_like_those_of_a_guard() {
    // R-B8
    let (recorder, prometheus) = recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let log = LogCapture::default();
    let _logging = log.start();
    let service = Service::start().await;
    for path in ["unauthorized", "invalid-token", "insufficient-scope", "broken"] {
        service.get(&format!("/outside/{path}")).await;
    }
    service.get_with("/declared", "read").await;
    let rendered = render(&prometheus);
    for series in [
        r#"{reason="missing_token",function="",scopes="read"} 1"#,
        r#"{reason="invalid_token",function="",scopes="read write"} 1"#,
        r#"{reason="insufficient_scope",function="",scopes="read write"} 1"#,
        r#"{reason="misconfigured",function="",scopes="read"} 1"#,
        r#"{reason="insufficient_scope",function="declared",scopes="base"} 1"#,
    ] {
        let line = format!("requires_auth_rejections_total{series}");
        assert!(rendered.lines().any(|own| own == line), "{line}: {rendered}");
    }
    let lines = log.lines();
    for words in [
        r#"status=401 reason="missing_token" needs=read"#,
        r#"status=401 reason="invalid_token" needs=read write cause=the application does not accept the token"#,
        r#"status=403 reason="insufficient_scope" needs=read write"#,
        r#"status=500 reason="misconfigured""#,
        r#"status=403 reason="insufficient_scope" function="declared" needs=base read write"#,
    ] {
        assert!(lines.iter().any(|line| line.contains(words)), "{words}: {lines:#?}");
    }
}

/// A guard without the attribute, for an argument that cannot receive the caller.
async fn wrong_argument(
    _: Authorized<ByTryInto<OAuthScope<{ b'r' as u128 }>, Function<{ b'w' as u128 }>>, String>,
) {
}

async fn wrong_presence(_: Authorized<Optional<OAuthScope<{ b'r' as u128 }>>, AuthInfo>) {}

#[tokio::test]
async fn a_guard_whose_argument_cannot_receive_the_caller_rejects_every_request() {
    // R-K9, R-K7
    let log = LogCapture::default();
    let _logging = log.start();
    let service = Service::start().await;
    for path in ["/wrong-argument", "/wrong-presence"] {
        assert_server_error(&service.get(path).await, 500, body::SERVER_ERROR, None);
        let response = service.get_with(path, "read").await;
        assert_server_error(&response, 500, body::SERVER_ERROR, None);
    }
    let words = r#"status=500 reason="misconfigured" function="w" needs=r cause="#;
    let cause = "cause=the argument that receives the caller is neither `AuthInfo` nor";
    let lines = log.lines();
    assert!(
        lines.iter().any(|line| line.contains(words) && line.contains(cause)),
        "{words} {cause}: {lines:#?}"
    );
}
