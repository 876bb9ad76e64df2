//! The token exchange grant (RFC 8693).

use serde_json::{Map, Value};

use super::token::issue;
use crate::testing::claims::add_actor;
use crate::testing::clients::client::OAuthClient;
use crate::testing::dpop_proofs::KeyProof;
use crate::testing::grant::{Grant, requested_resources, requested_scopes};
use crate::testing::issued_token::TokenStatus;
use crate::testing::oauth_error::OAuthError;
use crate::testing::params::Params;
use crate::testing::random::random_value;
use crate::testing::settings::User;
use crate::testing::state::State;
use crate::testing::store::IntrospectionResponse;

/// RFC 8693 §3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Issues a token for the subject of `subject_token`, for the `resource` and the `audience` of the request. The subject of
/// an `actor_token` becomes its actor (RFC 8693 §4.1).
pub(super) fn exchange_token(
    state: &State,
    client: &OAuthClient,
    proof: &KeyProof,
    params: &Params,
) -> Result<Value, OAuthError> {
    let requested = params.one("requested_token_type");
    if requested.is_some_and(|requested| requested != ACCESS_TOKEN) {
        return Err(OAuthError::invalid_request("only access tokens are issued"));
    }
    let (subject, family) = active_token(state, params, "subject_token", "subject_token_type")?
        .ok_or_else(|| OAuthError::invalid_request("the subject_token parameter is missing"))?;
    let actor = active_token(state, params, "actor_token", "actor_token_type")?;

    let text = |claims: &Map<String, Value>, name: &str| {
        claims.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let mut resources = requested_resources(&state.settings, params)?;
    resources.extend(params.all("audience").map(str::to_owned));
    let mut acting = Map::new();
    if let Some(prior) = subject.get("act") {
        acting.insert("act".to_owned(), prior.clone());
    }
    if let Some((claims, _)) = &actor {
        let name = text(claims, "sub").or_else(|| text(claims, "client_id"));
        add_actor(&mut acting, &name.unwrap_or_else(|| client.id.clone()));
    }
    let user = text(&subject, "sub").map(|id| User {
        username: text(&subject, "username").unwrap_or_else(|| id.clone()),
        subject: id,
    });
    let grant = Grant {
        client_id: client.id.clone(),
        user,
        actor: acting.remove("act"),
        login: None,
        scopes: requested_scopes(&state.settings, params)?,
        resources,
        authorization_details: Vec::new(),
        refreshable: false,
        family: family.unwrap_or_else(random_value),
    };
    let mut response = issue(state, &grant, proof, None);
    if let Some(response) = response.as_object_mut() {
        response.insert("issued_token_type".to_owned(), ACCESS_TOKEN.into());
    }
    Ok(response)
}

/// The claims of a token, and the family of its grant.
type ActiveToken = (Map<String, Value>, Option<String>);

/// The token of this parameter, if it is active: else the request is invalid (RFC 8693 §2.2.2).
/// `None` if the request has no such token.
fn active_token(
    state: &State,
    params: &Params,
    name: &str,
    type_name: &str,
) -> Result<Option<ActiveToken>, OAuthError> {
    let token_type = params.one(type_name);
    let Some(token) = params.one(name) else {
        return match token_type {
            None => Ok(None),
            Some(_) => Err(OAuthError::invalid_request("a token type has no token")),
        };
    };
    if token_type != Some(ACCESS_TOKEN) {
        return Err(OAuthError::invalid_request("only access tokens are exchanged"));
    }
    let now = state.now();
    let store = state.store();
    let record = store.tokens.get(token).filter(|it| it.status(now) == TokenStatus::Active);
    match record.map(|record| (&record.response, record.family.clone())) {
        Some((IntrospectionResponse::Claims(claims), family)) => Ok(Some((claims.clone(), family))),
        _ => Err(OAuthError::invalid_request("a token is not active, or not one of this server")),
    }
}
