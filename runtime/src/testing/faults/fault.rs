//! A fault, as a test describes it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::gzip;
use crate::testing::endpoint::Endpoint;

/// What the server does instead of sending the proper response; for
/// [`AuthorizationServer::fault`](crate::testing::AuthorizationServer::fault).
///
/// | constructor | effect |
/// |---|---|
/// | [`delay`](Self::delay), [`hang`](Self::hang) | the response is late, or never sent |
/// | [`status`](Self::status), [`redirect`](Self::redirect) | another status |
/// | [`body`](Self::body), [`json`](Self::json), [`html`](Self::html) | another body |
/// | [`huge_body`](Self::huge_body), [`endless_body`](Self::endless_body), [`drip`](Self::drip), [`gzip_bomb`](Self::gzip_bomb) | a body that is too long, endless, slow, or long once decompressed |
/// | [`truncated`](Self::truncated), [`close`](Self::close), [`reset`](Self::reset) | the connection ends within the response or before it |
/// | [`active`](Self::active) | the proper response with another `active` member |
///
/// The others refine these: [`at`](Self::at) chooses another endpoint than introspection,
/// [`for_tokens`](Self::for_tokens) some of the requests, and [`after`](Self::after) adds a delay.
///
/// ```
/// use std::time::Duration;
/// use requires_auth::testing::{AuthorizationServer, Endpoint, Fault};
///
/// # async fn example() -> std::io::Result<()> {
/// let server = AuthorizationServer::start().await?;
/// server.fault_once(Fault::status(503).header("retry-after", "7"));
/// server.fault_times(2, Fault::reset());
/// server.fault(Fault::hang().at(Endpoint::Metadata));
/// server.clear_faults();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a fault applies only once it is passed to the server"]
pub struct Fault {
    pub(crate) endpoint: Endpoint,
    pub(crate) delay: Duration,
    pub(crate) action: Action,
    tokens: Option<TokenFilter>,
}

