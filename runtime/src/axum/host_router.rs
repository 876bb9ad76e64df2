//! Several hosts in one process.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::axum::Router;
use ::axum::body::Body;
use ::axum::response::{IntoResponse, Response};
use ::axum::routing::future::RouteFuture;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, StatusCode, Uri};
use tower_service::Service;

use crate::resource_server::SettingName;
use crate::{ResourceServer, SetupError};

const RESOURCE: SettingName = SettingName::of_both("resource");

#[doc = include_str!("../../docs/tenants.md")]
#[derive(Clone, Default)]
#[must_use]
pub struct HostRouter {
    hosts: HashMap<Host, Router>,
    repeated: bool,
}

/// A host and its port, without the port of the scheme and in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Host(String);

impl HostRouter {
    /// Without any host.
    pub fn new() -> Self {
        Self::default()
    }

    /// Passes the requests for the host of this server's resource identifier to this router. The metadata routes of the
    /// server must be in it.
    pub fn host(mut self, server: &ResourceServer, router: Router) -> Self {
        let host = Host::parse(server.identifier().host());
        self.repeated |= self.hosts.insert(host, router).is_some();
        self
    }

    /// Builds the router of all hosts.
    ///
    /// # Errors
    /// [`SetupError::Contradiction`] for two servers with the same host.
    pub fn build(self) -> Result<Router, SetupError> {
        if self.repeated {
            return Err(SetupError::Contradiction {
                settings: vec![RESOURCE],
                reason: "two of these servers have the same host: merge their routers",
            });
        }
        let answer =
            |response: fn() -> Response| Router::new().fallback(move || async move { response() });
        Ok(Router::new().fallback_service(Hosts(Arc::new(Routers {
            hosts: self.hosts,
            no_host: answer(no_host),
            unknown_host: answer(unknown_host),
        }))))
    }
}

impl Host {
    fn parse(text: &str) -> Self {
        let host = text.strip_suffix(":443").or_else(|| text.strip_suffix(":80")).unwrap_or(text);
        Self(host.to_ascii_lowercase())
    }

    /// The host that a request is for (RFC 9112 §3.2, RFC 9113 §8.3.1): that of its URI if there is one, else the only
    /// `Host`. Other headers, such as `X-Forwarded-Host`, are ignored.
    fn of_request(uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let mut named = headers.get_all(HOST).iter();
        let header = named.next();
        if named.next().is_some() {
            return None;
        }
        match (uri.authority(), header) {
            (Some(authority), _) => Some(Self::parse(authority.as_str())),
            (None, Some(header)) => header.to_str().ok().map(Self::parse),
            (None, None) => None,
        }
    }
}

/// The service that selects the router.
#[derive(Clone)]
struct Hosts(Arc<Routers>);

struct Routers {
    hosts: HashMap<Host, Router>,
    no_host: Router,
    unknown_host: Router,
}

impl Service<Request<Body>> for Hosts {
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Routers are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let routers = &self.0;
        let router = match Host::of_request(request.uri(), request.headers()) {
            None => &routers.no_host,
            Some(host) => routers.hosts.get(&host).unwrap_or(&routers.unknown_host),
        };
        router.clone().call(request)
    }
}

fn no_host() -> Response {
    error(
        StatusCode::BAD_REQUEST,
        r#"{"error":"invalid_request","error_description":"The request must name exactly one host"}"#,
    )
}

/// RFC 9110 §15.5.20.
fn unknown_host() -> Response {
    error(
        StatusCode::MISDIRECTED_REQUEST,
        r#"{"error":"invalid_request","error_description":"This server does not serve the host of the request"}"#,
    )
}

fn error(status: StatusCode, body: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, body).into_response()
}

impl fmt::Debug for HostRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hosts: Vec<&str> = self.hosts.keys().map(|host| host.0.as_str()).collect();
        hosts.sort_unstable();
        f.debug_struct("HostRouter").field("hosts", &hosts).finish_non_exhaustive()
    }
}
