//! Faults on demand: what they are, and which of them comes next.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::gzip;
use crate::testing::endpoint::Endpoint;

/// Something that the server does instead of answering properly; for
/// [`AuthorizationServer::fault`](crate::testing::AuthorizationServer::fault).
///
/// A fault belongs to the introspection endpoint unless [`at`](Self::at) says otherwise.
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
#[must_use = "a fault happens only once the server is told of it"]
pub struct Fault {
    pub(crate) endpoint: Endpoint,
    pub(crate) delay: Duration,
    pub(crate) action: Action,
    tokens: Option<Tokens>,
}

type Tokens = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// How an introspection answer misstates `active`; for [`Fault::active`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActiveAs {
    /// `"active": "true"`
    Text,
    /// `"active": 1`
    Number,
    /// `"active": null`
    Null,
    /// No `active` at all.
    Absent,
    /// `"active": false` in front of the proper one.
    Repeated,
}

#[derive(Clone)]
pub(crate) enum Action {
    /// Only the delay: the proper answer follows.
    Nothing,
    Hang,
    Answer {
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

    /// Answers properly, but later.
    pub fn delay(delay: Duration) -> Self {
        Self::new(Action::Nothing).after(delay)
    }

    /// Reads the request and never answers; the connection stays open.
    pub fn hang() -> Self {
        Self::new(Action::Hang)
    }

    /// Answers with this status and no body. A number outside 100–999 counts as 500.
    pub fn status(status: u16) -> Self {
        Self::new(Action::Answer {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        })
    }

    /// Answers 302 and sends the client to `url`.
    pub fn redirect(url: impl AsRef<str>) -> Self {
        Self::status(302).header("location", url)
    }

    /// Answers 200 with these bytes and this content type: HTML, garbage, broken JSON.
    pub fn body(content_type: impl AsRef<str>, body: impl Into<Bytes>) -> Self {
        Self::status(200).with_body(content_type, body)
    }

    /// Answers 200 with a JSON document.
    pub fn json(document: impl Into<Value>) -> Self {
        Self::body("application/json", document.into().to_string())
    }

    /// Answers 200 with a page of HTML, as a proxy or a captive portal does.
    pub fn html() -> Self {
        Self::body(
            "text/html; charset=utf-8",
            "<!DOCTYPE html><title>Welcome</title><h1>It works!</h1>",
        )
    }

    /// Answers 200 with a JSON document of this many bytes that says `active: true`.
    pub fn huge_body(bytes: usize) -> Self {
        let mut body = br#"{"active":true,"padding":""#.to_vec();
        body.resize(bytes.max(body.len() + 2) - 2, b'x');
        body.extend_from_slice(b"\"}");
        Self::body("application/json", body)
    }

    /// Answers 200 with the beginning of a JSON document, and goes on with spaces as fast as they are
    /// read, forever.
    pub fn endless_body() -> Self {
        Self::new(Action::Endless)
    }

    /// Answers 200 with the beginning of a JSON document, and goes on with a space each `interval`,
    /// forever.
    pub fn drip(interval: Duration) -> Self {
        Self::new(Action::Drip(interval))
    }

    /// Answers 200 with `Content-Encoding: gzip`, whatever the client accepts, and a body that
    /// decompresses to this many spaces and then a JSON document that says `active: true`. About
    /// a 150th of that travels.
    pub fn gzip_bomb(bytes: usize) -> Self {
        Self::body("application/json", gzip::bomb(bytes, b"{\"active\":true}"))
            .header("content-encoding", "gzip")
    }

    /// Announces the proper answer's length, sends half of it, and closes the connection.
    pub fn truncated() -> Self {
        Self::new(Action::Truncate)
    }

    /// Closes the connection in good order without a byte of an answer.
    pub fn close() -> Self {
        Self::new(Action::Close)
    }

    /// Resets the connection (TCP RST) without a byte of an answer.
    pub fn reset() -> Self {
        Self::new(Action::Reset)
    }

    /// Answers properly, except for the `active` member.
    pub fn active(how: ActiveAs) -> Self {
        Self::new(Action::Active(how))
    }

    /// Adds a header to the answer, such as `Retry-After`. It has no effect on a fault that is not a
    /// whole answer, nor if name or value are no header.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        if let Action::Answer { headers, .. } = &mut self.action
            && let Ok(name) = name.as_ref().parse::<HeaderName>()
            && let Ok(value) = HeaderValue::from_str(value.as_ref())
        {
            headers.append(name, value);
        }
        self
    }

