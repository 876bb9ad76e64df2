//! The HTTP client for an authorization server, and the limit on response bodies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::CONTENT_ENCODING;
use reqwest::{Client, Response, redirect, retry};
use url::Url;

use super::tls::Tls;
use crate::SetupError;
use crate::resolve::{ResolveError, ResponseError, UnavailableError};
use crate::secure_url::{self, Http};

/// A client for one authorization server.
///
/// It follows no redirects, retries nothing, and accepts no content coding, also where another crate enables other
/// features of reqwest. Requests to a loopback host, and over plain `http`, where a proxy could read tokens and
/// credentials, use no proxy. Other requests use the proxies of the environment as reqwest documents it. A loopback
/// name in a plain `http` URL resolves to the loopback addresses without DNS or the hosts file (RFC 6761 §6.3).
pub(crate) fn client(
    url: &Url,
    http: Http,
    connect_timeout: Duration,
    tls: &Tls,
) -> Result<Client, SetupError> {
    let mut client = tls
        .client_builder()
        .map_err(SetupError::HttpClient)?
        .user_agent(concat!("requires-auth/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd();
    if secure_url::is_loopback(url) || url.scheme() == "http" {
        client = client.no_proxy();
    }
    if let (Http::LoopbackOnly, Some(name)) = (http, secure_url::loopback_name(url)) {
        client = client.resolve_to_addrs(name, &LOOPBACK);
    }
    client.build().map_err(|error| SetupError::HttpClient(Box::new(error)))
}

/// Port 0 stands for the port of the URL.
const LOOPBACK: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

/// Reads a body of at most `max_length` bytes.
pub(crate) async fn bounded_body(
    mut response: Response,
    max_length: usize,
) -> Result<Vec<u8>, ResolveError> {
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(ResponseError::Encoded.into());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(connection_error)? {
        if body.len() + chunk.len() > max_length {
            return Err(ResponseError::TooLong.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error of a request without a response. The connection may be a pooled one that the server has closed,
/// so a retry may succeed at once, except after a timeout.
pub(crate) fn connection_error(error: reqwest::Error) -> UnavailableError {
    let (timed_out, unreachable) = (error.is_timeout(), error.is_connect());
    let unavailable = UnavailableError::new("the authorization server cannot be reached")
        .with_source(error.without_url());
    let unavailable = if unreachable { unavailable.unreachable() } else { unavailable };
    if timed_out { unavailable } else { unavailable.transient() }
}
