//! The revocation endpoint (RFC 7009).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract;
use axum::http::{HeaderMap, StatusCode};

use crate::testing::clients::authentication::authenticate;
use crate::testing::oauth_error::OAuthError;
use crate::testing::params::Params;
use crate::testing::state::State;

pub(crate) async fn revoke(
    extract::State(state): extract::State<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, OAuthError> {
    let params = Params::form(&headers, &body)?;
    let client = authenticate(&state, &headers, &params)?;
    let token = params
        .one("token")
        .ok_or_else(|| OAuthError::invalid_request("the token parameter is missing"))?;
    let wrong_client = || OAuthError::invalid_grant("the token was issued to another client");

    let mut store = state.store();
    if let Some(refresh) = store.refresh_tokens.get(token) {
        if refresh.grant.client_id != client.id {
            return Err(wrong_client());
        }
        let family = refresh.grant.family.clone();
        store.revoke_family(&family);
    } else if let Some(record) = store.tokens.get_mut(token) {
        if record.client_id.as_deref() != Some(client.id.as_str()) {
            return Err(wrong_client());
        }
        record.revoked = true;
    }
    // RFC 7009 §2.2: an unknown token is not an error.
    Ok(StatusCode::OK)
}
