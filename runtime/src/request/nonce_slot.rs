//! Where a guard puts the nonce that the response to its request provides (RFC 9449 §8.2).

use std::sync::{Arc, OnceLock};

use http::header::CACHE_CONTROL;
use http::{Extensions, HeaderMap, HeaderValue};

use super::RequestState;
use crate::ResourceServer;
use crate::rejection::DPOP_NONCE;

/// A place for one nonce. A layer opens it before its request is authenticated, and writes what a guard has put there
/// into the response: a guard sees no response.
#[derive(Debug, Clone, Default)]
pub(crate) struct NonceSlot(Arc<OnceLock<HeaderValue>>);

impl NonceSlot {
    /// `None` if the server requires no nonces, and if another layer has opened a place.
    pub(crate) fn open(server: &ResourceServer, extensions: &mut Extensions) -> Option<Self> {
        if !server.requires_nonces() {
            return None;
        }
        let state = extensions.get_or_insert_default::<RequestState>();
        if state.nonce_slot.is_some() {
            return None;
        }
        Some(state.nonce_slot.insert(Self::default()).clone())
    }

    /// Puts a nonce there, unless there is one.
    #[cfg(feature = "dpop")]
    pub(super) fn put(&self, nonce: HeaderValue) {
        let _: Result<(), HeaderValue> = self.0.set(nonce);
    }

    /// Writes the nonce into the head of a response, which must not be cached then: a stored response would provide a
    /// nonce that has ended (RFC 9449 §8.2). A rejection has its own.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        if let Some(nonce) = self.0.get()
            && !headers.contains_key(DPOP_NONCE)
        {
            headers.insert(DPOP_NONCE, nonce.clone());
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}
