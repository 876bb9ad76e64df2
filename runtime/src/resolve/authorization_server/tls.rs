//! How the connections to an authorization server use TLS.

use std::sync::Arc;

use reqwest::ClientBuilder;

use super::client_certificate::{ClientCertificate, ClientCertificateSettings};
use super::trust_anchors::TrustAnchors;
use crate::loaded::Loaded;
use crate::reloaded_file::ContentError;
use crate::tls_backend;

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

    /// A builder of clients that use the library of [`tls_backend`], also where another crate enables other features of
    /// reqwest.
    pub(crate) fn client_builder(&self) -> Result<ClientBuilder, ContentError> {
        let mut client = tls_backend::client_builder();
        if let Some(trust_anchors) = &self.trust_anchors {
            client = tls_backend::trust_only(client, trust_anchors.certificates());
        }
        if let Some(certificate) = &self.client_certificate {
            client = certificate.identify(client)?;
        }
        Ok(client)
    }
}
