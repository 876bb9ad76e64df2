//! What is wrong with a signed introspection response.

/// Why a signed introspection response cannot be used (RFC 9701 §5), or one that is not signed where a signature is
/// required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SignedResponseError {
    /// Its media type is not `application/token-introspection+jwt`, so it is not signed.
    #[error("the answer is not signed")]
    NotSigned,
    /// Its media type is `application/token-introspection+jwt`, and no signed response was requested.
    #[error("the answer is signed, and a plain one was requested")]
    NotRequested,
    /// It is no JWT: it has not three parts of base64url, or its header is no JSON object with the parameters of a
    /// JWS (RFC 7515 §4.1), or names critical ones.
    #[error("the answer is not a JWT that can be read")]
    NotAJwt,
    /// `alg` is not one of the allowed algorithms.
    #[error("the algorithm of the signed answer is not allowed")]
    Algorithm,
    /// `typ` is not `token-introspection+jwt`: it is another kind of JWT, such as an access token.
    #[error("the type of the signed answer is not `token-introspection+jwt`")]
    Type,
    /// No single key of the issuer has this `kid` and is for this algorithm.
    #[error("no single key of the issuer has the key id of the signed answer")]
    Key,
    /// The signature is not that of the key.
    #[error("the signature of the answer is wrong")]
    Signature,
    /// `iss` is absent, or not the issuer.
    #[error("the signed answer is from another issuer")]
    Issuer,
    /// `aud` is absent, or does not contain this server: it is the answer to another client.
    #[error("the signed answer is for another client")]
    Audience,
    /// `iat` is absent, no number, or more than five minutes from now.
    #[error("the signed answer was not issued now")]
    IssuedAt,
    /// `token_introspection` is absent, or no object.
    #[error("the signed answer has no object `token_introspection`")]
    NoResponse,
}
