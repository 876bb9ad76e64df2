//! Demo mode: a page at `/` that uses the journal from a browser, as a public client with PKCE. Its script discovers the
//! authorization server from the journal's 401, shows each rejection in words, and requests further scopes after a 403.

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::routing::get;
use reqwest::Url;

use crate::sign_in::CLIENT_ID;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// The routes of the page. Its script may send requests to the journal, to the issuer and to the resource identifier, which
/// has the metadata.
pub fn routes(issuer: &str, resource: &str) -> Router {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' {} {}; form-action 'none'; \
         base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        source(issuer),
        source(resource),
    );
    let document = include_str!("page/index.html").replace("CLIENT_ID", CLIENT_ID);
    let file = |content_type: &'static str, text: String| {
        let headers: [(HeaderName, String); 6] = [
            (CONTENT_TYPE, format!("{content_type}; charset=utf-8")),
            (CONTENT_SECURITY_POLICY, policy.clone()),
            (CACHE_CONTROL, "no-store".to_owned()),
            (REFERRER_POLICY, "no-referrer".to_owned()),
            (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (X_FRAME_OPTIONS, "DENY".to_owned()),
        ];
        get(move || async move { (headers, text) })
    };
    Router::new()
        .route("/", file("text/html", document))
        .route("/page/style.css", file("text/css", STYLE.to_owned()))
        .route("/page/script.js", file("text/javascript", SCRIPT.to_owned()))
}

/// The origin of a URL as a source expression of CSP, whose grammar has no IPv6 addresses: then the scheme.
fn source(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return "'none'".to_owned() };
    match url.origin().ascii_serialization() {
        origin if origin.contains('[') => format!("{}:", url.scheme()),
        origin => origin,
    }
}
