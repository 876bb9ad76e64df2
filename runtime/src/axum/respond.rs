//! Rejections as responses.

use ::axum::response::{IntoResponse, Response};

use crate::Rejection;

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.to_response()
    }
}
