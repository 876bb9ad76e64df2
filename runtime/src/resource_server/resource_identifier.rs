//! The resource identifier and the address of its metadata.

use url::{Position, Url};

use crate::secure_url::{self, Http, UrlError};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A resource identifier (RFC 8707 §2), kept as it was written: it is compared as text.
#[derive(Debug)]
pub(crate) struct ResourceIdentifier {
    text: String,
    metadata_url: String,
    metadata_path: String,
    #[cfg(any(feature = "axum", feature = "rmcp"))]
    host: String,
}

impl ResourceIdentifier {
    pub(crate) fn parse(text: String, http: Http) -> Result<Self, UrlError> {
        let url = secure_url::parse(&text, http)?;
        let allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"\\<>{}`^|".contains(&byte);
        if !text.bytes().all(allowed) {
            return Err(UrlError::Characters);
        }
        // The router of the metadata route would panic.
        if url.path().split('/').any(|segment| segment.starts_with([':', '*'])) {
            return Err(UrlError::Variable);
        }
        // The well-known part goes between the host and the path; a path of only "/" counts as none
        // (RFC 9728 §3.1).
        let origin = &url[..Position::BeforePath];
        let path = if url.path() == "/" { "" } else { url.path() };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self {
            metadata_url: format!("{origin}{WELL_KNOWN}{path}{query}"),
            metadata_path: format!("{WELL_KNOWN}{path}"),
            #[cfg(any(feature = "axum", feature = "rmcp"))]
            host: url[Position::BeforeHost..Position::AfterPort].to_owned(),
            text,
        })
    }

    /// Whether a URL has the scheme, the host and the port of this one.
    pub(crate) fn has_origin_of(&self, url: &str) -> bool {
        let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
        let own = origin(&self.text).filter(url::Origin::is_tuple);
        own.is_some() && own == origin(url)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The path, which is empty for a resource that is a whole host.
    #[cfg(all(feature = "axum", feature = "rmcp"))]
    pub(crate) fn path(&self) -> &str {
        self.metadata_path.strip_prefix(WELL_KNOWN).unwrap_or_default()
    }

    /// The host, and the port where it is not that of the scheme.
    #[cfg(any(feature = "axum", feature = "rmcp"))]
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Scheme, host and port.
    #[cfg(feature = "dpop")]
    pub(crate) fn origin(&self) -> &str {
        self.metadata_url.split(WELL_KNOWN).next().unwrap_or_default()
    }

    pub(crate) fn metadata_url(&self) -> &str {
        &self.metadata_url
    }

    pub(crate) fn metadata_path(&self) -> &str {
        &self.metadata_path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_part_is_inserted_before_the_path() {
        // R-I1
        for (resource, metadata) in [
            ("https://a.example", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/", "https://a.example/.well-known/oauth-protected-resource"),
            ("https://a.example/mcp", "https://a.example/.well-known/oauth-protected-resource/mcp"),
            (
                "https://a.example:8443/x/y/?v=1",
                "https://a.example:8443/.well-known/oauth-protected-resource/x/y/?v=1",
            ),
        ] {
            let identifier =
                ResourceIdentifier::parse(resource.to_owned(), Http::default()).unwrap();
            assert_eq!(identifier.metadata_url(), metadata);
            assert_eq!(identifier.as_str(), resource, "kept as written");
        }
    }

    #[test]
    fn what_could_break_a_challenge_is_rejected() {
        // R-B2
        for text in
            ["https://a.example/\"", "https://a.example/a b", "https://ä.example/", "https:\\\\a"]
        {
            let problem = ResourceIdentifier::parse(text.to_owned(), Http::default()).unwrap_err();
            assert_eq!(problem, UrlError::Characters, "{text}");
        }
    }

    #[test]
    fn a_path_that_no_router_takes_is_rejected() {
        // R-L4
        for path in [":tenant", "api/*", "api/*rest/mcp"] {
            let parsed =
                ResourceIdentifier::parse(format!("https://api.example/{path}"), Http::default());
            assert_eq!(parsed.map(|_| ()), Err(UrlError::Variable), "{path}");
        }
        for path in ["v1/entries:batch", "a*b"] {
            let text = format!("https://api.example/{path}");
            assert!(ResourceIdentifier::parse(text, Http::default()).is_ok(), "{path}");
        }
    }
}
