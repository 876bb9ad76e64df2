//! A tower layer that authenticates every request to a service, such as a whole router.

mod authentication;
#[cfg(feature = "dpop")]
mod dpop_nonce;
mod future;
mod service;

use std::sync::Arc;

use tower_layer::Layer;

#[cfg(feature = "rmcp")]
pub(crate) use authentication::{Authentication, Step};
pub(crate) use authentication::{AuthenticationSettings, Challenged};
#[cfg(feature = "dpop")]
pub use dpop_nonce::{DpopNonceFuture, DpopNonceLayer, DpopNonceService};
pub use future::AuthFuture;
pub use service::AuthService;

use crate::policy::Requirement;
use crate::{Condition, ResourceServer};

/// Authenticates every request before the inner service gets it. [`ResourceServer::layer`] creates it.
///
/// A request without a valid token, or without the scopes, is answered with the same
/// [`Rejection`](crate::Rejection) as by the guard of a function. The inner service gets the other requests, with
/// the caller in their extensions as an [`AuthInfo`](crate::AuthInfo). `#[requires_auth]` and `AuthInfo` arguments
/// behind the layer do not resolve the token again.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::routing::{delete, get};
/// use axum::{Extension, Router};
/// use requires_auth::{AuthInfo, Condition, ResourceServer, requires_auth};
///
/// async fn list(Extension(auth): Extension<AuthInfo>) -> String {
///     format!("the entries of {:?}", auth.subject())
/// }
///
/// // Requires `entries:read`, because of the layer, and `entries:write`.
/// #[requires_auth(scopes = "entries:write")]
/// async fn remove(auth: AuthInfo) -> String {
///     format!("removed by {:?}", auth.subject())
/// }
///
/// # fn app(server: ResourceServer) -> Router {
/// Router::new()
///     .route("/entries", get(list))
///     .route("/entries/{id}", delete(remove))
///     .route_layer(server.layer().require(Condition::Scope("entries:read")))
///     .merge(server.metadata_routes())
///     .with_state(server)
/// # }
/// # }
/// ```
///
/// With `layer` instead of the `route_layer` of axum, the layer also answers for paths that do not exist: 401
/// instead of 404.
///
/// # Deny by default
///
/// ```
/// # #[cfg(feature = "axum")]
/// # fn app(router: axum::Router<requires_auth::ResourceServer>, server: requires_auth::ResourceServer) {
/// let app = router.route_layer(server.layer().optional().deny_unguarded()).with_state(server);
/// # let _: axum::Router = app;
/// # }
/// ```
///
/// A request to a handler without a guard is answered 500: see [`deny_unguarded`](Self::deny_unguarded).
///
/// # Other frameworks
///
/// The layer is for every service on the `http` crate whose response body implements `From<&'static str>`. It
/// does not change the type of the response body.
#[derive(Debug, Clone)]
#[must_use = "a layer authenticates nothing until a service is behind it"]
pub struct AuthLayer {
    settings: Settings,
}

#[derive(Debug, Clone)]
struct Settings {
    authentication: AuthenticationSettings,
    /// What the scopes of the caller must meet, each of them. Never empty: also [`Condition::NONE`] is decided,
    /// since not every stale claim meets it.
    requirements: Vec<Requirement>,
    deny_unguarded: bool,
}

impl ResourceServer {
    /// A tower layer that authenticates every request to a service, such as a whole router. Default: any valid
    /// token is required.
    pub fn layer(&self) -> AuthLayer {
        AuthLayer {
            settings: Settings {
                authentication: AuthenticationSettings {
                    server: self.clone(),
                    challenged: Challenged::Requirement(Condition::NONE.into()),
                    optional: false,
                },
                requirements: vec![Condition::NONE.into()],
                deny_unguarded: false,
            },
        }
    }
}

impl AuthLayer {
    /// What every caller must meet: a [`Condition`] on the scopes, or a [`Requirement`], which can also require a bound
    /// token, a login, or authorization details. Default: [`Condition::NONE`], any valid token.
    ///
    /// After several calls each of them must be met, in their order. The challenge for a request without a token names
    /// the scopes of all, and the login of the first one that requires one. The challenge of a guard behind the layer
    /// names the scopes of the layer and of the guard.
    pub fn require(mut self, requirement: impl Into<Requirement>) -> Self {
        let requirements = &mut self.settings.requirements;
        requirements.retain(|it| !it.is_any_token());
        requirements.push(requirement.into());
        self.settings.authentication.challenged = Challenged::of(requirements);
        self
    }

    /// Accepts requests without a token. A token that is present must be valid and its scopes must meet the
    /// condition. Default: a token is required.
    pub fn optional(mut self) -> Self {
        self.settings.authentication.optional = true;
        self
    }

    /// Answers 500 for a handler behind the layer that has no guard: one that has neither `#[requires_auth]` nor
    /// an `AuthInfo` argument, and does not call [`ResourceServer::authorize`]. The log has the method and the
    /// path. Default: handlers without a guard are allowed.
    ///
    /// The 500 replaces the response of the handler, after the handler has run: its side effects remain. A test
    /// that calls each route once finds every such handler. Layers that answer by themselves, such as limits
    /// and timeouts, must be in front of this one.
    pub fn deny_unguarded(mut self) -> Self {
        self.settings.deny_unguarded = true;
        self
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService::new(inner, Arc::new(self.settings.clone()))
    }
}
