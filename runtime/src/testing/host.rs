//! The host that a request names: protection against DNS rebinding.
//!
//! The owner of a web page can make its host name resolve to 127.0.0.1. For the browser, the scripts of
//! the page are then of the same origin as this server. The `Host` header still has the page's name.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::html;

/// Answers 421 (RFC 9110 §15.5.20) unless the request names a loopback host and this port.
pub(super) async fn require_own_host(
    State(port): State<u16>,
    request: Request,
    next: Next,
) -> Response {
    // HTTP/2 has the authority in place of the header, and HTTP/1.1 may have both.
    let target = request.uri().authority().cloned().map(Some);
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().map(authority);
    let named = target.is_some() || host.is_some();
    let own = |authority: Option<Authority>| authority.is_some_and(|it| is_own(&it, port));
    if named && hosts.next().is_none() && target.into_iter().chain(host).all(own) {
        return next.run(request).await;
    }
    html::problem(
        StatusCode::MISDIRECTED_REQUEST,
        "The request names another host. This server accepts requests for 127.0.0.1, [::1] and \
         localhost, with its own port.",
    )
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    host.to_str().ok().and_then(|host| Authority::from_str(host).ok())
}

/// User information is rejected: a `Host` header has none. Subdomains of `localhost` are rejected,
/// because some resolvers send them to DNS.
fn is_own(authority: &Authority, port: u16) -> bool {
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let loopback = match address.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    };
    loopback && authority.port_u16().unwrap_or(80) == port && !authority.as_str().contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(host: &str, port: u16) -> bool {
        authority(&HeaderValue::from_bytes(host.as_bytes()).unwrap())
            .is_some_and(|authority| is_own(&authority, port))
    }

    #[test]
    fn only_loopback_hosts_with_the_own_port_are_accepted() {
        for host in [
            "127.0.0.1:9000",
            "localhost:9000",
            "LocalHost:9000",
            "[::1]:9000",
            "[::ffff:127.0.0.1]:9000",
        ] {
            assert!(accepts(host, 9000), "{host}");
            assert!(!accepts(host, 9001), "{host}");
        }
        assert!(accepts("localhost", 80) && accepts("127.0.0.1", 80));
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "evil.example:9000",
            "127.0.0.1.evil.example:9000",
            "localhost.evil.example:9000",
            "evil.localhost:9000",
            "localhost.:9000",
            "127.0.0.1:9000.evil.example",
            "127.0.0.1@evil.example:9000",
            "evil.example@127.0.0.1:9000",
            "127.1:9000",
            "0.0.0.0:9000",
            "192.168.0.1:9000",
            "[::]:9000",
            "[::1%eth0]:9000",
            "127.0.0.1:9000 evil.example:9000",
            "127.0.0.1:9000,evil.example:9000",
            "127.0.0.1:09000x",
        ] {
            assert!(!accepts(host, 9000), "{host}");
        }
    }
}
