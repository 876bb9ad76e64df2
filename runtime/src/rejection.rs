//! Rejections: why a request is rejected, and the response to it (RFC 6750 §3).

mod challenge;
mod from_rejection;
mod observer;
mod reason;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

#[cfg(feature = "dpop")]
pub(crate) use challenge::DpopChallenge;
pub(crate) use challenge::{Challenge, ChallengeBase, OFFLINE_ACCESS};
pub use from_rejection::FromRejection;
pub(crate) use observer::RejectionObserver;
pub use reason::Reason;

#[cfg(feature = "dpop")]
use crate::DpopProofError;
use crate::decide::UserAuthenticationError;
use crate::{ResolveError, TokenError};

/// The response to a request that is rejected: status, headers and body.
///
/// Guards create it. An application creates it with [`AuthInfo::require`](crate::AuthInfo::require),
/// [`AuthInfo::require_condition`](crate::AuthInfo::require_condition) and
/// [`AuthInfo::access_denied`](crate::AuthInfo::access_denied) if it has a caller, and otherwise with
/// [`ResourceServer::unauthorized`](crate::ResourceServer::unauthorized),
/// [`ResourceServer::invalid_token`](crate::ResourceServer::invalid_token) and
/// [`ResourceServer::insufficient_scope`](crate::ResourceServer::insufficient_scope). [`Reason`] has the statuses.
///
/// With the feature `axum` it implements `IntoResponse`; for other frameworks there is
/// [`to_response`](Self::to_response). The extensions of the response contain the `Rejection`, so that an
/// application can replace the JSON body by its own page and keep the challenge:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::response::{Html, IntoResponse, Response};
/// use requires_auth::Rejection;
///
/// async fn own_page(response: Response) -> Response {
///     match response.extensions().get::<Rejection>() {
///         None => response,
///         Some(rejection) => {
///             let page = Html("<h1>Please sign in</h1>");
///             (rejection.status(), rejection.headers(), page).into_response()
///         }
///     }
/// }
/// let app: axum::Router = axum::Router::new().layer(axum::middleware::map_response(own_page));
/// # }
/// ```
///
/// # In the log
///
/// Each rejection is one event `request rejected` of the `tracing` target `requires_auth`, with the fields below.
/// The caller gets none of them.
///
/// | field | value |
/// |---|---|
/// | `status`, `reason` | of the response; `reason` as in the module `telemetry::metrics` |
/// | `function` | the guarded function, if there is one: its name, or with the feature `manifest` its path in the manifest; details are in the module `telemetry::metrics` |
/// | `needs` | the scopes that it requires |
/// | `cause`, `detail` | the [`source`](std::error::Error::source) of the rejection, and its causes |
/// | `expected`, `found` | for audience, issuer, kind, time, binding, login and authorization details: what is accepted, and what the token has |
/// | `setting` | the setting that decides: method of the builder, key of the configuration, environment variable; `none` if no setting decides |
/// | `introspecting_client` | the client id of the introspection request, if it may be the cause |
/// | `limited` | on the last line before lines of this kind are suppressed |
///
/// The level is WARN if the configuration of this server, of the client or of the authorization server may be the
/// cause: for every 5xx, and for every token that is inactive, too long, or rejected because of its claims, among them
/// one without the `acr`, the `auth_time` or the `cnf` that a function requires. The level is DEBUG for a request
/// without a token or with a malformed one, for a token without the scopes or the authorization details, for another or
/// an older login, and for a condition on the arguments that does not hold.
///
/// Since callers can repeat requests, at most 5 lines of each kind are written at WARN in 60 s. Further ones are
/// written at DEBUG. An event `further log lines suppressed` with the fields `kind` and `suppressed` has their
/// number. It is written with the first rejection after the 60 s, or when the
/// [`ResourceServer`](crate::ResourceServer) is dropped.
///
/// Text from a token is quoted, escaped to printable ASCII, and cut after 200 characters and 8 elements. The log
/// never contains tokens or secrets.
#[derive(Clone)]
pub struct Rejection {
    inner: Arc<Inner>,
}

