//! The address of the peer of a connection.

use std::net::{IpAddr, SocketAddr};

use http::Extensions;

/// The IP address that a request came from: that of the proxy, where there is one. A server that reads certificates from a
/// header of a [proxy](super::ClientCertificateSource::proxy) needs it in the extensions of each request.
///
/// With axum it is not needed: `into_make_service_with_connect_info::<SocketAddr>()` puts a `ConnectInfo<SocketAddr>`
/// there. For other servers, take it from the connection, never from a header:
///
/// ```
/// use std::net::SocketAddr;
/// use requires_auth::PeerAddress;
///
/// fn add_peer<B>(request: &mut http::Request<B>, peer: SocketAddr) {
///     request.extensions_mut().insert(PeerAddress::from(peer));
/// }
/// ```
///
/// A Unix domain socket has no address. Where only the proxy can open the socket, put
/// `PeerAddress::from(IpAddr::from(Ipv4Addr::LOCALHOST))` there, and trust `127.0.0.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(IpAddr);

impl PeerAddress {
    /// The address of the peer of this request, if the server has put it there.
    pub(super) fn of(extensions: &Extensions) -> Option<IpAddr> {
        if let Some(Self(address)) = extensions.get() {
            return Some(address.to_canonical());
        }
        #[cfg(feature = "axum")]
        if let Some(peer) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
            return Some(peer.0.ip().to_canonical());
        }
        None
    }
}

impl From<IpAddr> for PeerAddress {
    fn from(address: IpAddr) -> Self {
        Self(address)
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_in_an_ipv6_one_is_the_ipv4_address() {
        // R-H2: a socket for both versions has such peers.
        let mut extensions = Extensions::new();
        assert_eq!(PeerAddress::of(&extensions), None);
        let address: SocketAddr = "[::ffff:10.1.2.3]:4".parse().unwrap();
        extensions.insert(PeerAddress::from(address));
        assert_eq!(PeerAddress::of(&extensions), Some("10.1.2.3".parse().unwrap()));
    }

    #[cfg(feature = "axum")]
    #[test]
    fn the_address_that_axum_provides_is_used() {
        // R-H2
        let mut extensions = Extensions::new();
        let address: SocketAddr = "[::ffff:10.1.2.3]:4".parse().unwrap();
        extensions.insert(axum::extract::ConnectInfo(address));
        assert_eq!(PeerAddress::of(&extensions), Some("10.1.2.3".parse().unwrap()));
    }
}
