//! The access token: a secret, with a `Debug` that redacts it.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use http::HeaderValue;

/// An access token, as the caller presented it: non-empty and in the `b64token` grammar of RFC 6750 §2.1.
///
/// It is cheap to clone. `Debug` redacts it, and only [`expose`](Self::expose) returns its text, so that a search
/// finds every use. A value that is kept also keeps the read buffer of its connection, some KiB, as a header of
/// the request does.
///
/// Do not forward the token of a caller to another service: it was issued for this one, and a service that accepts
/// it cannot distinguish you from the caller (MCP authorization specification, "token passthrough"). The module
/// `token_exchange` exchanges it for one that the other service accepts.
///
/// ```
/// use requires_auth::AccessToken;
///
/// let token: AccessToken = "mF_9.B5f-4.1JqM".parse()?;
/// assert_eq!(token.expose(), "mF_9.B5f-4.1JqM");
/// assert_eq!(format!("{token:?}"), "AccessToken(..)");
/// assert!("two words".parse::<AccessToken>().is_err());
/// # Ok::<(), requires_auth::AccessTokenError>(())
/// ```
#[derive(Clone)]
pub struct AccessToken {
    /// The `Authorization` header, which shares its buffer with the request: a copy would take longer than the
    /// check of the grammar.
    header: HeaderValue,
    place: Range<usize>,
}

impl AccessToken {
    pub(crate) fn in_header(
        header: &HeaderValue,
        place: Range<usize>,
    ) -> Result<Self, AccessTokenError> {
        let token = header.as_bytes().get(place.clone()).unwrap_or_default();
        if is_b64token(token) {
            Ok(Self { header: header.clone(), place })
        } else {
            Err(AccessTokenError(()))
        }
    }

    /// The text of the token. It is a secret: do not put it into logs, responses or keys.
    #[must_use]
    pub fn expose(&self) -> &str {
        // Cannot fail: the grammar has ASCII characters only.
        str::from_utf8(self.expose_bytes()).unwrap_or_default()
    }

    /// Whether both are the same token.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose_bytes() == other.expose_bytes()
    }

    /// The same as bytes, for a hash.
    pub(crate) fn expose_bytes(&self) -> &[u8] {
        self.header.as_bytes().get(self.place.clone()).unwrap_or_default()
    }
}

/// Parses a token that is not from a header of a request, such as from the environment or in a test. It is an
/// error if the text is empty or outside the grammar of RFC 6750 §2.1.
impl FromStr for AccessToken {
    type Err = AccessTokenError;

    fn from_str(token: &str) -> Result<Self, AccessTokenError> {
        let header = HeaderValue::from_str(token).map_err(|_| AccessTokenError(()))?;
        Self::in_header(&header, 0..token.len())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

/// The error for a text that is not an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an access token: RFC 6750 allows letters, digits and `-._~+/`, with `=` at the end only"
)]
pub struct AccessTokenError(());

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn is_b64token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let (text, _) = token.split_at(token.len() - padding);
    // The compiler vectorizes chunks of sixteen bytes. A loop that stops at the first wrong byte takes several
    // times as long.
    let (pieces, mut rest) = text.as_chunks::<16>();
    let mut fits = [1; 16];
    let last = text.last_chunk::<16>();
    if last.is_some() {
        // Checks some bytes a second time, instead of the remaining bytes one by one.
        rest = &[];
    }
    for piece in pieces.iter().chain(last) {
        for (fits, byte) in fits.iter_mut().zip(piece) {
            *fits &= is_of_text(*byte);
        }
    }
    let rest = rest.iter().fold(1, |all, byte| all & is_of_text(*byte));
    !text.is_empty() && fits.iter().fold(rest, |all, fits| all & fits) == 1
}

/// 1 if the byte is in the grammar, else 0. A number, since the compiler does not vectorize `bool`.
fn is_of_text(byte: u8) -> u8 {
    let letter = u8::from((byte | 0x20).wrapping_sub(b'a') < 26);
    // `-`, `.`, `/` and the digits are consecutive.
    let dash_to_nine = u8::from(byte.wrapping_sub(b'-') < 13);
    let other = u8::from(byte == b'+') | u8::from(byte == b'_') | u8::from(byte == b'~');
    letter | dash_to_nine | other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_that_of_rfc_6750() {
        // R-A3
        for token in ["a", "aZ09-._~+/", "abc==", "a="] {
            assert_eq!(token.parse::<AccessToken>().unwrap().expose(), token);
        }
        for byte in u8::MIN..=u8::MAX {
            let allowed = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            for length in [1, 16, 17, 40] {
                for place in [0, length / 2, length - 1] {
                    let mut text = vec![b'a'; length];
                    text[place] = byte;
                    // At the end, `=` is padding.
                    let padding = byte == b'=' && place == length - 1 && length > 1;
                    assert_eq!(
                        is_b64token(&text),
                        allowed || padding,
                        "{byte:#x} {place}/{length}"
                    );
                }
            }
        }
        for text in ["", "=", "==", "a=b", "a b", "a,b", "a\"", "ä", "a\0", "a\n", "a%20", "{}"] {
            assert_eq!(text.parse::<AccessToken>().unwrap_err(), AccessTokenError(()), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        // R-C3
        assert_eq!(format!("{:?}", "s3cret".parse::<AccessToken>().unwrap()), "AccessToken(..)");
    }
}
