//! URLs that tokens and secrets may be sent to.

use std::net::IpAddr;

use url::{Host, Url};

/// Which hosts plain `http` is accepted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Http {
    #[default]
    LoopbackOnly,
    Anywhere,
}

/// Parses an absolute `https` URL without user-info and fragment, or an `http` URL of an accepted host.
pub(crate) fn parse(text: &str, http: Http) -> Result<Url, UrlError> {
    let url = Url::parse(text).map_err(|_| UrlError::NotAbsolute)?;
    match url.scheme() {
        "https" => {}
        "http" if http == Http::Anywhere || is_loopback(&url) => {}
        "http" => return Err(UrlError::PlainHttp),
        _ => return Err(UrlError::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::UserInfo);
    }
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    Ok(url)
}

/// Whether the host is a loopback address or a loopback name.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => is_loopback_name(name),
        None => false,
    }
}

/// Returns the host of a plain `http` URL if it is a loopback name. Some resolvers look such a name up in
/// DNS, so an HTTP client must connect to the loopback addresses instead.
#[cfg(feature = "introspection")]
pub(crate) fn loopback_name(url: &Url) -> Option<&str> {
    match url.host() {
        Some(Host::Domain(name)) if url.scheme() == "http" && is_loopback_name(name) => Some(name),
        _ => None,
    }
}

/// Whether a name is reserved for the loopback addresses (RFC 6761 §6.3).
fn is_loopback_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Why a URL is not accepted. The message does not repeat the URL, which may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Not a URL, or a relative one.
    #[error("it is not an absolute URL")]
    NotAbsolute,
    /// Plain `http` to another machine.
    #[error("plain http is accepted for loopback hosts only; use https")]
    PlainHttp,
    /// Another scheme.
    #[error("its scheme is not https")]
    Scheme,
    /// A user name or password.
    #[error("it has user-info (`user:password@`), which belongs into the client authentication")]
    UserInfo,
    /// A fragment.
    #[error("it has a fragment (`#…`)")]
    Fragment,
    /// Characters that a header cannot contain.
    #[error("it has characters that a URL must percent-encode")]
    Characters,
    /// A segment of the path that routers parse as a variable.
    #[error("a segment of its path starts with `:` or `*`, which routers take for a variable")]
    Variable,
    /// `https`, in a build without a TLS library.
    #[error(
        "TLS needs the feature `rustls` or `native-tls` of requires-auth, and neither is enabled"
    )]
    NoTlsLibrary,
    /// The crypto provider of rustls is missing, in a build with the feature `rustls-no-provider`.
    #[error(
        "the process has no default crypto provider of rustls, which the feature `rustls-no-provider` of \
         requires-auth needs: install one at the start of `main`, such as with \
         `rustls::crypto::ring::default_provider().install_default()`, or enable the feature `rustls`"
    )]
    NoCryptoProvider,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_loopback_urls_without_user_info_are_accepted() {
        // R-C3
        for fine in [
            "https://as.example/introspect?tenant=1",
            "http://127.0.0.1:9000/",
            "http://127.9.9.9/",
            "http://[::1]:1/",
            "http://localhost/x",
            "http://auth.localhost/x",
        ] {
            assert!(parse(fine, Http::LoopbackOnly).is_ok(), "{fine}");
        }
        for (text, problem) in [
            ("http://as.example/", UrlError::PlainHttp),
            ("http://127.0.0.1.as.example/", UrlError::PlainHttp),
            ("http://localhost.as.example/", UrlError::PlainHttp),
            ("http://0.0.0.0/", UrlError::PlainHttp),
            ("http://10.0.0.1/", UrlError::PlainHttp),
            ("https://id:secret@as.example/", UrlError::UserInfo),
            ("https://id@as.example/", UrlError::UserInfo),
            ("https://as.example/#top", UrlError::Fragment),
            ("ftp://as.example/", UrlError::Scheme),
            ("as.example/introspect", UrlError::NotAbsolute),
            ("", UrlError::NotAbsolute),
        ] {
            assert_eq!(parse(text, Http::LoopbackOnly), Err(problem), "{text}");
        }
        assert!(parse("http://as.example/", Http::Anywhere).is_ok());
    }

    #[test]
    #[cfg(feature = "introspection")]
    fn plain_http_is_accepted_for_exactly_the_loopback_names() {
        // R-C3
        for name in ["localhost", "auth.localhost", "a.b.localhost"] {
            let url = parse(&format!("http://{name}:1/x"), Http::LoopbackOnly).unwrap();
            assert_eq!(loopback_name(&url), Some(name));
            // With https, the certificate proves the identity of the host.
            assert_eq!(loopback_name(&format!("https://{name}/").parse().unwrap()), None);
        }
        for text in
            ["http://127.0.0.1/", "http://[::1]/", "http://as.example/", "http://xlocalhost/"]
        {
            assert_eq!(loopback_name(&text.parse().unwrap()), None, "{text}");
        }
        for rejected in ["http://localhost./", "http://localhost.example/", "http://.localhost./"] {
            assert_eq!(parse(rejected, Http::LoopbackOnly), Err(UrlError::PlainHttp), "{rejected}");
        }
    }
}
