//! The address of the store, from its URLs and certificates.

use ::redis::cluster::ClusterClient;
use ::redis::{Client, ClientTlsConfig, IntoConnectionInfo, TlsCertificates, TlsMode};
use rustls::crypto::CryptoProvider;
use url::Url;

use crate::shared_cache::connection::{Address, CONNECT_TIMEOUT};
use crate::shared_cache::setting_names::{CLIENT_CERTIFICATE, REDIS_URLS, ROOT_CERTIFICATES};
use crate::{Secret, SettingName, SetupError};

/// The certificates that are configured, as PEM.
pub(super) struct Certificates {
    pub(super) root: Option<Vec<u8>>,
    pub(super) client: Option<ClientTlsConfig>,
}

/// Checks what can be checked without a connection.
pub(super) fn store_address(
    urls: &[Secret],
    cluster: bool,
    certificates: Certificates,
) -> Result<Address, SetupError> {
    let urls: Vec<Url> = urls.iter().map(parse_url).collect::<Result<_, _>>()?;
    let tls_url = urls.iter().find(|url| matches!(url.scheme(), "rediss" | "valkeys"));
    if tls_url.is_some() && CryptoProvider::get_default().is_none() {
        // The client takes no provider. Without a default, it would install one for the process, or panic
        // if several are compiled in.
        return Err(SetupError::NoCryptoProvider { setting: REDIS_URLS });
    }
    certificates.check(tls_url)?;
    let certificates = certificates.into_redis();
    let found = format!("{} URLs", urls.len());
    let nodes = |_| {
        let expected = "at least one URL of a node, all with the same user, password and TLS";
        SetupError::invalid(REDIS_URLS, expected, found)
    };
    if cluster {
        // A retry would exceed the timeout of the command.
        let mut builder = ClusterClient::builder(urls)
            .retries(1)
            .connection_timeout(CONNECT_TIMEOUT)
            .response_timeout(CONNECT_TIMEOUT);
        if let Some(certificates) = certificates {
            builder = builder.tls(TlsMode::Secure).certs(certificates);
        }
        return builder.build().map(|client| Address::Cluster(Box::new(client))).map_err(nodes);
    }
    // `SharedCache::single` has one URL.
    let [url] = <[Url; 1]>::try_from(urls).map_err(|_| malformed())?;
    match certificates {
        Some(certificates) => Client::build_with_tls(url, certificates),
        None => Client::open(url),
    }
    .map(|client| Address::Single(Box::new(client)))
    .map_err(|_| malformed())
}

impl Certificates {
    /// Checks each setting alone, so that the error names the one that is wrong.
    fn check(&self, tls_url: Option<&Url>) -> Result<(), SetupError> {
        let root = self.root.clone().map(|pem| Self { root: Some(pem), client: None });
        let client = self.client.clone().map(|tls| Self { root: None, client: Some(tls) });
        for (setting, alone) in [(ROOT_CERTIFICATES, root), (CLIENT_CERTIFICATE, client)] {
            if let Some(certificates) = alone.and_then(Self::into_redis) {
                check_certificates(setting, certificates, tls_url)?;
            }
        }
        Ok(())
    }

    fn into_redis(self) -> Option<TlsCertificates> {
        let Self { root: root_cert, client: client_tls } = self;
        (root_cert.is_some() || client_tls.is_some())
            .then_some(TlsCertificates { root_cert, client_tls })
    }
}

fn check_certificates(
    setting: SettingName,
    certificates: TlsCertificates,
    tls_url: Option<&Url>,
) -> Result<(), SetupError> {
    let Some(url) = tls_url else {
        return Err(SetupError::Contradiction {
            settings: vec![setting, REDIS_URLS],
            reason: "certificates are for URLs with TLS: use `rediss://`",
        });
    };
    match Client::build_with_tls(url.clone(), certificates) {
        Ok(_) => Ok(()),
        Err(_) => Err(SetupError::invalid(setting, "PEM that is usable with TLS", "other data")),
    }
}

fn parse_url(url: &Secret) -> Result<Url, SetupError> {
    let url = Url::parse(url.expose()).map_err(|_| malformed())?;
    if url.fragment().is_some() {
        let expected = "without a fragment, since certificates are always verified";
        return Err(SetupError::invalid(REDIS_URLS, expected, "a fragment"));
    }
    match url.clone().into_connection_info() {
        Ok(_) => Ok(url),
        Err(_) => Err(malformed()),
    }
}

/// The message does not repeat the URL, which may contain a password.
fn malformed() -> SetupError {
    let expected = "of the form `redis://host:6379` or `rediss://host:6379`";
    SetupError::invalid(REDIS_URLS, expected, "another text")
}
