//! Errors of a string that is not a list of scopes.

use syn::LitStr;

use super::position::{Position, help, suggestion_at};
use crate::diagnostics::Diagnostics;
use crate::parse::help::{NAME_REQUIRED_SCOPES, NO_NEGATION, WRITE_A_LITERAL};
use crate::parse::negation::{is_negation, negates};
use crate::parse::scope_token::possible_single_scope;
use crate::parse::suggestion::{Interpretations, SuggestedCondition};

/// Reports a string with parentheses, operators or quotes in it.
pub(super) fn report_expression(
    text: &str,
    literal: &LitStr,
    position: Position,
    errors: &mut Diagnostics,
) {
    let message = format!("`{}` reads as an expression, not as scopes", escape(text));
    if is_negated(text) {
        return errors.error(literal, NO_NEGATION, NAME_REQUIRED_SCOPES);
    }
    let interpretations = Interpretations::of_text(text);
    let help = match (possible_single_scope(text), interpretations) {
        (Some(scope), Some(interpretations)) => format!(
            "if `{scope}` is one scope, call `auth.require(\"{scope}\")?` in the function; otherwise \
             {}",
            help(Some(interpretations), position)
        ),
        (Some(scope), None) => {
            format!("if `{scope}` is one scope, call `auth.require(\"{scope}\")?` in the function")
        }
        (None, _) if text.contains(['{', '}']) => WRITE_A_LITERAL.to_owned(),
        (None, interpretations) => help(interpretations, position),
    };
    errors.error(literal, message, help);
}

/// Reports a character that no scope may contain.
pub(super) fn report_invalid_character(
    text: &str,
    character: char,
    literal: &LitStr,
    position: Position,
    errors: &mut Diagnostics,
) {
    let is_separator = character.is_whitespace() || character == ',';
    let message = format!(
        "the scope `{}` contains the character {}",
        escape(text),
        describe_character(character)
    );
    let interpretations = Interpretations::of_text(text).filter(|_| is_separator);
    let help = match interpretations.as_ref().and_then(Interpretations::unambiguous) {
        Some(SuggestedCondition::Scope(scope)) => {
            format!("write `{}\"{scope}\"`", position.prefix())
        }
        Some(other) => format!("write `{}{}`", position.prefix(), suggestion_at(other, position)),
        None if is_separator => "separate scopes by one space".to_owned(),
        None => "a scope consists of printable ASCII characters without space, `\"` and `\\` (RFC \
                 6749 section 3.3)"
            .to_owned(),
    };
    errors.error(literal, message, help);
}

/// Escapes what is not printable, but not quotes.
fn escape(text: &str) -> String {
    let escaped = |character: char| match character {
        '"' | '\'' | '\\' => character.to_string(),
        _ => character.escape_debug().to_string(),
    };
    text.chars().map(escaped).collect()
}

fn describe_character(character: char) -> String {
    let name = match character {
        '\n' => "a line break",
        '\r' => "a carriage return",
        '\t' => "a tab",
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{200b}' => "a zero width space",
        '\u{feff}' => "a byte order mark",
        _ if character.is_control() || character.is_whitespace() => "not printable",
        _ => return format!("`{character}`"),
    };
    format!("U+{:04X}, {name}", u32::from(character))
}

/// Whether a word of the text negates another, or the list in parentheses after it.
fn is_negated(text: &str) -> bool {
    text.starts_with('!')
        || text.split_inclusive([' ', '(', ')', ',']).any(|part| {
            let word = part.trim_end_matches([' ', '(', ')', ',']);
            word.starts_with('!') || is_negation(word) || part.ends_with('(') && negates(word)
        })
}
