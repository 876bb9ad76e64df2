//! Token exchange requests (RFC 8693 §2.1).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use http::header::{ACCEPT, CONTENT_TYPE};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::form_urlencoded::Serializer;

use super::response::{self, Expected};
use super::{ExchangedToken, TokenExchangeError};
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::http_client;
use crate::resolve::authorization_server::retry_delay::RetryDelay;
use crate::resolve::introspection::client_authenticator::ClientAuthenticator;
use crate::resolve::introspection::token_source::DynTokenSource;
use crate::{AccessToken, Clock, ScopeSet, SetupError, UnavailableError};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The minimum delay before the retry. Jitter adds up to as much again.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// The `Retry-After` of a request that finds no free slot: requests in flight end soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Sends exchanges for one API.
pub(super) struct RequestSender {
    pub(super) endpoint: EndpointSource,
    pub(super) authenticator: ClientAuthenticator,
    pub(super) target: Target,
    pub(super) request_timeout: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) slots: Semaphore,
    /// The delay after a request without a connection, which does not depend on the token.
    pub(super) unreachable: Mutex<RetryDelay>,
}

/// What is requested.
pub(super) struct Target {
    pub(super) resource: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) scopes: ScopeSet,
    pub(super) subject_token_type: String,
    pub(super) requested_token_type: String,
    pub(super) actor: Option<Actor>,
}

/// The token of the party that acts for the caller.
pub(super) struct Actor {
    pub(super) source: Arc<dyn DynTokenSource>,
    pub(super) token_type: String,
}

impl RequestSender {
    pub(super) async fn discover_at_start(&self) -> Result<(), SetupError> {
        self.endpoint.discover_at_start().await
    }

    /// Sends an exchange, and retries it once after a broken connection or a 502, 503 or 504.
    pub(super) async fn exchange(
        &self,
        token: &AccessToken,
    ) -> Result<ExchangedToken, TokenExchangeError> {
        self.unreachable().check(self.clock.instant())?;
        let slot = self.slots.try_acquire().map_err(|_| {
            UnavailableError::new("too many token exchanges are in flight")
                .with_retry_after(RETRY_AFTER)
        })?;
        let outcome = timeout(self.request_timeout, self.send(token)).await;
        let timed_out = || UnavailableError::new("the token endpoint did not respond in time");
        let outcome = outcome.unwrap_or_else(|_| Err(timed_out().into()));
        drop(slot);
        self.record(outcome)
    }

    async fn send(&self, token: &AccessToken) -> Result<ExchangedToken, TokenExchangeError> {
        self.endpoint.discover().await?;
        let form = self.form(token).await?;
        let retries = ExponentialBuilder::default()
            .with_min_delay(RETRY_DELAY)
            .with_max_times(1)
            .with_jitter();
        let attempt = || self.send_authenticated(token, &form);
        attempt.retry(retries).when(TokenExchangeError::is_transient).await
    }

    async fn form(&self, token: &AccessToken) -> Result<String, TokenExchangeError> {
        let Target { resource, audience, scopes, actor, .. } = &self.target;
        let scopes = (!scopes.is_empty()).then_some(scopes.as_str());
        let actor = match actor {
            Some(Actor { source, token_type }) => Some((source.token_boxed().await?, token_type)),
            None => None,
        };
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", GRANT_TYPE)
            .append_pair("subject_token", token.expose())
            .append_pair("subject_token_type", &self.target.subject_token_type)
            .append_pair("requested_token_type", &self.target.requested_token_type)
            .extend_pairs(resource.iter().map(|resource| ("resource", resource)))
            .extend_pairs(audience.iter().map(|audience| ("audience", audience)))
            .extend_pairs(scopes.map(|scopes| ("scope", scopes)));
        if let Some((actor_token, token_type)) = actor {
            form.append_pair("actor_token", actor_token.expose())
                .append_pair("actor_token_type", token_type);
        }
        Ok(form.finish())
    }

    /// Sends a request, and once more if the authorization server rejects credentials that were replaced meanwhile.
    async fn send_authenticated(
        &self,
        token: &AccessToken,
        form: &str,
    ) -> Result<ExchangedToken, TokenExchangeError> {
        let endpoint = self.endpoint.get()?;
        let mut is_first = true;
        loop {
            let request = endpoint
                .post()
                .await
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ACCEPT, "application/json");
            let authenticated = self.authenticator.authenticate(request, form.to_owned()).await;
            let (request, credentials) = authenticated?;
            let response = request.send().await.map_err(http_client::connection_error)?;
            let expected = Expected {
                subject_token: token,
                token_type: &self.target.requested_token_type,
                scopes: &self.target.scopes,
                with_actor: self.target.actor.is_some(),
                now: self.clock.now(),
            };
            let outcome = response::read(response, &expected).await;
            let is_rejected = matches!(outcome, Err(TokenExchangeError::InvalidClient(_)));
            if is_rejected && is_first && self.authenticator.has_replaced(&credentials).await {
                is_first = false;
                continue;
            }
            return outcome;
        }
    }

    /// Starts the delay after a request without a connection, and ends it after a response.
    fn record(
        &self,
        outcome: Result<ExchangedToken, TokenExchangeError>,
    ) -> Result<ExchangedToken, TokenExchangeError> {
        match outcome {
            Err(TokenExchangeError::Unavailable(error)) if error.is_unreachable() => {
                Err(self.unreachable().start_once(self.clock.instant(), error).into())
            }
            Err(TokenExchangeError::Unavailable(error)) => Err(error.into()),
            outcome => {
                *self.unreachable() = RetryDelay::new();
                outcome
            }
        }
    }

    /// Never held across an `await`.
    fn unreachable(&self) -> std::sync::MutexGuard<'_, RetryDelay> {
        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
