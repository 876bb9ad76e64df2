//! A token that its own `Debug` does not give away.

use std::fmt;
use std::ops::Range;

use http::HeaderValue;

/// An access token, as the caller presented it: non-empty and within the `b64token` grammar of
/// RFC 6750 §2.1.
///
/// It can be cloned cheaply and is never shown: [`expose`](Self::expose) is the one way to its
/// text, so that every use can be found by name. Like a header of the request, it keeps what was read
/// with it from the connection, some KiB, for as long as it is kept.
///
/// Do not pass a caller's token on to another service. It was issued for this one; a service that
/// accepts it cannot tell the caller from you (MCP authorization, "token passthrough").
#[derive(Clone)]
pub struct AccessToken {
    /// The header that it came in, which is shared with the request: a copy would take longer than all
    /// that is looked at in it.
    header: HeaderValue,
    place: Range<usize>,
}

impl AccessToken {
    /// Takes a token that did not come in a request's header: from the environment, or in a test.
    ///
    /// # Errors
    /// If the text is empty or outside the grammar.
    pub fn parse(token: &str) -> Result<Self, AccessTokenError> {
        let header = HeaderValue::from_str(token).map_err(|_| AccessTokenError(()))?;
        Self::in_header(&header, 0..token.len())
    }

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

    /// The token itself: a secret. Keep it out of logs, answers and keys.
    #[must_use]
    pub fn expose(&self) -> &str {
        // All of the grammar is ASCII.
        str::from_utf8(self.expose_bytes()).unwrap_or_default()
    }

    /// Whether it is the same token.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose_bytes() == other.expose_bytes()
    }

    /// The same for a hash, which does not need it as text.
    pub(crate) fn expose_bytes(&self) -> &[u8] {
        self.header.as_bytes().get(self.place.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

/// A text that cannot be an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an access token: RFC 6750 allows letters, digits and `-._~+/`, with `=` at the end only"
)]
pub struct AccessTokenError(());

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn is_b64token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let (text, _) = token.split_at(token.len() - padding);
    // Sixteen bytes side by side, which the compiler makes a few wide instructions of; stopping at the
    // first wrong one takes several times as long.
    let (pieces, mut rest) = text.as_chunks::<16>();
    let mut fits = [1; 16];
    let last = text.last_chunk::<16>();
    if last.is_some() {
        // Some of its bytes a second time, instead of the rest one by one.
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

/// 1 if it is, 0 if not: numbers, since the compiler leaves truth values where they are.
fn is_of_text(byte: u8) -> u8 {
    let letter = u8::from((byte | 0x20).wrapping_sub(b'a') < 26);
    // `-`, `.` and `/` come right before the digits.
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
            assert_eq!(AccessToken::parse(token).unwrap().expose(), token);
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
            assert_eq!(AccessToken::parse(text).unwrap_err(), AccessTokenError(()), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        // R-C3
        assert_eq!(format!("{:?}", AccessToken::parse("s3cret").unwrap()), "AccessToken(..)");
    }
}
