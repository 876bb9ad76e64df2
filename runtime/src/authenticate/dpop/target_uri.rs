//! The target URI of a request, as a proof names it in `htu` (RFC 9449 §4.2).

/// The longest `htu`, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// A target URI without query and fragment, normalized by RFC 3986 §6.2.2 and §6.2.3, so that two of them are the same
/// URI exactly if they are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetUri(String);

impl TargetUri {
    /// Reads an absolute URI. `None` unless it is an `http` or `https` URI with a host, without user information, and of
    /// visible ASCII characters.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match &*scheme {
            "http" => "80",
            "https" => "443",
            _ => return None,
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let host = percent_normalized(host)?.to_ascii_lowercase();
        let path = without_dot_segments(&percent_normalized(path)?);
        let port = match port {
            "" => String::new(),
            port if port == default_port => String::new(),
            port => format!(":{port}"),
        };
        Some(Self(format!("{scheme}://{host}{port}{path}")))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host and the port of an authority; an absent port is empty. `None` with user information, without a host, and with
/// characters that neither of them has.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (authority, ""),
    };
    let ip_literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let (inner, is_ip_literal) = (ip_literal.unwrap_or(host), ip_literal.is_some());
    let of_host = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || b"-._~%!$&'()*+,;=".contains(&byte)
            || (is_ip_literal && byte == b':')
    };
    let number = port.trim_start_matches('0');
    let is_zero = number.is_empty() && !port.is_empty();
    (!inner.is_empty() && inner.bytes().all(of_host) && !is_zero).then_some((host, number))
}

/// Decodes the percent-encoded characters that need no encoding, and writes the others in upper case (RFC 3986 §6.2.2.1,
/// §6.2.2.2). `None` for a `%` without two hexadecimal digits.
fn percent_normalized(text: &str) -> Option<String> {
    let mut normalized = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let (digits, after) = after.split_at_checked(2)?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if digits.starts_with('+') {
            return None;
        }
        normalized.push_str(before);
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            normalized.push(char::from(byte));
        } else {
            normalized.push('%');
            normalized.push_str(&digits.to_ascii_uppercase());
        }
        rest = after;
    }
    normalized.push_str(rest);
    Some(normalized)
}

/// Whether a path has a segment `.` or `..`, also with percent-encoded dots.
pub(super) fn has_dot_segments(path: &str) -> bool {
    let is_dot = |segment: &str| matches!(segment, "." | "..");
    path.split('/').any(|segment| {
        let may_be_encoded = segment.len() <= "%2e%2e".len() && segment.contains('%');
        is_dot(segment)
            || (may_be_encoded && percent_normalized(segment).is_some_and(|it| is_dot(&it)))
    })
}

/// Removes the segments `.` and `..` (RFC 3986 §5.2.4) of a path that is empty or begins with `/`. An empty path is `/`.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => {
                kept.push(other);
                continue;
            }
        }
        // The path of `/a/.` and of `/a/b/..` is `/a/`.
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(text: &str) -> Option<String> {
        TargetUri::parse(text).map(|uri| uri.0)
    }

    #[test]
    fn equivalent_uris_are_equal() {
        // R-H1: RFC 3986 §6.2.2 and §6.2.3
        for (expected, spellings) in [
            (
                "https://api.example/a/b",
                &[
                    "https://api.example/a/b",
                    "HTTPS://API.Example/a/b",
                    "https://api.example:443/a/b",
                    "https://api.example:/a/b",
                    "https://api.example:0443/a/b",
                    "https://api.example/a/b?x=1",
                    "https://api.example/a/b#f",
                    "https://api.example/a/b?x#/..",
                    "https://api.example/a/./b",
                    "https://api.example/a/c/../b",
                    "https://api.example/../a/b",
                    "https://api.example/%61/%62",
                    "https://api.example/a/c/%2e%2E/b",
                    "https://%61pi.example/a/b",
                ][..],
            ),
            (
                "https://api.example/",
                &["https://api.example", "https://api.example?a", "https://api.example/."],
            ),
            ("http://127.0.0.1:8080/", &["http://127.0.0.1:8080", "http://127.0.0.1:8080/x/.."]),
            ("http://[::1]/x", &["http://[::1]/x", "http://[::1]:80/x"]),
            ("https://a.example/a%2Fb", &["https://a.example/a%2fb", "https://a.example/a%2Fb"]),
            ("https://a.example/a/", &["https://a.example/a/.", "https://a.example/a/b/.."]),
        ] {
            for spelling in spellings {
                assert_eq!(normalized(spelling).as_deref(), Some(expected), "{spelling}");
            }
        }
    }

    #[test]
    fn other_uris_differ() {
        // R-H1
        let all = [
            "https://api.example/a",
            "http://api.example/a",
            "https://api.example:8443/a",
            "https://api.example:80/a",
            "https://www.api.example/a",
            "https://api.example./a",
            "https://api.example/A",
            "https://api.example/a/",
            "https://api.example//a",
            "https://api.example/a//",
            "https://api.example/a%2F",
            "https://api.example/a%3Fx",
            "https://api.example/a%23x",
            "https://api.example/%C3%A4",
        ];
        for (place, one) in all.iter().enumerate() {
            for other in &all[..place] {
                assert_ne!(normalized(one).unwrap(), normalized(other).unwrap());
            }
        }
    }

    #[test]
    fn what_is_no_target_uri_is_rejected() {
        // R-H1
        for text in [
            "",
            "/a",
            "api.example/a",
            "https:/api.example/a",
            "https:api.example",
            "https:///a",
            "https://:443/a",
            "https://user@api.example/a",
            "https://user:secret@api.example/a",
            "https://api.example@evil.example/a",
            "https://api.example:x/a",
            "https://api.example:0/a",
            "https://api.example:00/a",
            "https://api.example:-1/a",
            "https://a b/",
            "https://api.example/a b",
            "https://api.example/ä",
            "https://api.example/a\t",
            " https://api.example/a",
            "https://api.example/%",
            "https://api.example/%4",
            "https://api.example/%+1",
            "https://api.example/%zz",
            "https://api%zz.example/a",
            "https://api.example%4",
            "https://[",
            "https://[]",
            "https://[::1/a",
            "https://a]/a",
            "https://a:1:2/a",
            "ftp://api.example/a",
            "javascript://api.example/a",
        ] {
            assert_eq!(normalized(text), None, "{text:?}");
        }
        assert_eq!(normalized(&format!("https://a.example/{}", "a".repeat(MAX_LENGTH))), None);
    }
}
