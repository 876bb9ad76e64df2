//! Dynamic client registration (RFC 7591).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::testing::claims::numeric_date;
use crate::testing::clients::client::OAuthClient;
use crate::testing::clients::metadata::ClientMetadata;
use crate::testing::oauth_error::{OAuthError, no_store};
use crate::testing::random::random_value;
use crate::testing::state::State;

pub(crate) async fn register(
    extract::State(state): extract::State<Arc<State>>,
    body: Bytes,
) -> Result<Response, OAuthError> {
    let invalid = |description| OAuthError::new("invalid_client_metadata", description);
    let metadata: ClientMetadata = serde_json::from_slice(&body)
        .map_err(|_| invalid("the body is not a JSON object with client metadata"))?;
    // RFC 7591 §2: the default is `client_secret_basic`.
    let method = metadata.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    let confidential = match method {
        "none" => false,
        "client_secret_basic" | "client_secret_post" => true,
        _ => return Err(invalid("token_endpoint_auth_method is not supported")),
    };
    let mut grant_types = metadata.grant_types();
    grant_types.retain(|grant| confidential || grant.is_of_public_clients());
    if grant_types.is_empty() {
        return Err(invalid("none of the grant types is supported"));
    }
    if !metadata.response_types_are_supported() {
        return Err(invalid("the only response type is code"));
    }
    if !metadata.redirects_are_acceptable() {
        return Err(OAuthError::new(
            "invalid_redirect_uri",
            "redirect URIs must be https, http on a loopback host, or of a private-use scheme",
        ));
    }
    let client = OAuthClient {
        id: random_value(),
        secret: confidential.then(random_value),
        #[cfg(feature = "jwt")]
        public_jwk: None,
        #[cfg(feature = "dpop")]
        dpop_bound_access_tokens: metadata.dpop_bound_access_tokens,
        name: metadata.client_name.clone(),
        redirect_uris: metadata.redirect_uris.clone(),
        grant_types,
    };
    let mut response = json!({
        "client_id": client.id,
        "client_id_issued_at": numeric_date(state.now()),
        "redirect_uris": client.redirect_uris,
        "grant_types": client.grant_types.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    });
    if let Some(response) = response.as_object_mut() {
        if let Some(name) = &client.name {
            response.insert("client_name".to_owned(), name.clone().into());
        }
        #[cfg(feature = "dpop")]
        if client.dpop_bound_access_tokens {
            response.insert("dpop_bound_access_tokens".to_owned(), true.into());
        }
        if let Some(secret) = &client.secret {
            response.insert("client_secret".to_owned(), secret.clone().into());
            response.insert("client_secret_expires_at".to_owned(), 0.into());
        }
    }
    state.store().clients.insert(client.id.clone(), client);
    Ok((StatusCode::CREATED, no_store(response)).into_response())
}
