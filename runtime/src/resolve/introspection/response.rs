//! Introspection responses (RFC 7662 §2.2, §2.3).

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use reqwest::Response;

use super::error_body::ErrorBody;
use super::retry_after;
#[cfg(feature = "jwt")]
use super::signed_response::SignedResponseVerifier;
use crate::resolve::authorization_server::http_client;
use crate::resolve::{
    ErrorResponse, OAuthErrorCode, ResolveError, ResponseError, SignedResponseError,
    UnavailableError,
};
use crate::{Claims, ClaimsReader, ClientError, Clock, TokenError};

/// Reads a response as claims, or as the error that it means.
pub(super) struct ResponseReader {
    pub(super) claims: ClaimsReader,
    pub(super) max_response_length: usize,
    pub(super) max_retry_after: Duration,
    pub(super) clock: Arc<dyn Clock>,
    /// Set where signed responses are required.
    #[cfg(feature = "jwt")]
    pub(super) signature: Option<SignedResponseVerifier>,
}

const PLAIN: &str = "application/json";
const SIGNED: &str = "application/token-introspection+jwt";

impl ResponseReader {
    /// `is_anonymous` says that the request was sent without client authentication.
    pub(super) async fn read(
        &self,
        response: Response,
        is_anonymous: bool,
    ) -> Result<Claims, ResolveError> {
        if response.status() != StatusCode::OK {
            return Err(self.read_error(response, is_anonymous).await);
        }
        let media_type = media_type(&response);
        let is_signed = media_type.is_some_and(|it| it.eq_ignore_ascii_case(SIGNED));
        #[cfg(feature = "jwt")]
        if let Some(verifier) = &self.signature {
            if !is_signed {
                return Err(ResponseError::from(SignedResponseError::NotSigned).into());
            }
            let body = http_client::bounded_body(response, self.max_response_length).await?;
            let response = verifier.verify(&body).await?;
            return self.claims.read_introspection(response.as_bytes());
        }
        if is_signed {
            return Err(ResponseError::from(SignedResponseError::NotRequested).into());
        }
        let body = http_client::bounded_body(response, self.max_response_length).await?;
        self.claims.read_introspection(&body)
    }

    /// The media type that is requested.
    pub(super) fn accept(&self) -> &'static str {
        if self.requires_signature() { SIGNED } else { PLAIN }
    }

    #[cfg(feature = "jwt")]
    pub(super) fn requires_signature(&self) -> bool {
        self.signature.is_some()
    }

    #[cfg(not(feature = "jwt"))]
    #[expect(clippy::unused_self, reason = "the feature `jwt` verifies signatures")]
    pub(super) fn requires_signature(&self) -> bool {
        false
    }

    /// Returns the meaning of a response with a status other than 200.
    async fn read_error(&self, response: Response, is_anonymous: bool) -> ResolveError {
        let status = response.status();
        let retry_after = retry_after::read(response.headers(), self.clock.now());
        let body = ErrorBody::read(response).await;
        let mut error_response = ErrorResponse::new(status.as_u16());
        error_response.code = body.code;
        error_response.inactive = body.inactive;
        let blames_client = body.code.is_some_and(OAuthErrorCode::blames_client);
        let blames_token = body.code.is_some_and(OAuthErrorCode::blames_token);
        match status {
            // A request without credentials cannot be rejected because of them, so the response is about
            // the token. The server of the MCP TypeScript SDK sends such responses.
            StatusCode::UNAUTHORIZED if is_anonymous && body.inactive => {
                ResolveError::InvalidToken(TokenError::Inactive)
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                client_rejected(error_response, is_anonymous)
            }
            StatusCode::TOO_MANY_REQUESTS => self.with_retry_after(
                UnavailableError::new(
                    "the authorization server limits the requests of this server",
                )
                .with_error_response(error_response),
                retry_after,
            ),
            StatusCode::BAD_GATEWAY
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::SERVICE_UNAVAILABLE => {
                let down = UnavailableError::new("the authorization server is overloaded or down")
                    .with_error_response(error_response);
                if status == StatusCode::SERVICE_UNAVAILABLE && retry_after.is_some() {
                    // Not retried before the time that the server names.
                    self.with_retry_after(down, retry_after)
                } else {
                    down.transient().into()
                }
            }
            status if status.is_client_error() && blames_client => {
                client_rejected(error_response, is_anonymous)
            }
            status if status.is_client_error() && blames_token => {
                ResolveError::InvalidToken(TokenError::Rejected(error_response))
            }
            _ if body.code.is_some() => ResponseError::ErrorResponse(error_response).into(),
            status => ResponseError::Status(status.as_u16()).into(),
        }
    }

    fn with_retry_after(
        &self,
        error: UnavailableError,
        retry_after: Option<Duration>,
    ) -> ResolveError {
        match retry_after {
            Some(delay) => error.with_retry_after(delay.min(self.max_retry_after)).into(),
            None => error.into(),
        }
    }
}

/// The media type of the body, without its parameters.
fn media_type(response: &Response) -> Option<&str> {
    let media_type = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    media_type.split(';').next().map(str::trim)
}

fn client_rejected(error_response: ErrorResponse, is_anonymous: bool) -> ResolveError {
    if is_anonymous {
        ResolveError::InvalidClient(ClientError::NotConfigured(error_response))
    } else {
        ResolveError::InvalidClient(ClientError::Rejected(Some(error_response)))
    }
}
