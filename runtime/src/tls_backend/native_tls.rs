//! TLS by the library of the platform: OpenSSL on Linux.

use reqwest::tls::Version;
use reqwest::{Client, ClientBuilder, Identity};

use crate::secure_url::UrlError;

/// Whether URLs of this scheme can be requested.
#[allow(clippy::unnecessary_wraps, reason = "the other modules return errors")]
pub(crate) fn check_scheme(_scheme: &str) -> Result<(), UrlError> {
    Ok(())
}

pub(crate) fn client_builder() -> ClientBuilder {
    // Older releases of native-tls allow TLS 1.0 by default.
    Client::builder().tls_backend_native().tls_version_min(Version::TLS_1_2)
}

/// Checks that a PEM text has a private key of the kind that [`identity`] reads.
pub(crate) fn check_key(pem: &[u8]) -> Result<(), &'static str> {
    match pkcs8_key(pem) {
        Some(_) => Ok(()),
        None => Err(
            "expected an unencrypted private key as PKCS#8 in PEM (`BEGIN PRIVATE KEY`), the only kind that the \
             feature `native-tls` reads: `openssl pkcs8 -topk8 -nocrypt` converts others",
        ),
    }
}

/// Makes an identity of PEM texts with its certificates and its private key. They may be the same text.
pub(crate) fn identity(chain: &[u8], key: &[u8]) -> reqwest::Result<Identity> {
    Identity::from_pkcs8_pem(chain, pkcs8_key(key).unwrap_or_default())
}

/// The text from the private key on: native-tls accepts nothing before it.
fn pkcs8_key(pem: &[u8]) -> Option<&[u8]> {
    const BEGIN: &[u8] = b"-----BEGIN PRIVATE KEY-----";
    let start = pem.windows(BEGIN.len()).position(|part| part == BEGIN)?;
    pem.get(start..)
}
