//! The grammar of a scope, `scope-token` in RFC 6749 §3.3.

/// The most bytes that a scope may have; the runtime reads it back into an array of this size.
pub(super) const MAX_SCOPE_BYTES: usize = 256;

/// Whether it can be a scope of the attribute.
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_SCOPE_BYTES
        && first_invalid_character(text).is_none()
        && !looks_like_expression(&[text])
}

/// The first character outside the grammar of RFC 6749 §3.3: `1*( %x21 / %x23-5B / %x5D-7E )`, and,
/// because a comma is nearly always meant as a separator, the first comma.
pub(super) fn first_invalid_character(text: &str) -> Option<char> {
    let outside = |one: &char| !matches!(one, '!' | '#'..='[' | ']'..='~') || *one == ',';
    text.chars().find(outside)
}

/// Whether a string is an expression: it has parentheses, brackets, quotes, `;`, `|` or `&`, or a
/// word that joins others (R-K10). The grammar allows some of these characters in a scope; one that
/// has them is required by `AuthInfo::require`.
pub(super) fn looks_like_expression(pieces: &[&str]) -> bool {
    let joins = |piece: &&str| {
        matches!(piece.to_ascii_lowercase().as_str(), "or" | "and" | "not" | "+" | "!")
    };
    let expression_characters = ['(', ')', '[', ']', ';', '\'', '"', '`', '|', '&'];
    pieces.iter().any(|piece| piece.contains(expression_characters))
        || pieces.iter().any(|piece| piece.starts_with('!'))
        || pieces.len() > 1 && pieces.iter().any(joins)
}

/// Whether quotes and commas of the text belong to an expression.
pub(super) fn has_expression_characters(text: &str) -> bool {
    text.contains(['(', ')', '[', ']', ';', '\'', '`', '|', '&']) || text.matches('"').count() > 1
}
