//! What a client was granted, and the tokens that are issued for it.

use super::oauth_error::OAuthError;
use super::params::Params;
use super::settings::{Settings, User};
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
}

/// The `scope` parameter of a request that starts a grant. Left out, it means every scope that the
/// server supports (RFC 6749 §3.3 leaves the default to us). `offline_access` asks for a refresh
/// token, which clients get anyway, and is nothing that an access token carries.
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
    settings: &Settings,
    params: &Params,
) -> Result<Vec<String>, OAuthError> {
    let known = &settings.resources;
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
