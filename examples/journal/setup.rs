//! Creates the resource server from the flags.

use std::error::Error;
use std::time::Duration;

use requires_auth::{
    ApiKeys, AudienceCheck, Cached, ClientAssertion, ClientAuthentication, Dpop, Hybrid,
    Introspection, JwtVerifier, Resolver, ResourceServer, ResourceServerConfig, ScopeClaim,
    SecretSource, SetupError, SignedResponse, SigningAlgorithm, TrustedIssuer,
};
use serde_json::json;

use crate::scopes::JournalScope;
use crate::settings::{self, Audience, Mode, Settings};
use crate::store::Print;

const NAME: &str = "The journal example of requires-auth";
const REALM: &str = "journal";
const API_KEYS_PREFIX: &str = "jrn_";

/// Creates the resource server. This fetches the metadata of the issuer.
pub async fn resource_server(
    settings: &Settings,
    resource: &str,
) -> Result<ResourceServer, Box<dyn Error>> {
    if settings.issuer.len() > 1 {
        return several_issuers(settings, resource).await;
    }
    let config: ResourceServerConfig = serde_json::from_value(json!({
        "resource": resource,
        "resource_name": NAME,
        "realm": REALM,
        "issuer": settings.issuer.first(),
        "provider": settings.provider,
        "mode": settings.mode.map(Mode::as_str),
        "jwks_uri": settings.jwks_uri,
        "algorithms": (!settings.algorithm.is_empty()).then_some(&settings.algorithm),
        "signed_response": if settings.signed_response { "required" } else { "not-requested" },
        "accept_generic_type": settings.accept_generic_type.then_some(true),
        "optional_claims":
            (!settings.optional_claim.is_empty()).then_some(&settings.optional_claim),
        "introspect_jwts": settings.introspect_jwts,
        "introspection_url": settings.introspection_url,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "client_secret_file": settings.client_secret_file,
        "client_private_key_file": settings.client_private_key,
        "client_key_id": settings.client_key_id,
        "bearer_token": settings.bearer_token,
        "trust_anchors_file": settings.trust_anchors,
        "client_authentication":
            settings.client_authentication.map(settings::ClientAuthentication::as_str),
        "audience_check": settings.audience.as_str(),
        "accepted_audiences": settings.accept_audience,
        "accepted_clients": settings.accept_client,
        "api_keys_file": settings.api_keys,
        "api_keys_prefix": settings.api_keys.as_ref().map(|_| API_KEYS_PREFIX),
        "scope_claims": (!settings.scope_claim.is_empty()).then_some(&settings.scope_claim),
        "cache_ttl_s": settings.cache_ttl,
        "dpop_nonce_key": settings.dpop_nonce_key,
        "redis_urls": settings.redis.iter().collect::<Vec<_>>(),
        "redis_secret": settings.redis_secret,
    }))?;
    Ok(config
        .into_builder()
        .await?
        .scopes::<JournalScope>()
        .authorization_details::<Print>()
        .build()?)
}

/// Each issuer has the same client and the same settings. Opaque tokens are of the first one.
async fn several_issuers(
    settings: &Settings,
    resource: &str,
) -> Result<ResourceServer, Box<dyn Error>> {
    let mut server = ResourceServer::builder(resource)
        .resource_name(NAME)
        .realm(REALM)
        .scopes::<JournalScope>()
        .authorization_details::<Print>();
    for (position, issuer) in settings.issuer.iter().enumerate() {
        let mut trusted = trusted_issuer(settings, issuer)
            .await?
            .audience_check(match settings.audience {
                Audience::Required => AudienceCheck::Required,
                Audience::IfPresent => AudienceCheck::IfPresent,
                Audience::Unchecked => AudienceCheck::Unchecked,
            })
            .accepted_audiences(settings.accept_audience.iter().cloned())
            .accepted_clients(settings.accept_client.iter().cloned());
        if position > 0 {
            trusted = trusted.without_opaque_tokens();
        }
        server = server.trusted_issuer(trusted);
    }
    if let Some(file) = &settings.api_keys {
        server = server.api_keys(API_KEYS_PREFIX, ApiKeys::from_file(file)?);
    }
    if let Some(key) = &settings.dpop_nonce_key {
        server = server.dpop(Dpop::accepted().nonce_key(key.as_str()));
    }
    Ok(server.build()?)
}

