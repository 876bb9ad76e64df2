//! The grammar of a scope, `scope-token` in RFC 6749 §3.3.

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
/// grammar allows, is refused too, because it is nearly always meant as a separator.
pub(super) fn first_invalid_character(text: &str) -> Option<char> {
    let is_invalid = |one: &char| !matches!(one, '!' | '#'..='[' | ']'..='~') || *one == ',';
    text.chars().find(is_invalid)
}

/// Whether the words of a string seem to be an expression (R-K10): they contain parentheses,
/// brackets, quotes, `;`, `|` or `&`, or one of them is an operator between others. The grammar
/// allows some of these characters. A function requires a scope that contains them by
/// `AuthInfo::require`.
pub(super) fn looks_like_expression(words: &[&str]) -> bool {
    let is_operator = |word: &&str| {
        matches!(word.to_ascii_lowercase().as_str(), "or" | "and" | "not" | "+" | "!")
    };
    let expression_characters = ['(', ')', '[', ']', ';', '\'', '"', '`', '|', '&'];
    words.iter().any(|word| word.contains(expression_characters))
        || words.iter().any(|word| word.starts_with('!'))
        || words.len() > 1 && words.iter().any(is_operator)
}

/// Whether the text contains more than a stray quote or comma, so that it may be an expression.
pub(super) fn has_expression_characters(text: &str) -> bool {
    text.contains(['(', ')', '[', ']', ';', '\'', '`', '|', '&']) || text.matches('"').count() > 1
}
