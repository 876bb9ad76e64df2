//! The routes of the protected resource metadata.

use ::axum::Router;
use ::axum::routing::get;
use http::Method;
use http::header::CONTENT_TYPE;
use tower_http::cors::{Any, CorsLayer};

use crate::{ProtectedResourceMetadata, ResourceServer};

impl ResourceServer {
    /// A router that serves the protected resource metadata (RFC 9728 §3) at its well-known path, without a token
    /// and for scripts of every origin. Merge it into the router of the host in the resource identifier:
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
    /// The path is `/.well-known/oauth-protected-resource`, followed by the path of the resource identifier (RFC 9728
    /// §3.1). [`metadata_url`](Self::metadata_url) returns the whole URL.
    pub fn metadata_routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        routes(self.metadata_path(), self.metadata())
    }
}

pub(super) fn routes<S: Clone + Send + Sync + 'static>(
    path: &str,
    metadata: &ProtectedResourceMetadata,
) -> Router<S> {
    // The document does not change, so it is serialized once.
    let document = serde_json::to_string(metadata).unwrap_or_default();
    let answer = move || async move { ([(CONTENT_TYPE, "application/json")], document) };
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::OPTIONS])
        .allow_headers(Any);
    Router::new().route(path, get(answer).layer(cors))
}
