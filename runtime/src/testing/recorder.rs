//! What clients sent.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use url::form_urlencoded;

use super::endpoint::Endpoint;

/// A request that the server received, whether or not a fault answered it.
///
/// It holds what the client sent, tokens and secrets included, so that a test can check them; its
/// `Debug` output shows neither header values nor the body.
#[derive(Clone)]
pub struct RecordedRequest {
    pub(super) endpoint: Option<Endpoint>,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl RecordedRequest {
    /// The part of the server that it was for; `None` where there is nothing.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint
    }

    /// `GET`, `POST`, …
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query, without the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of a header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, byte for byte, up to 64 KiB.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as a form: names and values, decoded, in their order.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The first value of a parameter in the form.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.body)
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.into_owned())
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.uri.path())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Keeps the newest requests.
#[derive(Default)]
pub(super) struct Recorder(Mutex<Record>);

#[derive(Default)]
struct Record {
    introspections: usize,
    requests: VecDeque<RecordedRequest>,
}

/// So that a demonstration can run for days.
const KEPT: usize = 1000;

impl Recorder {
    pub(super) fn add(&self, request: RecordedRequest) {
        let mut record = self.record();
        if request.endpoint == Some(Endpoint::Introspection) {
            record.introspections += 1;
        }
        if record.requests.len() == KEPT {
            record.requests.pop_front();
        }
        record.requests.push_back(request);
    }

    pub(super) fn introspections(&self) -> usize {
        self.record().introspections
    }

    pub(super) fn requests(&self, endpoint: Endpoint) -> Vec<RecordedRequest> {
        let record = self.record();
        let of_endpoint = |request: &&RecordedRequest| request.endpoint == Some(endpoint);
        record.requests.iter().filter(of_endpoint).cloned().collect()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
