//! The head of a gRPC request.

use tonic::Request;

use crate::RequestHead;

/// The metadata are the headers. tonic does not pass on the URI, so a DPoP proof is rejected: put a
/// [layer](crate::ResourceServer::layer) in front of the service, which has the whole request.
impl<'a, T> From<&'a Request<T>> for RequestHead<'a> {
    fn from(request: &'a Request<T>) -> Self {
        Self::without_target(request.metadata().as_ref(), request.extensions())
    }
}
