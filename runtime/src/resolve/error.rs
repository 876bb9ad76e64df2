//! Why a token could not be resolved.

#[cfg(feature = "introspection")]
use std::time::Duration;

use super::{ClientError, ResponseError, UnavailableError};
use crate::TokenError;

/// Why a [`Resolver`](crate::Resolver) has no claims for a token.
///
/// Cheap to clone, so that requests that wait for one introspection request share its error. No message
/// repeats what the server or the caller sent.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The token is not valid, and why: the caller gets a 401 `invalid_token`. Introspection says that a token
    /// is [inactive](TokenError::Inactive); a resolver that reads the token itself can say more.
    #[error(transparent)]
    InvalidToken(#[from] TokenError),
    /// The token cannot be resolved now: the caller gets a 503.
    #[error(transparent)]
    Unavailable(#[from] UnavailableError),
    /// The authorization server's response cannot be used: the caller gets a 503.
    #[error("the authorization server's response cannot be used")]
    InvalidResponse(
        #[from]
        #[source]
        ResponseError,
    ),
    /// The authorization server does not accept this server as a client: the caller gets a 500.
    #[error(transparent)]
    InvalidClient(#[from] ClientError),
}

impl ResolveError {
    /// Whether it is the authorization server that fails: the circuit breaker counts it, and stale
    /// claims may be used instead.
    ///
    /// What the content of one token can provoke is no outage, else its holder could do harm with it:
    /// any 4xx, 429 among them (oidc-provider answers 400 to a JWT), and any 200 that begins like a JSON
    /// object (a lone surrogate in a user's name makes it unreadable), is too long, or is encoded (a
    /// proxy may compress what is long).
    #[cfg(feature = "introspection")]
    pub(crate) fn is_outage(&self) -> bool {
        let is_client_error = |status: u16| (400..500).contains(&status);
        match self {
            Self::Unavailable(unavailable) => !unavailable
                .error_response()
                .is_some_and(|response| is_client_error(response.status)),
            Self::InvalidResponse(ResponseError::Status(status)) => !is_client_error(*status),
            Self::InvalidResponse(ResponseError::ErrorResponse(response)) => {
                !is_client_error(response.status)
            }
            Self::InvalidResponse(bad) => *bad == ResponseError::NotJson,
            Self::InvalidToken(_) | Self::InvalidClient(_) => false,
        }
    }
}

#[cfg(feature = "introspection")]
impl ResolveError {
    /// Whether stale claims may be used instead: in an outage, but not where callers themselves are
    /// the reason why nothing was sent.
    pub(crate) fn allows_stale_claims(&self) -> bool {
        self.is_outage()
            && !matches!(self, Self::Unavailable(unavailable) if unavailable.is_withheld())
    }

    /// The `Retry-After` of the authorization server's response, if it has one.
    pub(crate) fn named_retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable(unavailable) => {
                unavailable.error_response().and(unavailable.retry_after())
            }
            _ => None,
        }
    }

    pub(crate) fn without_retry_after(mut self) -> Self {
        if let Self::Unavailable(unavailable) = &mut self {
            unavailable.remove_retry_after();
        }
        self
    }
}

#[cfg(test)]
#[cfg(feature = "introspection")]
mod tests {
    use super::*;
    use crate::OAuthErrorCode::{ServerError, TemporarilyUnavailable};
    use crate::ResponseError::{
        Encoded, NoActive, NotJson, RepeatedMember, ReservedMember, Status, TimeOutOfRange,
        TooLong, UnreadableObject, WrongType,
    };
    use crate::{ErrorResponse, MemberError, ResponseError};

    #[test]
    fn what_the_content_of_a_token_can_provoke_is_no_outage() {
        // R-C10
        let error = |status| ErrorResponse::new(status).with_code(ServerError);
        for bad in [
            Status(302),
            Status(500),
            Status(501),
            ResponseError::ErrorResponse(error(500)),
            NotJson,
        ] {
            assert!(ResolveError::from(bad).is_outage(), "{bad:?}");
        }
        for bad in [
            Status(400),
            Status(413),
            Status(499),
            ResponseError::ErrorResponse(error(400)),
            NoActive,
            RepeatedMember,
            ReservedMember,
            TooLong,
            WrongType,
            ResponseError::MemberError(MemberError::new(
                "aud",
                "a string",
                &crate::claims::JsonValue::Null,
            )),
            TimeOutOfRange,
            UnreadableObject,
            Encoded,
        ] {
            assert!(!ResolveError::from(bad).is_outage(), "{bad:?}");
        }
        let unavailable = |status| {
            let response = ErrorResponse::new(status).with_code(TemporarilyUnavailable);
            ResolveError::from(UnavailableError::new("down").with_error_response(response))
        };
        assert!(ResolveError::from(UnavailableError::new("down")).is_outage());
        assert!(unavailable(503).is_outage() && !unavailable(429).is_outage());
        for rejected in [
            ResolveError::InvalidToken(TokenError::Inactive),
            ResolveError::InvalidClient(ClientError::Rejected(None)),
            ResolveError::InvalidToken(TokenError::Rejected(error(400))),
            ResolveError::InvalidClient(ClientError::Rejected(Some(error(401)))),
            ResolveError::InvalidClient(ClientError::NotConfigured(error(401))),
        ] {
            assert!(!rejected.is_outage(), "{rejected:?}");
        }
    }

    #[test]
    fn messages_name_the_status_and_the_code() {
        // R-B9
        let response = ErrorResponse::new(429).with_code(crate::OAuthErrorCode::SlowDown);
        let limited = UnavailableError::new("limited").with_error_response(response);
        assert_eq!(limited.to_string(), "limited: status 429, slow_down");
        assert_eq!(
            ResolveError::InvalidClient(ClientError::NotConfigured(ErrorResponse::new(401)))
                .to_string(),
            "the authorization server requires client authentication, and no client is configured: \
             status 401"
        );
    }
}
