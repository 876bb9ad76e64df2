//! The introspection endpoint (RFC 7662).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::testing::clients::authentication::ClientCredentials;
use crate::testing::oauth_error::{OAuthError, no_store};
use crate::testing::params::Params;
use crate::testing::state::State;
use crate::testing::store::IntrospectionResponse;

pub(crate) async fn introspect(
    extract::State(state): extract::State<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthError> {
    let params = Params::form(&headers, &body)?;
    authenticate_caller(&state, &headers, &params)?;
    let token = params
        .one("token")
        .ok_or_else(|| OAuthError::invalid_request("the token parameter is missing"))?;
    Ok(match response_for_active(&state, token) {
        Some(IntrospectionResponse::Claims(claims)) => no_store(Value::Object(claims)),
        Some(IntrospectionResponse::Verbatim(body)) => {
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (headers, body).into_response()
        }
        // The response gives no reason: RFC 7662 §2.2.
        None => no_store(json!({ "active": false })),
    })
}

/// Authenticates the caller, if the settings have a confidential client or a bearer token for it.
fn authenticate_caller(
    state: &State,
    headers: &HeaderMap,
    params: &Params,
) -> Result<(), OAuthError> {
    let settings = &state.settings;
    let mut clients = settings.clients.iter().filter(|one| one.secret.is_some());
    if clients.clone().next().is_none() && settings.introspection_bearers.is_empty() {
        return Ok(());
    }
    if let Some(presented) = bearer(headers) {
        return if settings.introspection_bearers.iter().any(|bearer| bearer == presented) {
            Ok(())
        } else {
            Err(OAuthError::invalid_bearer())
        };
    }
    let credentials = ClientCredentials::parse(headers, params)?;
    if clients.any(|client| credentials.match_client(client)) {
        Ok(())
    } else {
        Err(OAuthError::invalid_client("the client is unknown or its credentials are wrong"))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    (values.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(token)
}

fn response_for_active(state: &State, token: &str) -> Option<IntrospectionResponse> {
    let now = state.now();
    let store = state.store();
    let record = store.tokens.get(token)?;
    let verbatim = matches!(record.response, IntrospectionResponse::Verbatim(_));
    let expired = record.expires.is_some_and(|expires| expires <= now);
    (!record.revoked && (verbatim || !expired)).then(|| record.response.clone())
}
