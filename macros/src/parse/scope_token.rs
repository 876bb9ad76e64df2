//! The grammar of a scope, `scope-token` in RFC 6749 §3.3.

use super::negation::is_negation;

/// The most bytes of a scope. The runtime reads it back into an array of this size.
pub(super) const MAX_SCOPE_BYTES: usize = 256;

/// Whether the attribute accepts this scope.
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_SCOPE_BYTES
        && first_invalid_character(text).is_none()
        && !looks_like_expression(&[text])
}

/// The first character outside the grammar, `1*( %x21 / %x23-5B / %x5D-7E )`. A comma, which the
/// grammar allows, is rejected too, because it is nearly always meant as a separator.
pub(super) fn first_invalid_character(text: &str) -> Option<char> {
    let is_invalid = |one: &char| !matches!(one, '!' | '#'..='[' | ']'..='~') || *one == ',';
    text.chars().find(is_invalid)
}

/// Whether the words of a string seem to be an expression (R-K10): they contain parentheses,
/// brackets, braces, quotes, `;`, `|`, `&` or `%20`, one of them is an operator between others, or
/// they begin with `scopes =` or with a word such as `any` in front of others. The grammar allows
/// some of these characters. A function requires a scope that contains them by
/// `AuthInfo::require`.
pub(super) fn looks_like_expression(words: &[&str]) -> bool {
    let expression_characters = ['(', ')', '[', ']', '{', '}', ';', '\'', '"', '`', '|', '&'];
    let is_expression = |word: &&str| {
        word.contains(expression_characters)
            || word.contains("%20")
            || word.starts_with('!')
            || is_in_angle_brackets(word)
    };
    let begins_with = |is: fn(&str) -> bool| words.first().is_some_and(|first| is(first));
    words.iter().any(is_expression)
        || begins_with(|first| first.starts_with("scope=") || first.starts_with("scopes="))
        || words.len() > 1
            && (words.iter().any(|word| is_operator(word)) || begins_with(is_quantifier))
}

/// Whether a word joins, negates or assigns others.
fn is_operator(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    is_negation(&word)
        || matches!(word.as_str(), "or" | "and" | "+" | "!" | "xor" | "=" | "==" | ":")
        || is_and_or(&word)
}

/// Whether a word may mean `and` as well as `or`.
pub(super) fn is_and_or(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "/" | "and/or" | "or/and")
}

/// Whether a word in front of others says how many of them are required.
fn is_quantifier(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let word = word.trim_end_matches(':');
    matches!(
        word,
        "any" | "all" | "either" | "any-of" | "all-of" | "any_of" | "all_of" | "anyof" | "allof"
    )
}

/// A placeholder such as `<read>`.
pub(super) fn is_in_angle_brackets(word: &str) -> bool {
    word.starts_with('<') && word.ends_with('>')
}

/// The word that may be one scope although it contains a sign that separates others, such as
/// `urn:a:b|c` or `o'brien`: the sign has no space beside it, and a part of it is no plain name.
pub(super) fn possible_single_scope(text: &str) -> Option<&str> {
    text.split(' ').find(|word| {
        let inside = word.get(1..word.len().saturating_sub(1)).unwrap_or_default();
        let has_sign = inside.contains(['|', '&', ';', '\''])
            && !inside.contains("||")
            && !inside.contains("&&")
            && !word.starts_with(['|', '&', ';', '\''])
            && !word.ends_with(['|', '&', ';', '\'']);
        let is_plain = !word.contains([':', '/', '?', '=', '\'']);
        has_sign && !is_plain && !word.contains(['(', ')', '[', ']', '"', '`', ','])
    })
}

/// Whether the text contains more than a stray quote or comma, so that it may be an expression.
pub(super) fn has_expression_characters(text: &str) -> bool {
    text.contains(['(', ')', '[', ']', '{', '}', ';', '\'', '`', '|', '&'])
        || text.matches('"').count() > 1
}
