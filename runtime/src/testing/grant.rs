//! What a client was granted, and the tokens that are issued for it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::mint::{Answer, TokenRecord, audience, seconds};
use super::oauth_error::OAuthError;
use super::params::Params;
use super::pkce::unguessable;
use super::state::{RefreshToken, State, User};
use crate::scope::{is_scope, pieces};

/// One act of consent, or a client's own credentials.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) user: Option<User>,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) refreshable: bool,
    /// Shared by all tokens that come from it.
    pub(super) family: String,
}

impl Grant {
    /// Limits the grant to the `resource` and `scope` parameters of a token request (RFC 8707 §2.2,
    /// RFC 6749 §6).
    pub(super) fn narrowed(&self, params: &Params) -> Result<Self, OAuthError> {
        let mut narrowed = self.clone();
        let wanted: Vec<String> = params.all("resource").map(str::to_owned).collect();
        if !wanted.is_empty() {
            if !wanted.iter().all(|one| self.resources.contains(one)) {
                return Err(OAuthError::invalid_target(
                    "a resource was not part of the authorization",
                ));
            }
            narrowed.resources = wanted;
        }
        if let Some(scope) = params.one("scope") {
            let wanted: Vec<String> = pieces(scope).map(str::to_owned).collect();
            if !wanted.iter().all(|one| self.scopes.contains(one)) {
                return Err(OAuthError::new(
                    "invalid_scope",
                    "a scope was not part of the authorization",
                ));
            }
            narrowed.scopes = wanted;
        }
        Ok(narrowed)
    }

    /// Issues an access token for this grant, and a refresh token for `refresh`, and says so in the
    /// form of RFC 6749 §5.1.
    pub(super) fn issue(&self, state: &State, refresh: Option<Grant>) -> Value {
        let now = state.now();
        let lifetime: Duration = state.settings.token_lifetime;
        let expires = now + lifetime;
        let scope = self.scopes.join(" ");
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("active", true.into());
        put("scope", scope.clone().into());
        put("client_id", self.client_id.clone().into());
        put("token_type", "Bearer".into());
        put("exp", seconds(expires).into());
        put("iat", seconds(now).into());
        put("iss", state.issuer.clone().into());
        if let Some(user) = &self.user {
            put("sub", user.subject.clone().into());
            put("username", user.username.clone().into());
        }
        if let Some(audience) = audience(&self.resources) {
            put("aud", audience);
        }
        let token = unguessable();
        let mut answer = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": lifetime.as_secs(),
            "scope": scope,
        });
        let mut store = state.store();
        store.tokens.insert(
            token,
            TokenRecord {
                answer: Answer::Claims(claims),
                expires: Some(expires),
                revoked: false,
                client_id: Some(self.client_id.clone()),
                family: Some(self.family.clone()),
            },
        );
        if let Some(grant) = refresh {
            let token = unguessable();
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("refresh_token".to_owned(), token.clone().into());
            }
            let used = false;
            store.refresh_tokens.insert(token, RefreshToken { grant, used });
        }
        answer
    }
}

/// The `scope` parameter of a request that starts a grant. Left out, it means every scope that the
/// server supports (RFC 6749 §3.3 leaves the default to us). `offline_access` asks for a refresh
/// token, which clients get anyway, and is nothing that an access token carries.
pub(super) fn requested_scopes(state: &State, params: &Params) -> Result<Vec<String>, OAuthError> {
    let supported = &state.settings.scopes_supported;
    let Some(scope) = params.one("scope") else {
        return Ok(supported.clone());
    };
    let mut scopes: Vec<String> = Vec::new();
    for piece in pieces(scope).filter(|piece| *piece != "offline_access") {
        let known = supported.is_empty() || supported.iter().any(|own| own == piece);
        if !known || !is_scope(piece) {
            return Err(OAuthError::new("invalid_scope", "a scope is malformed or not supported"));
        }
        if !scopes.iter().any(|own| own == piece) {
            scopes.push(piece.to_owned());
        }
    }
    Ok(scopes)
}

/// The `resource` parameters of a request that starts a grant: absolute URIs without fragment
/// (RFC 8707 §2), among those that the server was told of, if any.
pub(super) fn requested_resources(
    state: &State,
    params: &Params,
) -> Result<Vec<String>, OAuthError> {
    let known = &state.settings.resources;
    let mut resources: Vec<String> = Vec::new();
    for resource in params.all("resource") {
        let absolute = url::Url::parse(resource).is_ok_and(|url| url.fragment().is_none());
        if !absolute || !(known.is_empty() || known.iter().any(|own| own == resource)) {
            return Err(OAuthError::invalid_target(
                "a resource is unknown or not an absolute URI without fragment",
            ));
        }
        if !resources.iter().any(|own| own == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}
