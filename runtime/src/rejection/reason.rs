//! The reasons of a rejection, and the response of each.

use http::StatusCode;

/// Why a request is rejected, as the response states it. [`TokenError`](crate::TokenError) has the details, for
/// logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// 401 without an error code: the request has no access token of a scheme that is accepted (RFC 6750 §3.1).
    MissingToken,
    /// 400 `invalid_request`: the request has more than one set of credentials (RFC 6750 §3.1).
    InvalidRequest,
    /// 401 `invalid_token`: the token is malformed, expired, revoked, or meant for another server (RFC 6750 §3.1).
    InvalidToken,
    /// 401 `invalid_dpop_proof`: the request has no valid DPoP proof, or one that was used before (RFC 9449 §7.1).
    InvalidDpopProof,
    /// 401 `use_dpop_nonce`: the DPoP proof needs the nonce that the response provides in `DPoP-Nonce` (RFC 9449 §9).
    UseDpopNonce,
    /// 401 `insufficient_user_authentication`: the token is valid, and the operation requires another or a more recent
    /// login of the user; the challenge has `acr_values` and `max_age` (RFC 9470 §3).
    InsufficientUserAuthentication,
    /// 403 `insufficient_scope`: the token is valid, without the scopes that the operation requires (RFC 6750
    /// §3.1).
    InsufficientScope,
    /// 403 `insufficient_authorization_details`: the token is valid and has the scopes, without the authorization
    /// details that the operation requires (RFC 9396). There is no challenge, unless
    /// [`rar_challenge_draft`](crate::ResourceServerBuilder::rar_challenge_draft) is set.
    InsufficientAuthorizationDetails,
    /// 403 `access_denied`: the token is valid and has the scopes, but a condition on the arguments does not hold,
    /// such as `when = …` of the attribute. There is no challenge: another token of the same caller would be denied
    /// too (RFC 9110 §15.5.4).
    AccessDenied,
    /// 503: the authorization server is unreachable, overloaded, or its response is invalid; or the use of a DPoP proof
    /// cannot be recorded.
    Unavailable,
    /// 500: the configuration of this server is wrong, such as client credentials that the authorization server
    /// rejects.
    Misconfigured,
    /// 500: a condition on the arguments, such as `when = …` of the attribute, panicked.
    ConditionPanicked,
}

/// The fixed parts of the response. The body is a literal, so that a response needs no serialization.
struct FixedResponse {
    status: StatusCode,
    error_in_challenge: Option<&'static str>,
    description: &'static str,
    body: &'static str,
}

macro_rules! fixed_response {
    ($status:ident, $error_in_challenge:expr, $error:literal, $description:literal) => {
        FixedResponse {
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
    fn fixed_response(self) -> &'static FixedResponse {
        match self {
            Self::MissingToken => &fixed_response!(
                UNAUTHORIZED,
                None,
                "unauthorized",
                "This resource needs an access token"
            ),
            Self::InvalidRequest => &fixed_response!(
                BAD_REQUEST,
                Some("invalid_request"),
                "invalid_request",
                "The request must present exactly one access token"
            ),
            Self::InvalidToken => &fixed_response!(
                UNAUTHORIZED,
                Some("invalid_token"),
                "invalid_token",
                "The access token is malformed, expired, revoked or not meant for this resource"
            ),
            Self::InvalidDpopProof => &fixed_response!(
                UNAUTHORIZED,
                Some("invalid_dpop_proof"),
                "invalid_dpop_proof",
                "The request needs a DPoP proof of its own, for this method, URI and access token"
            ),
            Self::UseDpopNonce => &fixed_response!(
                UNAUTHORIZED,
                Some("use_dpop_nonce"),
                "use_dpop_nonce",
                "The DPoP proof needs the nonce of the DPoP-Nonce header"
            ),
            Self::InsufficientUserAuthentication => &fixed_response!(
                UNAUTHORIZED,
                Some("insufficient_user_authentication"),
                "insufficient_user_authentication",
                "This operation needs a stronger or more recent login of the user"
            ),
            Self::InsufficientAuthorizationDetails => &fixed_response!(
                FORBIDDEN,
                Some("insufficient_authorization_details"),
                "insufficient_authorization_details",
                "The access token does not carry the authorization details that this operation needs"
            ),
            Self::InsufficientScope => &fixed_response!(
                FORBIDDEN,
                Some("insufficient_scope"),
                "insufficient_scope",
                "The access token does not carry the scopes that this operation needs"
            ),
            Self::AccessDenied => &fixed_response!(
                FORBIDDEN,
                None,
                "access_denied",
                "The caller may not perform this operation"
            ),
            Self::Unavailable => &fixed_response!(
                SERVICE_UNAVAILABLE,
                None,
                "temporarily_unavailable",
                "The access token cannot be checked at the moment"
            ),
            Self::Misconfigured => &fixed_response!(
                INTERNAL_SERVER_ERROR,
                None,
                "server_error",
                "This server cannot check access tokens as it is set up"
            ),
            Self::ConditionPanicked => &fixed_response!(
                INTERNAL_SERVER_ERROR,
                None,
                "server_error",
                "This server failed to decide whether the caller may perform this operation"
            ),
        }
    }

    /// The status of the response.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.fixed_response().status
    }

    pub(super) fn error_in_challenge(self) -> Option<&'static str> {
        self.fixed_response().error_in_challenge
    }

    pub(super) fn description(self) -> &'static str {
        self.fixed_response().description
    }

    pub(super) fn body(self) -> &'static str {
        self.fixed_response().body
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
            InvalidDpopProof,
            UseDpopNonce,
            InsufficientUserAuthentication,
            InsufficientScope,
            InsufficientAuthorizationDetails,
            AccessDenied,
            Unavailable,
            Misconfigured,
            ConditionPanicked,
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