    /// Gives a [`status`](Self::status) a body. It has no effect on a fault that is not a whole answer.
    pub fn with_body(mut self, content_type: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        if let Action::Answer { headers, body, .. } = &mut self.action {
            *body = bytes.into();
            if let Ok(value) = HeaderValue::from_str(content_type.as_ref()) {
                headers.insert(header::CONTENT_TYPE, value);
            }
        }
        self
    }

    /// Waits before the fault happens.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Restricts the fault to requests about some tokens: those whose form has a parameter `token` for
    /// which `chosen` is true. Such a fault stands beside others for
    /// [`AuthorizationServer::fault`](crate::testing::AuthorizationServer::fault) instead of replacing them; the
    /// first that concerns a request happens. Default: all requests.
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
    pub fn for_tokens(mut self, chosen: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.tokens = Some(Arc::new(chosen));
        self
    }

    fn concerns(&self, endpoint: Endpoint, token: Option<&str>) -> bool {
        let chosen = |tokens: &Tokens| token.is_some_and(|token| tokens(token));
        self.endpoint == endpoint && self.tokens.as_ref().is_none_or(chosen)
    }

    /// Moves the fault to another part of the server. Default: introspection.
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }
}

/// Without header values and bodies, which may hold what a test calls a secret.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            Action::Nothing => "delay",
            Action::Hang => "hang",
            Action::Answer { .. } => "answer",
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

/// The faults that are to happen.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Planned>);

#[derive(Default)]
struct Planned {
    /// In their order, each with how often it is still to happen.
    counted: Vec<(usize, Fault)>,
    /// After the counted ones, until cleared: those for some tokens, then one per endpoint.
    standing: Vec<Fault>,
}

impl Faults {
    pub(crate) fn stand(&self, fault: Fault) {
        let standing = &mut self.planned().standing;
        if fault.tokens.is_some() {
            standing.insert(0, fault);
        } else {
            standing.retain(|other| other.tokens.is_some() || other.endpoint != fault.endpoint);
            standing.push(fault);
        }
    }

    pub(crate) fn times(&self, times: usize, fault: Fault) {
        if times > 0 {
            self.planned().counted.push((times, fault));
        }
    }

    pub(crate) fn clear(&self) {
        *self.planned() = Planned::default();
    }

    /// The fault that happens to this request, which may be about a token.
    pub(crate) fn next(&self, endpoint: Endpoint, token: Option<&str>) -> Option<Fault> {
        let mut planned = self.planned();
        let next = planned.counted.iter_mut().find(|(_, fault)| fault.concerns(endpoint, token));
        if let Some((left, fault)) = next {
            *left -= 1;
            let fault = fault.clone();
            planned.counted.retain(|(left, _)| *left > 0);
            return Some(fault);
        }
        planned.standing.iter().find(|fault| fault.concerns(endpoint, token)).cloned()
    }

    fn planned(&self) -> MutexGuard<'_, Planned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_faults_come_in_order_and_before_the_standing_one() {
        let faults = Faults::default();
        faults.stand(Fault::status(500));
        faults.times(2, Fault::status(502));
        faults.times(1, Fault::status(503));
        faults.times(0, Fault::status(504));
        faults.times(1, Fault::status(505).at(Endpoint::Token));
        let mut seen = Vec::new();
        for _ in 0..5 {
            let fault = faults.next(Endpoint::Introspection, None).unwrap();
            if let Action::Answer { status, .. } = fault.action {
                seen.push(status.as_u16());
            }
        }
        assert_eq!(seen, [502, 502, 503, 500, 500]);
        assert!(faults.next(Endpoint::Metadata, None).is_none());
        faults.clear();
        assert!(faults.next(Endpoint::Introspection, None).is_none());
        assert!(faults.next(Endpoint::Token, None).is_none());
    }

    #[test]
    fn faults_for_some_tokens_concern_no_others() {
        let faults = Faults::default();
        faults.stand(Fault::status(500));
        faults.stand(Fault::status(501).for_tokens(|token| token.starts_with('a')));
        faults.stand(Fault::status(502).for_tokens(|token| token.starts_with('b')));
        faults.stand(Fault::status(505));
        faults.times(1, Fault::status(503).for_tokens(|token| token.ends_with('b')));
        let next = |token| match faults.next(Endpoint::Introspection, token)?.action {
            Action::Answer { status, .. } => Some(status.as_u16()),
            _ => None,
        };
        for (token, status) in [
            (Some("a"), 501),
            (Some("ab"), 503),
            (Some("ab"), 501),
            (Some("b"), 502),
            (Some("c"), 505),
            (None, 505),
        ] {
            assert_eq!(next(token), Some(status), "{token:?}");
        }
    }
}
