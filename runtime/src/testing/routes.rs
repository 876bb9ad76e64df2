//! The routes of the server, and what happens to a request before its handler runs.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State as StateOf};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use super::connection::ConnectionHandle;
use super::endpoint::Endpoint;
use super::faults::inject::inject;
use super::handlers::{authorize, consent, introspect, metadata, register, revoke, token};
use super::host;
use super::oauth_error::DPOP_NONCE;
use super::recorder::RecordedRequest;
use super::state::State;

/// The longest request body in bytes; a longer one gets a 413.
const MAX_BODY_LENGTH: usize = 64 * 1024;

pub(super) fn router(state: &Arc<State>, port: u16) -> Router {
    let path = &state.settings.path;
    let at = |endpoint: &str| format!("{path}{endpoint}");
    // For clients that run in a browser, on any origin. They need neither introspection nor access to
    // the consent page.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::WWW_AUTHENTICATE, DPOP_NONCE]);
    let mut with_cors = Router::new()
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
        with_cors = with_cors.route(&document, get(metadata::metadata));
    }
    #[cfg(feature = "jwt")]
    {
        let handler = get(super::handlers::key_set::key_set);
        with_cors = with_cors.route(&at("/jwks"), handler);
    }
    Router::new()
        .route(&at("/introspect"), post(introspect::introspect))
        .route(&at("/authorize"), get(authorize::authorize))
        .route(&at("/consent"), post(consent::decide))
        .merge(with_cors.layer(cors))
        .with_state(state.clone())
        .layer(from_fn_with_state(state.clone(), record_and_inject))
        // The outermost layer: a request that it rejects is not recorded.
        .layer(from_fn_with_state(port, host::require_own_host))
}

/// Records the request and injects the next fault that applies to it.
async fn record_and_inject(
    StateOf(state): StateOf<Arc<State>>,
    ConnectInfo(connection): ConnectInfo<ConnectionHandle>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_LENGTH).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    // A preflight request belongs to no endpoint: browsers send it on their own.
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
        Some(fault) => inject(fault, &connection, proper).await,
    }
}
