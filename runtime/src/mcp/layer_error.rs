//! Why the layer does not pass a request on, and how it answers then.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::jsonrpc::MessageError;
use crate::Rejection;

/// Why a request does not reach the SDK's service.
#[derive(Debug, thiserror::Error)]
pub(super) enum LayerError {
    /// Because of its token.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    InvalidMessage(#[from] MessageError),
    #[error("a header of the Model Context Protocol is there twice")]
    RepeatedHeader,
    #[error("the body is larger than this server accepts")]
    BodyTooLarge,
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// The client has closed the connection, or breaks the protocol of HTTP.
    #[error("the body could not be read")]
    BodyUnreadable,
    /// The SDK's answer for a session that does not exist, after which a client begins another one.
    #[error("there is no such session")]
    SessionNotFound,
    /// There is no such event in a stream that this caller has begun and may still read.
    #[error("there is no such event to resume a stream from")]
    EventNotFound,
}

impl LayerError {
    pub(super) fn to_response(&self) -> Response<Full<Bytes>> {
        let status = match self {
            Self::Rejected(rejection) => return rejection.to_response(),
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::SessionNotFound | Self::EventNotFound => StatusCode::NOT_FOUND,
            Self::InvalidMessage(_) | Self::RepeatedHeader | Self::BodyUnreadable => {
                StatusCode::BAD_REQUEST
            }
        };
        // The id of the request has not been read.
        let body = json!({
            "jsonrpc": "2.0",
            "id": Value::Null,
            "error": { "code": INVALID_REQUEST, "message": self.to_string() },
        });
        let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// JSON-RPC 2.0 §5.1.
const INVALID_REQUEST: i32 = -32600;
