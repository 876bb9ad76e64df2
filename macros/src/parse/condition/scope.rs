//! Scopes in string literals.

use syn::LitStr;

use super::position::{Position, comma_separated};
use super::string_errors::{report_expression, report_invalid_character};
use crate::diagnostics::Diagnostics;
use crate::parse::help::NAME_A_SCOPE;
use crate::parse::scope_token::{
    MAX_SCOPE_BYTES, first_invalid_character, has_expression_characters, is_scope,
    looks_like_expression,
};
use crate::parse::suggestion::SuggestedCondition;

/// A scope that the attribute accepts.
pub(crate) struct Scope {
    pub(crate) text: String,
    /// The string that names it, perhaps with others.
    pub(crate) literal: LitStr,
}

impl Scope {
    /// Parses `"read write"`, the value of `scopes`.
    pub(super) fn parse_list(text: &LitStr, errors: &mut Diagnostics) -> Option<Vec<Self>> {
        let value = text.value();
        let names: Vec<&str> = value.split(' ').collect();
        if value.trim().is_empty() {
            errors.error(text, "no scope is named", NAME_A_SCOPE);
            return None;
        }
        if names.iter().any(|name| first_invalid_character(name).is_some())
            || looks_like_expression(&names)
        {
            Self::check(&value, text, Position::Value, errors);
            return None;
        }
        if names.contains(&"") {
            let kept: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
            let (message, help) = match kept.as_slice() {
                [one] => ("extra space beside the scope", format!("write `scopes = \"{one}\"`")),
                _ => (
                    "extra space between the scopes",
                    format!("write `scopes = \"{}\"`", kept.join(" ")),
                ),
            };
            errors.error(text, message, help);
            return None;
        }
        if names.len() > 1 && names.iter().any(|name| is_path_of_variant(name)) {
            let each = names.iter().map(|name| {
                let text = (*name).to_owned();
                if is_path_of_variant(name) {
                    SuggestedCondition::Typed(text)
                } else {
                    SuggestedCondition::Scope(text)
                }
            });
            let help = format!("write `scopes = {}`", SuggestedCondition::all(each.collect()));
            errors.error(text, "this string contains the path of a variant", help);
            return None;
        }
        let scopes: Vec<Option<Self>> = names
            .into_iter()
            .map(|name| Self::check(name, text, Position::Value, errors))
            .collect();
        scopes.into_iter().collect()
    }

    /// Parses `"read"`, an element of a list or of `all(…)` or `any(…)`, which names one scope.
    pub(super) fn parse(text: &LitStr, errors: &mut Diagnostics) -> Option<Self> {
        let value = text.value();
        let names: Vec<&str> = value.split(' ').filter(|name| !name.is_empty()).collect();
        if names.len() > 1
            && !looks_like_expression(&names)
            && names.iter().all(|name| first_invalid_character(name).is_none())
        {
            let several: Vec<SuggestedCondition> =
                names.iter().map(|name| SuggestedCondition::Scope((*name).to_owned())).collect();
            let help = match SuggestedCondition::all(several) {
                SuggestedCondition::All(all) => {
                    format!("write `all({})`, or one string for each", comma_separated(&all))
                }
                one => format!("write `{one}`"),
            };
            errors.error(
                text,
                "this string names several scopes, which could mean all or any of them",
                help,
            );
            return None;
        }
        if let [one] = names.as_slice()
            && *one != value
            && is_scope(one)
        {
            errors.error(text, "extra space beside the scope", format_args!("write `\"{one}\"`"));
            return None;
        }
        Self::check(&value, text, Position::Element, errors)
    }

    /// Parses `"read"` in `#[scope("read")]`, which defines one scope.
    pub(crate) fn parse_definition(text: &LitStr, errors: &mut Diagnostics) -> Option<Self> {
        let value = text.value();
        let mut words = value.split(' ').filter(|word| !word.is_empty());
        match (words.next(), words.next()) {
            (Some(_), Some(_)) if first_invalid_character(&value.replace(' ', "")).is_none() => {
                errors.error(
                    text,
                    "this string names several scopes",
                    "write one variant for each scope",
                );
                None
            }
            (Some(one), None) if one != value && is_scope(one) => {
                let help = format!("write `#[scope(\"{one}\")]`");
                errors.error(text, "extra space beside the scope", help);
                None
            }
            (None, _) => {
                errors.error(text, "the scope is empty", "write the scope as it is in a token");
                None
            }
            _ if is_scope(&value) => Some(Self { text: value, literal: text.clone() }),
            _ if value.len() > MAX_SCOPE_BYTES => {
                Self::check(&value, text, Position::Element, errors)
            }
            _ => {
                errors.error(
                    text,
                    format_args!("`{}` is not a scope", value.escape_debug()),
                    "a scope consists of printable ASCII characters (RFC 6749 section 3.3); here it \
                     has no space, comma, quote, bracket, `\\`, `;`, `|` or `&`",
                );
                None
            }
        }
    }

    /// Reports why `name` is not a scope.
    fn check(
        name: &str,
        literal: &LitStr,
        position: Position,
        errors: &mut Diagnostics,
    ) -> Option<Self> {
        if is_path_of_variant(name) {
            let message = format!("`{name}` is the path of a variant, in quotes");
            let help = format!("write `{}{name}`", position.prefix());
            errors.error(literal, message, help);
            return None;
        }
        let words: Vec<&str> = name.split(' ').collect();
        let invalid = words
            .iter()
            .find_map(|word| first_invalid_character(word))
            .filter(|invalid| !matches!(invalid, '"' | ',') || !has_expression_characters(name));
        if name.trim_matches(' ').is_empty() {
            errors.error(literal, "the scope is empty", NAME_A_SCOPE);
        } else if let Some(character) = invalid {
            report_invalid_character(name, character, literal, position, errors);
        } else if looks_like_expression(&words) {
            report_expression(name, literal, position, errors);
        } else if name.len() > MAX_SCOPE_BYTES {
            let message = format!(
                "this scope has {} characters, which is more than {MAX_SCOPE_BYTES}",
                name.len()
            );
            errors.error(literal, message, "choose a shorter name");
        } else {
            return Some(Self { text: name.to_owned(), literal: literal.clone() });
        }
        None
    }
}

/// Whether the scope is written as `JournalScope::EntriesRead`. No server has scopes of this form.
fn is_path_of_variant(name: &str) -> bool {
    let is_type = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.chars().all(|one| one.is_ascii_alphanumeric())
    };
    name.split_once("::").is_some_and(|(name, variant)| {
        is_type(name) && is_type(variant) && variant.contains(|one: char| one.is_ascii_lowercase())
    })
}
