//! The certificate of this server for mutual TLS (RFC 8705 §2).

use std::sync::Arc;

use reqwest::{Certificate, Client, Identity};
use secrecy::zeroize::Zeroizing;

use crate::loaded::{Loaded, Source};
use crate::reloaded_file::{ContentError, Parse};
use crate::resource_server::SingleValue;
use crate::{Clock, SettingName, SetupError};

pub(crate) const CLIENT_CERTIFICATE: SettingName =
    SettingName::with_key("client_certificate", "client_certificate_file");
const CLIENT_CERTIFICATE_KEY: SettingName =
    SettingName::with_key("client_certificate", "client_certificate_key_file");

type Pem = Zeroizing<Vec<u8>>;

/// The certificate chain and its private key, as they are configured.
pub(crate) type ClientCertificateSource = SingleValue<[Source<Pem>; 2]>;

/// The certificate chain and its private key. Each file is read again by itself.
#[derive(Clone)]
pub(crate) struct ClientCertificateSettings {
    chain: Loaded<Pem>,
    key: Loaded<Pem>,
}

/// A certificate chain and a private key, which may not belong together while their files are replaced.
#[derive(Clone)]
pub(crate) struct ClientCertificate {
    chain: Arc<Pem>,
    key: Arc<Pem>,
}

impl ClientCertificateSettings {
    /// Reads the certificate, and checks that the key is that of the certificate.
    pub(crate) fn load(
        source: ClientCertificateSource,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Self>, SetupError> {
        let Some([chain, key]) = source.get(CLIENT_CERTIFICATE)? else { return Ok(None) };
        let chain = Loaded::load(CLIENT_CERTIFICATE, chain, parser(parse_chain), clock)?;
        let key = Loaded::load(CLIENT_CERTIFICATE_KEY, key, parser(parse_key), clock)?;
        let settings = Self { chain, key };
        let problem: ContentError = "the private key is not that of the certificate".into();
        let identity = settings.current().identity();
        let usable = identity.is_ok_and(|identity| {
            let client = Client::builder().tls_backend_rustls().tls_certs_only([]);
            client.identity(identity).build().is_ok()
        });
        if usable {
            Ok(Some(settings))
        } else {
            Err(SetupError::Content { setting: CLIENT_CERTIFICATE_KEY, source: problem })
        }
    }

    pub(crate) async fn get(&self) -> ClientCertificate {
        ClientCertificate { chain: self.chain.get().await, key: self.key.get().await }
    }

    pub(crate) fn current(&self) -> ClientCertificate {
        ClientCertificate { chain: self.chain.current(), key: self.key.current() }
    }
}

fn parser(parse: fn(&[u8]) -> Result<(), &'static str>) -> Parse<Pem> {
    Arc::new(move |pem| {
        parse(pem)?;
        Ok(Zeroizing::new(pem.to_vec()))
    })
}

fn parse_chain(pem: &[u8]) -> Result<(), &'static str> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(()),
        _ => Err("expected certificates in PEM (`BEGIN CERTIFICATE`), that of this server first"),
    }
}

fn parse_key(pem: &[u8]) -> Result<(), &'static str> {
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

impl ClientCertificate {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chain, &other.chain) && Arc::ptr_eq(&self.key, &other.key)
    }

    pub(crate) fn identity(&self) -> reqwest::Result<Identity> {
        if self.chain == self.key {
            return Identity::from_pem(&self.chain);
        }
        let mut pem = Zeroizing::new(Vec::with_capacity(self.chain.len() + 1 + self.key.len()));
        pem.extend_from_slice(&self.chain);
        pem.push(b'\n');
        pem.extend_from_slice(&self.key);
        Identity::from_pem(&pem)
    }
}
