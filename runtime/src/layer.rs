//! A tower layer that authenticates every request to a service, such as a whole router.

mod future;
mod service;

use std::sync::Arc;

use tower_layer::Layer;

pub use future::AuthFuture;
pub use service::AuthService;

use crate::policy::Requirement;
use crate::{Condition, ResourceServer};

/// Authenticates every request before the service behind it; made by [`ResourceServer::layer`].
///
/// A request without a valid token is answered as by the guard of a function. For the others, the
/// caller is in the request's extensions as an [`AuthInfo`](crate::AuthInfo), and `#[requires_auth]` and
/// `AuthInfo` arguments behind the layer reuse what was resolved.
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
/// /// Requires `entries:read` of the layer and `entries:write`.
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
/// With `layer` instead of axum's `route_layer` a path that does not exist is answered 401 too.
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
/// A handler that nobody has annotated is answered 500: see [`deny_unguarded`](Self::deny_unguarded).
///
/// The body of a rejection is made from a `&'static str`, as that of axum is. The type of the response
/// body does not change.
#[derive(Debug, Clone)]
#[must_use = "a layer authenticates nothing until a service is behind it"]
pub struct AuthLayer {
    settings: Settings,
}

#[derive(Debug, Clone)]
struct Settings {
    server: ResourceServer,
    requirement: Requirement,
    optional: bool,
    deny_unguarded: bool,
}

impl ResourceServer {
    /// A tower layer that authenticates every request to the service behind it.
    pub fn layer(&self) -> AuthLayer {
        AuthLayer {
            settings: Settings {
                server: self.clone(),
                requirement: Condition::NONE.into(),
                optional: false,
                deny_unguarded: false,
            },
        }
    }
}

impl AuthLayer {
    /// The condition that every caller has to satisfy. Default: [`Condition::NONE`], any valid token.
    /// The challenge of a handler behind the layer names the scopes of both.
    pub fn require(mut self, condition: Condition) -> Self {
        self.settings.requirement = condition.into();
        self
    }

    /// Lets requests without a token through; a token that is present must still be valid and satisfy
    /// the condition. Default: a token is required.
    pub fn optional(mut self) -> Self {
        self.settings.optional = true;
        self
    }

    /// Answers 500 in place of what was not guarded: the response of a handler behind the layer that has
    /// neither `#[requires_auth]` nor an `AuthInfo` argument and that does not call
    /// [`ResourceServer::authorize`]. The log says which path it was. Default: the layer alone decides.
    ///
    /// The handler has run by then: nothing of its response leaves the server, but what it did is done. A
    /// test that calls each route once finds every such handler. Put layers that answer by themselves,
    /// such as limits and timeouts, in front of this one.
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
