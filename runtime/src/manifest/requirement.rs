//! What a function requires of its callers, in words.

use std::fmt;

use super::json::Function;

/// Shows `anonymous or (read and write), max_age 300, scopes_from scopes_of, when owner == 7`, or `unguarded`.
pub(super) struct Requirement<'a>(pub(super) &'a Function);

impl fmt::Display for Requirement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.unguarded {
            return f.write_str("unguarded");
        }
        let scopes = &self.0.scopes;
        match (self.0.optional, scopes.is_compound()) {
            (true, true) => write!(f, "anonymous or ({scopes})")?,
            (true, false) => write!(f, "anonymous or {scopes}")?,
            (false, _) => write!(f, "{scopes}")?,
        }
        self.0.token_requirements().try_for_each(|(name, value)| {
            write!(f, ", {name}")?;
            if value.is_empty() { Ok(()) } else { write!(f, " {}", on_one_line(&value)) }
        })?;
        if let Some(scopes_from) = &self.0.scopes_from {
            write!(f, ", scopes_from {}", on_one_line(scopes_from))?;
        }
        match &self.0.when {
            Some(when) => write!(f, ", when {}", on_one_line(when)),
            None => Ok(()),
        }
    }
}

impl Function {
    /// What the token must meet besides its scopes: the arguments of the attribute with their values.
    pub(super) fn token_requirements(&self) -> impl Iterator<Item = (&'static str, String)> {
        let list = |list: &[String]| (!list.is_empty()).then(|| list.join(" "));
        [
            ("sender_constrained", self.sender_constrained.then(String::new)),
            ("acr_values", list(&self.acr_values)),
            ("max_age", self.max_age.map(|age| age.to_string())),
            ("authorization_details", list(&self.authorization_details)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The text with each run of white space as one space, and with other control characters escaped: a terminal could
/// interpret them.
pub(super) fn on_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = String::with_capacity(text.len());
    for character in words.join(" ").chars() {
        if character.is_control() || is_bidirectional(character) {
            line.extend(character.escape_unicode());
        } else {
            line.push(character);
        }
    }
    line
}

/// Whether it changes the direction of the text after it, so that the text reads in another order than it is stored.
fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::on_one_line;

    #[test]
    fn a_text_shows_no_control_characters() {
        // R-K17
        assert_eq!(on_one_line(" a\n\t == b\r\n"), "a == b");
        assert_eq!(on_one_line("\"\u{1b}[31m\u{202e}x\""), "\"\\u{1b}[31m\\u{202e}x\"");
    }
}
