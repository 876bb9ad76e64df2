//! No TLS library: there are no certificates, and `http` is the only scheme.

use reqwest::{Client, ClientBuilder};

use crate::secure_url::UrlError;

#[derive(Debug, Clone)]
pub(crate) enum Certificate {}

pub(crate) enum Identity {}

/// Whether URLs of this scheme can be requested.
pub(crate) fn check_scheme(scheme: &str) -> Result<(), UrlError> {
    if scheme == "http" { Ok(()) } else { Err(UrlError::NoTlsLibrary) }
}

pub(crate) fn client_builder() -> ClientBuilder {
    Client::builder()
}

pub(crate) fn certificates(_pem: &[u8]) -> Result<Vec<Certificate>, UrlError> {
    Err(UrlError::NoTlsLibrary)
}

pub(crate) fn check_key(_pem: &[u8]) -> Result<(), UrlError> {
    Err(UrlError::NoTlsLibrary)
}

pub(crate) fn identity(_chain: &[u8], _key: &[u8]) -> Result<Identity, UrlError> {
    Err(UrlError::NoTlsLibrary)
}

pub(crate) fn trust_only(
    client: ClientBuilder,
    _certificates: impl IntoIterator<Item = Certificate>,
) -> ClientBuilder {
    client
}

pub(crate) fn present(client: ClientBuilder, _identity: Identity) -> ClientBuilder {
    client
}
