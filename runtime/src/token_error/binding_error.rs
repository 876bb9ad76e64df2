//! Why a token that is bound to its holder is rejected.

use std::net::IpAddr;

/// Why a request does not show that its caller is the holder of the token (RFC 7800 §3.1), for the operator's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum BindingError {
    /// `cnf` has a method other than `jkt` and `x5t#S256`, or a value of another form.
    #[error("the token is bound to its holder by a method that is not supported")]
    UnknownMethod,
    /// The token is bound to a key, and came with the scheme `Bearer` (RFC 9449 §7.2).
    #[error("the token is bound to a key, and the request has no DPoP proof for it")]
    NoProof,
    /// The key of the DPoP proof is not the one that the token is bound to (RFC 9449 §4.3).
    #[error("the key of the DPoP proof is not the one that the token is bound to")]
    OtherKey,
    /// The token came with the scheme `DPoP`, and is not bound to a key (RFC 9449 §7.1).
    #[error("the token is not bound to a key, and came with the scheme `DPoP`")]
    NotBound,
    /// The token is not bound to a key, and the setting `dpop` requires it.
    #[error("the token is not bound to a key, which this server requires")]
    Required,
    /// The token is bound to nothing, and the function has `sender_constrained`.
    #[error("the token is not bound to its holder, which the function requires")]
    RequiredByFunction,
    /// The token is bound to a certificate, and the request came without one (RFC 8705 §3).
    #[error("the token is bound to a client certificate, and the request came without one")]
    NoCertificate,
    /// The certificate of the client is not the one that the token is bound to (RFC 8705 §3).
    #[error("the certificate of the client is not the one that the token is bound to")]
    OtherCertificate,
    /// The header with the certificate of the client came from a peer that is no configured proxy (RFC 8705 §6.5, RFC
    /// 9440 §4).
    #[error(
        "the header with the certificate of the client came from {0}, which is no configured proxy"
    )]
    UntrustedPeer(IpAddr),
    /// There is a header with the certificate of the client, and the address that it came from is not known.
    #[error(
        "the address that the header with the certificate of the client came from is not known"
    )]
    UnknownPeer,
    /// The header with the certificate of the client has another form, is too long, or is there twice.
    #[error("the header with the certificate of the client is malformed, too long, or there twice")]
    MalformedCertificate,
}
