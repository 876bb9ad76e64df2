//! The certificate of the client, for access tokens that are bound to one: mutual TLS (RFC 8705 §3).

mod certificate;
mod encoding;
mod envoy;
#[cfg(any(test, requires_auth_fuzz))]
pub(crate) mod fuzz;
mod network;
mod peer_address;
mod proxy_header;
mod source;

pub use certificate::ClientCertificate;
pub use peer_address::PeerAddress;
pub use proxy_header::ProxyHeader;
pub use source::ClientCertificateSource;
pub(crate) use source::ClientCertificates;
