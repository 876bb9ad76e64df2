//! The certificate of a connection.

use crate::thumbprint::Thumbprint;

/// The certificate that the client of a TLS connection has presented. The server that accepts connections puts it into the
/// extensions of each request, where the guards find it (RFC 8705 §3).
///
/// It is the thumbprint of the certificate alone, so it is cheap to clone. That the client has the private key is what the
/// TLS handshake proves: take the certificate from a connection whose handshake is complete.
///
/// ```
/// use requires_auth::ClientCertificate;
///
/// /// `chain` is what the TLS library calls the certificates of the peer: the first one is that of the client.
/// fn add_certificate<B>(request: &mut http::Request<B>, chain: &[Vec<u8>]) {
///     if let Some(der) = chain.first() {
///         request.extensions_mut().insert(ClientCertificate::from_der(der));
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientCertificate(Thumbprint);

impl ClientCertificate {
    /// The certificate with this DER. The bytes are hashed as they are.
    pub fn from_der(der: impl AsRef<[u8]>) -> Self {
        Self(Thumbprint::sha256(der.as_ref()))
    }

    pub(super) const fn with_thumbprint(thumbprint: Thumbprint) -> Self {
        Self(thumbprint)
    }

    /// Its SHA-256 thumbprint, in base64url: the value of `x5t#S256` in the `cnf` of a token (RFC 8705 §3.1).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.0.to_string()
    }

    pub(crate) const fn sha256(self) -> Thumbprint {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_the_bytes() {
        // R-H2
        let certificate = ClientCertificate::from_der(b"abc");
        assert_eq!(certificate.thumbprint(), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_ne!(certificate, ClientCertificate::from_der(b"abc\0"));
    }
}
