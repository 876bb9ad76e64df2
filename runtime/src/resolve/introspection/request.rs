//! Introspection requests (RFC 7662 §2.1).

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE};
use url::form_urlencoded::Serializer;

use super::authenticator::Authenticator;
use super::credentials::Credentials;
use super::response::ResponseReader;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::http_client;
use crate::{AccessToken, Claims, ResolveError, UnavailableError};

/// Sends introspection requests, each once and without a timeout.
pub(super) struct RequestSender {
    pub(super) endpoint: EndpointSource,
    pub(super) authenticator: Authenticator,
    pub(super) client_identity: Option<String>,
    pub(super) response_reader: ResponseReader,
}

impl RequestSender {
    /// Sends a request, and once more if the authorization server rejects credentials that were replaced
    /// meanwhile.
    pub(super) async fn send(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let (credentials, outcome) = self.send_once(token).await?;
        match outcome {
            Err(ResolveError::InvalidClient(_))
                if self.authenticator.has_replaced(&credentials).await =>
            {
                self.send_once(token).await?.1
            }
            outcome => outcome,
        }
    }

    async fn send_once(
        &self,
        token: &AccessToken,
    ) -> Result<(Credentials, Result<Claims, ResolveError>), ResolveError> {
        let endpoint = self.endpoint.get()?;
        let request = endpoint
            .post()
            .await
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, self.response_reader.accept());
        let form = Serializer::new(String::new())
            .append_pair("token", token.expose())
            .append_pair("token_type_hint", "access_token")
            .finish();
        let (request, credentials) = self.authenticator.authenticate(request, form).await?;
        let response = request.send().await.map_err(http_client::connection_error)?;
        let outcome = self.response_reader.read(response, self.authenticator.is_none()).await;
        Ok((credentials, outcome))
    }

    pub(super) fn cache_namespace(&self) -> String {
        let client = match &self.client_identity {
            Some(identity) => format!("named {identity:?}"),
            None => self.authenticator.identity.clone(),
        };
        // Claims whose signature was not verified are not used where it is required.
        let signed = if self.response_reader.requires_signature() { " signed" } else { "" };
        // Quoted, so that different settings have different namespaces.
        format!("{} {client} {:?}{signed}", self.endpoint, self.response_reader.claims.places())
    }
}

impl fmt::Debug for RequestSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSender")
            .field("authenticator", &self.authenticator)
            .field("claims", &self.response_reader.claims)
            .finish_non_exhaustive()
    }
}

/// The error of a request without a response before its deadline.
pub(super) fn timed_out() -> UnavailableError {
    UnavailableError::new("the authorization server did not respond in time")
}
