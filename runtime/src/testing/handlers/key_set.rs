//! The key set (RFC 7517 §5).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract;
use axum::http::{HeaderName, header};

use crate::testing::state::State;

pub(crate) async fn key_set(
    extract::State(state): extract::State<Arc<State>>,
) -> ([(HeaderName, &'static str); 1], Bytes) {
    // RFC 7517 §8.5.2
    ([(header::CONTENT_TYPE, "application/jwk-set+json")], state.keys.key_set())
}
