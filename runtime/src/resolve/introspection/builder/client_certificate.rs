//! Mutual TLS with the authorization server (RFC 8705 §2).

use std::path::PathBuf;

use secrecy::zeroize::Zeroizing;

use super::IntrospectionBuilder;
use crate::loaded::Source;
use crate::{ClientAuthentication, Secret};

impl IntrospectionBuilder {
    /// Sets the certificate that this server presents to the authorization server, if that requests one (RFC 8705 §2):
    /// the certificate chain, with the own certificate first, and its private key, each in PEM. An issuer's metadata
    /// may name other endpoints for clients with a certificate, in `mtls_endpoint_aliases` (RFC 8705 §5), which are
    /// then used. With the feature `native-tls` in place of `rustls`, the key must be PKCS#8. Default: none.
    ///
    /// ```
    /// use requires_auth::Introspection;
    ///
    /// let builder = Introspection::from_issuer("https://auth.example")
    ///     .client_certificate_files("/run/secrets/journal.pem", "/run/secrets/journal-key.pem")
    ///     .tls_client_auth("journal");
    /// ```
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        let key = Zeroizing::new(key.into().expose().as_bytes().to_vec());
        let chain = Source::Text(Zeroizing::new(chain.into()));
        self.connection.client_certificate.set([chain, Source::Text(key)]);
        self
    }

    /// Sets the files with the [client certificate](Self::client_certificate) and its private key, which may be the
    /// same file. [`build`](Self::build) reads them, and requests read them again, at most every 10 s: a new
    /// certificate is used without a restart. While they cannot be used, the last ones stay in use, and a line is
    /// logged. Default: none.
    pub fn client_certificate_files(
        mut self,
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        let files = [Source::File(chain.into()), Source::File(key.into())];
        self.connection.client_certificate.set(files);
        self
    }

    /// Authenticates the client with its [certificate](Self::client_certificate): `tls_client_auth` or
    /// `self_signed_tls_client_auth`, which are the same for a client (RFC 8705 §2). Default: no client
    /// authentication.
    pub fn tls_client_auth(self, id: impl Into<String>) -> Self {
        self.client_authentication(ClientAuthentication::TlsClient { id: id.into() })
    }
}
