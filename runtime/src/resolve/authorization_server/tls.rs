//! How the connections to an authorization server use TLS.

use std::sync::Arc;

use reqwest::ClientBuilder;

use super::trust_anchors::TrustAnchors;
use crate::loaded::Loaded;

/// The settings, whose files can change.
#[derive(Clone)]
pub(in crate::resolve) struct TlsSettings {
    pub(in crate::resolve) trust_anchors: Option<Loaded<TrustAnchors>>,
}

/// What the settings contain at one time.
#[derive(Clone)]
pub(in crate::resolve) struct Tls {
    trust_anchors: Option<Arc<TrustAnchors>>,
}

impl TlsSettings {
    /// The contents, read again if that is due: see [`ReloadedFile`](crate::reloaded_file::ReloadedFile).
    pub(in crate::resolve) async fn get(&self) -> Tls {
        let trust_anchors = match &self.trust_anchors {
            Some(trust_anchors) => Some(trust_anchors.get().await),
            None => None,
        };
        Tls { trust_anchors }
    }

    pub(in crate::resolve) fn current(&self) -> Tls {
        Tls { trust_anchors: self.trust_anchors.as_ref().map(Loaded::current) }
    }
}

impl Tls {
    /// Whether a client made of the one is the same as one made of the other.
    pub(in crate::resolve) fn is_same(&self, other: &Self) -> bool {
        is_same(self.trust_anchors.as_ref(), other.trust_anchors.as_ref())
    }

    /// Uses rustls, also where another crate enables other features of reqwest.
    pub(in crate::resolve) fn apply(&self, client: ClientBuilder) -> ClientBuilder {
        let client = client.tls_backend_rustls();
        match &self.trust_anchors {
            Some(trust_anchors) => client.tls_certs_only(trust_anchors.certificates()),
            None => client,
        }
    }
}

fn is_same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}
