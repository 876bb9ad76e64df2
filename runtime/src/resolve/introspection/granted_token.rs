//! A bearer token that is obtained and renewed by the client credentials grant (RFC 6749 §4.4).

#[cfg(any(test, requires_auth_fuzz))]
pub(crate) mod fuzz;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::form_urlencoded::Serializer;

use super::client_authenticator::ClientAuthenticator;
use super::error_body::ErrorBody;
use crate::json_object::Object;
use crate::resolve::authorization_server::background_task::BackgroundTask;
use crate::resolve::authorization_server::defaults::MAX_RESPONSE_LENGTH;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::http_client;
use crate::resolve::authorization_server::retry_delay::RetryDelay;
use crate::telemetry::{Chain, LogLimiter, OneLine, Verdict};
use crate::{
    Clock, ErrorResponse, ResolveError, ResponseError, Secret, SetupError, UnavailableError,
};

/// Obtains the token, and renews it.
///
/// A request for a token runs in a task, which continues when its caller disconnects, and concurrent callers wait for
/// the same one. Dropping this ends the task.
pub(super) struct GrantedToken {
    inner: Arc<Inner>,
    task: BackgroundTask,
}

struct Inner {
    settings: Settings,
    current: RwLock<Option<Token>>,
    /// A permit for each request that may wait for a token.
    waiting: Semaphore,
    /// Locked while a token is requested.
    requests: Arc<Mutex<RetryDelay>>,
    log_limiter: LogLimiter,
}

pub(super) struct Settings {
    pub(super) endpoint: EndpointSource,
    pub(super) authenticator: ClientAuthenticator,
    pub(super) scopes: Option<String>,
    pub(super) request_timeout: Duration,
    pub(super) max_waiting: usize,
    pub(super) clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Token {
    secret: Arc<Secret>,
    obtained: Instant,
    renewal: Instant,
    expiry: Instant,
}

const UNAVAILABLE: &str = "no token for introspection requests can be obtained";

/// The `Retry-After` of a request that cannot wait for a token, which arrives soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The lifetime of a token without `expires_in`.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);

/// A token is renewed this long before its end, or after four fifths of its lifetime if that is later.
const MARGIN: Duration = Duration::from_secs(30);

/// A rejected token that is younger is not replaced: its successor would be rejected as well.
const MIN_AGE: Duration = Duration::from_secs(10);

impl GrantedToken {
    pub(super) fn new(settings: Settings) -> Self {
        let inner = Arc::new(Inner {
            waiting: Semaphore::new(settings.max_waiting),
            settings,
            current: RwLock::new(None),
            requests: Arc::new(Mutex::new(RetryDelay::new())),
            log_limiter: LogLimiter::new(),
        });
        Self { inner, task: BackgroundTask::default() }
    }

    pub(super) fn client_id(&self) -> &str {
        self.inner.settings.authenticator.client_id()
    }

    pub(super) async fn discover_at_start(&self) -> Result<(), SetupError> {
        self.inner.settings.endpoint.discover_at_start().await?;
        // A failure is logged, and the first introspection request leads to the next attempt.
        let _ = self.get().await;
        Ok(())
    }

    pub(super) async fn get(&self) -> Result<Arc<Secret>, UnavailableError> {
        let now = self.inner.settings.clock.instant();
        match self.inner.current() {
            Some(token) if now < token.renewal => Ok(token.secret),
            Some(token) if now < token.expiry => {
                // A request that runs already is enough.
                if let Ok(requests) = Arc::clone(&self.inner.requests).try_lock_owned()
                    && requests.check(now).is_ok()
                {
                    drop(self.spawn(requests));
                }
                Ok(token.secret)
            }
            current => self.obtain(current.map(|token| token.secret)).await,
        }
    }

    /// Whether there is another token than this one, which the introspection endpoint has rejected.
    pub(super) async fn replace(&self, rejected: &Arc<Secret>) -> bool {
        let now = self.inner.settings.clock.instant();
        match self.inner.current() {
            Some(token) if !Arc::ptr_eq(&token.secret, rejected) => true,
            Some(token) if now.saturating_duration_since(token.obtained) < MIN_AGE => false,
            _ => self.obtain(Some(Arc::clone(rejected))).await.is_ok(),
        }
    }

    /// Requests a token in place of this one, or waits for a request that runs already.
    async fn obtain(&self, unusable: Option<Arc<Secret>>) -> Result<Arc<Secret>, UnavailableError> {
        let inner = &self.inner;
        let _permit = inner.waiting.try_acquire().map_err(|_| {
            UnavailableError::new("too many requests wait for a token for introspection requests")
                .with_retry_after(RETRY_AFTER)
        })?;
        let requests = Arc::clone(&inner.requests).lock_owned().await;
        // Another caller may have obtained one meanwhile.
        if let Some(token) = inner.current()
            && unusable.is_none_or(|unusable| !Arc::ptr_eq(&token.secret, &unusable))
        {
            return Ok(token.secret);
        }
        requests.check(inner.settings.clock.instant())?;
        self.spawn(requests).await.unwrap_or_else(|_| Err(UnavailableError::new(UNAVAILABLE)))
    }

