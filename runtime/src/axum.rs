//! Guards in axum handlers.
//!
//! A handler with `#[requires_auth]` finds the [`ResourceServer`](crate::ResourceServer) in the
//! router's state: it is the state itself, or the state derives `FromRef` with it as a field. The
//! guard is the first extractor, so it answers before anything else of the request is read.
//!
//! A browser shows a script `WWW-Authenticate` only if CORS exposes it; with `tower-http` that is
//! `CorsLayer::new().expose_headers([http::header::WWW_AUTHENTICATE])`.
//!
//! [`ServerState`] is the bound on the router's state.

mod extract;
#[cfg(feature = "rmcp")]
mod mcp;
mod respond;
mod routes;
mod state;

pub use state::ServerState;