async fn trusted_issuer(
    settings: &Settings,
    issuer: &str,
) -> Result<TrustedIssuer, Box<dyn Error>> {
    Ok(match settings.mode() {
        Mode::Introspection => {
            let introspection = introspection(settings, issuer)?;
            introspection.discover_at_start().await?;
            TrustedIssuer::new(issuer, cached(settings, introspection)?)
        }
        Mode::Jwt => {
            let verifier = verifier(settings, issuer)?;
            verifier.discover_at_start().await?;
            TrustedIssuer::new(issuer, cached(settings, verifier)?)
        }
        Mode::Hybrid => {
            let mut hybrid =
                Hybrid::new(verifier(settings, issuer)?, introspection(settings, issuer)?);
            if settings.introspect_jwts {
                hybrid = hybrid.introspect_jwts();
            }
            hybrid.discover_at_start().await?;
            TrustedIssuer::new(issuer, cached(settings, hybrid)?)
        }
    })
}

fn client_authentication(settings: &Settings) -> ClientAuthentication {
    use settings::ClientAuthentication::{ClientSecretJwt, Post};
    let text = settings.client_secret.as_deref().map(SecretSource::from);
    let secret = text.or_else(|| settings.client_secret_file.as_ref().map(SecretSource::file));
    match (&settings.client_id, secret, &settings.client_private_key, &settings.bearer_token) {
        (Some(id), _, Some(key), _) => {
            let assertion = ClientAssertion::private_key_jwt(id, SecretSource::file(key));
            ClientAuthentication::Assertion(match &settings.client_key_id {
                Some(id) => assertion.key_id(id),
                None => assertion,
            })
        }
        (Some(id), Some(secret), ..) => {
            let id = id.clone();
            match settings.client_authentication {
                Some(Post) => ClientAuthentication::Post { id, secret },
                Some(ClientSecretJwt) => {
                    ClientAuthentication::Assertion(ClientAssertion::client_secret_jwt(id, secret))
                }
                _ => ClientAuthentication::Basic { id, secret },
            }
        }
        (.., Some(token)) => ClientAuthentication::bearer(token.as_str()),
        _ => ClientAuthentication::None,
    }
}

fn introspection(settings: &Settings, issuer: &str) -> Result<Introspection, Box<dyn Error>> {
    let mut builder =
        Introspection::from_issuer(issuer).client_authentication(client_authentication(settings));
    if let Some(file) = &settings.trust_anchors {
        builder = builder.trust_anchors_file(file);
    }
    if !settings.scope_claim.is_empty() {
        builder = builder.scope_claims(scope_claims(settings)?);
    }
    if settings.signed_response {
        builder = builder.signed_response(SignedResponse::Required);
        if let Some(algorithms) = algorithms(settings)? {
            builder = builder.algorithms(algorithms);
        }
    }
    Ok(builder.build()?)
}

fn verifier(settings: &Settings, issuer: &str) -> Result<JwtVerifier, Box<dyn Error>> {
    let optional: Vec<_> = serde_json::from_value(json!(settings.optional_claim))?;
    let mut builder = JwtVerifier::from_issuer(issuer).optional_claims(optional);
    if let Some(file) = &settings.trust_anchors {
        builder = builder.trust_anchors_file(file);
    }
    if let Some(algorithms) = algorithms(settings)? {
        builder = builder.algorithms(algorithms);
    }
    if settings.accept_generic_type {
        builder = builder.accept_generic_type();
    }
    if !settings.scope_claim.is_empty() {
        builder = builder.scope_claims(scope_claims(settings)?);
    }
    Ok(builder.build()?)
}

/// `None` for the default.
fn algorithms(settings: &Settings) -> Result<Option<Vec<SigningAlgorithm>>, Box<dyn Error>> {
    let all: Vec<_> = serde_json::from_value(json!(settings.algorithm))?;
    Ok((!all.is_empty()).then_some(all))
}

fn scope_claims(settings: &Settings) -> Result<Vec<ScopeClaim>, Box<dyn Error>> {
    settings.scope_claim.iter().map(|claim| Ok(claim.parse()?)).collect()
}

fn cached<R: Resolver>(settings: &Settings, resolver: R) -> Result<Cached<R>, SetupError> {
    let ttl = Duration::from_secs(settings.cache_ttl);
    let builder = Cached::builder(resolver).ttl(ttl);
    if ttl.is_zero() { builder.inactive_ttl(ttl).build() } else { builder.build() }
}
