//! The head of a gRPC request.

use std::sync::LazyLock;

use http::{Method, Uri};
use tonic::Request;

use crate::RequestHead;

/// tonic keeps the URI from a service.
static UNKNOWN: LazyLock<Uri> = LazyLock::new(Uri::default);

/// The metadata are the headers; the method is POST, as of each gRPC request, and the path `/`, since tonic does not pass on
/// the URI.
impl<'a, T> From<&'a Request<T>> for RequestHead<'a> {
    fn from(request: &'a Request<T>) -> Self {
        Self::shared(&Method::POST, &UNKNOWN, request.metadata().as_ref(), request.extensions())
    }
}
