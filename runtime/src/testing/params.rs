//! Request parameters in a query or a form (RFC 6749 §3.1, §3.2 and appendix B).

use axum::http::{HeaderMap, header};
use url::form_urlencoded;

use super::oauth_error::OAuthError;

/// The parameters in their order, without those that have no value: they count as omitted (RFC 6749
/// §3.1).
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn parse(encoded: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(encoded)
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// Parses the form of a POST request, in which only `resource` may be repeated.
    pub(super) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Self, OAuthError> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        if !content_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::invalid_request(
                "the body must be application/x-www-form-urlencoded",
            ));
        }
        let params = Self::parse(body);
        if params.repeats() {
            return Err(OAuthError::invalid_request("a parameter is repeated"));
        }
        Ok(params)
    }

    /// The first value of a parameter.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter other than `resource` (RFC 8707 §2) occurs more than once.
    pub(super) fn repeats(&self) -> bool {
        self.0.iter().any(|(name, _)| name != "resource" && self.all(name).nth(1).is_some())
    }
}

/// Decodes one form-encoded value; `None` if it is malformed.
pub(super) fn form_decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_without_a_value_counts_as_omitted() {
        let params = Params::parse(b"a=&b=1&b=2&c=x+y%26z");
        assert_eq!(params.one("a"), None);
        assert_eq!(params.all("b").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(params.one("c"), Some("x y&z"));
        assert!(params.repeats());
        assert!(!Params::parse(b"resource=1&resource=2").repeats());
    }

    #[test]
    fn malformed_form_encoding_is_rejected() {
        assert_eq!(form_decode("a+b%2Bc%C3%A9"), Some("a b+c\u{e9}".into()));
        for malformed in ["100%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(form_decode(malformed), None, "{malformed}");
        }
    }
}
