//! The paths of the server, and what happens to a request before it reaches its endpoint.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State as StateOf};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use super::connection::Wire;
use super::endpoint::Endpoint;
use super::faults::body::{Broken, Spaces};
use super::faults::fault::{Action, ActiveAs, Fault};
use super::handlers::{authorize, consent, introspect, metadata, register, revoke, token};
use super::host;
use super::recorder::RecordedRequest;
use super::state::State;

/// Larger requests are refused.
const LARGEST_REQUEST: usize = 64 * 1024;

pub(super) fn router(state: &Arc<State>, port: u16) -> Router {
    let path = &state.settings.path;
    let at = |endpoint: &str| format!("{path}{endpoint}");
    // What clients that run in a browser need, from any origin. The pages for humans and
    // introspection are not among it.
    let for_browsers = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::WWW_AUTHENTICATE]);
    let mut open = Router::new()
        .route(&at("/token"), post(token::token))
        .route(&at("/revoke"), post(revoke::revoke))
        .route(&at("/register"), post(register::register));
    // RFC 8414 §3.1 inserts the well-known part in front of the issuer's path; OpenID Connect
    // Discovery §4 appends it.
    let mut documents = vec![
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ];
    documents.dedup();
    for document in documents {
        open = open.route(&document, get(metadata::metadata));
    }
    Router::new()
        .route(&at("/introspect"), post(introspect::introspect))
        .route(&at("/authorize"), get(authorize::authorize))
        .route(&at("/consent"), post(consent::decide))
        .merge(open.layer(for_browsers))
        .with_state(state.clone())
        .layer(from_fn_with_state(state.clone(), record_then_fail))
        // First of all: what is refused here has not arrived.
        .layer(from_fn_with_state(port, host::require_own))
}

/// Records the request and lets the planned fault happen, if there is one.
async fn record_then_fail(
    StateOf(state): StateOf<Arc<State>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    // A preflight is the browser's own affair.
    let endpoint = Endpoint::of(head.uri.path(), &state.settings.path)
        .filter(|_| head.method != Method::OPTIONS);
    let recorded = RecordedRequest {
        endpoint,
        method: head.method.clone(),
        uri: head.uri.clone(),
        headers: head.headers.clone(),
        body: body.clone(),
    };
    let fault = endpoint
        .and_then(|endpoint| state.faults.next(endpoint, recorded.param("token").as_deref()));
    state.recorder.add(recorded);
    let proper = next.run(Request::from_parts(head, Body::from(body)));
    match fault {
        None => proper.await,
        Some(fault) => fail(fault, &wire, proper).await,
    }
}

async fn fail(fault: Fault, wire: &Wire, proper: impl Future<Output = Response>) -> Response {
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    match fault.action {
        Action::Nothing => proper.await,
        // Ends with the connection.
        Action::Hang => std::future::pending().await,
        Action::Answer { status, headers, body } => (status, headers, body).into_response(),
        Action::Drip(every) => json_of(Spaces::dripping(every)),
        Action::Endless => json_of(Spaces::flooding()),
        Action::Truncate => truncate(proper.await).await,
        // The answer only makes the connection notice that it is cut.
        Action::Close => {
            wire.close();
            StatusCode::OK.into_response()
        }
        Action::Reset => {
            wire.reset();
            StatusCode::OK.into_response()
        }
        Action::Active(how) => misstate(how, proper.await).await,
    }
}

async fn truncate(proper: Response) -> Response {
    let (mut head, body) = proper.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    let announced = HeaderValue::from(body.len().max(1));
    head.headers.insert(header::CONTENT_LENGTH, announced);
    Response::from_parts(head, Broken::after(half))
}

async fn misstate(how: ActiveAs, proper: Response) -> Response {
    let (mut head, body) = proper.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut claims) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return Response::from_parts(head, body.into());
    };
    let active = match how {
        ActiveAs::Text => Some(json!("true")),
        ActiveAs::Number => Some(json!(1)),
        ActiveAs::Null => Some(Value::Null),
        ActiveAs::Absent => None,
        ActiveAs::Repeated => claims.get("active").cloned(),
    };
    claims.remove("active");
    claims.extend(active.map(|active| ("active".to_owned(), active)));
    let mut text = Value::Object(claims).to_string();
    if how == ActiveAs::Repeated {
        text = text.replacen('{', r#"{"active":false,"#, 1);
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Bytes::from(text).into())
}

fn json_of(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
