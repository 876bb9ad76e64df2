//! The origin of a request that a browser makes: protection against cross-site request forgery.

use axum::http::{HeaderMap, HeaderValue, header};

/// Whether a page of another origin made the request, according to the headers that browsers add. A
/// request without any of them is not from a browser.
pub(super) fn is_from_another_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return headers.contains_key(header::ORIGIN) || headers.contains_key(header::REFERER);
    };
    let own = format!("http://{host}");
    if let Some(origin) = headers.get(header::ORIGIN) {
        return !origin.as_bytes().eq_ignore_ascii_case(own.as_bytes());
    }
    let is_own = |referer: &HeaderValue| {
        let prefix = referer.as_bytes().get(..own.len());
        let next = referer.as_bytes().get(own.len());
        prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(own.as_bytes()))
            && next.is_none_or(|byte| *byte == b'/')
    };
    headers.get(header::REFERER).is_some_and(|referer| !is_own(referer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_of_a_browser_show_the_origin_of_a_form() {
        let from = |headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            map.insert(header::HOST, HeaderValue::from_static("localhost:9000"));
            for (name, value) in headers {
                map.insert(*name, HeaderValue::from_static(value));
            }
            is_from_another_origin(&map)
        };
        for own in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            // A browser sends this origin under `Referrer-Policy: no-referrer`.
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &[("origin", "http://localhost:9000")],
            &[("referer", "http://localhost:9000/authorize?x")],
        ] {
            assert!(!from(own), "{own:?}");
        }
        for other in [
            &[("sec-fetch-site", "same-site")][..],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:9000")],
            &[("origin", "null")],
            &[("origin", "http://localhost:9001")],
            &[("origin", "https://localhost:9000")],
            &[("origin", "http://localhost:9000.evil.example")],
            &[("referer", "http://localhost:9000.evil.example/")],
            &[("referer", "http://evil.example/http://localhost:9000/")],
            &[("referer", "http://localhost")],
        ] {
            assert!(from(other), "{other:?}");
        }
    }
}
