//! Why a token could not be resolved.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{ErrorResponse, MemberError};

/// Why a [`Resolver`](crate::Resolver) has no claims for a token.
///
/// Cheap to clone, so that callers who wait for one exchange can share its failure. No message
/// repeats what the server or the caller sent.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The token is expired, revoked, unknown, or not for us to see (RFC 7662 §2.2): the caller
    /// gets a 401.
    #[error("the token is not active")]
    Inactive,
    /// The authorization server cannot answer now: the caller gets a 503.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The authorization server answered something that is not an introspection answer: the caller
    /// gets a 503.
    #[error("the authorization server's answer cannot be used")]
    InvalidResponse(
        #[from]
        #[source]
        InvalidResponse,
    ),
    /// The authorization server answered that it cannot process this token, such as with
    /// `unsupported_token_type`: the caller gets a 401 `invalid_token`.
    #[error("the authorization server does not accept the token: {0}")]
    TokenRefused(ErrorResponse),
    /// This server has no credentials that could be sent: the caller gets a 500. For resolvers of your
    /// own, also that the credentials were refused.
    #[error("the authorization server refused this server's own credentials")]
    CredentialsRefused,
    /// The authorization server refused the credentials that this server is configured with: the caller
    /// gets a 500.
    #[error("the authorization server refused this server's own credentials: {0}")]
    ClientRefused(ErrorResponse),
    /// The authorization server requires credentials, and this server is configured with none: the caller
    /// gets a 500.
    #[error(
        "the authorization server demands client authentication, and no client is configured: {0}"
    )]
    NoClient(ErrorResponse),
}

impl ResolveError {
    /// Whether it is the authorization server that fails: the circuit breaker counts it, and remembered
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
            Self::Unavailable(unavailable) => {
                !unavailable.response.is_some_and(|response| is_client_error(response.status))
            }
            Self::InvalidResponse(InvalidResponse::Status(status)) => !is_client_error(*status),
            Self::InvalidResponse(InvalidResponse::ErrorResponse(response)) => {
                !is_client_error(response.status)
            }
            Self::InvalidResponse(bad) => *bad == InvalidResponse::NotJson,
            Self::Inactive
            | Self::TokenRefused(_)
            | Self::CredentialsRefused
            | Self::ClientRefused(_)
            | Self::NoClient(_) => false,
        }
    }
}

#[cfg(feature = "introspection")]
impl ResolveError {
    /// Whether remembered claims may be used instead: in an outage, but not where callers themselves are
    /// the reason why nothing was sent.
    pub(crate) fn allows_stale_claims(&self) -> bool {
        self.is_outage() && !matches!(self, Self::Unavailable(unavailable) if unavailable.withheld)
    }

    /// When the authorization server wants to get requests again, if it said so.
    pub(crate) fn named_retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable(unavailable) => unavailable.response.and(unavailable.retry_after),
            _ => None,
        }
    }

    pub(crate) fn without_retry_after(mut self) -> Self {
        if let Self::Unavailable(unavailable) = &mut self {
            unavailable.retry_after = None;
        }
        self
    }
}

/// The authorization server could not be reached in time, or is overloaded.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Unavailable {
    what: &'static str,
    response: Option<ErrorResponse>,
    retry_after: Option<Duration>,
    #[cfg(feature = "introspection")]
    transient: bool,
    #[cfg(feature = "introspection")]
    withheld: bool,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        match self.response {
            Some(response) => write!(f, ": {response}"),
            None => Ok(()),
        }
    }
}

