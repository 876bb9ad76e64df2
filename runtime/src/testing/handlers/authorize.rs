//! The authorization endpoint (RFC 6749 §3.1), up to the decision of the user.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use url::Url;

use super::consent;
use crate::testing::authorization_details::requested_details;
use crate::testing::authorization_request::{AuthorizationRequest, PendingRequest};
use crate::testing::authorization_response::AuthorizationResponse;
use crate::testing::clients::client::{GrantType, OAuthClient};
use crate::testing::clients::metadata_document;
use crate::testing::grant::{requested_resources, requested_scopes};
use crate::testing::html;
use crate::testing::login::LoginRequirements;
use crate::testing::oauth_error::OAuthError;
use crate::testing::params::Params;
use crate::testing::pkce::is_challenge;
use crate::testing::settings::Consent;
use crate::testing::state::State;
use crate::thumbprint::Thumbprint;

/// How long the consent page accepts a decision.
const PENDING_LIFETIME: Duration = Duration::from_secs(600);

pub(crate) async fn authorize(
    extract::State(state): extract::State<Arc<State>>,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    // Errors before the redirect URI is validated are shown, never redirected (RFC 6749 §4.1.2.1).
    let (client, redirect_uri) = match client_and_redirect(&state, &params).await {
        Ok(found) => found,
        Err(problem) => return html::problem(StatusCode::BAD_REQUEST, problem),
    };
    let Ok(target) = Url::parse(&redirect_uri) else {
        return html::problem(StatusCode::BAD_REQUEST, "The redirect URI is malformed.");
    };
    let response = AuthorizationResponse {
        redirect_uri: target,
        state: params.one("state").map(str::to_owned),
        issuer: state.issuer.clone(),
    };
    let request = match validate(&state, &client, &params) {
        Ok(request) => request,
        Err(error) => return response.error(error.code, &error.description),
    };
    let pending = PendingRequest {
        client_name: client.name.unwrap_or_else(|| client.id.clone()),
        redirect_uri,
        response,
        request,
        expires: state.now() + PENDING_LIFETIME,
    };
    match (state.settings.consent, state.settings.users.first()) {
        (Consent::Auto, Some(user)) => {
            let scopes = pending.request.scopes.clone();
            consent::allow(&state, pending, user, scopes)
        }
        _ => consent::show_page(&state, pending),
    }
}

async fn client_and_redirect(
    state: &State,
    params: &Params,
) -> Result<(OAuthClient, String), &'static str> {
    if ["client_id", "redirect_uri"].iter().any(|name| params.all(name).nth(1).is_some()) {
        return Err("The client id or the redirect URI is repeated.");
    }
    let id = params.one("client_id").ok_or("The client id is missing.")?;
    let client = match state.client(id) {
        Some(client) => client,
        None if metadata_document::is_document_url(id, &state.settings) => {
            metadata_document::fetch(id, &state.settings).await?
        }
        None => return Err("The client is not known here."),
    };
    let redirect_uri = params.one("redirect_uri").ok_or("The redirect URI is missing.")?;
    if !client.may_redirect_to(redirect_uri) {
        return Err("The redirect URI is not registered for this client.");
    }
    Ok((client, redirect_uri.to_owned()))
}

fn validate(
    state: &State,
    client: &OAuthClient,
    params: &Params,
) -> Result<AuthorizationRequest, OAuthError> {
    if params.repeats() {
        return Err(OAuthError::invalid_request("a parameter is repeated"));
    }
    match params.one("response_type") {
        Some("code") => {}
        Some(_) => {
            return Err(OAuthError::new(
                "unsupported_response_type",
                "the only response_type is code",
            ));
        }
        None => return Err(OAuthError::invalid_request("response_type is missing")),
    }
    if !client.may(GrantType::AuthorizationCode) {
        return Err(OAuthError::new(
            "unauthorized_client",
            "the client did not register for the authorization code grant",
        ));
    }
    if params.one("response_mode").is_some_and(|mode| mode != "query") {
        return Err(OAuthError::invalid_request("the only response_mode is query"));
    }
    // Without a method, RFC 7636 §4.3 means `plain`, which this server does not support.
    if params.one("code_challenge_method") != Some("S256") {
        return Err(OAuthError::invalid_request("PKCE with S256 is required"));
    }
    let challenge = params
        .one("code_challenge")
        .filter(|challenge| is_challenge(challenge))
        .ok_or_else(|| OAuthError::invalid_request("code_challenge is missing or malformed"))?;
    let dpop_jkt = params.one("dpop_jkt");
    if dpop_jkt.is_some_and(|thumbprint| Thumbprint::parse(thumbprint).is_none()) {
        return Err(OAuthError::invalid_request("dpop_jkt is not a SHA-256 thumbprint"));
    }
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        scopes: requested_scopes(&state.settings, params)?,
        resources: requested_resources(&state.settings, params)?,
        authorization_details: requested_details(&state.settings, params)?,
        login: LoginRequirements::requested(&state.settings, params)?,
        challenge: challenge.to_owned(),
        dpop_jkt: dpop_jkt.map(str::to_owned),
        refreshable: client.may(GrantType::RefreshToken),
    })
}
