//! One exchange: a request and its answer (RFC 7662 §2).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::Response;
use url::form_urlencoded::Serializer;

use super::endpoint::Endpoint;
use super::{ClientAuthentication, http_client, retry_after};
use crate::resolve::{BadAnswer, ResolveError, Unavailable};
use crate::{AccessToken, Claims, ClaimsReader, Clock};

pub(super) struct Exchange {
    pub(super) endpoint: Endpoint,
    pub(super) authentication: ClientAuthentication,
    pub(super) reader: ClaimsReader,
    pub(super) longest_answer: usize,
    pub(super) longest_pause: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

impl Exchange {
    pub(super) async fn perform(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let target = self.endpoint.known()?;
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
        self.accept_status(&response)?;
        let body = http_client::bounded_body(response, self.longest_answer).await?;
        self.reader.read(&body)
    }

    pub(super) fn name(&self) -> String {
        // Quoted, so that no two of them look alike.
        let client = self.authentication.client_id().unwrap_or_default();
        format!("{} {client:?} {:?}", self.endpoint, self.reader.places())
    }

    fn accept_status(&self, response: &Response) -> Result<(), ResolveError> {
        let overloaded = Unavailable::new("the authorization server is overloaded or down");
        match response.status() {
            StatusCode::OK => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(ResolveError::CredentialsRefused)
            }
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
                Err(overloaded.transient().into())
            }
            status @ (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => {
                let asked = retry_after::read(response.headers(), self.clock.now());
                Err(match asked {
                    // A server that says when to come back is not asked again before.
                    Some(delay) => overloaded.with_retry_after(delay.min(self.longest_pause)),
                    None if status.is_server_error() => overloaded.transient(),
                    None => overloaded,
                }
                .into())
            }
            status => Err(BadAnswer::Status(status.as_u16()).into()),
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("authentication", &self.authentication)
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}
