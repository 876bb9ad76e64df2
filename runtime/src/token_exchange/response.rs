//! Responses of the token endpoint to an exchange (RFC 8693 §2.2).

#[cfg(any(test, requires_auth_fuzz))]
pub(crate) mod fuzz;

use std::time::{Duration, SystemTime};

use http::StatusCode;
use reqwest::Response;
use serde::Deserialize;

use super::{ExchangedToken, TokenExchangeError};
use crate::resolve::authorization_server::defaults::MAX_RESPONSE_LENGTH;
use crate::resolve::authorization_server::http_client;
use crate::resolve::introspection::defaults::MAX_RETRY_AFTER;
use crate::resolve::introspection::error_body::ErrorBody;
use crate::resolve::introspection::retry_after;
use crate::scope::{is_scope, pieces};
use crate::{AccessToken, ErrorResponse, ResponseError, ScopeSet, Secret, UnavailableError};

/// What the response is compared with.
pub(super) struct Expected<'a> {
    pub(super) subject_token: &'a AccessToken,
    pub(super) token_type: &'a str,
    pub(super) scopes: &'a ScopeSet,
    /// Whether the request had an `actor_token`.
    pub(super) with_actor: bool,
    pub(super) now: SystemTime,
}

#[derive(Deserialize)]
struct Members {
    access_token: Secret,
    issued_token_type: String,
    token_type: String,
    expires_in: Option<u64>,
    scope: Option<String>,
}

/// A longer lifetime is one that the clock cannot represent.
const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) async fn read(
    response: Response,
    expected: &Expected<'_>,
) -> Result<ExchangedToken, TokenExchangeError> {
    if response.status() != StatusCode::OK {
        return Err(read_error(response, expected).await);
    }
    let body = http_client::bounded_body(response, MAX_RESPONSE_LENGTH).await?;
    read_token(&body, expected)
}

fn read_token(body: &[u8], expected: &Expected<'_>) -> Result<ExchangedToken, TokenExchangeError> {
    let unusable = || TokenExchangeError::from(ResponseError::NotATokenResponse);
    // serde accepts an array for a struct, and the error of the parser can contain the token.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let members = if is_object { serde_json::from_slice::<Members>(body).ok() } else { None };
    let members = members.ok_or_else(unusable)?;
    if !members.token_type.eq_ignore_ascii_case("bearer") {
        return Err(unusable());
    }
    if members.issued_token_type != expected.token_type {
        return Err(ResponseError::IssuedTokenType.into());
    }
    let token: AccessToken = members.access_token.expose().parse().map_err(|_| unusable())?;
    if token.is(expected.subject_token) {
        return Err(ResponseError::SubjectToken.into());
    }
    let scopes = match &members.scope {
        None => expected.scopes.clone(),
        Some(scope) if pieces(scope).all(is_scope) => ScopeSet::granted(pieces(scope)),
        Some(_) => return Err(unusable()),
    };
    if !expected.scopes.is_subset(&scopes) {
        return Err(TokenExchangeError::MissingScope);
    }
    let lifetime = members.expires_in.map(Duration::from_secs);
    let expires_at = lifetime.map(|lifetime| expected.now + lifetime.min(MAX_LIFETIME));
    ExchangedToken::new(&token, expires_at, scopes).ok_or_else(unusable)
}

/// Returns the meaning of a response with a status other than 200.
async fn read_error(response: Response, expected: &Expected<'_>) -> TokenExchangeError {
    let status = response.status();
    let named =
        retry_after::read(response.headers(), expected.now).map(|it| it.min(MAX_RETRY_AFTER));
    let mut error = ErrorResponse::new(status.as_u16());
    error.code = ErrorBody::read(response).await.code;
    let unavailable = |what| {
        let unavailable = UnavailableError::new(what).with_error_response(error);
        match named {
            Some(delay) => unavailable.with_retry_after(delay),
            None => unavailable,
        }
    };
    match status {
        StatusCode::TOO_MANY_REQUESTS => {
            unavailable("the authorization server limits the requests of this server").into()
        }
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => {
            let down = unavailable("the authorization server is overloaded or down");
            // Not retried before the time that the server names.
            if named.is_some() { down.into() } else { down.transient().into() }
        }
        status if status.is_client_error() => {
            let meaning = TokenExchangeError::of_code(error, expected.with_actor);
            let blames_client = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            meaning.unwrap_or_else(|| match error.code {
                _ if blames_client => crate::ClientError::Rejected(Some(error)).into(),
                Some(_) => ResponseError::ErrorResponse(error).into(),
                None => ResponseError::Status(status.as_u16()).into(),
            })
        }
        _ if error.code.is_some() => ResponseError::ErrorResponse(error).into(),
        status => ResponseError::Status(status.as_u16()).into(),
    }
}
