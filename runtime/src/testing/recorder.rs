//! The requests that arrived.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use url::form_urlencoded;

use super::endpoint::Endpoint;

/// A request that arrived at an authorization server, with or without a fault.
///
/// It has everything that the client sent, so that a test can check tokens and secrets. Its `Debug`
/// output omits header values and the body.
#[derive(Clone)]
pub struct RecordedRequest {
    pub(super) endpoint: Option<Endpoint>,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl RecordedRequest {
    /// The endpoint of its path, or `None` if the path has none.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint
    }

    /// The method, such as `POST`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query, without the `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of a header, if it is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The names and values of the form in the body, decoded, in their order.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The first value of a parameter of the form in the body.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.body)
            .find(|(other, _)| other == name)
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

/// Keeps the last requests.
#[derive(Default)]
pub(super) struct Recorder(Mutex<Record>);

#[derive(Default)]
struct Record {
    /// The number of all requests per endpoint, also of those that are not kept any more.
    counts: HashMap<Endpoint, usize>,
    requests: VecDeque<RecordedRequest>,
}

/// The number of requests that are kept, so that the memory of a long demonstration is bounded.
const MAX_REQUESTS: usize = 1000;

impl Recorder {
    pub(super) fn add(&self, request: RecordedRequest) {
        let mut record = self.record();
        if let Some(endpoint) = request.endpoint {
            *record.counts.entry(endpoint).or_default() += 1;
        }
        if record.requests.len() == MAX_REQUESTS {
            record.requests.pop_front();
        }
        record.requests.push_back(request);
    }

    pub(super) fn count(&self, endpoint: Endpoint) -> usize {
        self.record().counts.get(&endpoint).copied().unwrap_or_default()
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
