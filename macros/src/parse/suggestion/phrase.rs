//! Strings that say in words what is required: `any read write`, `all of: read write`,
//! `read and/or write`, `scopes = read`.

use super::condition::Connective;
use super::lexer::lex_text;
use super::{Interpretations, SuggestedCondition};
use crate::parse::scope_token::{is_and_or, is_in_angle_brackets};

/// Interprets a phrase. Returns `None` for another text, and `Some(None)` for a phrase that no
/// condition expresses.
pub(super) fn interpret(text: &str) -> Option<Option<Interpretations>> {
    let decoded = text.replace("%20", " ");
    if decoded != text {
        return Some(Interpretations::of_text(&decoded));
    }
    if let Some(value) = value_of_scopes(text) {
        return Some(Interpretations::of_text(value));
    }
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| is_and_or(word)) {
        return Some(interpret_and_or(&words));
    }
    if words.iter().any(|word| is_in_angle_brackets(word)) {
        let names: Vec<&str> = words.iter().map(|word| word.trim_matches(['<', '>'])).collect();
        return Some(Interpretations::of_text(&names.join(" ")));
    }
    interpret_quantified(&words)
}

/// The text after `scopes =`.
fn value_of_scopes(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("scopes").or_else(|| text.strip_prefix("scope"))?;
    rest.trim_start().strip_prefix('=').map(str::trim)
}

/// `read / write` may mean either.
fn interpret_and_or(words: &[&str]) -> Option<Interpretations> {
    let with = |operator: &str| {
        let words: Vec<&str> =
            words.iter().map(|word| if is_and_or(word) { operator } else { word }).collect();
        Interpretations::of_text(&words.join(" "))?.unambiguous().cloned()
    };
    Some(Interpretations { first: with("or")?, second: Some(with("and")?) })
}

/// `any read write` may also name a scope `any`, unless an operator or `of` follows.
fn interpret_quantified(words: &[&str]) -> Option<Option<Interpretations>> {
    let (first, rest) = words.split_first()?;
    let first = first.to_ascii_lowercase();
    let name = first.trim_end_matches(':');
    let (connective, mut is_clear) = match name {
        "any" => (Connective::Any, first != name),
        "all" => (Connective::All, first != name),
        "either" | "any-of" | "any_of" | "anyof" => (Connective::Any, true),
        "all-of" | "all_of" | "allof" => (Connective::All, true),
        _ => return None,
    };
    let rest = match rest {
        [of, rest @ ..] if matches!(*of, "of" | "of:") => {
            is_clear = true;
            rest
        }
        rest => rest,
    };
    if rest.is_empty() {
        return None;
    }
    Some(interpret_list(connective, &rest.join(" "), (!is_clear).then_some(words)))
}

/// `literal`: all words of the text, if they may be scopes too.
fn interpret_list(
    connective: Connective,
    rest: &str,
    literal: Option<&[&str]>,
) -> Option<Interpretations> {
    if rest.contains(['(', ')', '[', ']', '{', '}', '|', '&', ';']) {
        return None;
    }
    let has_operators = rest.split(' ').any(|word| Connective::of_operator(word).is_some());
    let condition = Interpretations::of_lexed(&lex_text(rest)?)?.unambiguous()?.clone();
    let first = match (connective, condition) {
        (Connective::Any, SuggestedCondition::All(all)) if !has_operators => {
            SuggestedCondition::any(all)
        }
        // The operators contradict the first word.
        (Connective::Any, SuggestedCondition::All(_))
        | (Connective::All, SuggestedCondition::Any(_)) => return None,
        (_, other) => other,
    };
    let scope = |word: &&str| SuggestedCondition::Scope((*word).to_owned());
    let second = literal
        .filter(|_| !has_operators)
        .map(|words| SuggestedCondition::all(words.iter().map(scope).collect()));
    Some(Interpretations { first, second })
}
