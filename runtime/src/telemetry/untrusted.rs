//! Text from outside the program, made fit for a log line.

use std::fmt::{self, Write};

/// The longest text that is shown, in characters as they are written.
const LONGEST: usize = 200;

/// How many texts of a list are shown.
const MOST: usize = 8;

/// A text in quotes: what is not printable ASCII is escaped, and what is too long is cut.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut written = 0;
        for character in self.0.chars() {
            let escaped = character.escape_default();
            written += escaped.len();
            if written > LONGEST {
                return write!(f, "\"... ({} bytes)", self.0.len());
            }
            write!(f, "{escaped}")?;
        }
        f.write_char('"')
    }
}

/// A list of texts, each as [`Quoted`] has it, of which only the first are shown.
pub(crate) struct QuotedList<I>(pub(crate) I);

impl<'a, I: Iterator<Item = &'a str> + Clone> fmt::Display for QuotedList<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, text) in self.0.clone().take(MOST).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}", Quoted(text))?;
        }
        match self.0.clone().skip(MOST).count() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// What a [`fmt::Display`] writes, without control characters and cut at 1000 bytes: for messages
/// of errors, which are text of this program but may hold pieces of others.
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

/// Neither a control character nor one that changes how a line is shown.
fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_on_its_line_and_is_bounded() {
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
    fn a_list_is_bounded() {
        // R-B9
        let many = vec!["a"; 1000];
        let shown = QuotedList(many.iter().copied()).to_string();
        assert_eq!(shown, r#""a", "a", "a", "a", "a", "a", "a", "a" and 992 more"#);
        assert_eq!(QuotedList(["a"].into_iter()).to_string(), r#""a""#);
    }

    #[test]
    fn a_message_is_one_line() {
        // R-B9
        assert_eq!(OneLine("a\r\nb\u{1b}\u{202e}ä").to_string(), r"a\r\nb\u{1b}\u{202e}ä");
        assert_eq!(OneLine("a".repeat(2000)).to_string().len(), 1000);
    }
}
