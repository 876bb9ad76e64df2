//! Why a request was refused, and the exact HTTP answer that says so (RFC 6750 §3).

mod challenge;
mod reason;
mod token_error;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

pub(crate) use challenge::{Challenge, ChallengeBase, OFFLINE_ACCESS};
pub use reason::Reason;
pub use token_error::TokenError;

use crate::ResolveError;

/// A refused request: status, headers and body of the answer.
///
/// The guard makes them, and so can the application: with [`AuthInfo::require`](crate::AuthInfo::require)
/// and [`AuthInfo::require_condition`](crate::AuthInfo::require_condition) for a caller that it has, with
/// [`ResourceServer::unauthorized`](crate::ResourceServer::unauthorized) and its neighbours without.
///
/// With axum it is a response, and a handler that uses `auth.require("…")?` returns it. Each
/// answer also carries its `Rejection` in the response's extensions, so that an application can
/// put its own page in place of the JSON body and keep the challenge:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::response::{Html, IntoResponse, Response};
/// use requires_auth::Rejection;
///
/// async fn own_page(response: Response) -> Response {
///     match response.extensions().get::<Rejection>() {
///         None => response,
///         Some(refused) => {
///             (refused.status(), refused.headers(), Html("<h1>Please sign in</h1>")).into_response()
///         }
///     }
/// }
/// let app: axum::Router = axum::Router::new().layer(axum::middleware::map_response(own_page));
/// # }
/// ```
///
/// # In the log
///
/// Each refusal is one event `request refused` of the `tracing` target `requires_auth`, with these
/// fields; nothing of it reaches the caller.
///
/// | field | holds |
/// |---|---|
/// | `status`, `reason` | the answer; `reason` as in the module `telemetry::metrics` |
/// | `function`, `needs` | the guarded function, where there is one, and the scopes that it needs |
/// | `cause`, `detail` | the [`source`](std::error::Error::source) of the rejection, and its causes |
/// | `expected`, `found` | for audience, issuer, kind and time: what would have passed, and what the token has |
/// | `setting` | the setting that decides: builder's method, key of the configuration, environment variable; `none` if no setting does |
/// | `introspecting_client` | the client id that the authorization server answered to, where that may be why |
/// | `limited` | on the last line before lines of this kind are suppressed |
///
/// The level is WARN where the set-up may be at fault, of this server, of the client or of the
/// authorization server: every 5xx, and every token that is inactive, too long, or refused for its
/// claims. It is DEBUG for a request without a token or with a malformed one, and for a token
/// without the scopes.
///
/// Callers can repeat what they do, so of each kind of warning 5 lines are written in 60 s. The
/// others are at DEBUG, and an event `further log lines suppressed` with the fields `kind` and
/// `suppressed` gives their number: it is written with the first refusal after that time, or when
/// the [`ResourceServer`](crate::ResourceServer) is dropped.
///
/// Text that comes from a token is quoted, escaped to printable ASCII, and cut at 200 characters
/// and 8 elements. The token itself, and secrets, are never in the log.
#[derive(Clone)]
pub struct Rejection {
    inner: Arc<Inner>,
    /// Where a layer in front of the function waits for its refusal.
    #[cfg(feature = "rmcp")]
    answer: Option<crate::mcp::Answer>,
}

struct Inner {
    reason: Reason,
    challenge: Option<HeaderValue>,
    /// What the challenge names.
    scope: String,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

type Source = Box<dyn Error + Send + Sync>;

/// The `Retry-After` of an outage whose end nobody has told us.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

impl Rejection {
    pub(crate) fn challenging(reason: Reason, challenge: &Challenge<'_>) -> Self {
        Self::with(reason, Some(challenge), None, None)
    }

    pub(crate) fn invalid_token(error: TokenError, challenge: &Challenge<'_>) -> Self {
        Self::with(Reason::InvalidToken, Some(challenge), None, Some(Box::new(error)))
    }

