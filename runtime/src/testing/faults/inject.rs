//! Answering a request with a fault.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::body::{Broken, Spaces};
use super::fault::{Action, ActiveAs, Fault};
use crate::testing::connection::ConnectionHandle;

/// Applies a fault. `proper` makes the response that the request gets without it.
pub(crate) async fn inject(
    fault: Fault,
    connection: &ConnectionHandle,
    proper: impl Future<Output = Response>,
) -> Response {
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    match fault.action {
        Action::Delay => proper.await,
        // Until the connection ends.
        Action::Hang => std::future::pending().await,
        Action::Respond { status, headers, body } => (status, headers, body).into_response(),
        Action::Drip(interval) => json_response(Spaces::dripping(interval)),
        Action::Endless => json_response(Spaces::endless()),
        Action::Truncate => truncate(proper.await).await,
        // The connection fails when it writes the response, so none of it is sent.
        Action::Close => {
            connection.close();
            StatusCode::OK.into_response()
        }
        Action::Reset => {
            connection.reset();
            StatusCode::OK.into_response()
        }
        Action::Active(how) => replace_active(how, proper.await).await,
    }
}

async fn truncate(proper: Response) -> Response {
    let (mut head, body) = proper.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    let full_length = HeaderValue::from(body.len().max(1));
    head.headers.insert(header::CONTENT_LENGTH, full_length);
    Response::from_parts(head, Broken::after(half))
}

async fn replace_active(how: ActiveAs, proper: Response) -> Response {
    let (mut head, body) = proper.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut claims) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return Response::from_parts(head, body.into());
    };
    let active = match how {
        ActiveAs::Text => Some(json!("true")),
        ActiveAs::Number => Some(json!(1)),
        ActiveAs::Null => Some(Value::Null),
        ActiveAs::Absent => None,
        ActiveAs::Repeated => claims.get("active").cloned(),
    };
    claims.remove("active");
    claims.extend(active.map(|active| ("active".to_owned(), active)));
    let mut text = Value::Object(claims).to_string();
    if how == ActiveAs::Repeated {
        text = text.replacen('{', r#"{"active":false,"#, 1);
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Bytes::from(text).into())
}

fn json_response(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
