//! The certificates that the certificate of an authorization server is verified with (RFC 8446 §4.4.2).

use std::sync::Arc;

use crate::reloaded_file::{ContentError, Parse};
use crate::tls_backend::{self, Certificate};

/// Trust anchors, in place of those of the platform. There is at least one.
#[derive(Debug)]
pub(crate) struct TrustAnchors(Vec<Certificate>);

impl TrustAnchors {
    pub(crate) fn certificates(&self) -> impl Iterator<Item = Certificate> {
        self.0.iter().cloned()
    }

    /// Reads each certificate of a PEM text (RFC 7468 §5).
    pub(crate) fn parse() -> Parse<Self> {
        Arc::new(parse)
    }
}

fn parse(pem: &[u8]) -> Result<TrustAnchors, ContentError> {
    const EXPECTED: &str = "expected certificates in PEM (`BEGIN CERTIFICATE`), at least one";
    tls_backend::check_scheme("https")?;
    let certificates = tls_backend::certificates(pem).map_err(|_| EXPECTED)?;
    if certificates.is_empty() {
        return Err(EXPECTED.into());
    }
    // A client reads the certificates when it is built.
    let client = tls_backend::client_builder();
    let client = tls_backend::trust_only(client, certificates.clone()).build();
    client.map_err(|_| "one of the certificates is no X.509 certificate")?;
    Ok(TrustAnchors(certificates))
}
