//! Redirect URIs: which a client may register, and which match a registered one.

use url::Url;

use crate::secure_url::is_loopback;

/// Whether a client may register this URI: `https`, `http` with a loopback host, or a private-use scheme
/// of an installed application (RFC 8252 §7), without a fragment (RFC 6749 §3.1.2).
pub(crate) fn acceptable(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else {
        return false;
    };
    if url.fragment().is_some() {
        return false;
    }
    match url.scheme() {
        "http" => is_loopback(&url),
        // Schemes that a browser handles itself, and that belong to no OAuth client.
        "about" | "blob" | "data" | "file" | "filesystem" | "ftp" | "javascript" | "mailto"
        | "vbscript" | "view-source" | "ws" | "wss" => false,
        // `https` and private-use schemes.
        _ => true,
    }
}

/// Whether the strings are equal. For loopback hosts, the port is ignored (RFC 8252 §7.3).
pub(crate) fn matches(registered: &str, requested: &str) -> bool {
    if registered == requested {
        return true;
    }
    let (Ok(mut registered), Ok(mut requested)) = (Url::parse(registered), Url::parse(requested))
    else {
        return false;
    };
    let loopback = |url: &Url| url.scheme() == "http" && is_loopback(url);
    if !loopback(&registered) || !loopback(&requested) {
        return false;
    }
    registered.set_port(None).is_ok() && requested.set_port(None).is_ok() && registered == requested
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_of_the_browser_and_plain_http_are_rejected() {
        for accepted in [
            "https://client.example/cb?x=1",
            "http://127.0.0.1/cb",
            "http://[::1]:3000/cb",
            "http://localhost:6274/oauth/callback",
            "com.example.app:/cb",
            "cursor://anysphere.cursor-retrieval/oauth/cb",
        ] {
            assert!(acceptable(accepted), "{accepted}");
        }
        for rejected in [
            "http://client.example/cb",
            "http://127.0.0.1.example/cb",
            "https://client.example/cb#top",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "/cb",
            "",
        ] {
            assert!(!acceptable(rejected), "{rejected}");
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_host_is_ignored() {
        assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"));
        assert!(matches("http://localhost:1/cb", "http://localhost:2/cb"));
        for (registered, requested) in [
            ("https://client.example/cb", "https://client.example:8443/cb"),
            ("https://client.example/cb", "https://client.example/cb/"),
            ("https://client.example/cb", "https://client.example/cb?x"),
            ("http://127.0.0.1/cb", "http://localhost/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/other"),
            ("http://127.0.0.1/cb", "http://user@127.0.0.1:1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb#x"),
            ("http://127.0.0.1/cb", "https://127.0.0.1/cb"),
        ] {
            assert!(!matches(registered, requested), "{requested}");
        }
    }
}
