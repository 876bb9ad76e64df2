//! Where the certificate of a client is, in a configuration.

use serde::Deserialize;

use crate::ProxyHeader;

/// Where the certificate of a client is: see [`ClientCertificateSource`](crate::ClientCertificateSource).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientCertificateLocation {
    /// In the extensions of the request: the certificate of the connection.
    Connection,
    /// In the header of a proxy: [`ProxyHeader::ClientCert`].
    ClientCert,
    /// In the header of a proxy: [`ProxyHeader::Nginx`].
    Nginx,
    /// In the header of a proxy: [`ProxyHeader::Envoy`].
    Envoy,
    /// In the header of a proxy: [`ProxyHeader::Traefik`].
    Traefik,
}

impl ClientCertificateLocation {
    /// `None` for the connection.
    pub(super) const fn proxy_header(self) -> Option<ProxyHeader> {
        match self {
            Self::Connection => None,
            Self::ClientCert => Some(ProxyHeader::ClientCert),
            Self::Nginx => Some(ProxyHeader::Nginx),
            Self::Envoy => Some(ProxyHeader::Envoy),
            Self::Traefik => Some(ProxyHeader::Traefik),
        }
    }
}
