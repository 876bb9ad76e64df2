//! Creates the resource server from the flags.

use std::error::Error;

use requires_auth::{ResourceServer, ResourceServerConfig};
use serde_json::json;

use crate::rest::SCOPES;
use crate::settings::{ClientAuthentication, Settings};

/// Creates the resource server. If only the issuer is set, this fetches its metadata.
pub async fn resource_server(
    settings: &Settings,
    resource: &str,
) -> Result<ResourceServer, Box<dyn Error>> {
    let config: ResourceServerConfig = serde_json::from_value(json!({
        "resource": resource,
        "resource_name": "The journal example of requires-auth",
        "realm": "journal",
        "issuer": settings.issuer,
        "introspection_url": settings.introspection_url,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "bearer_token": settings.bearer_token,
        "client_authentication": settings.client_authentication.map(ClientAuthentication::as_str),
        "audience_check": settings.audience.as_str(),
        "accepted_audiences": settings.accept_audience,
        "scope_claims": (!settings.scope_claim.is_empty()).then_some(&settings.scope_claim),
        "cache_ttl_s": settings.cache_ttl,
        "redis_urls": settings.redis.iter().collect::<Vec<_>>(),
        "redis_secret": settings.redis_secret,
        "scopes_supported": SCOPES,
    }))?;
    Ok(config.build().await?)
}
