//! Escaping of text from outside the program for log events.

use std::fmt::{self, Write};

/// The maximum length of a text, in characters after escaping.
const MAX_LENGTH: usize = 200;

/// The maximum number of texts of a list.
const MAX_TEXTS: usize = 8;

/// Displays a text in quotes: other characters than printable ASCII are escaped, and a long text is cut.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut written = 0;
        for character in self.0.chars() {
            let escaped = character.escape_default();
            written += escaped.len();
            if written > MAX_LENGTH {
                return write!(f, "\"... ({} bytes)", self.0.len());
            }
            write!(f, "{escaped}")?;
        }
        f.write_char('"')
    }
}

/// Displays the first texts of a list, each like [`Quoted`], and the number of the others.
pub(crate) struct QuotedList<I>(pub(crate) I);

impl<'a, I: Iterator<Item = &'a str> + Clone> fmt::Display for QuotedList<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, text) in self.0.clone().take(MAX_TEXTS).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}", Quoted(text))?;
        }
        match self.0.clone().skip(MAX_TEXTS).count() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Displays a value with control characters escaped, cut at 1000 bytes. For error messages, which are text
/// of this program but may contain text from outside.
pub(crate) struct OneLine<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = Line { rest: 1000, f };
        write!(line, "{}", self.0)
    }
}

struct Line<'a, 'b> {
    rest: usize,
    f: &'a mut fmt::Formatter<'b>,
}

impl Write for Line<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let Some(rest) = self.rest.checked_sub(character.len_utf8()) else {
                self.rest = 0;
                return Ok(());
            };
            self.rest = rest;
            if is_plain(character) {
                self.f.write_char(character)?;
            } else {
                write!(self.f, "{}", character.escape_default())?;
            }
        }
        Ok(())
    }
}

/// Neither a control character nor an invisible one that changes how a terminal shows the line.
fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_one_bounded_line() {
        // R-B9
        assert_eq!(Quoted("https://a.example/").to_string(), r#""https://a.example/""#);
        assert_eq!(
            Quoted("a\n\x1b[31m\"\\\u{202e}ä").to_string(),
            r#""a\n\u{1b}[31m\"\\\u{202e}\u{e4}""#
        );
        let long = Quoted(&"a".repeat(100_000)).to_string();
        assert!(long.len() < 300 && long.ends_with("(100000 bytes)"), "{long}");
        let long = Quoted(&"\u{10ffff}".repeat(100_000)).to_string();
        assert!(long.len() < 300, "{long}");
    }

    #[test]
    fn a_quoted_list_is_bounded() {
        // R-B9
        let many = vec!["a"; 1000];
        let shown = QuotedList(many.iter().copied()).to_string();
        assert_eq!(shown, r#""a", "a", "a", "a", "a", "a", "a", "a" and 992 more"#);
        assert_eq!(QuotedList(["a"].into_iter()).to_string(), r#""a""#);
    }

    #[test]
    fn an_error_message_is_one_bounded_line() {
        // R-B9
        assert_eq!(OneLine("a\r\nb\u{1b}\u{202e}ä").to_string(), r"a\r\nb\u{1b}\u{202e}ä");
        assert_eq!(OneLine("a".repeat(2000)).to_string().len(), 1000);
    }
}
