//! The certificate of this server for mutual TLS (RFC 8705 §2).

use std::sync::Arc;

use reqwest::ClientBuilder;
use secrecy::zeroize::Zeroizing;

use crate::loaded::{Loaded, Source};
use crate::reloaded_file::{ContentError, Parse};
use crate::resource_server::SingleValue;
use crate::tls_backend;
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
        let chain = Loaded::load(CLIENT_CERTIFICATE, chain, parser(check_chain), clock)?;
        let key = Loaded::load(CLIENT_CERTIFICATE_KEY, key, parser(tls_backend::check_key), clock)?;
        let settings = Self { chain, key };
        let problem: ContentError = "the private key is not that of the certificate".into();
        let client = tls_backend::trust_only(tls_backend::client_builder(), []);
        let client = settings.current().identify(client);
        let usable = client.is_ok_and(|client| client.build().is_ok());
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

fn parser<E: Into<ContentError> + 'static>(check: fn(&[u8]) -> Result<(), E>) -> Parse<Pem> {
    Arc::new(move |pem| {
        check(pem).map_err(Into::into)?;
        Ok(Zeroizing::new(pem.to_vec()))
    })
}

fn check_chain(pem: &[u8]) -> Result<(), ContentError> {
    const EXPECTED: &str =
        "expected certificates in PEM (`BEGIN CERTIFICATE`), that of this server first";
    tls_backend::check_scheme("https")?;
    let certificates = tls_backend::certificates(pem).map_err(|_| EXPECTED)?;
    if certificates.is_empty() { Err(EXPECTED.into()) } else { Ok(()) }
}

impl ClientCertificate {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chain, &other.chain) && Arc::ptr_eq(&self.key, &other.key)
    }

    /// Presents the certificate to a server that requests it.
    pub(crate) fn identify(&self, client: ClientBuilder) -> Result<ClientBuilder, ContentError> {
        let identity = tls_backend::identity(&self.chain, &self.key)?;
        Ok(tls_backend::present(client, identity))
    }
}