type TokenFilter = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The `active` member of an introspection response; for [`Fault::active`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActiveAs {
    /// `"active": "true"`
    Text,
    /// `"active": 1`
    Number,
    /// `"active": null`
    Null,
    /// There is no `active`.
    Absent,
    /// `"active": false` before the proper one.
    Repeated,
}

#[derive(Clone)]
pub(crate) enum Action {
    /// The proper response follows [`Fault::delay`].
    Delay,
    Hang,
    Respond {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    Drip(Duration),
    Endless,
    Truncate,
    Close,
    Reset,
    Active(ActiveAs),
}

impl Fault {
    fn new(action: Action) -> Self {
        Self { endpoint: Endpoint::Introspection, delay: Duration::ZERO, action, tokens: None }
    }

    /// Sends the proper response after this delay.
    pub fn delay(delay: Duration) -> Self {
        Self::new(Action::Delay).after(delay)
    }

    /// Never responds, and keeps the connection open.
    pub fn hang() -> Self {
        Self::new(Action::Hang)
    }

    /// Responds with this status and no body. A number outside 100–999 counts as 500.
    pub fn status(status: u16) -> Self {
        Self::new(Action::Respond {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        })
    }

    /// Responds with 302 and a `Location`.
    pub fn redirect(url: impl AsRef<str>) -> Self {
        Self::status(302).header("location", url)
    }

    /// Responds with 200, this content type and these bytes, such as malformed JSON.
    pub fn body(content_type: impl AsRef<str>, body: impl Into<Bytes>) -> Self {
        Self::status(200).with_body(content_type, body)
    }

    /// Responds with 200 and a JSON document.
    pub fn json(document: impl Into<Value>) -> Self {
        Self::body("application/json", document.into().to_string())
    }

    /// Responds with 200 and an HTML page, as a proxy or a captive portal does.
    pub fn html() -> Self {
        Self::body(
            "text/html; charset=utf-8",
            "<!DOCTYPE html><title>Welcome</title><h1>It works!</h1>",
        )
    }

    /// Responds with 200 and a JSON document of this many bytes that has `"active": true`.
    pub fn huge_body(bytes: usize) -> Self {
        let mut body = br#"{"active":true,"padding":""#.to_vec();
        body.resize(bytes.max(body.len() + 2) - 2, b'x');
        body.extend_from_slice(b"\"}");
        Self::body("application/json", body)
    }

    /// Responds with 200 and the beginning of a JSON document, followed by spaces without end, as fast as
    /// the client reads them.
    pub fn endless_body() -> Self {
        Self::new(Action::Endless)
    }

    /// Responds with 200 and the beginning of a JSON document, followed by a space every `interval`
    /// without end. The shortest interval is 1 ms.
    pub fn drip(interval: Duration) -> Self {
        Self::new(Action::Drip(interval))
    }

    /// Responds with 200 and `Content-Encoding: gzip`, whatever the client accepts. The body decompresses
    /// to this many spaces followed by a JSON document that has `"active": true`; about a thousandth of
    /// that length is sent.
    pub fn gzip_bomb(bytes: usize) -> Self {
        // Compressing into memory does not fail.
        let body = gzip::bomb(bytes, br#"{"active":true}"#).unwrap_or_default();
        Self::body("application/json", body).header("content-encoding", "gzip")
    }

    /// Sends the head of the proper response and half of its body, and closes the connection.
    pub fn truncated() -> Self {
        Self::new(Action::Truncate)
    }

    /// Closes the connection (TCP FIN) without sending a byte.
    pub fn close() -> Self {
        Self::new(Action::Close)
    }

    /// Resets the connection (TCP RST) without sending a byte.
    pub fn reset() -> Self {
        Self::new(Action::Reset)
    }

    /// Sends the proper response with another `active` member.
    pub fn active(how: ActiveAs) -> Self {
        Self::new(Action::Active(how))
    }

    /// Adds a header, such as `Retry-After`. It has no effect on a fault that does not replace the whole
    /// response, nor if the name or the value is malformed. Default: none.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        if let Action::Respond { headers, .. } = &mut self.action
            && let Ok(name) = name.as_ref().parse::<HeaderName>()
            && let Ok(value) = HeaderValue::from_str(value.as_ref())
        {
            headers.append(name, value);
        }
        self
    }

    /// Adds a body to a [`status`](Self::status). It has no effect on a fault that does not replace the
    /// whole response. Default: no body.
    pub fn with_body(mut self, content_type: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        if let Action::Respond { headers, body, .. } = &mut self.action {
            *body = bytes.into();
            if let Ok(value) = HeaderValue::from_str(content_type.as_ref()) {
                headers.insert(header::CONTENT_TYPE, value);
            }
        }
        self
    }

    /// Waits for this time before anything else. Default: zero.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Restricts the fault to requests about some tokens: those with a parameter `token` for which
    /// `filter` returns true. Default: all requests.
    ///
    /// [`AuthorizationServer::fault`](crate::testing::AuthorizationServer::fault) adds such a fault to
    /// the others and replaces none. The first that applies to a request is injected.
    ///
    /// ```
    /// use requires_auth::testing::{AuthorizationServer, Fault};
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let server = AuthorizationServer::start().await?;
    /// server.fault(Fault::status(500).for_tokens(|token| token.starts_with("eyJ")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_tokens(mut self, filter: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.tokens = Some(Arc::new(filter));
        self
    }

    /// The endpoint whose requests get the fault. Default: introspection.
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    pub(crate) fn is_for_some_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    pub(crate) fn applies_to(&self, endpoint: Endpoint, token: Option<&str>) -> bool {
        let accepts = |filter: &TokenFilter| token.is_some_and(|token| filter(token));
        self.endpoint == endpoint && self.tokens.as_ref().is_none_or(accepts)
    }
}

/// Omits header values and bodies, which may hold secrets of a test.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            Action::Delay => "delay",
            Action::Hang => "hang",
            Action::Respond { .. } => "response",
            Action::Drip(_) => "drip",
            Action::Endless => "endless_body",
            Action::Truncate => "truncated",
            Action::Close => "close",
            Action::Reset => "reset",
            Action::Active(_) => "active",
        };
        f.debug_struct("Fault")
            .field("endpoint", &self.endpoint)
            .field("delay", &self.delay)
            .field("action", &action)
            .finish_non_exhaustive()
    }
}
