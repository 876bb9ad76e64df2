//! Where the certificate of the client is found.

use http::HeaderName;

use super::network::Network;
use super::proxy_header::Malformed;
use super::{ClientCertificate, PeerAddress, ProxyHeader};
use crate::resource_server::{SettingName, SetupError};
use crate::telemetry::Quoted;
use crate::thumbprint::Thumbprint;
use crate::{BindingError, RequestHead};

/// The longest header that is read, in bytes.
pub(super) const MAX_LENGTH: usize = 32 * 1024;

const PROXIES: SettingName =
    SettingName::with_key("ClientCertificateSource::proxy", "client_certificate_proxies");
const HEADER: SettingName =
    SettingName::with_key("ClientCertificateSource::header_name", "client_certificate_header");
const SOURCE: SettingName = SettingName::of_both("client_certificate_source");

/// Where the resource server finds the certificate of a client, for access tokens that are bound to one (RFC 8705 §3). The
/// guide [`mtls`](crate::mtls) has the whole set-up.
///
/// ```
/// use requires_auth::{ClientCertificateSource, ProxyHeader, ResourceServer};
/// # #[cfg(feature = "introspection")] {
/// # use requires_auth::Introspection;
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// # let introspection = Introspection::builder("https://auth.example/oauth2/introspect")
/// #     .client_secret_basic("journal", "the client's secret")
/// #     .build()?;
/// let server = ResourceServer::builder("https://journal.example/mcp")
///     .issuer("https://auth.example")
///     .resolver(introspection)
///     .client_certificate_source(ClientCertificateSource::proxy(
///         ProxyHeader::Nginx,
///         ["127.0.0.1", "10.0.0.0/8"],
///     ))
///     .build()?;
/// assert_eq!(server.metadata().tls_client_certificate_bound_access_tokens, Some(true));
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ClientCertificateSource {
    proxy: Option<Proxy>,
    header_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Proxy {
    header: ProxyHeader,
    networks: Vec<String>,
}

impl ClientCertificateSource {
    /// The [`ClientCertificate`] in the extensions of the request: that of the TLS connection. Headers are not read.
    pub fn connection() -> Self {
        Self { proxy: None, header_name: None }
    }

    /// A header of a proxy, which ends the TLS connection of the client. It is believed only if the peer of the
    /// connection has one of these IP addresses, or is in one of these networks: `10.0.0.0/8`, `fd00::/8`. At least one
    /// is required, and one that contains every address (`0.0.0.0/0`) is an error.
    ///
    /// The address is that of the extensions of the request: a [`PeerAddress`], or the `ConnectInfo<SocketAddr>` of axum. A
    /// certificate-bound token is rejected if there is none, if the peer is another one, and if the header is malformed,
    /// longer than 32 KiB, or there twice. A certificate of the connection itself does not count, since it is that of
    /// the proxy.
    pub fn proxy<S: Into<String>>(header: ProxyHeader, peers: impl IntoIterator<Item = S>) -> Self {
        let networks = peers.into_iter().map(Into::into).collect();
        Self { proxy: Some(Proxy { header, networks }), header_name: None }
    }

    /// The name of the header. Default: see [`ProxyHeader`].
    pub fn header_name(mut self, name: impl Into<String>) -> Self {
        self.header_name = Some(name.into());
        self
    }

    pub(crate) fn build(self) -> Result<ClientCertificates, SetupError> {
        let Some(Proxy { header, networks }) = self.proxy else {
            if self.header_name.is_some() {
                return Err(SetupError::Requires {
                    setting: HEADER,
                    required: PROXIES,
                    reason: "the certificate of the connection is in no header",
                });
            }
            return Ok(ClientCertificates::Connection);
        };
        if networks.is_empty() {
            return Err(SetupError::Requires {
                setting: SOURCE,
                required: PROXIES,
                reason: "the header of a proxy is believed only from known addresses",
            });
        }
        let parse = |text: &String| {
            Network::parse(text).ok_or_else(|| {
                let expected = "IP addresses, and networks such as 10.0.0.0/8, without bits after the prefix, and \
                     not all addresses";
                SetupError::invalid(PROXIES, expected, Quoted(text))
            })
        };
        let trusted = networks.iter().map(parse).collect::<Result<_, _>>()?;
        let name = match &self.header_name {
            None => header.name(),
            Some(name) => HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                SetupError::invalid(HEADER, "the name of a header (RFC 9110 §5.1)", Quoted(name))
            })?,
        };
        Ok(ClientCertificates::Proxy { header, name, trusted })
    }
}

/// Finds the certificate of a client.
#[derive(Debug, Default)]
pub(crate) enum ClientCertificates {
    /// In the extensions.
    #[default]
    Connection,
    /// In a header, if it comes from a trusted peer.
    Proxy { header: ProxyHeader, name: HeaderName, trusted: Vec<Network> },
}

