//! The kinds of refusal.

use http::StatusCode;

/// Why a request was refused, as far as the caller may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// 401 without an error code: the request has no bearer token (RFC 6750 §3.1).
    MissingToken,
    /// 400 `invalid_request`: more than one set of credentials.
    InvalidRequest,
    /// 401 `invalid_token`: malformed, expired, revoked, or meant for another server.
    InvalidToken,
    /// 403 `insufficient_scope`: valid, but without the scopes that the operation needs.
    InsufficientScope,
    /// 503: the authorization server is unreachable or answers nonsense.
    Unavailable,
    /// 500: this server's own set-up is at fault, such as credentials that were refused.
    Misconfigured,
}

/// What is fixed about each reason: the status, the code and text of the body, and whether the
/// challenge names them. The body is written out so that it needs no work when it is sent.
struct Answer {
    status: StatusCode,
    error_in_challenge: Option<&'static str>,
    description: &'static str,
    body: &'static str,
}

macro_rules! answer {
    ($status:ident, $error_in_challenge:expr, $error:literal, $description:literal) => {
        Answer {
            status: StatusCode::$status,
            error_in_challenge: $error_in_challenge,
            description: $description,
            body: concat!(
                r#"{"error":""#,
                $error,
                r#"","error_description":""#,
                $description,
                r#""}"#
            ),
        }
    };
}

impl Reason {
    fn answer(self) -> &'static Answer {
        match self {
            Self::MissingToken => &answer!(
                UNAUTHORIZED,
                None,
                "unauthorized",
                "This resource needs a bearer access token"
            ),
            Self::InvalidRequest => &answer!(
                BAD_REQUEST,
                Some("invalid_request"),
                "invalid_request",
                "The request must present exactly one access token"
            ),
            Self::InvalidToken => &answer!(
                UNAUTHORIZED,
                Some("invalid_token"),
                "invalid_token",
                "The access token is malformed, expired, revoked or not meant for this resource"
            ),
            Self::InsufficientScope => &answer!(
                FORBIDDEN,
                Some("insufficient_scope"),
                "insufficient_scope",
                "The access token does not carry the scopes that this operation needs"
            ),
            Self::Unavailable => &answer!(
                SERVICE_UNAVAILABLE,
                None,
                "temporarily_unavailable",
                "The access token cannot be checked at the moment"
            ),
            Self::Misconfigured => &answer!(
                INTERNAL_SERVER_ERROR,
                None,
                "server_error",
                "This server cannot check access tokens as it is set up"
            ),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.answer().status
    }

    pub(super) fn error_in_challenge(self) -> Option<&'static str> {
        self.answer().error_in_challenge
    }

    pub(super) fn description(self) -> &'static str {
        self.answer().description
    }

    pub(super) fn body(self) -> &'static str {
        self.answer().body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_and_descriptions_fit_a_challenge() {
        // R-B2, R-B5
        use Reason::*;
        for reason in [
            MissingToken,
            InvalidRequest,
            InvalidToken,
            InsufficientScope,
            Unavailable,
            Misconfigured,
        ] {
            let body: serde_json::Value = serde_json::from_str(reason.body()).unwrap();
            assert_eq!(body["error_description"], reason.description());
            assert_eq!(body.as_object().unwrap().len(), 2);
            if let Some(error) = reason.error_in_challenge() {
                assert_eq!(body["error"], error);
            }
            assert!(super::super::challenge::is_quotable(reason.description()));
        }
    }
}