    pub(crate) fn unresolved(error: ResolveError, challenge: &Challenge<'_>) -> Self {
        let retry_after = match &error {
            ResolveError::Inactive => {
                return Self::invalid_token(TokenError::Inactive, challenge);
            }
            ResolveError::TokenRefused(response) => {
                return Self::invalid_token(TokenError::Refused(*response), challenge);
            }
            ResolveError::CredentialsRefused
            | ResolveError::ClientRefused(_)
            | ResolveError::NoClient(_) => {
                return Self::with(Reason::Misconfigured, None, None, Some(Box::new(error)));
            }
            ResolveError::Unavailable(unavailable) => unavailable.retry_after(),
            ResolveError::InvalidResponse(_) => None,
        };
        let retry_after = retry_after.unwrap_or(DEFAULT_RETRY_AFTER);
        Self::with(Reason::Unavailable, None, Some(retry_after), Some(Box::new(error)))
    }

    pub(crate) fn misconfigured(source: impl Error + Send + Sync + 'static) -> Self {
        Self::with(Reason::Misconfigured, None, None, Some(Box::new(source)))
    }

    fn with(
        reason: Reason,
        challenge: Option<&Challenge<'_>>,
        retry_after: Option<Duration>,
        source: Option<Source>,
    ) -> Self {
        let scope = challenge.map(Challenge::scope).unwrap_or_default();
        let challenge = challenge.map(|challenge| challenge.header(reason, &scope));
        let inner = Arc::new(Inner { reason, challenge, scope, retry_after, source });
        Self {
            inner,
            #[cfg(feature = "rmcp")]
            answer: None,
        }
    }

    /// Also tells the layer that holds this answer's place, once this becomes the function's result.
    #[cfg(feature = "rmcp")]
    pub(crate) fn answering(mut self, answer: Option<&crate::mcp::Answer>) -> Self {
        self.answer = answer.cloned();
        self
    }

    /// The layer that is to be told, taken off: it keeps the rejection, not itself.
    #[cfg(feature = "rmcp")]
    pub(crate) fn take_answer(&mut self) -> Option<crate::mcp::Answer> {
        self.answer.take()
    }

    /// Why the request was refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.inner.reason
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.reason.status()
    }

    /// The `WWW-Authenticate` challenge; a 5xx has none.
    #[must_use]
    pub fn challenge(&self) -> Option<&HeaderValue> {
        self.inner.challenge.as_ref()
    }

    /// The scopes that the challenge names, in its own spelling: those that the operation needs.
    /// `None` if it names none.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        (!self.inner.scope.is_empty()).then_some(self.inner.scope.as_str())
    }

    /// When to try again; only a 503 says so. At least one second, in whole seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after.map(whole_seconds)
    }

    /// The headers that belong to the answer whatever its body is: the challenge or
    /// `Retry-After`, and `Cache-Control: no-store`.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(4);
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge.clone());
        }
        if let Some(delay) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs()));
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers
    }

    /// The body of the answer, a JSON object with `error` and `error_description`.
    ///
    /// The texts are fixed: nothing of the token, the authorization server or the configuration.
    #[must_use]
    pub fn body(&self) -> &'static str {
        self.inner.reason.body()
    }

    /// The whole answer, for any framework on the `http` crate.
    pub fn to_response<B: From<&'static str>>(&self) -> http::Response<B> {
        let mut response = http::Response::new(B::from(self.body()));
        *response.status_mut() = self.status();
        *response.headers_mut() = self.headers();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// Rounded up: an answer that says `0` invites the caller to come back at once.
fn whole_seconds(delay: Duration) -> Duration {
    Duration::from_secs(delay.as_secs() + u64::from(delay.subsec_nanos() > 0))
        .max(Duration::from_secs(1))
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("reason", &self.reason())
            .field("challenge", &self.challenge())
            .field("retry_after", &self.retry_after())
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason().description())
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}
