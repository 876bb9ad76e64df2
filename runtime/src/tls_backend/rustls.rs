//! TLS by rustls.

use ::rustls::crypto::CryptoProvider;
use reqwest::{Client, ClientBuilder, Identity};
use secrecy::zeroize::Zeroizing;

use crate::secure_url::UrlError;

/// Whether URLs of this scheme can be requested.
///
/// The crypto provider is the one that the application has installed for the process, else that of the feature
/// `rustls`. None is installed here. Without one, reqwest would panic, whatever the scheme is.
pub(crate) fn check_scheme(_scheme: &str) -> Result<(), UrlError> {
    if cfg!(not(feature = "rustls")) && CryptoProvider::get_default().is_none() {
        return Err(UrlError::NoCryptoProvider);
    }
    Ok(())
}

pub(crate) fn client_builder() -> ClientBuilder {
    Client::builder().tls_backend_rustls()
}

/// Checks that a PEM text has a private key of a kind that [`identity`] reads.
pub(crate) fn check_key(pem: &[u8]) -> Result<(), &'static str> {
    // Without a certificate, `Identity` reports nothing about the key.
    let is_key = String::from_utf8_lossy(pem).lines().any(|line| {
        let line = line.trim_end();
        line.starts_with("-----BEGIN ")
            && line.ends_with("PRIVATE KEY-----")
            && !line.contains("ENCRYPTED")
    });
    if is_key {
        Ok(())
    } else {
        Err("expected an unencrypted private key in PEM (`BEGIN PRIVATE KEY`)")
    }
}

/// Makes an identity of PEM texts with its certificates and its private key. They may be the same text.
pub(crate) fn identity(chain: &[u8], key: &[u8]) -> reqwest::Result<Identity> {
    if chain == key {
        return Identity::from_pem(chain);
    }
    let mut pem = Zeroizing::new(Vec::with_capacity(chain.len() + 1 + key.len()));
    pem.extend_from_slice(chain);
    pem.push(b'\n');
    pem.extend_from_slice(key);
    Identity::from_pem(&pem)
}