impl ClientCertificates {
    /// The thumbprint of the certificate of the client, or why there is none.
    pub(crate) fn thumbprint(&self, request: &RequestHead<'_>) -> Result<Thumbprint, BindingError> {
        let certificate = match self {
            Self::Connection => request.extensions().get::<ClientCertificate>().copied(),
            Self::Proxy { header, name, trusted } => {
                let mut fields = request.headers().get_all(name).iter();
                let field = fields.next().ok_or(BindingError::NoCertificate)?;
                let peer =
                    PeerAddress::of(request.extensions()).ok_or(BindingError::UnknownPeer)?;
                if !trusted.iter().any(|network| network.contains(peer)) {
                    return Err(BindingError::UntrustedPeer(peer));
                }
                if fields.next().is_some() {
                    return Err(BindingError::MalformedCertificate);
                }
                header.read(field).map_err(|Malformed| BindingError::MalformedCertificate)?
            }
        };
        certificate.map(ClientCertificate::sha256).ok_or(BindingError::NoCertificate)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http::Request;

    use super::*;

    /// `abc` in base64.
    const FIELD: &str = ":YWJj:";

    fn certificates() -> ClientCertificates {
        let source = ClientCertificateSource::proxy(ProxyHeader::ClientCert, ["10.0.0.0/8", "::1"]);
        source.build().unwrap()
    }

    fn request(peer: Option<&str>, fields: &[&str]) -> Request<()> {
        let mut request = Request::new(());
        // The certificate of the proxy.
        request.extensions_mut().insert(ClientCertificate::from_der("proxy"));
        if let Some(peer) = peer {
            request.extensions_mut().insert(PeerAddress::from(peer.parse::<IpAddr>().unwrap()));
        }
        for field in fields {
            request.headers_mut().append("client-cert", field.parse().unwrap());
        }
        request
    }

    fn found(peer: Option<&str>, fields: &[&str]) -> Result<String, BindingError> {
        let request = request(peer, fields);
        certificates().thumbprint(&RequestHead::from(&request)).map(|it| it.to_string())
    }

    #[test]
    fn the_header_is_believed_from_a_trusted_peer_only() {
        // R-H2
        let abc = ClientCertificate::from_der("abc").thumbprint();
        for peer in ["10.1.2.3", "::1", "::ffff:10.0.0.1"] {
            assert_eq!(found(Some(peer), &[FIELD]), Ok(abc.clone()), "{peer}");
        }
        for peer in ["11.0.0.0", "127.0.0.1", "::2", "::ffff:11.0.0.1"] {
            let address: IpAddr = peer.parse().unwrap();
            let expected = BindingError::UntrustedPeer(address.to_canonical());
            assert_eq!(found(Some(peer), &[FIELD]), Err(expected), "{peer}");
        }
        assert_eq!(found(None, &[FIELD]), Err(BindingError::UnknownPeer));
    }

    #[test]
    fn one_header_of_bounded_length_is_read() {
        // R-H2
        let peer = Some("10.0.0.1");
        for fields in [&[][..], &[""]] {
            assert_eq!(found(peer, fields), Err(BindingError::NoCertificate), "{fields:?}");
        }
        let long = format!(":{}:", "A".repeat(MAX_LENGTH));
        let longest = format!(":{}:", "A".repeat(MAX_LENGTH - 4));
        assert!(found(peer, &[&longest]).is_ok());
        for fields in [&[FIELD, FIELD][..], &["", FIELD], &[FIELD, ""], &[&long], &["YWJj"]] {
            assert_eq!(found(peer, fields), Err(BindingError::MalformedCertificate), "{fields:?}");
        }
    }

    #[test]
    fn without_a_proxy_the_certificate_is_that_of_the_connection() {
        // R-H2
        let request = request(Some("10.0.0.1"), &[FIELD]);
        let found = ClientCertificates::default().thumbprint(&RequestHead::from(&request));
        assert_eq!(found, Ok(Thumbprint::sha256(b"proxy")));
        let without = Request::new(());
        let found = ClientCertificates::default().thumbprint(&RequestHead::from(&without));
        assert_eq!(found, Err(BindingError::NoCertificate));
    }

    #[test]
    fn a_source_that_makes_no_sense_is_an_error() {
        // R-H2
        let proxy = |peers: &[&str]| {
            ClientCertificateSource::proxy(ProxyHeader::Envoy, peers.iter().copied())
        };
        for (source, message) in [
            (
                proxy(&[]),
                "the setting `client_certificate_source` (REQUIRES_AUTH_CLIENT_CERTIFICATE_SOURCE) is set without",
            ),
            (proxy(&["10.0.0.0/8", "10.0.0.1/8"]), "found \"10.0.0.1/8\""),
            (proxy(&["0.0.0.0/0"]), "found \"0.0.0.0/0\""),
            (proxy(&["::1"]).header_name("a b"), "found \"a b\""),
            (ClientCertificateSource::connection().header_name("a"), "is in no header"),
        ] {
            let error = source.build().unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
