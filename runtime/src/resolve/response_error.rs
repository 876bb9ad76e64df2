//! A response that cannot be used.

use super::{ErrorResponse, MemberError, SignedResponseError};

/// What is wrong with a response of the authorization server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// A status other than 200.
    #[error("status {0} instead of 200")]
    Status(u16),
    /// The same with a registered error code.
    #[error("{0} instead of status 200")]
    ErrorResponse(ErrorResponse),
    /// More bytes than allowed.
    #[error("the response is longer than allowed")]
    TooLong,
    /// A content coding that the request did not accept.
    #[error("the response has a content coding that the request did not accept")]
    Encoded,
    /// Something else than a JSON text, such as a page of HTML.
    #[error("the response is not a JSON text")]
    NotJson,
    /// It begins like a JSON object and is not a JSON text of bounded depth.
    #[error("the response begins like a JSON object and cannot be read as one")]
    UnreadableObject,
    /// A JSON text that is not an object.
    #[error("the claims are not a JSON object")]
    NotAnObject,
    /// No JSON object with one boolean `active`.
    #[error("the response has no boolean member `active`, or more than one")]
    NoActive,
    /// A member name that is there twice.
    #[error("a member of the response is there twice")]
    RepeatedMember,
    /// A member name that the JSON library reserves for itself, at any depth.
    #[error("a member of the response has a name that the JSON library reserves for itself")]
    ReservedMember,
    /// A known member of another JSON type.
    #[error("a member of the response has the wrong JSON type")]
    WrongType,
    /// The same, and which member it is.
    #[error(transparent)]
    MemberError(MemberError),
    /// A signed response that cannot be used, or one that should be signed and is not, or the reverse.
    #[error(transparent)]
    SignedResponse(#[from] SignedResponseError),
    /// A key set that is not a JSON object with an array `keys` (RFC 7517 §5).
    #[error("the response is not a key set")]
    NotAKeySet,
    /// A response of the token endpoint without a bearer token (RFC 6749 §5.1).
    #[error("the response contains no bearer token")]
    NotATokenResponse,
    /// A response of the token endpoint whose `issued_token_type` is not the requested one (RFC 8693 §2.2.1).
    #[error("the issued token is not of the type that was requested")]
    IssuedTokenType,
    /// A response of the token endpoint that has the token of the caller in place of another one.
    #[error("the issued token is the token of the caller")]
    SubjectToken,
    /// A key set without a key that can be used.
    #[error("the key set has no key for a signature with one of the allowed algorithms")]
    NoUsableKey,
    /// A time before 1970 or after 9999.
    #[error("a time in the response is out of range")]
    TimeOutOfRange,
}
