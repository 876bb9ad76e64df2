//! The introspection endpoint (RFC 7662).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

#[cfg(feature = "jwt")]
use crate::testing::claims::numeric_date;
use crate::testing::clients::authentication::ClientCredentials;
use crate::testing::issued_token::TokenStatus;
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
    let client = authenticate_caller(&state, &headers, &params)?;
    let token = params
        .one("token")
        .ok_or_else(|| OAuthError::invalid_request("the token parameter is missing"))?;
    let response = response_for_active(&state, token);
    #[cfg(feature = "jwt")]
    if let Some(client) = client.filter(|_| accepts_signed(&headers)) {
        return Ok(signed(&state, &client, response));
    }
    #[cfg(not(feature = "jwt"))]
    drop(client);
    Ok(match response {
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

/// Whether a signed response is requested (RFC 9701 §4).
#[cfg(feature = "jwt")]
fn accepts_signed(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim() == SIGNED)
}

#[cfg(feature = "jwt")]
const SIGNED: &str = "application/token-introspection+jwt";

/// A signed response (RFC 9701 §5). A body that is set for the token is in it as it is.
#[cfg(feature = "jwt")]
fn signed(state: &State, client: &str, response: Option<IntrospectionResponse>) -> Response {
    let response: Vec<u8> = match response {
        Some(IntrospectionResponse::Claims(claims)) => Value::Object(claims).to_string().into(),
        Some(IntrospectionResponse::Verbatim(body)) => body.into(),
        None => json!({ "active": false }).to_string().into(),
    };
    let members = json!({
        "iss": state.issuer,
        "aud": client,
        "iat": numeric_date(state.now()),
    });
    let members = members.to_string();
    let payload =
        [members.trim_end_matches('}').as_bytes(), br#","token_introspection":"#, &response, b"}"]
            .concat();
    let jws = state.keys.sign_response(&payload);
    ([(header::CONTENT_TYPE, SIGNED), (header::CACHE_CONTROL, "no-store")], jws).into_response()
}

/// Authenticates the caller, if the settings have a confidential client or a bearer token for it. Returns the
/// client id.
fn authenticate_caller(
    state: &State,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Option<String>, OAuthError> {
    let settings = &state.settings;
    let mut clients = settings.clients.iter().filter(|one| one.is_confidential());
    if clients.clone().next().is_none() && settings.introspection_bearers.is_empty() {
        return Ok(None);
    }
    if let Some(presented) = bearer(headers) {
        let is_configured = settings.introspection_bearers.iter().any(|own| own == presented);
        return if is_configured || is_token_of_a_client(state, presented) {
            Ok(None)
        } else {
            Err(OAuthError::invalid_bearer())
        };
    }
    let credentials = ClientCredentials::parse(headers, params)?;
    if clients.any(|client| credentials.match_client(state, client)) {
        Ok(Some(credentials.into_id()))
    } else {
        Err(OAuthError::invalid_client("the client is unknown or its credentials are wrong"))
    }
}

/// Whether it is an access token that a client has obtained for itself (RFC 6749 §4.4), and no token that is bound to a key.
fn is_token_of_a_client(state: &State, token: &str) -> bool {
    let client = match response_for_active(state, token) {
        Some(IntrospectionResponse::Claims(claims))
            if !claims.contains_key("username") && !claims.contains_key("cnf") =>
        {
            claims.get("client_id").and_then(Value::as_str).map(str::to_owned)
        }
        _ => None,
    };
    let client = client.and_then(|id| state.client(&id));
    client.is_some_and(|client| client.is_confidential())
        && state.store().tokens.get(token).is_some_and(|record| record.family.is_some())
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
    (record.status(now) == TokenStatus::Active).then(|| record.response.clone())
}
