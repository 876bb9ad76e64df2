//! HTML pages, without scripts.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use url::{Host, Url};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}\
h1{font-size:1.5rem}\
code{overflow-wrap:anywhere}\
dt{font-weight:600}dd{margin:0 0 .5rem}\
fieldset{margin:1rem 0;border:1px solid #767676;border-radius:.5rem}\
label{display:block;padding:.25rem 0}\
input{width:1.1rem;height:1.1rem;vertical-align:text-bottom}\
button{font:inherit;padding:.5rem 1.5rem;margin-right:.5rem;border:2px solid #1a56b0;\
border-radius:.5rem;background:#1a56b0;color:#fff;cursor:pointer}\
button.plain{background:transparent;color:inherit}\
:focus-visible{outline:3px solid #e08a00;outline-offset:2px}";

/// An error page, for a request that must not be redirected to the client.
pub(super) fn problem(status: StatusCode, text: &str) -> Response {
    let html = format!(
        "<h1>This request cannot be completed</h1>\n<p>{}</p>\n\
         <p>Nothing was sent to the application that brought you here.</p>",
        escape(text)
    );
    let mut response = page("This request cannot be completed", &html, None);
    *response.status_mut() = status;
    response
}

/// A page with this body, which must be escaped. Its form may redirect to `form_target`.
pub(super) fn page(title: &str, html: &str, form_target: Option<&Url>) -> Response {
    let document = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{html}\n</main>\n\
         </body>\n</html>\n",
        escape(title)
    );
    // Browsers also apply form-action to the redirect in the response to the form.
    let forms = form_target.map_or("'none'".to_owned(), |url| format!("'self' {}", source(url)));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action {forms}; base-uri 'none'; \
         frame-ancestors 'none'",
        STANDARD.encode(Sha256::digest(STYLE))
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // With `no-referrer`, browsers send `Origin: null` with the form.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let mut response = (headers, document).into_response();
    let policy = HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// The URL as a source expression of CSP: its origin, or its scheme if the grammar does not allow the
/// origin (IPv6 addresses and private-use schemes).
fn source(url: &Url) -> String {
    match (url.scheme(), url.host()) {
        ("http" | "https", Some(Host::Domain(_) | Host::Ipv4(_))) => {
            url.origin().ascii_serialization()
        }
        (scheme, _) => format!("{scheme}:"),
    }
}

/// Escapes text for use between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_expression_is_in_the_grammar_of_csp() {
        for (url, expected) in [
            ("https://a.example/cb?x", "https://a.example"),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3000"),
            ("http://[::1]:3000/cb", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
            ("cursor://host;x/cb", "cursor:"),
        ] {
            assert_eq!(source(&Url::parse(url).unwrap()), expected);
        }
    }

    #[test]
    fn every_character_with_a_meaning_in_html_is_escaped() {
        assert_eq!(escape("<a b=\"c\">'&"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;");
    }
}
