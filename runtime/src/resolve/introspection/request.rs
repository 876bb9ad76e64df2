//! One exchange: a request and its answer (RFC 7662 §2).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::Response;
use url::form_urlencoded::Serializer;

use super::endpoint::EndpointSource;
use super::error_body::ErrorBody;
use super::{ClientAuthentication, http_client, retry_after};
use crate::resolve::{ErrorResponse, InvalidResponse, OAuthErrorCode, ResolveError, Unavailable};
use crate::{AccessToken, Claims, ClaimsReader, Clock};

pub(super) struct RequestSender {
    pub(super) endpoint: EndpointSource,
    pub(super) authentication: ClientAuthentication,
    pub(super) client_identity: Option<String>,
    pub(super) reader: ClaimsReader,
    pub(super) max_response_length: usize,
    pub(super) max_retry_after: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

impl RequestSender {
    pub(super) async fn send(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let target = self.endpoint.get()?;
        let request = target
            .client
            .post(target.url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        let form = Serializer::new(String::new())
            .append_pair("token", token.expose())
            .append_pair("token_type_hint", "access_token")
            .finish();
        let request = self.authentication.apply(request, form).await?;
        let response = request.send().await.map_err(http_client::lost)?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(response).await);
        }
        let body = http_client::bounded_body(response, self.max_response_length).await?;
        self.reader.read_introspection(&body)
    }

    pub(super) fn name(&self) -> String {
        let client = match &self.client_identity {
            Some(identity) => format!("named {identity:?}"),
            None => self.authentication.identity(),
        };
        // Quoted, so that no two of them look alike.
        format!("{} {client} {:?}", self.endpoint, self.reader.places())
    }

    /// What an answer with another status than 200 means.
    async fn refused(&self, response: Response) -> ResolveError {
        let status = response.status();
        let retry_after = retry_after::read(response.headers(), self.clock.now());
        let body = ErrorBody::read(response).await;
        let mut answer = ErrorResponse::new(status.as_u16());
        answer.code = body.code;
        answer.inactive = body.inactive;
        let blames_client = body.code.is_some_and(OAuthErrorCode::blames_client);
        let blames_token = body.code.is_some_and(OAuthErrorCode::blames_token);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                if self.authentication.is_none() {
                    // Without credentials there are none to refuse, so it is the token that the server
                    // speaks of, as that of the MCP TypeScript SDK does.
                    if body.inactive && status == StatusCode::UNAUTHORIZED {
                        return ResolveError::Inactive;
                    }
                    return ResolveError::NoClient(answer);
                }
                ResolveError::ClientRefused(answer)
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let limited =
                    Unavailable::new("the authorization server limits the requests of this server");
                self.pausing(limited.with_error_response(answer), retry_after).into()
            }
            StatusCode::BAD_GATEWAY
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::SERVICE_UNAVAILABLE => {
                let down = Unavailable::new("the authorization server is overloaded or down")
                    .with_error_response(answer);
                match retry_after {
                    // A server that names a time is not sent another request before.
                    Some(_) if status == StatusCode::SERVICE_UNAVAILABLE => {
                        self.pausing(down, retry_after).into()
                    }
                    _ => down.transient().into(),
                }
            }
            status if status.is_client_error() && blames_client => {
                if self.authentication.is_none() {
                    return ResolveError::NoClient(answer);
                }
                ResolveError::ClientRefused(answer)
            }
            status if status.is_client_error() && blames_token => {
                ResolveError::TokenRefused(answer)
            }
            _ if body.code.is_some() => InvalidResponse::ErrorResponse(answer).into(),
            status => InvalidResponse::Status(status.as_u16()).into(),
        }
    }

    fn pausing(&self, unavailable: Unavailable, retry_after: Option<Duration>) -> Unavailable {
        match retry_after {
            Some(delay) => unavailable.with_retry_after(delay.min(self.max_retry_after)),
            None => unavailable,
        }
    }
}

impl fmt::Debug for RequestSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSender")
            .field("authentication", &self.authentication)
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}
