//! The client that exchanges tokens for one API.

use std::fmt;
use std::sync::Arc;

use tracing::Instrument;

use super::request::RequestSender;
use super::store::Store;
use super::{ExchangedToken, TokenExchangeError};
use crate::resolve::cache::local_key::LocalKeyHasher;
use crate::resolve::cache::single_flight::{Role, SingleFlight};
use crate::telemetry::count;
use crate::{AuthInfo, Rejection, SetupError};

/// Exchanges the token of a caller for one that another API accepts (RFC 8693): the
/// [page of the module](crate::token_exchange) shows how.
///
/// One value is for one API: its resource or audience, and scopes. Build it once and keep it in the application's state;
/// it is cheap to clone, and needs a tokio runtime.
#[derive(Clone)]
pub struct TokenExchange(Arc<Inner>);

pub(super) struct Inner {
    pub(super) issuer: String,
    pub(super) requests: RequestSender,
    pub(super) store: Store,
    pub(super) key_hasher: LocalKeyHasher,
    pub(super) single_flight: Arc<SingleFlight<ExchangedToken, TokenExchangeError>>,
}

impl TokenExchange {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Discovers the token endpoint. Call it at start, so that a mistake in the configuration ends the program there. It
    /// does nothing if [`token_url`](super::TokenExchangeBuilder::token_url) is set.
    ///
    /// A failure that a later attempt can resolve, such as an authorization server that is down, is logged and is no
    /// error: exchanges discover the endpoint later.
    ///
    /// # Errors
    /// [`SetupError::Discovery`] with a failure that [is definitive](crate::DiscoveryError::is_definitive).
    pub async fn discover_at_start(&self) -> Result<(), SetupError> {
        self.0.requests.discover_at_start().await
    }

    /// Returns a token for the API, which acts for this caller.
    ///
    /// A token that was issued before is used again: until 30 s before it expires, or until the last fifth of its
    /// lifetime if that is shorter, and never after the token of the caller has expired. A token without `expires_in` is
    /// used for 60 s. A denial is repeated for 5 s without a request, and so is a `Retry-After` of the authorization server
    /// for as long as it says, up to 60 s. Concurrent calls for the same caller's token send one request and get its
    /// outcome.
    ///
    /// # Errors
    /// [`TokenExchangeError`], whose table has the response to the caller for each error.
    pub async fn exchange(&self, auth: &AuthInfo) -> Result<ExchangedToken, TokenExchangeError> {
        let inner = &self.0;
        if !auth.is_issued_by(&inner.issuer) {
            return Err(TokenExchangeError::OtherIssuer);
        }
        let key = inner.key_hasher.key(auth.token());
        let look_up = || inner.store.look_up(&key);
        if let Some(outcome) = look_up() {
            return outcome;
        }
        match SingleFlight::join(&inner.single_flight, key, look_up) {
            Role::Hit(outcome) => outcome,
            Role::Follower(waiter) => waiter.outcome().await,
            Role::Leader(leader, waiter) => {
                let inner = Arc::clone(inner);
                let (token, subject) = (auth.token().clone(), auth.expires_at());
                // A task, which continues for the other callers when this one disconnects.
                let exchange = async move {
                    let outcome = inner.requests.exchange(&token).await;
                    let word = outcome.as_ref().map_or_else(TokenExchangeError::word, |_| "issued");
                    count!(TOKEN_EXCHANGES, "outcome" => word);
                    leader.complete(outcome, |outcome| {
                        inner.store.insert(key, &outcome, subject);
                        outcome
                    });
                };
                tokio::spawn(exchange.in_current_span());
                waiter.outcome().await
            }
        }
    }

    /// The same for a function that returns a [`Rejection`].
    ///
    /// # Errors
    /// The rejection of [`TokenExchangeError::reject`].
    pub async fn exchange_or_reject(&self, auth: &AuthInfo) -> Result<ExchangedToken, Rejection> {
        self.exchange(auth).await.map_err(|error| error.reject(auth))
    }
}

impl fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = &self.0.requests.target;
        f.debug_struct("TokenExchange")
            .field("issuer", &self.0.issuer)
            .field("client_id", &self.0.requests.authenticator.client_id())
            .field("resource", &target.resource)
            .field("audience", &target.audience)
            .field("scopes", &target.scopes)
            .finish_non_exhaustive()
    }
}
