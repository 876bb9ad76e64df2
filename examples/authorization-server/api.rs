//! The HTTP API of the page. Each request has the header `x-requires-auth-console: 1`, and a body that is JSON.
//!
//! | request | effect |
//! |---|---|
//! | `GET /api/description` | the addresses, the settings, and the names of faults and endpoints |
//! | `GET /api/state` | whether the server runs, its faults, the tokens, the number of requests |
//! | `POST /api/tokens` with `{"subject", "client_id", "scopes", "audience", "lifetime_s", "format", "status"}` | mints a token; each member has a default, and the audience that of the application |
//! | `POST /api/revocations` with `{"token"}` | revokes it |
//! | `PUT /api/faults` with `{"endpoint", "fault"}` | switches a fault on; off, if `fault` is `null` |
//! | `PUT /api/running` with `{"running"}` | stops the server, or starts it again |
//!
//! ```sh
//! curl http://127.0.0.1:PORT/api/tokens -H 'x-requires-auth-console: 1' -H 'content-type: application/json' \
//!     -d '{"subject": "alice", "scopes": "hello:read"}'
//! ```

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::console::Console;
use crate::faults::{ENDPOINTS, FAULTS};
use crate::mint::NewToken;

type SharedConsole = State<Arc<Console>>;

pub(crate) fn router(console: Arc<Console>) -> Router {
    Router::new()
        .route("/api/description", get(description))
        .route("/api/state", get(state))
        .route("/api/tokens", post(mint))
        .route("/api/revocations", post(revoke))
        .route("/api/faults", put(set_fault))
        .route("/api/running", put(set_running))
        .with_state(console)
}

async fn description(State(console): SharedConsole) -> Json<Value> {
    Json(console.description())
}

async fn state(State(console): SharedConsole) -> Json<Value> {
    Json(console.state())
}

async fn mint(
    State(console): SharedConsole,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let token = console.mint(new).map_err(Failure::malformed)?;
    Ok((StatusCode::CREATED, Json(json!({ "token": token }))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    token: String,
}

async fn revoke(
    State(console): SharedConsole,
    Body(Revocation { token }): Body<Revocation>,
) -> Result<StatusCode, Failure> {
    if console.revoke(&token) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure(StatusCode::NOT_FOUND, "The server has issued no such token.".to_owned()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultSwitch {
    endpoint: String,
    fault: Option<String>,
}

async fn set_fault(
    State(console): SharedConsole,
    Body(FaultSwitch { endpoint, fault }): Body<FaultSwitch>,
) -> Result<StatusCode, Failure> {
    let endpoint = ENDPOINTS
        .iter()
        .find(|one| one.name == endpoint)
        .ok_or_else(|| Failure::malformed("There is no such endpoint."))?;
    let fault = match fault {
        None => None,
        Some(name) => {
            let fault = FAULTS
                .iter()
                .find(|one| one.name == name)
                .ok_or_else(|| Failure::malformed("There is no such fault."))?;
            if fault.introspection_only && endpoint.name != "introspection" {
                return Err(Failure::malformed("This fault is for introspection alone."));
            }
            Some(fault)
        }
    };
    console.set_fault(endpoint, fault);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunningSwitch {
    running: bool,
}

async fn set_running(
    State(console): SharedConsole,
    Body(RunningSwitch { running }): Body<RunningSwitch>,
) -> Result<StatusCode, Failure> {
    console.set_running(running).await.map_err(|error| {
        Failure(StatusCode::CONFLICT, format!("The server does not start: {error}"))
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// A JSON body. An error is answered in the form of this API.
struct Body<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let body: Result<Json<T>, JsonRejection> = Json::from_request(request, state).await;
        match body {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(Failure(rejection.status(), rejection.body_text())),
        }
    }
}

/// A status, and a sentence for the user of the page.
struct Failure(StatusCode, String);

impl Failure {
    fn malformed(text: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, text.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}
