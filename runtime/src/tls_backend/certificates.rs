//! What reqwest has for each TLS library.

pub(crate) use reqwest::Certificate;
use reqwest::{ClientBuilder, Identity};

/// Reads each certificate of a PEM text.
pub(crate) fn certificates(pem: &[u8]) -> reqwest::Result<Vec<Certificate>> {
    Certificate::from_pem_bundle(pem)
}

/// Trusts these certificates in place of those of the platform.
pub(crate) fn trust_only(
    client: ClientBuilder,
    certificates: impl IntoIterator<Item = Certificate>,
) -> ClientBuilder {
    client.tls_certs_only(certificates)
}

/// Presents this identity to a server that requests it.
pub(crate) fn present(client: ClientBuilder, identity: Identity) -> ClientBuilder {
    client.identity(identity)
}
