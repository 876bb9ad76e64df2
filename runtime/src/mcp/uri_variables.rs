//! The variables of a resource's URI, decoded.

use std::fmt;

use super::uri_template::{MAX_URI_LENGTH, UriTemplate, Variable};

/// The variables of the URI of a resource, as its URI template names them (RFC 6570):
/// [`McpBuilder::resource_with_scopes_from`](super::McpBuilder::resource_with_scopes_from) calls its function with them.
///
/// Scopes depend on them, so each value is certain: another reader of the URI, such as the handler, must not find another
/// one. There are no variables, and the resource is not read, if
///
/// - the URI can be divided in two ways, as `2026-11-27` by `{a}-{b}`;
/// - a variable has a character that its expression cannot have: `{name}` has the characters of a path segment (`pchar`,
///   RFC 3986 §3.3), `{+name}` also `/`, `?`, `#`, `[` and `]`; other characters are percent-encoded;
/// - a percent-encoding has no two hexadecimal digits, is no UTF-8, or encodes `/` or a control character;
/// - a segment is `.` or `..`, also percent-encoded: other readers remove it (RFC 3986 §5.2.4).
pub struct UriVariables {
    values: Vec<(String, String)>,
}

impl UriVariables {
    /// Reads the variables of a URI, for a handler that decides as the layer does. `None` if the URI does not match, is
    /// longer than 8 KiB, or has no certain variables, and if the template is malformed.
    ///
    /// ```
    /// use requires_auth::mcp::UriVariables;
    ///
    /// const ENTRY: &str = "journal://{year}/{name}";
    /// let entry = UriVariables::parse(ENTRY, "journal://2026/first%20day").expect("it matches");
    /// assert_eq!(entry.get("name"), Some("first day"));
    /// assert!(UriVariables::parse(ENTRY, "journal://2026/..").is_none());
    /// ```
    #[must_use]
    pub fn parse(template: &str, uri: &str) -> Option<Self> {
        Self::read(&UriTemplate::parse(template)?, uri, false)
    }

    /// `is_completion`: the text may be a URI template. A variable that stands for an expression of it has no value.
    pub(super) fn read(template: &UriTemplate, uri: &str, is_completion: bool) -> Option<Self> {
        if uri.len() > MAX_URI_LENGTH {
            return None;
        }
        let mut values = Vec::new();
        for (name, variable) in template.variables(uri)? {
            if is_completion && variable.text.contains('{') {
                continue;
            }
            values.push((name.to_owned(), decode(variable)?));
        }
        Some(Self { values })
    }

    /// The value of the variable with this name, percent-decoded and never empty. `None` if the template has no such
    /// variable, and in a completion, which names no value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(candidate, _)| candidate == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Shows the names alone: a value is the caller's.
impl fmt::Debug for UriVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

/// Percent-decodes the text of a variable (RFC 3986 §2.1); `None` if its value is not certain.
fn decode(variable: Variable<'_>) -> Option<String> {
    let mut decoded = Vec::with_capacity(variable.text.len());
    let mut bytes = variable.text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let byte = hex(bytes.next()?)? << 4 | hex(bytes.next()?)?;
                if byte == b'/' {
                    return None;
                }
                byte
            }
            byte if is_segment_character(byte) => byte,
            b'/' | b'?' | b'#' | b'[' | b']' if !variable.is_segment => byte,
            _ => return None,
        });
    }
    let decoded = String::from_utf8(decoded).ok()?;
    let is_dot_segment = |segment: &str| matches!(segment, "." | "..");
    // A query and a fragment end the path, and some readers take `\` for `/`.
    let mut segments = decoded.split(['/', '\\', '?', '#']);
    let is_certain = !decoded.contains(char::is_control) && !segments.any(is_dot_segment);
    is_certain.then_some(decoded)
}

