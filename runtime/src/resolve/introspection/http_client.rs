//! The HTTP client and what it may take from an authorization server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::CONTENT_ENCODING;
use reqwest::{Client, Response, redirect, retry};
use url::Url;

use crate::SetupError;
use crate::resolve::{InvalidResponse, ResolveError, Unavailable};
use crate::secure_url::{self, Http};

/// A client for one authorization server.
///
/// Redirects are not followed, nothing is retried behind our back, and no content coding is asked
/// for, also where another crate switches those features of reqwest on. A server on this machine
/// is reached directly, and so is one over plain `http`, since a proxy would read tokens and
/// credentials; others through the environment's proxies as reqwest documents it. A name that plain
/// `http` is accepted for, because it means this machine, resolves to the loopback addresses without a
/// look at DNS or the hosts file (RFC 6761 §6.3).
pub(super) fn client(
    url: &Url,
    http: Http,
    connect_timeout: Duration,
) -> Result<Client, SetupError> {
    let mut client = Client::builder()
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

/// The port is that of the URL.
const LOOPBACK: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

/// Reads a body of at most `longest` bytes.
pub(super) async fn bounded_body(
    mut response: Response,
    longest: usize,
) -> Result<Vec<u8>, ResolveError> {
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(InvalidResponse::Encoded.into());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(connection_error)? {
        if body.len() + chunk.len() > longest {
            return Err(InvalidResponse::TooLong.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A request that got no answer: no connection, or one that broke. It may have been a pooled
/// connection that the server had closed, so another attempt may succeed at once.
pub(super) fn connection_error(error: reqwest::Error) -> Unavailable {
    let timed_out = error.is_timeout();
    let unavailable = Unavailable::new("the authorization server cannot be reached")
        .with_source(error.without_url());
    if timed_out { unavailable } else { unavailable.transient() }
}
