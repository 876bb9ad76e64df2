//! Protects the page and its API from other sites in the same browser.
//!
//! A page of any site can send requests to loopback addresses, and the owner of a host name can make it resolve to
//! 127.0.0.1 (DNS rebinding). So each request must name this host and port. A request to the API must also have a
//! header of its own, which a script of another origin cannot set without a preflight request, and none is answered; and
//! no header of the browser may name another origin. No response permits another origin to read it.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

/// The header of each request to the API.
const CONSOLE: &str = "x-requires-auth-console";

/// Headers of each response. The page loads its own files alone, and no page can frame it or read it.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; \
         base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Guards each route of a router that is served at this port.
pub(crate) fn guarded(router: Router, port: u16) -> Router {
    router.layer(from_fn_with_state(port, guard))
}

async fn guard(State(port): State<u16>, request: Request, next: Next) -> Response {
    let mut response = match rejection(&request, port) {
        Some(rejection) => rejection.into_response(),
        None => next.run(request).await,
    };
    let headers = HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value)));
    response.headers_mut().extend(headers);
    response
}

fn rejection(request: &Request, port: u16) -> Option<(StatusCode, &'static str)> {
    let headers = request.headers();
    let Some(host) = own_host(request, port) else {
        return Some((StatusCode::MISDIRECTED_REQUEST, "The request names another host.\n"));
    };
    if !request.uri().path().starts_with("/api/") {
        return None;
    }
    if !headers.contains_key(CONSOLE) {
        return Some((StatusCode::FORBIDDEN, "The header x-requires-auth-console is missing.\n"));
    }
    if is_from_another_origin(headers, &host) {
        return Some((StatusCode::FORBIDDEN, "The request is from another origin.\n"));
    }
    None
}

/// The host that the request names, if it is this one.
fn own_host(request: &Request, port: u16) -> Option<String> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?.to_ascii_lowercase();
    let names = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}"));
    // A request in absolute form names the host twice.
    let is_same = request.uri().authority().is_none_or(|authority| authority.as_str() == host);
    (hosts.next().is_none() && is_same && names.contains(&host)).then_some(host)
}

/// Whether a header that browsers add names another origin. Other programs send none of them.
fn is_from_another_origin(headers: &HeaderMap, host: &str) -> bool {
    let own = format!("http://{host}");
    let origin = headers.get(header::ORIGIN);
    let site = headers.get("sec-fetch-site");
    origin.is_some_and(|origin| origin != own.as_str())
        || site.is_some_and(|site| site != "same-origin")
}