/// `pchar` without `pct-encoded` (RFC 3986 §3.3).
fn is_segment_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
        UriVariables::parse(template, uri).map(|variables| variables.values)
    }

    #[test]
    fn a_variable_has_the_decoded_text() {
        // R-I20
        for (template, uri, expected) in [
            ("a:{x}", "a:1", &[("x", "1")][..]),
            ("a:{x}/{y}", "a:1/2", &[("x", "1"), ("y", "2")]),
            ("a:{x}/data", "a:1/data", &[("x", "1")]),
            ("a:{+x}/{y}", "a:1/2/3", &[("x", "1/2"), ("y", "3")]),
            ("a:{+x}", "a:/1//2?3#[4]", &[("x", "/1//2?3#[4]")]),
            ("a:{x}-{y}", "a:1-2", &[("x", "1"), ("y", "2")]),
            ("a:{x}", "a:%31%c3%A9%20%2541", &[("x", "1é %41")]),
            ("a:{x}", "a:-._~!$&'()*+,;=:@", &[("x", "-._~!$&'()*+,;=:@")]),
            ("a:{x}", "a:...", &[("x", "...")]),
            ("a:{X}/{x}", "a:b/B", &[("X", "b"), ("x", "B")]),
            ("a:b", "a:b", &[]),
        ] {
            let expected = expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            assert_eq!(read(template, uri), Some(expected.collect()), "{template} {uri}");
        }
        let variables = UriVariables::parse("a:{x}", "a:1").unwrap();
        assert_eq!((variables.get("x"), variables.get("X")), (Some("1"), None));
        assert_eq!(format!("{variables:?}"), r#"["x"]"#);
    }

    #[test]
    fn an_uncertain_value_is_none() {
        // R-I20
        for (template, uri) in [
            // Other URIs.
            ("a:{x}/data", "a:/data"),
            ("a:{x}/data", "a:1/2/data"),
            ("a:{x}/data", "A:1/data"),
            ("a:{x}", "a:"),
            ("a:{x}{y}", "a:1"),
            // Two ways.
            ("a:{x}-{y}", "a:1-2-3"),
            ("a:{x}{y}", "a:123"),
            ("a:{+x}/{+y}", "a:1/2/3"),
            // Percent-encodings.
            ("a:{x}", "a:%"),
            ("a:{x}", "a:%4"),
            ("a:{x}", "a:%4g"),
            ("a:{x}", "a:%+4"),
            ("a:{x}", "a:%ff"),
            ("a:{x}", "a:%c3"),
            ("a:{x}", "a:1%2f2"),
            ("a:{+x}", "a:1%2F2"),
            ("a:{x}", "a:1%00"),
            ("a:{x}", "a:1%0a"),
            // Characters.
            ("a:{x}", "a:1?2"),
            ("a:{x}", "a:1#2"),
            ("a:{x}", "a:é"),
            ("a:{x}", "a:1\\2"),
            ("a:{x}", "a:{x}"),
            ("a:{+x}", "a:{+x}"),
            ("a:{+x}", "a:1 2"),
            // Segments.
            ("a:{x}", "a:."),
            ("a:{x}/b", "a:../b"),
            ("a:{x}/b", "a:%2e%2E/b"),
            ("a:{+x}", "a:1/../2"),
            ("a:{+x}", "a:1/.%2e"),
            ("a:{+x}", "a:./1"),
            ("a:{+x}", "a:1/..?2"),
            ("a:{+x}", "a:1/..#2"),
            ("a:{+x}", "a:1/..%3F2"),
            ("a:{x}", "a:..%5C1"),
            ("a:{+x}", "a:1%5C..%5C2"),
        ] {
            assert_eq!(read(template, uri), None, "{template} {uri}");
        }
        assert!(read("a:{x}", &format!("a:{}", "1".repeat(MAX_URI_LENGTH - 2))).is_some());
        assert!(read("a:{x}", &format!("a:{}", "1".repeat(MAX_URI_LENGTH - 1))).is_none());
    }

    #[test]
    fn a_completion_has_no_values_where_it_names_the_template() {
        // R-I20
        let read = |uri: &str| {
            let template = UriTemplate::parse("a:{x}/{+y}").unwrap();
            UriVariables::read(&template, uri, true).map(|it| it.values)
        };
        let value = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(read("a:{x}/{+y}"), Some(Vec::new()));
        assert_eq!(read("a:{other}/{y}"), Some(Vec::new()));
        assert_eq!(read("a:1/{+y}"), Some(value("x", "1")));
        assert_eq!(read("a:{x}/2/3"), Some(value("y", "2/3")));
        // Another template, which `{+y}` matches too.
        assert_eq!(read("a:1/2/{z}/3"), Some(value("x", "1")));
        for uncertain in ["a:x}/1", "a:1/2}", "a:{x}", "a:../{y}", "a:{x}/.."] {
            assert_eq!(read(uncertain), None, "{uncertain}");
        }
    }
}
