//! Strings that say in words what is required: `any read write`, `all of: read write`,
//! `read and/or write`, `scopes = read`.

use super::condition::Connective;
use crate::parse::scope_token::{is_and_or, is_in_angle_brackets};

/// A string that is neither scopes alone nor an expression of operators and parentheses alone.
pub(super) enum Phrase<'a> {
    /// `scopes = read`, `<read>` and `read%20write` mean the text without what was written around
    /// it.
    Decorated(String),
    /// `read / write` may mean either.
    AndOr(Vec<&'a str>),
    /// `any read write`
    Quantified {
        connective: Connective,
        /// The words after the first.
        rest: String,
        /// All words, where the first may be a scope too.
        words: Option<Vec<&'a str>>,
    },
}

impl<'a> Phrase<'a> {
    /// Returns `None` for another text.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if text.contains("%20") {
            return Some(Self::Decorated(text.replace("%20", " ")));
        }
        if let Some(value) = value_of_scopes(text) {
            return Some(Self::Decorated(value.to_owned()));
        }
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        if words.iter().any(|word| is_and_or(word)) {
            return Some(Self::AndOr(words));
        }
        if words.iter().any(|word| is_in_angle_brackets(word)) {
            let names: Vec<&str> = words.iter().map(|word| word.trim_matches(['<', '>'])).collect();
            return Some(Self::Decorated(names.join(" ")));
        }
        Self::parse_quantified(words)
    }

    fn parse_quantified(words: Vec<&'a str>) -> Option<Self> {
        let (first, rest) = words.split_first()?;
        let first = first.to_ascii_lowercase();
        let name = first.trim_end_matches(':');
        let (connective, may_be_scope) = match name {
            "any" => (Connective::Any, first == name),
            "all" => (Connective::All, first == name),
            "either" | "any-of" | "any_of" | "anyof" => (Connective::Any, false),
            "all-of" | "all_of" | "allof" => (Connective::All, false),
            _ => return None,
        };
        let (may_be_scope, rest) = match rest {
            [] => return None,
            ["of" | "of:", rest @ ..] => (false, rest.join(" ")),
            rest => (may_be_scope, rest.join(" ")),
        };
        Some(Self::Quantified { connective, rest, words: may_be_scope.then_some(words) })
    }
}

/// The text after `scopes =`.
fn value_of_scopes(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("scopes").or_else(|| text.strip_prefix("scope"))?;
    rest.trim_start().strip_prefix('=').map(str::trim)
}
