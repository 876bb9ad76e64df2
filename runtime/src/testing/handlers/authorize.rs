//! The authorization endpoint (RFC 6749 §3.1), up to the question whether the user agrees.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{self, RawQuery};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::consent::{self, Pending};
use crate::testing::clients::client::{GrantType, OAuthClient};
use crate::testing::clients::metadata_document;
use crate::testing::grant::{Grant, requested_resources, requested_scopes};
use crate::testing::html;
use crate::testing::oauth_error::OAuthError;
use crate::testing::params::Params;
use crate::testing::pkce::unguessable;
use crate::testing::state::{Code, Consent, State, User};

pub(crate) async fn authorize(
    extract::State(state): extract::State<Arc<State>>,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    // Nothing may be sent to a redirect URI before it is known to be the client's own.
    let (client, redirect_uri) = match client_and_redirect(&state, &params).await {
        Ok(found) => found,
        Err(problem) => return html::problem(StatusCode::BAD_REQUEST, problem),
    };
    let Ok(target) = Url::parse(&redirect_uri) else {
        return html::problem(StatusCode::BAD_REQUEST, "The redirect URI is malformed.");
    };
    let reply = Reply {
        target,
        state: params.one("state").map(str::to_owned),
        issuer: state.issuer.clone(),
    };
    let asked = match validate(&state, &client, &params) {
        Ok(asked) => asked,
        Err(error) => return reply.error(error.code, error.description),
    };
    let pending = Pending {
        client_name: client.name.unwrap_or_else(|| client.id.clone()),
        redirect_uri,
        reply,
        asked,
        expires: state.now() + Duration::from_secs(600),
    };
    match (state.settings.consent, state.settings.users.first()) {
        (Consent::Auto, Some(user)) => {
            let scopes = pending.asked.scopes.clone();
            pending.allow(&state, user, scopes)
        }
        _ => consent::ask(&state, pending),
    }
}

/// What a valid request asks for.
pub(crate) struct Asked {
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) challenge: String,
    pub(crate) refreshable: bool,
}

impl Asked {
    /// Makes the code that stands for the user's agreement.
    pub(crate) fn code(
        self,
        state: &State,
        user: &User,
        scopes: Vec<String>,
        redirect_uri: String,
    ) -> String {
        let code = unguessable();
        let grant = Grant {
            client_id: self.client_id,
            user: Some(user.clone()),
            scopes,
            resources: self.resources,
            refreshable: self.refreshable,
            family: unguessable(),
        };
        let entry = Code {
            grant,
            redirect_uri,
            challenge: self.challenge,
            expires: state.now() + Duration::from_secs(60),
            used: false,
        };
        state.store().codes.insert(code.clone(), entry);
        code
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
        None if metadata_document::is_document_url(id, state) => {
            metadata_document::fetch(id, state).await?
        }
        None => return Err("The client is not known here."),
    };
    let redirect_uri = params.one("redirect_uri").ok_or("The redirect URI is missing.")?;
    if !client.may_redirect_to(redirect_uri) {
        return Err("The redirect URI is not registered for this client.");
    }
    Ok((client, redirect_uri.to_owned()))
}

fn validate(state: &State, client: &OAuthClient, params: &Params) -> Result<Asked, OAuthError> {
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
    // Without a method, RFC 7636 §4.3 means `plain`, which protects nothing here.
    if params.one("code_challenge_method") != Some("S256") {
        return Err(OAuthError::invalid_request("PKCE with S256 is required"));
    }
    let challenge = params
        .one("code_challenge")
        .filter(|challenge| is_challenge(challenge))
        .ok_or_else(|| OAuthError::invalid_request("code_challenge is missing or malformed"))?;
    Ok(Asked {
        client_id: client.id.clone(),
        scopes: requested_scopes(state, params)?,
        resources: requested_resources(state, params)?,
        challenge: challenge.to_owned(),
        refreshable: client.may(GrantType::RefreshToken),
    })
}

/// A SHA-256 hash in base64url (RFC 7636 §4.2).
fn is_challenge(text: &str) -> bool {
    text.len() == 43
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Where an answer goes: back to the client, with its `state` and our `iss` (RFC 9207).
pub(crate) struct Reply {
    pub(crate) target: Url,
    state: Option<String>,
    issuer: String,
}

impl Reply {
    pub(crate) fn code(self, code: &str) -> Response {
        self.redirect(&[("code", code)])
    }

    /// RFC 6749 §4.1.2.1
    pub(crate) fn error(self, code: &str, description: &str) -> Response {
        self.redirect(&[("error", code), ("error_description", description)])
    }

    fn redirect(mut self, params: &[(&str, &str)]) -> Response {
        self.target
            .query_pairs_mut()
            .extend_pairs(params)
            .extend_pairs(self.state.map(|state| ("state", state)))
            .append_pair("iss", &self.issuer);
        let headers: [(HeaderName, &str); 3] = [
            (header::LOCATION, self.target.as_str()),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        // RFC 9700 §4.12: 303, which never repeats a form post.
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}
