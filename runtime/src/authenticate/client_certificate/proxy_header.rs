//! The headers in which proxies pass the certificate of their client on.

use http::{HeaderName, HeaderValue};

use super::encoding::{from_base64_chain, from_byte_sequence, from_escaped_pem};
use super::envoy::from_element;
use super::{ClientCertificate, source::MAX_LENGTH};

/// The header in which a proxy passes the certificate of its client on, and the form that the certificate has there.
///
/// The proxy must remove such headers from the requests that it gets, and write its own (RFC 9440 §4). The guide
/// [`mtls`](crate::mtls) has the configuration of nginx and Envoy for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyHeader {
    /// `Client-Cert`, with a byte sequence, as in `:MIIB…:` (RFC 9440 §2.2).
    ClientCert,
    /// `X-SSL-Client-Cert`, with percent-encoded PEM: the variable `$ssl_client_escaped_cert` of nginx. It is empty for
    /// a client without a certificate.
    Nginx,
    /// `x-forwarded-client-cert` of Envoy with `SANITIZE_SET`. `Hash` or `Cert` names the certificate. A field with several
    /// elements is refused: one of them may come from the client.
    Envoy,
    /// `X-Forwarded-Tls-Client-Cert` of Traefik, with the DER in base64, and further certificates of the chain after a
    /// comma.
    Traefik,
}

impl ProxyHeader {
    /// The name of the header, unless another one is set.
    pub(super) const fn name(self) -> HeaderName {
        match self {
            Self::ClientCert => HeaderName::from_static("client-cert"),
            Self::Nginx => HeaderName::from_static("x-ssl-client-cert"),
            Self::Envoy => HeaderName::from_static("x-forwarded-client-cert"),
            Self::Traefik => HeaderName::from_static("x-forwarded-tls-client-cert"),
        }
    }

    /// The certificate in the header. `Err` if there is something else.
    pub(super) fn read(self, field: &HeaderValue) -> Result<Option<ClientCertificate>, Malformed> {
        let field = field.as_bytes();
        // What nginx sends for a client without a certificate.
        if field.is_empty() {
            return Ok(None);
        }
        if field.len() > MAX_LENGTH {
            return Err(Malformed);
        }
        let certificate = match self {
            Self::ClientCert => from_byte_sequence(field),
            Self::Nginx => from_escaped_pem(field),
            Self::Envoy => from_element(field),
            Self::Traefik => from_base64_chain(field),
        };
        certificate.map(Some).ok_or(Malformed)
    }
}

/// A header that is too long, or of another form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;