    fn spawn(
        &self,
        mut requests: OwnedMutexGuard<RetryDelay>,
    ) -> JoinHandle<Result<Arc<Secret>, UnavailableError>> {
        let inner = Arc::clone(&self.inner);
        let request = async move {
            let outcome = inner.request().await;
            inner.record(outcome, &mut requests)
        };
        self.task.spawn(request)
    }
}

/// A token response (RFC 6749 §5.1).
#[derive(Deserialize)]
struct TokenResponse {
    access_token: Secret,
    token_type: String,
    expires_in: Option<u64>,
}

impl Inner {
    fn current(&self) -> Option<Token> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn request(&self) -> Result<TokenResponse, ResolveError> {
        let outcome = timeout(self.settings.request_timeout, self.send()).await;
        let timed_out = || UnavailableError::new("the token endpoint did not respond in time");
        outcome.unwrap_or_else(|_| Err(timed_out().into()))
    }

    /// Sends a request, and once more if the authorization server rejects credentials that were replaced
    /// meanwhile.
    async fn send(&self) -> Result<TokenResponse, ResolveError> {
        let Settings { endpoint, authenticator, scopes, .. } = &self.settings;
        endpoint.discover().await?;
        let endpoint = endpoint.get()?;
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .extend_pairs(scopes.iter().map(|scopes| ("scope", scopes)))
            .finish();
        let mut is_first = true;
        loop {
            let request = endpoint
                .post()
                .await
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ACCEPT, "application/json");
            let (request, credentials) = authenticator.authenticate(request, form.clone()).await?;
            let response = request.send().await.map_err(http_client::connection_error)?;
            let status = response.status().as_u16();
            if status == 200 {
                let body = http_client::bounded_body(response, MAX_RESPONSE_LENGTH).await?;
                return read(&body);
            }
            let is_rejected = matches!(status, 400 | 401);
            if is_rejected && is_first && authenticator.has_replaced(&credentials).await {
                is_first = false;
                continue;
            }
            let code = ErrorBody::read(response).await.code;
            return Err(match code {
                Some(code) => {
                    ResponseError::ErrorResponse(ErrorResponse::new(status).with_code(code))
                }
                None => ResponseError::Status(status),
            }
            .into());
        }
    }

    /// Puts a token in place of the current one. A failure leaves the current one as it is.
    fn record(
        &self,
        outcome: Result<TokenResponse, ResolveError>,
        requests: &mut RetryDelay,
    ) -> Result<Arc<Secret>, UnavailableError> {
        let now = self.settings.clock.instant();
        match outcome {
            Ok(response) => {
                *requests = RetryDelay::new();
                let token = Token::new(response, now);
                let secret = Arc::clone(&token.secret);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
                tracing::debug!(target: "requires_auth", "token for introspection requests obtained");
                Ok(secret)
            }
            Err(failure) => Err(requests.start(now, |delay| {
                self.log(&failure, delay);
                UnavailableError::new(UNAVAILABLE).with_source(failure)
            })),
        }
    }

    fn log(&self, failure: &ResolveError, delay: Duration) {
        let verdict = self.log_limiter.verdict("token request", self.settings.clock.instant());
        let client_id = self.settings.authenticator.client_id();
        let cause = tracing::field::display(OneLine(Chain(failure)));
        let retry_after_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let limited = verdict.limited().map(tracing::field::display);
        match verdict {
            Verdict::Suppress => tracing::debug!(
                target: "requires_auth", client_id, cause, retry_after_ms, "{UNAVAILABLE}"
            ),
            _ => tracing::error!(
                target: "requires_auth", client_id, cause, retry_after_ms, limited, "{UNAVAILABLE}"
            ),
        }
    }
}

fn read(body: &[u8]) -> Result<TokenResponse, ResolveError> {
    // The error of the parser can contain the token.
    let Object(response): Object<TokenResponse> =
        serde_json::from_slice(body).map_err(|_| ResponseError::NotATokenResponse)?;
    let is_bearer = response.token_type.eq_ignore_ascii_case("bearer");
    let token = response.access_token.expose();
    // RFC 6749 §A.12. No header can have another one.
    let is_token = !token.is_empty() && token.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_bearer || !is_token {
        return Err(ResponseError::NotATokenResponse.into());
    }
    Ok(response)
}

impl Token {
    fn new(response: TokenResponse, now: Instant) -> Self {
        let lifetime = response.expires_in.map_or(DEFAULT_LIFETIME, Duration::from_secs);
        // A time that the clock cannot represent is far enough away.
        let lifetime = lifetime.min(Duration::from_secs(365 * 24 * 3600));
        let margin = MARGIN.min(lifetime / 5);
        Self {
            secret: Arc::new(response.access_token),
            obtained: now,
            renewal: now + lifetime.saturating_sub(margin),
            expiry: now + lifetime,
        }
    }
}