impl Unavailable {
    /// An outage, in words that give nothing away.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            response: None,
            retry_after: None,
            #[cfg(feature = "introspection")]
            transient: false,
            #[cfg(feature = "introspection")]
            withheld: false,
            source: None,
        }
    }

    /// When the caller may try again; passed on in `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// What the authorization server answered. A 4xx, such as 429, is an answer to one request; it
    /// counts as an outage neither for the circuit breaker nor for
    /// [`stale_if_error`](crate::CachedBuilder::stale_if_error).
    #[must_use]
    pub fn with_error_response(mut self, response: ErrorResponse) -> Self {
        self.response = Some(response);
        self
    }

    /// What happened underneath. It is for logs and must not hold a secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Says that the next attempt may well succeed at once.
    #[cfg(feature = "introspection")]
    pub(crate) fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Whether another attempt may succeed at once.
    #[cfg(feature = "introspection")]
    pub(crate) fn is_transient(&self) -> bool {
        self.transient
    }

    /// Says that this server sent no exchange, or ended it early, because of other exchanges or of what was
    /// said of this token before. Callers can bring that about, so it is no reason to use remembered
    /// claims.
    #[cfg(feature = "introspection")]
    pub(crate) fn withheld(mut self) -> Self {
        self.withheld = true;
        self
    }

    /// The words it was made with.
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// What the authorization server answered, if it answered.
    #[must_use]
    pub fn error_response(&self) -> Option<ErrorResponse> {
        self.response
    }

    /// When the caller may try again, if that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// What is wrong with an authorization server's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidResponse {
    /// A status other than 200.
    #[error("status {0} instead of 200")]
    Status(u16),
    /// The same with a registered error code.
    #[error("{0} instead of status 200")]
    ErrorResponse(ErrorResponse),
    /// More bytes than allowed.
    #[error("the answer is longer than allowed")]
    TooLong,
    /// A content coding that was not asked for.
    #[error("the answer is encoded, which was not asked for")]
    Encoded,
    /// Something else than a JSON text, such as a page of HTML.
    #[error("the answer is not a JSON text")]
    NotJson,
    /// It begins like a JSON object and is not a JSON text of bounded depth.
    #[error("the answer begins like a JSON object and cannot be read as one")]
    UnreadableObject,
    /// A JSON text that is not an object.
    #[error("the claims are not a JSON object")]
    NotAnObject,
    /// No JSON object with one boolean `active`.
    #[error("the answer has no boolean member `active`, or more than one")]
    NoActive,
    /// A member name that is there twice.
    #[error("a member of the answer is there twice")]
    RepeatedMember,
    /// A member name that the JSON library reserves for itself, at any depth.
    #[error("a member of the answer has a name that the JSON library reserves for itself")]
    ReservedMember,
    /// A known member of another JSON type.
    #[error("a member of the answer has the wrong JSON type")]
    WrongType,
    /// The same, and which member it is.
    #[error(transparent)]
    MemberError(MemberError),
    /// A time before 1970 or after 9999.
    #[error("a time in the answer is out of range")]
    TimeOutOfRange,
}

#[cfg(test)]
#[cfg(feature = "introspection")]
mod tests {
    use super::InvalidResponse::{
        Encoded, NoActive, NotJson, RepeatedMember, ReservedMember, Status, TimeOutOfRange,
        TooLong, UnreadableObject, WrongType,
    };
    use super::*;
    use crate::OAuthErrorCode::{ServerError, TemporarilyUnavailable};

    #[test]
    fn what_the_content_of_a_token_can_provoke_is_no_outage() {
        // R-C10
        let error = |status| ErrorResponse::new(status).with_code(ServerError);
        for bad in [
            Status(302),
            Status(500),
            Status(501),
            InvalidResponse::ErrorResponse(error(500)),
            NotJson,
        ] {
            assert!(ResolveError::from(bad).is_outage(), "{bad:?}");
        }
        for bad in [
            Status(400),
            Status(413),
            Status(499),
            InvalidResponse::ErrorResponse(error(400)),
            NoActive,
            RepeatedMember,
            ReservedMember,
            TooLong,
            WrongType,
            InvalidResponse::MemberError(MemberError::new(
                "aud",
                "a string",
                &serde_json::Value::Null,
            )),
            TimeOutOfRange,
            UnreadableObject,
            Encoded,
        ] {
            assert!(!ResolveError::from(bad).is_outage(), "{bad:?}");
        }
        let unavailable = |status| {
            let response = ErrorResponse::new(status).with_code(TemporarilyUnavailable);
            ResolveError::from(Unavailable::new("down").with_error_response(response))
        };
        assert!(ResolveError::from(Unavailable::new("down")).is_outage());
        assert!(unavailable(503).is_outage() && !unavailable(429).is_outage());
        for refused in [
            ResolveError::Inactive,
            ResolveError::CredentialsRefused,
            ResolveError::TokenRefused(error(400)),
            ResolveError::ClientRefused(error(401)),
            ResolveError::NoClient(error(401)),
        ] {
            assert!(!refused.is_outage(), "{refused:?}");
        }
    }

    #[test]
    fn messages_name_the_status_and_the_code() {
        // R-B9
        let response = ErrorResponse::new(429).with_code(crate::OAuthErrorCode::SlowDown);
        let limited = Unavailable::new("limited").with_error_response(response);
        assert_eq!(limited.to_string(), "limited: status 429, slow_down");
        assert_eq!(
            ResolveError::NoClient(ErrorResponse::new(401)).to_string(),
            "the authorization server demands client authentication, and no client is configured: \
             status 401"
        );
    }
}
