//! The URL under which clients reach this service.

use super::target_uri::{TargetUri, has_dot_segments};

/// The URL that stands before the path of each request: the origin of the resource identifier, or a configured one with the
/// prefix that a proxy removes.
#[derive(Debug, Clone)]
pub(crate) struct ExternalUrl(String);

impl ExternalUrl {
    /// `None` unless it is an `http` or `https` URL without user information, query and fragment.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let is_plain = !url.contains(['?', '#']);
        TargetUri::parse(url).filter(|_| is_plain)?;
        Some(Self(url.trim_end_matches('/').to_owned()))
    }

    /// The URL of a request with this path, as a proof names it. `None` for a path with dot segments: they are removed
    /// when a proof is compared, and routers do not remove them, so that a proof for `/b` would be taken for the
    /// function at `/a/../b`. A client removes them before it sends the request (RFC 3986 §5.2.4).
    pub(super) fn target(&self, path: &str) -> Option<TargetUri> {
        // The request target `*` of OPTIONS is no path.
        let target = path.starts_with('/').then(|| format!("{}{path}", self.0))?;
        TargetUri::parse(&target).filter(|_| !has_dot_segments(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_before_the_path() {
        // R-H1
        let target = |url: &str, path: &str| {
            let target = ExternalUrl::parse(url).unwrap().target(path);
            target.map(|target| target.as_str().to_owned())
        };
        for (url, path, expected) in [
            ("https://api.example", "/entries", "https://api.example/entries"),
            ("https://api.example/", "/entries", "https://api.example/entries"),
            ("https://api.example/v1", "/entries", "https://api.example/v1/entries"),
            ("https://api.example/v1/", "/", "https://api.example/v1/"),
            ("https://api.example", "/a/..b/.c", "https://api.example/a/..b/.c"),
            ("https://api.example", "//b", "https://api.example//b"),
            ("https://api.example", "/@evil.example", "https://api.example/@evil.example"),
        ] {
            assert_eq!(target(url, path).as_deref(), Some(expected), "{url} {path}");
        }
        for path in [
            "",
            "*",
            "entries",
            ".evil.example/",
            "@evil.example/",
            ":80/",
            "/a/../b",
            "/.",
            "/..",
            "/a/.",
            "/./a",
            "/%2e%2E/a",
            "/.%2e",
            "/%2e",
        ] {
            assert_eq!(target("https://api.example", path), None, "{path}");
        }
        for url in ["", "api.example", "https://a@b", "https://a?b", "https://a#b", "ws://a"] {
            assert!(ExternalUrl::parse(url).is_none(), "{url}");
        }
    }
}
