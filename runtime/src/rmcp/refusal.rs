//! Answers to requests that are not refused for their token.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::envelope::Ambiguous;

pub(super) fn ambiguous(problem: Ambiguous) -> Response<Full<Bytes>> {
    plain(StatusCode::BAD_REQUEST, &problem.to_string())
}

pub(super) fn repeated_header() -> Response<Full<Bytes>> {
    plain(StatusCode::BAD_REQUEST, "a header of the Model Context Protocol is there twice")
}

pub(super) fn too_large() -> Response<Full<Bytes>> {
    plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than this server accepts")
}

/// As the SDK answers for a session that does not exist: a client then starts another one.
pub(super) fn unknown_session() -> Response<Full<Bytes>> {
    plain(StatusCode::NOT_FOUND, "there is no such session")
}

/// An error of JSON-RPC for a request whose id has not been read.
pub(super) fn plain(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    const INVALID_REQUEST: i32 = -32600;
    let body = json!({
        "jsonrpc": "2.0",
        "id": Value::Null,
        "error": { "code": INVALID_REQUEST, "message": message },
    });
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
