//! The metadata routes.

use ::axum::Router;
use ::axum::routing::get;
use http::Method;
use http::header::CONTENT_TYPE;
use tower_http::cors::{Any, CorsLayer};

use crate::{ProtectedResourceMetadata, ResourceServer};

impl ResourceServer {
    /// Serves the protected resource metadata (RFC 9728 §3) at its well-known path, open to
    /// scripts of every origin. Merge it into the router of the host that the resource identifier
    /// names:
    ///
    /// ```
    /// # async fn serve(server: requires_auth::ResourceServer) {
    /// let app = axum::Router::new()
    ///     .route("/healthz", axum::routing::get(|| async { "ok" }))
    ///     .merge(server.metadata_routes())
    ///     .with_state(server);
    /// # let _: axum::Router = app;
    /// # }
    /// ```
    ///
    /// The path is the path-inserted one; for a resource identifier without a path that is the
    /// root one, `/.well-known/oauth-protected-resource`.
    pub fn metadata_routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        routes(self.metadata_path(), self.metadata())
    }
}

pub(super) fn routes<S: Clone + Send + Sync + 'static>(
    path: &str,
    metadata: &ProtectedResourceMetadata,
) -> Router<S> {
    // The document is fixed, so it is written once.
    let document = serde_json::to_string(metadata).unwrap_or_default();
    let answer = move || async move { ([(CONTENT_TYPE, "application/json")], document) };
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::OPTIONS])
        .allow_headers(Any);
    Router::new().route(path, get(answer).layer(cors))
}
