//! The introspection endpoint (RFC 7662).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::testing::clients::authentication::ClientCredentials;
use crate::testing::oauth_error::{OAuthError, not_stored};
use crate::testing::params::Params;
use crate::testing::state::State;
use crate::testing::store::IntrospectionResponse;

pub(crate) async fn introspect(
    extract::State(state): extract::State<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthError> {
    let params = Params::form(&headers, &body)?;
    check_caller(&state, &headers, &params)?;
    let token = params
        .one("token")
        .ok_or_else(|| OAuthError::invalid_request("the token parameter is missing"))?;
    Ok(match answer(&state, token) {
        Some(IntrospectionResponse::Claims(claims)) => not_stored(Value::Object(claims)),
        Some(IntrospectionResponse::Verbatim(body)) => {
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (headers, body).into_response()
        }
        // Nothing says why: RFC 7662 §2.2.
        None => not_stored(json!({ "active": false })),
    })
}

/// Open to everybody while the server was set up with nobody who may ask; then to those alone.
fn check_caller(state: &State, headers: &HeaderMap, params: &Params) -> Result<(), OAuthError> {
    let settings = &state.settings;
    let mut callers = settings.clients.iter().filter(|one| one.secret.is_some());
    if callers.clone().next().is_none() && settings.introspection_bearers.is_empty() {
        return Ok(());
    }
    if let Some(presented) = bearer(headers) {
        return if settings.introspection_bearers.iter().any(|own| own == presented) {
            Ok(())
        } else {
            Err(OAuthError::invalid_bearer())
        };
    }
    let credentials = ClientCredentials::parse(headers, params)?;
    if callers.any(|client| credentials.match_client(client)) {
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

fn answer(state: &State, token: &str) -> Option<IntrospectionResponse> {
    let now = state.now();
    let store = state.store();
    let record = store.tokens.get(token)?;
    let verbatim = matches!(record.response, IntrospectionResponse::Verbatim(_));
    let expired = record.expires.is_some_and(|expires| expires <= now);
    (!record.revoked && (verbatim || !expired)).then(|| record.response.clone())
}
