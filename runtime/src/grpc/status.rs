//! A rejection as a status, with the challenge in its metadata.

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::Rejection;

/// By which a client with a retry policy learns when to retry, in milliseconds (gRPC proposal A6).
const RETRY_PUSHBACK: &str = "grpc-retry-pushback-ms";

/// What `?` makes of a rejection in a method that returns a `Result<_, Status>`.
///
/// | rejection | code |
/// |---|---|
/// | 400 | `INVALID_ARGUMENT` |
/// | 401 | `UNAUTHENTICATED` |
/// | 403 | `PERMISSION_DENIED` |
/// | 503 | `UNAVAILABLE` |
/// | 500 | `INTERNAL` |
///
/// The message is the text for developers. The metadata has the challenges in `www-authenticate`, as the header of the same
/// name over HTTP (RFC 6750 §3). For a 503 it has `retry-after`, in seconds, and `grpc-retry-pushback-ms`.
impl From<Rejection> for Status {
    fn from(rejection: Rejection) -> Self {
        let code = match rejection.status() {
            StatusCode::BAD_REQUEST => Code::InvalidArgument,
            StatusCode::UNAUTHORIZED => Code::Unauthenticated,
            StatusCode::FORBIDDEN => Code::PermissionDenied,
            StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
            _ => Code::Internal,
        };
        let mut metadata = HeaderMap::new();
        for challenge in rejection.challenges() {
            metadata.append(WWW_AUTHENTICATE, challenge.clone());
        }
        if let Some(delay) = rejection.retry_after() {
            metadata.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs()));
            metadata
                .insert(RETRY_PUSHBACK, HeaderValue::from(delay.as_secs().saturating_mul(1000)));
        }
        let metadata = MetadataMap::from_headers(metadata);
        Self::with_metadata(code, rejection.to_string(), metadata)
    }
}
