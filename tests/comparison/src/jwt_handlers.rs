//! A handler behind the guard of each crate that verifies JWTs, configured as its documentation shows.

use std::sync::Arc;

use authkestra_resource::Guard;
use authkestra_resource::jwt::{JwtStrategy, ValidationConfig};
use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::get;
use axum_jwt_auth::RemoteJwksDecoder;
use huskarl_axum::layers::ValidatorLayer;
use huskarl_axum::resource_server::core::jwk::JwksSource;
use huskarl_axum::resource_server::core::server_metadata::AuthorizationServerMetadata;
use huskarl_axum::resource_server::validator::rfc9068::Rfc9068Validator;
use oauth_resource_server::axum::AuthLayer;
use oauth_resource_server::{KeyNaming, OAuthConfig, OAuthValidator, static_token_policy};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Cached, JwtVerifier, Resolver, ResourceServer, requires_auth};
use serde::Deserialize;
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;

use crate::authorization_server::RESOURCE;
use crate::guarded_handlers::App;

pub const NAMES: [&str; 7] = [
    "requires-auth, cached (aws-lc-rs)",
    "requires-auth, not cached (aws-lc-rs)",
    "oauth-resource-server 0.4.1 (jsonwebtoken 9, ring)",
    "huskarl-axum 0.1.0 (RustCrypto)",
    "tower-oauth2-resource-server 0.12.5 (jsonwebtoken 11, aws-lc-rs)",
    "axum-jwt-auth 0.7.0 (jsonwebtoken 10, rust_crypto)",
    "authkestra-resource 0.13.3 (jsonwebtoken 11, aws-lc-rs)",
];

/// One per crate, in the order of [`NAMES`].
///
/// Two crates that are compared here enable different cryptography of jsonwebtoken 11, which then panics unless
/// one is installed for the process. It is the faster one.
pub async fn all(authorization_server: &AuthorizationServer) -> Vec<App> {
    let installed = jsonwebtoken_11::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    installed.expect("nothing is installed yet");
    let verifier = || {
        let builder = JwtVerifier::from_issuer(authorization_server.issuer());
        builder.build().expect("the settings are right")
    };
    vec![
        ours(authorization_server, Cached::new(verifier())),
        ours(authorization_server, verifier()),
        oauth_resource_server(authorization_server).await,
        huskarl(authorization_server).await,
        tower_oauth2_resource_server(authorization_server).await,
        axum_jwt_auth(authorization_server).await,
        authkestra(authorization_server),
    ]
}

async fn respond() -> &'static str {
    "journal"
}

fn jwks_uri(authorization_server: &AuthorizationServer) -> String {
    format!("{}/jwks", authorization_server.issuer())
}

fn ours(authorization_server: &AuthorizationServer, resolver: impl Resolver) -> App {
    #[requires_auth(scopes = "entries:read entries:write")]
    async fn guarded() -> &'static str {
        "journal"
    }
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(resolver)
        .build();
    let server = server.expect("the settings are right");
    App::new(Router::new().route("/", get(guarded)).with_state(server))
}

async fn oauth_resource_server(authorization_server: &AuthorizationServer) -> App {
    let config = OAuthConfig {
        enabled: true,
        issuer: authorization_server.issuer().to_owned(),
        jwks_uri: Some(jwks_uri(authorization_server)),
        audience: RESOURCE.to_owned(),
        resource: RESOURCE.to_owned(),
        required_scopes: vec!["entries:read".to_owned(), "entries:write".to_owned()],
        ..OAuthConfig::default()
    };
    let settings = config.resolve(KeyNaming::Dotted("oauth")).expect("the settings are right");
    let settings = settings.expect("it is enabled");
    let validator = Arc::new(OAuthValidator::new(&settings).expect("the settings are right"));
    validator.refresh_now().await.expect("the key set is there");
    let decision = static_token_policy(None, Some(&settings), false).expect("OAuth alone");
    let layer = AuthLayer::from_decision(decision, Some(validator)).expect("OAuth alone");
    App::new(Router::new().route("/", get(respond)).route_layer(layer))
}

/// The layer checks no scopes.
async fn huskarl(authorization_server: &AuthorizationServer) -> App {
    let client = huskarl_reqwest::ReqwestClient::builder()
        .mtls(huskarl_reqwest::mtls::NoMtls)
        .build()
        .await
        .expect("a client");
    let metadata = AuthorizationServerMetadata::fetch()
        .http_client(&client)
        .issuer(authorization_server.issuer())
        .call()
        .await
        .expect("the metadata is there");
    let keys = JwksSource::builder().http_client(client).build();
    let validator = Rfc9068Validator::builder_from_metadata(&metadata)
        .audience(RESOURCE)
        .jws_verifier_factory(Arc::new(keys))
        .build()
        .await
        .expect("the key set is there");
    let layer = ValidatorLayer::builder().validator(validator).build();
    App::new(Router::new().route("/", get(respond)).layer(layer.authenticated()))
}

/// The layer checks no scopes.
async fn tower_oauth2_resource_server(authorization_server: &AuthorizationServer) -> App {
    let tenant = TenantConfiguration::builder(authorization_server.issuer())
        .jwks_url(jwks_uri(authorization_server))
        .audiences(&[RESOURCE])
        .build()
        .await
        .expect("the key set is there");
    let server = <OAuth2ResourceServer>::builder().add_tenant(tenant).build().await;
    let server = server.expect("the settings are right");
    App::new(Router::new().route("/", get(respond)).layer(server.into_layer()))
}

/// The claims that the other crates read for the application.
#[derive(Clone, Deserialize)]
#[expect(dead_code, reason = "a handler would read them")]
struct JwtClaims {
    sub: String,
    scope: String,
}

/// The extractor checks no scopes.
async fn axum_jwt_auth(authorization_server: &AuthorizationServer) -> App {
    async fn guarded(_: axum_jwt_auth::Claims<JwtClaims>) -> &'static str {
        "journal"
    }
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[RESOURCE]);
    validation.set_issuer(&[authorization_server.issuer()]);
    let decoder = RemoteJwksDecoder::builder()
        .jwks_url(jwks_uri(authorization_server))
        .validation(validation)
        .build()
        .expect("the settings are right");
    decoder.initialize().await.expect("the key set is there");
    let decoder: axum_jwt_auth::Decoder<JwtClaims> = Arc::new(decoder);
    App::new(Router::new().route("/", get(guarded)).with_state(decoder))
}

/// The crate has no extractor for axum, and checks no scopes. This extractor responds with 401 where it does not
/// identify a caller.
fn authkestra(authorization_server: &AuthorizationServer) -> App {
    type Shared = Arc<Guard<JwtClaims>>;
    struct Caller;
    impl FromRequestParts<Shared> for Caller {
        type Rejection = StatusCode;
        async fn from_request_parts(parts: &mut Parts, guard: &Shared) -> Result<Self, StatusCode> {
            match guard.authenticate(parts).await {
                Ok(Some(_)) => Ok(Self),
                Ok(None) => Err(StatusCode::UNAUTHORIZED),
                Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
            }
        }
    }
    async fn guarded(_: State<Shared>, _: Caller) -> &'static str {
        "journal"
    }
    let config = ValidationConfig::builder()
        .issuer(authorization_server.issuer())
        .audience(RESOURCE)
        .jwks_url(jwks_uri(authorization_server))
        .build();
    let guard: Guard<JwtClaims> = Guard::builder().strategy(JwtStrategy::new(config)).build();
    App::new(Router::new().route("/", get(guarded)).with_state(Arc::new(guard)))
}
