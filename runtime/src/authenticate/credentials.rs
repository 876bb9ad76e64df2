//! Reads the credentials of the `Authorization` header.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::AccessToken;

/// The credentials of a request.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// There is no `Authorization` header, or it is empty, or it has a scheme that is not accepted.
    None,
    /// A token in the grammar of RFC 6750 §2.1, which RFC 9449 §7.1 has as well.
    Token(Scheme, AccessToken),
}

/// How a request presents its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `Bearer` (RFC 6750 §2.1).
    Bearer,
    /// `DPoP`: with a proof of possession (RFC 9449 §7.1).
    Dpop,
}

impl Scheme {
    /// The name of the scheme, in any case.
    fn named(name: &[u8], accepts_dpop: bool) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"bearer") {
            Some(Self::Bearer)
        } else if accepts_dpop && name.eq_ignore_ascii_case(b"dpop") {
            Some(Self::Dpop)
        } else {
            None
        }
    }
}

/// Why the `Authorization` header is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialsError {
    /// More than one set of credentials.
    Several,
    /// A token that is empty or outside the grammar.
    Malformed,
    /// A token that is longer than `max_token_length`.
    TooLong,
}

impl Credentials {
    /// Reads the `Authorization` header, the only source of a token. `accepts_dpop`: whether the scheme `DPoP` is
    /// accepted. Tokens in the query or the body (RFC 6750 §2.2, §2.3) and other headers are never read.
    pub(crate) fn read(
        headers: &HeaderMap,
        max_token_length: usize,
        accepts_dpop: bool,
    ) -> Result<Self, CredentialsError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(header) = values.next() else {
            return Ok(Self::None);
        };
        if values.next().is_some() {
            return Err(CredentialsError::Several);
        }
        let value = header.as_bytes().trim_ascii_end();
        let end = value.len();
        let value = value.trim_ascii_start();
        let (name, rest) = split_at_space(value);
        let Some(scheme) = Scheme::named(name, accepts_dpop) else {
            // Intermediaries combine repeated headers into a list (RFC 9110 §5.3).
            let mut elements = value.split(|byte| *byte == b',');
            let names_scheme = |element: &[u8]| {
                Scheme::named(split_at_space(element.trim_ascii()).0, accepts_dpop).is_some()
            };
            return if elements.any(names_scheme) {
                Err(CredentialsError::Several)
            } else {
                Ok(Self::None)
            };
        };
        let token = trim_spaces(rest);
        let short_enough = Some(token).filter(|token| token.len() <= max_token_length);
        // The token is at the end of the header.
        let place = end - token.len()..end;
        let parsed = short_enough.and_then(|_| AccessToken::in_header(header, place).ok());
        parsed.map(|token| Self::Token(scheme, token)).ok_or_else(|| {
            // The grammar has no comma, so it separates credentials.
            if token.contains(&b',') {
                CredentialsError::Several
            } else if short_enough.is_none() {
                CredentialsError::TooLong
            } else {
                CredentialsError::Malformed
            }
        })
    }
}

fn split_at_space(value: &[u8]) -> (&[u8], &[u8]) {
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    value.split_at(end)
}

fn trim_spaces(mut value: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, CredentialsError> {
        read_with(values, false).map(|found| found.map(|(_, token)| token))
    }

    fn read_with(
        values: &[&[u8]],
        accepts_dpop: bool,
    ) -> Result<Option<(Scheme, String)>, CredentialsError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        Credentials::read(&headers, 16, accepts_dpop).map(|credentials| match credentials {
            Credentials::None => None,
            Credentials::Token(scheme, token) => Some((scheme, token.expose().to_owned())),
        })
    }

    #[test]
    fn the_scheme_is_read_in_any_case_and_with_any_spaces() {
        // R-A1
        for value in
            ["Bearer t0", "bearer t0", "BEARER   t0", "BeArEr t0 ", "  Bearer t0", " Bearer t0 "]
        {
            assert_eq!(read(&[value.as_bytes()]), Ok(Some("t0".to_owned())), "{value:?}");
        }
    }

    #[test]
    fn nothing_or_another_scheme_is_no_token() {
        // R-A2
        assert_eq!(read(&[]), Ok(None));
        for value in ["", "Basic dTpw", "Negotiate x", "Bearert0", "t0", "DPoP t0", "Bear er t0"] {
            assert_eq!(read(&[value.as_bytes()]), Ok(None), "{value:?}");
        }
        assert_eq!(read(&[b"Digest username=\"a\", realm=\"b\""]), Ok(None));
    }

    #[test]
    fn the_scheme_dpop_is_read_where_it_is_accepted() {
        // R-H1
        for value in ["DPoP t0", "dpop t0", "DPOP   t0 "] {
            let expected = Some((Scheme::Dpop, "t0".to_owned()));
            assert_eq!(read_with(&[value.as_bytes()], true), Ok(expected), "{value:?}");
        }
        let bearer = Some((Scheme::Bearer, "t0".to_owned()));
        assert_eq!(read_with(&[b"Bearer t0"], true), Ok(bearer));
        assert_eq!(read_with(&[b"DPoP"], true), Err(CredentialsError::Malformed));
        assert_eq!(read_with(&[b"DPoP \xff"], true), Err(CredentialsError::Malformed));
        for values in [
            &[&b"DPoP a, Bearer b"[..]][..],
            &[b"Bearer a, DPoP b"],
            &[b"Basic a, DPoP b"],
            &[b"DPoP a", b"Bearer a"],
            &[b"DPoP a", b"DPoP a"],
        ] {
            assert_eq!(read_with(values, true), Err(CredentialsError::Several), "{values:?}");
        }
    }

    #[test]
    fn a_token_outside_the_grammar_is_rejected() {
        // R-A3, R-A6
        for value in
            [&b"Bearer"[..], b"Bearer ", b"bearer a b", b"Bearer \xff\xfe", b"Bearer \xc3\xa4"]
        {
            assert_eq!(read(&[value]), Err(CredentialsError::Malformed), "{value:?}");
        }
        assert_eq!(read(&[b"Bearer 0123456789abcdef"]), Ok(Some("0123456789abcdef".to_owned())));
        assert_eq!(read(&[b"Bearer 0123456789abcdefg"]), Err(CredentialsError::TooLong));
    }

    #[test]
    fn several_credentials_are_rejected_in_any_order() {
        // R-A4
        for values in [
            &[&b"Bearer a"[..], b"Bearer b"][..],
            &[b"Bearer a", b"Bearer a"],
            &[b"Basic a", b"Bearer b"],
            &[b"Bearer a", b"Basic b"],
            &[b"", b"Bearer b"],
            &[b"Bearer a, Bearer b"],
            &[b"Bearer a,b"],
            &[b"Basic dTpw, Bearer b"],
            &[b"Basic dTpw,bearer b"],
            &[b"Bearer a, Basic b"],
        ] {
            assert_eq!(read(values), Err(CredentialsError::Several), "{values:?}");
        }
    }
}
