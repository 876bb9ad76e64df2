//! The integration of axum: extractors, responses and routes.
//!
//! A guarded handler takes the [`ResourceServer`](crate::ResourceServer) from the router's state, which implements
//! [`ServerState`]: it is the `ResourceServer` itself, or derives `FromRef` with it as a field. The guard is the first
//! extractor, so that it decides before the others run.
//!
//! A script in a browser can read `WWW-Authenticate` only if CORS exposes it; with `tower-http` that is
//! `CorsLayer::new().expose_headers([http::header::WWW_AUTHENTICATE])`.

mod conditional;
mod extract;
mod host_router;
#[cfg(feature = "rmcp")]
mod mcp;
mod respond;
mod routes;
mod state;

pub use host_router::HostRouter;
pub use state::ServerState;
