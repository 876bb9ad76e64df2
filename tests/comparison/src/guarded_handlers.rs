//! A handler behind the guard of each crate, configured as its documentation shows.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, StatusCode};
use axum::routing::{RouterIntoService, get};
use camel_api::SsrfPolicy;
use camel_auth::{
    CachingTokenIntrospector, IntrospectionCacheOptions, TokenIntrospector, extract_bearer_token,
};
use requires_auth::{Cached, Introspection, ResourceServer, requires_auth};
use tower_service::Service;
use zitadel::axum::introspection::{IntrospectedUser, IntrospectionStateBuilder};
use zitadel::oidc::introspection::cache::in_memory::InMemoryIntrospectionCache;

use crate::authorization_server::{AuthorizationServer, RESOURCE};

pub const NAMES: [&str; 3] = [
    "requires-auth (quick_cache 0.7.0, reqwest 0.13)",
    "zitadel 5.7.7 (moka 0.12.16, reqwest 0.12)",
    "camel-auth 0.64.0 (RwLock<HashMap>, reqwest 0.13)",
];

#[derive(Clone)]
pub struct App(RouterIntoService<Body>);

impl App {
    pub fn new(router: Router) -> Self {
        Self(router.into_service())
    }

    pub fn unguarded() -> Self {
        Self::new(Router::new().route("/", get(unguarded)))
    }

    /// One per crate, in the order of [`NAMES`].
    pub async fn all(authorization_server: &AuthorizationServer) -> Vec<Self> {
        vec![
            ours(authorization_server),
            zitadel(authorization_server).await,
            camel(authorization_server).await,
        ]
    }

    pub async fn send(&mut self, token: &str) -> StatusCode {
        let mut request = Request::new(Body::empty());
        let credentials = HeaderValue::try_from(format!("Bearer {token}")).expect("a header");
        request.headers_mut().insert(AUTHORIZATION, credentials);
        let response: Result<_, Infallible> = self.0.call(request).await;
        response.unwrap_or_else(|never| match never {}).status()
    }
}

async fn unguarded() -> &'static str {
    "journal"
}

fn ours(authorization_server: &AuthorizationServer) -> App {
    #[requires_auth(scopes = "entries:read entries:write")]
    async fn guarded() -> &'static str {
        "journal"
    }
    let endpoint = format!("{}/introspect", authorization_server.issuer);
    let client = Introspection::builder(&endpoint).client_secret_basic("journal", "secret").build();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(&authorization_server.issuer)
        .resolver(Cached::new(client.expect("the settings are right")))
        .build();
    let server = server.expect("the settings are right");
    App::new(Router::new().route("/", get(guarded)).with_state(server))
}

/// The crate checks neither audience nor scopes; for a cached token it checks `exp` alone.
async fn zitadel(authorization_server: &AuthorizationServer) -> App {
    async fn guarded(_: IntrospectedUser) -> &'static str {
        "journal"
    }
    let state = IntrospectionStateBuilder::new(&authorization_server.issuer)
        .with_basic_auth("journal", "secret")
        .with_introspection_cache(InMemoryIntrospectionCache::new())
        .build()
        .await;
    let state = state.expect("the settings are right");
    App::new(Router::new().route("/", get(guarded)).with_state(state))
}

/// The crate has no extractor for axum. This one takes the token from the header, introspects it, and checks
/// `active` and the scopes. It does not check the audience.
async fn camel(authorization_server: &AuthorizationServer) -> App {
    #[derive(Clone)]
    struct State(Arc<CachingTokenIntrospector>);
    struct Caller;
    impl<S: Send + Sync> FromRequestParts<S> for Caller
    where
        State: FromRef<S>,
    {
        type Rejection = StatusCode;
        async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
            let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
            let token = extract_bearer_token(header.unwrap_or_default()).ok().flatten();
            let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
            let response = State::from_ref(state).0.introspect(&token).await;
            let found = response.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
            let scopes = found.scope.as_deref().unwrap_or_default();
            let has = |scope: &str| scopes.split(' ').any(|granted| granted == scope);
            if !found.active {
                return Err(StatusCode::UNAUTHORIZED);
            }
            let sufficient = has("entries:read") && has("entries:write");
            if sufficient { Ok(Self) } else { Err(StatusCode::FORBIDDEN) }
        }
    }
    async fn guarded(_: Caller) -> &'static str {
        "journal"
    }
    let introspector = CachingTokenIntrospector::new(
        format!("{}/introspect", authorization_server.issuer),
        "journal".to_owned(),
        "secret".to_owned(),
        IntrospectionCacheOptions::default(),
        SsrfPolicy::AllowInternal,
    );
    let state = State(Arc::new(introspector.await.expect("the settings are right")));
    App::new(Router::new().route("/", get(guarded)).with_state(state))
}
