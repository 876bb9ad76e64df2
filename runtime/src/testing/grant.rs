//! Grants: what a client was authorized to do, and which scopes and resources it may request.

use serde_json::Value;

use super::authorization_details::narrowed_details;
use super::login::Login;
use super::oauth_error::OAuthError;
use super::params::Params;
use super::settings::{Settings, User};
use crate::scope::{is_scope, pieces};

/// The result of one authorization: by a user, or by the client's own credentials.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) user: Option<User>,
    /// The party that acts for the user (RFC 8693 §4.1).
    pub(super) actor: Option<Value>,
    /// How the user has logged in.
    pub(super) login: Option<Login>,
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) authorization_details: Vec<Value>,
    pub(super) refreshable: bool,
    /// The id that all tokens of this grant share, so that they can be revoked together.
    pub(super) family: String,
}

impl Grant {
    /// Returns the grant limited to the `resource`, `scope` and `authorization_details` parameters of a token request
    /// (RFC 8707 §2.2, RFC 6749 §6, RFC 9396 §6.1).
    pub(super) fn narrowed(&self, params: &Params) -> Result<Self, OAuthError> {
        let mut narrowed = self.clone();
        let requested: Vec<String> = params.all("resource").map(str::to_owned).collect();
        if !requested.is_empty() {
            if !requested.iter().all(|one| self.resources.contains(one)) {
                return Err(OAuthError::invalid_target(
                    "a resource was not part of the authorization",
                ));
            }
            narrowed.resources = requested;
        }
        if let Some(scope) = params.one("scope") {
            let requested: Vec<String> = pieces(scope).map(str::to_owned).collect();
            if !requested.iter().all(|one| self.scopes.contains(one)) {
                return Err(OAuthError::new(
                    "invalid_scope",
                    "a scope was not part of the authorization",
                ));
            }
            narrowed.scopes = requested;
        }
        narrowed.authorization_details = narrowed_details(&self.authorization_details, params)?;
        Ok(narrowed)
    }
}

/// The scopes that a request for a new grant has in its `scope` parameter. Without the parameter, it gets
/// every supported scope (RFC 6749 §3.3 leaves the default to the server). `offline_access` requests a
/// refresh token, which clients get anyway; it is not a scope of the access token.
pub(super) fn requested_scopes(
    settings: &Settings,
    params: &Params,
) -> Result<Vec<String>, OAuthError> {
    let supported = &settings.scopes_supported;
    let Some(scope) = params.one("scope") else {
        return Ok(supported.clone());
    };
    let mut scopes: Vec<String> = Vec::new();
    for piece in pieces(scope).filter(|piece| *piece != "offline_access") {
        let is_supported = supported.is_empty() || supported.iter().any(|scope| scope == piece);
        if !is_supported || !is_scope(piece) {
            return Err(OAuthError::new("invalid_scope", "a scope is malformed or not supported"));
        }
        if !scopes.iter().any(|scope| scope == piece) {
            scopes.push(piece.to_owned());
        }
    }
    Ok(scopes)
}

/// The `resource` parameters of a request for a new grant: absolute URIs without fragment (RFC 8707 §2),
/// from the configured resources if there are any.
pub(super) fn requested_resources(
    settings: &Settings,
    params: &Params,
) -> Result<Vec<String>, OAuthError> {
    let configured = &settings.resources;
    let mut resources: Vec<String> = Vec::new();
    for resource in params.all("resource") {
        let absolute = url::Url::parse(resource).is_ok_and(|url| url.fragment().is_none());
        if !absolute || !(configured.is_empty() || configured.iter().any(|other| other == resource))
        {
            return Err(OAuthError::invalid_target(
                "a resource is unknown or not an absolute URI without fragment",
            ));
        }
        if !resources.iter().any(|other| other == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}