struct Inner {
    reason: Reason,
    challenge: Option<HeaderValue>,
    /// The challenge of another scheme that is accepted.
    alternative: Option<HeaderValue>,
    /// The value of `DPoP-Nonce`.
    nonce: Option<HeaderValue>,
    /// The `scope` of the challenge.
    scope: String,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

type Source = Box<dyn Error + Send + Sync>;

/// The header that provides a nonce for a DPoP proof (RFC 9449 §8.1).
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The `Retry-After` if the authorization server sends none.
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
            ResolveError::InvalidToken(error) => return Self::invalid_token(*error, challenge),
            ResolveError::InvalidClient(_) => {
                return Self::with(Reason::Misconfigured, None, None, Some(Box::new(error)));
            }
            ResolveError::Unavailable(unavailable) => unavailable.retry_after(),
            ResolveError::InvalidResponse(_) => None,
        };
        let retry_after = retry_after.unwrap_or(DEFAULT_RETRY_AFTER);
        Self::with(Reason::Unavailable, None, Some(retry_after), Some(Box::new(error)))
    }

    /// `nonce`: the next one, if this server requires nonces.
    #[cfg(feature = "dpop")]
    pub(crate) fn invalid_proof(
        reason: Reason,
        error: DpopProofError,
        nonce: Option<HeaderValue>,
        challenge: &Challenge<'_>,
    ) -> Self {
        let source: Source = Box::new(error);
        Self::new(Inner { nonce, ..Inner::with(reason, Some(challenge), None, Some(source)) })
    }

    /// 503, since something other than the authorization server does not answer.
    #[cfg(feature = "dpop")]
    pub(crate) fn unavailable(source: impl Error + Send + Sync + 'static) -> Self {
        Self::with(Reason::Unavailable, None, Some(DEFAULT_RETRY_AFTER), Some(Box::new(source)))
    }

    /// 401, since another login of the user leads to a token that is accepted (RFC 9470 §3).
    pub(crate) fn insufficient_user_authentication(
        error: UserAuthenticationError,
        challenge: &Challenge<'_>,
    ) -> Self {
        let reason = Reason::InsufficientUserAuthentication;
        Self::with(reason, Some(challenge), None, Some(Box::new(error)))
    }

    /// 403. No RFC defines a challenge for it; that of the draft is a choice.
    pub(crate) fn insufficient_authorization_details(challenge: &Challenge<'_>) -> Self {
        let challenge = Some(challenge).filter(|challenge| challenge.base.names_missing_details());
        Self::with(Reason::InsufficientAuthorizationDetails, challenge, None, None)
    }

    /// The rejection of a caller whose token was not exchanged for one of another API.
    #[cfg(feature = "token-exchange")]
    pub(crate) fn token_not_exchanged(
        error: crate::token_exchange::TokenExchangeError,
        challenge: &Challenge<'_>,
    ) -> Self {
        use crate::token_exchange::TokenExchangeError;

        let reason = error.reason();
        match error {
            TokenExchangeError::InvalidToken(response) => {
                Self::invalid_token(TokenError::Rejected(response), challenge)
            }
            error => {
                let retry_after = error.retry_after().unwrap_or(DEFAULT_RETRY_AFTER);
                let retry_after = (reason == Reason::Unavailable).then_some(retry_after);
                Self::with(reason, None, retry_after, Some(Box::new(error)))
            }
        }
    }

    pub(crate) fn misconfigured(source: impl Error + Send + Sync + 'static) -> Self {
        Self::with(Reason::Misconfigured, None, None, Some(Box::new(source)))
    }

    /// 403 without a challenge, since no other token of the caller would be accepted.
    pub(crate) fn access_denied() -> Self {
        Self::with(Reason::AccessDenied, None, None, None)
    }

    /// 500, since the application has failed to decide.
    pub(crate) fn condition_panicked() -> Self {
        Self::with(Reason::ConditionPanicked, None, None, None)
    }

    fn with(
        reason: Reason,
        challenge: Option<&Challenge<'_>>,
        retry_after: Option<Duration>,
        source: Option<Source>,
    ) -> Self {
        Self::new(Inner::with(reason, challenge, retry_after, source))
    }

    fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// Why the request is rejected.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.inner.reason
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.reason.status()
    }

    /// The value of `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7.1); `None` for a 5xx, for [`Reason::AccessDenied`], and for
    /// [`Reason::InsufficientAuthorizationDetails`] without [`rar_challenge_draft`](crate::ResourceServerBuilder::rar_challenge_draft).
    /// It is the challenge of the scheme that the request has used, or must use; [`challenges`](Self::challenges) has
    /// that of the other scheme, too.
    #[must_use]
    pub fn challenge(&self) -> Option<&HeaderValue> {
        self.inner.challenge.as_ref()
    }

    /// The values of `WWW-Authenticate`: the [`challenge`](Self::challenge), and for a 401 that of the other scheme that is
    /// accepted, with the feature `dpop`. Each is a header of its own.
    pub fn challenges(&self) -> impl Iterator<Item = &HeaderValue> {
        self.inner.challenge.iter().chain(&self.inner.alternative)
    }

    /// The `scope` of the challenge: the scopes that the operation requires, separated by spaces. `None` if the
    /// challenge has none.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        (!self.inner.scope.is_empty()).then_some(self.inner.scope.as_str())
    }

    /// The value of `Retry-After` (RFC 9110 §10.2.3), in whole seconds, at least 1 s; `None` except for a 503.
    /// Default, if the authorization server sends none: 5 s.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after.map(whole_seconds)
    }

    /// The headers that do not depend on the body: `WWW-Authenticate` or `Retry-After`, `DPoP-Nonce` where this server
    /// requires nonces, and `Cache-Control: no-store`.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(4);
        for challenge in self.challenges() {
            headers.append(WWW_AUTHENTICATE, challenge.clone());
        }
        if let Some(nonce) = &self.inner.nonce {
            headers.insert(DPOP_NONCE, nonce.clone());
        }
        if let Some(delay) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs()));
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers
    }

    /// The body: a JSON object with `error` and `error_description`.
    ///
    /// The texts are fixed. They contain nothing of the token, the introspection response or the configuration.
    #[must_use]
    pub fn body(&self) -> &'static str {
        self.inner.reason.body()
    }

    /// The whole response, for any framework on the `http` crate.
    ///
    /// ```
    /// use requires_auth::{Condition, RequestHead, ResourceServer};
    ///
    /// async fn answer(server: &ResourceServer, head: RequestHead<'_>) -> http::Response<String> {
    ///     match server.authorize(head, Condition::Scope("entries:read")).await {
    ///         Ok(auth) => http::Response::new(format!("the entries of {:?}", auth.subject())),
    ///         Err(rejection) => rejection.to_response(),
    ///     }
    /// }
    /// ```
    pub fn to_response<B: From<&'static str>>(&self) -> http::Response<B> {
        let mut response = http::Response::new(B::from(self.body()));
        *response.status_mut() = self.status();
        *response.headers_mut() = self.headers();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl Inner {
    fn with(
        reason: Reason,
        challenge: Option<&Challenge<'_>>,
        retry_after: Option<Duration>,
        source: Option<Source>,
    ) -> Self {
        let scope = challenge.map(Challenge::scope).unwrap_or_default();
        let alternative = challenge.and_then(|challenge| challenge.alternative(reason));
        let challenge = challenge.map(|challenge| challenge.header(reason, &scope));
        Self { reason, challenge, alternative, nonce: None, scope, retry_after, source }
    }
}

/// Rounds up to at least 1 s: with `0`, clients would retry at once.
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
