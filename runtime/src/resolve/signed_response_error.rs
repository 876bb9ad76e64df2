//! What is wrong with a signed introspection response.

/// Why a signed introspection response cannot be used (RFC 9701 §5), or one that is not signed where a signature is
/// required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SignedResponseError {
    /// Its media type is not `application/token-introspection+jwt`, so it is not signed.
    #[error("the response is not signed")]
    NotSigned,
    /// Its media type is `application/token-introspection+jwt`, and no signed response was requested.
    #[error("the response is signed, and a plain one was requested")]
    NotRequested,
    /// It is no JWT: it has not three parts of base64url, or its header is no JSON object with the parameters of a
    /// JWS (RFC 7515 §4.1), or names critical ones.
    #[error("the response is not a JWT that can be read")]
    NotAJwt,
    /// `alg` is not one of the allowed algorithms.
    #[error("the algorithm of the signed response is not allowed")]
    Algorithm,
    /// `typ` is not `token-introspection+jwt`: it is another kind of JWT, such as an access token.
    #[error("the type of the signed response is not `token-introspection+jwt`")]
    Type,
    /// No single key of the issuer has this `kid` and is for this algorithm.
    #[error("no single key of the issuer has the key id of the signed response")]
    Key,
    /// The signature is not that of the key.
    #[error("the signature of the response is wrong")]
    Signature,
    /// `iss` is absent, or not the issuer.
    #[error("the signed response is from another issuer")]
    Issuer,
    /// `aud` is absent, or does not contain this server: it is the response to another client.
    #[error("the signed response is for another client")]
    Audience,
    /// `iat` is absent, no number, or more than five minutes from now.
    #[error("the signed response was not issued now")]
    IssuedAt,
    /// `token_introspection` is absent, or no object.
    #[error("the signed response has no object `token_introspection`")]
    NoResponse,
}
