//! How the connections to an authorization server use TLS.

use std::sync::Arc;

use reqwest::ClientBuilder;

use super::client_certificate::{ClientCertificate, ClientCertificateSettings};
use super::trust_anchors::TrustAnchors;
use crate::loaded::Loaded;

/// The settings, whose files can change.
#[derive(Clone)]
pub(crate) struct TlsSettings {
    pub(crate) trust_anchors: Option<Loaded<TrustAnchors>>,
    pub(crate) client_certificate: Option<ClientCertificateSettings>,
}

/// What the settings contain at one time.
#[derive(Clone)]
pub(crate) struct Tls {
    trust_anchors: Option<Arc<TrustAnchors>>,
    client_certificate: Option<ClientCertificate>,
}

impl TlsSettings {
    /// The contents, read again if that is due: see [`ReloadedFile`](crate::reloaded_file::ReloadedFile).
    pub(crate) async fn get(&self) -> Tls {
        let trust_anchors = match &self.trust_anchors {
            Some(trust_anchors) => Some(trust_anchors.get().await),
            None => None,
        };
        let client_certificate = match &self.client_certificate {
            Some(certificate) => Some(certificate.get().await),
            None => None,
        };
        Tls { trust_anchors, client_certificate }
    }

    pub(crate) fn current(&self) -> Tls {
        Tls {
            trust_anchors: self.trust_anchors.as_ref().map(Loaded::current),
            client_certificate: self
                .client_certificate
                .as_ref()
                .map(ClientCertificateSettings::current),
        }
    }
}

impl Tls {
    /// Whether a client made of the one is the same as one made of the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let trust_anchors = match (&self.trust_anchors, &other.trust_anchors) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let client_certificate = match (&self.client_certificate, &other.client_certificate) {
            (Some(one), Some(other)) => one.is_same(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        trust_anchors && client_certificate
    }

    /// Uses rustls, also where another crate enables other features of reqwest.
    pub(crate) fn apply(&self, client: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let mut client = client.tls_backend_rustls();
        if let Some(trust_anchors) = &self.trust_anchors {
            client = client.tls_certs_only(trust_anchors.certificates());
        }
        if let Some(certificate) = &self.client_certificate {
            client = client.identity(certificate.identity()?);
        }
        Ok(client)
    }
}
