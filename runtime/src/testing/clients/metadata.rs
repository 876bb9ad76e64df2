//! Client metadata (RFC 7591 §2), in a registration request or a metadata document.

use serde::Deserialize;
use url::Url;

use super::client::GrantType;
use super::redirect_uri;

#[derive(Deserialize)]
pub(crate) struct ClientMetadata {
    pub(crate) client_id: Option<String>,
    pub(crate) client_name: Option<String>,
    pub(crate) client_secret: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    pub(crate) token_endpoint_auth_method: Option<String>,
    /// RFC 9449 §5.2
    #[cfg(feature = "dpop")]
    #[serde(default)]
    pub(crate) dpop_bound_access_tokens: bool,
}

impl ClientMetadata {
    /// The supported grant types among those of the client. The server may ignore the others (RFC 7591
    /// §2).
    pub(crate) fn grant_types(&self) -> Vec<GrantType> {
        match &self.grant_types {
            None => vec![GrantType::AuthorizationCode],
            Some(names) => GrantType::ALL
                .into_iter()
                .filter(|grant| names.iter().any(|name| name == grant.as_str()))
                .collect(),
        }
    }

    /// Whether all redirect URIs are acceptable, and there is one if a grant type needs it.
    pub(crate) fn redirects_are_acceptable(&self) -> bool {
        let needed = self.grant_types().contains(&GrantType::AuthorizationCode);
        (!needed || !self.redirect_uris.is_empty())
            && self
                .redirect_uris
                .iter()
                .all(|uri| redirect_uri::acceptable(uri) && Url::parse(uri).is_ok())
    }

    pub(crate) fn response_types_are_supported(&self) -> bool {
        self.response_types.iter().flatten().all(|response_type| response_type == "code")
    }
}
