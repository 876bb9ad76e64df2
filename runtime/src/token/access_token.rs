//! A token that its own `Debug` does not give away.

use std::fmt;
use std::sync::Arc;

/// An access token, as the caller presented it: non-empty and within the `b64token` grammar of
/// RFC 6750 §2.1.
///
/// It can be cloned cheaply and is never shown: [`expose`](Self::expose) is the one way to its
/// text, so that every use can be found by name.
///
/// Do not pass a caller's token on to another service. It was issued for this one; a service that
/// accepts it cannot tell the caller from you (MCP authorization, "token passthrough").
#[derive(Clone)]
pub struct AccessToken(Arc<str>);

impl AccessToken {
    /// Takes a token that did not come in a request's header: from the environment, or in a test.
    ///
    /// # Errors
    /// If the text is empty or outside the grammar.
    pub fn parse(token: &str) -> Result<Self, MalformedToken> {
        if is_b64token(token.as_bytes()) { Ok(Self(token.into())) } else { Err(MalformedToken(())) }
    }

    /// The token itself: a secret. Keep it out of logs, answers and keys.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
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
pub struct MalformedToken(());

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn is_b64token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let (text, _) = token.split_at(token.len() - padding);
    // All of the text in one go: stopping at the first wrong byte takes three times as long.
    !text.is_empty() && text.iter().fold(true, |fits, byte| fits & is_of_text(*byte))
}

fn is_of_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
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
        for text in ["", "=", "==", "a=b", "a b", "a,b", "a\"", "ä", "a\0", "a\n", "a%20", "{}"] {
            assert_eq!(AccessToken::parse(text).unwrap_err(), MalformedToken(()), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        // R-C3
        assert_eq!(format!("{:?}", AccessToken::parse("s3cret").unwrap()), "AccessToken(..)");
    }
}
