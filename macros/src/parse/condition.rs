//! The value of `scopes = …`: a string, a list, or nested conditions.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::LitStr;

use crate::diagnostics::Diagnostics;
use crate::parse::help::NAME_A_SCOPE;
use crate::parse::scope_token::{
    MAX_SCOPE_BYTES, first_invalid_character, has_expression_characters, is_scope,
    looks_like_expression,
};
use crate::parse::suggestion::SuggestedCondition;
use crate::parse::tokens::{split_at_commas, string_literal};

mod position;
mod string_errors;
mod token_errors;
mod trailing_token;

use position::Position;

/// The most alternatives that a condition may offer: a challenge weighs them all.
const MAX_ALTERNATIVES: usize = 64;

/// A condition over scopes, as written.
pub(crate) enum Condition {
    Scope(Scope),
    All(Conditions),
    Any(Conditions),
}

pub(crate) struct Scope {
    pub(crate) text: String,
    /// Where it stands, perhaps with others.
    literal: LitStr,
}

/// The elements of a list or of `all(…)` or `any(…)`; at least one.
pub(crate) struct Conditions {
    pub(crate) conditions: Vec<Condition>,
}

impl Condition {
    /// Reads what stands behind `scopes =`. `None` if there is a mistake.
    pub(crate) fn parse(value: TokenStream, diagnostics: &mut Diagnostics) -> Option<Self> {
        let condition = match string_literal(&value) {
            Some(text) => list_in_string(&text, diagnostics),
            None => element(&value, Position::Value, diagnostics),
        }?;
        let alternatives = condition.alternatives();
        if alternatives > MAX_ALTERNATIVES {
            diagnostics.error(
                value,
                format_args!("this condition can be met in {alternatives} ways, which is more than {MAX_ALTERNATIVES}"),
                "name fewer alternatives, or define a scope for several of them",
            );
            return None;
        }
        Some(condition)
    }

    /// In how many ways the condition can be met.
    fn alternatives(&self) -> usize {
        match self {
            Self::Scope(_) => 1,
            Self::Any(any) => any.counts().fold(0, usize::saturating_add),
            Self::All(all) => all.counts().fold(1, usize::saturating_mul),
        }
    }
}

impl Conditions {
    fn counts(&self) -> impl Iterator<Item = usize> {
        self.conditions.iter().map(Condition::alternatives)
    }
}

/// `"read write"`: all of them.
fn list_in_string(text: &LitStr, diagnostics: &mut Diagnostics) -> Option<Condition> {
    let value = text.value();
    let pieces: Vec<&str> = value.split(' ').collect();
    if value.trim().is_empty() {
        diagnostics.error(text, "no scope is named", NAME_A_SCOPE);
        return None;
    }
    if pieces.iter().any(|piece| first_invalid_character(piece).is_some())
        || looks_like_expression(&pieces)
    {
        Scope { text: value, literal: text.clone() }.checked(Position::Value, diagnostics);
        return None;
    }
    if pieces.contains(&"") {
        let kept: Vec<&str> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let (message, help) = match kept.as_slice() {
            [one] => ("extra space beside the scope", format!("write `scopes = \"{one}\"`")),
            _ => (
                "extra space between the scopes",
                format!("write `scopes = \"{}\"`", kept.join(" ")),
            ),
        };
        diagnostics.error(text, message, help);
        return None;
    }
    let scopes =
        pieces.into_iter().map(|scope| Scope { text: scope.to_owned(), literal: text.clone() });
    let scopes: Vec<Option<Condition>> = scopes
        .map(|scope| scope.checked(Position::Value, diagnostics).map(Condition::Scope))
        .collect();
    group(scopes, diagnostics).map(Condition::All)
}

/// One element of a condition: a scope, a list, or `all(…)` or `any(…)`.
fn element(
    tokens: &TokenStream,
    place: Position,
    diagnostics: &mut Diagnostics,
) -> Option<Condition> {
    if let Some(text) = string_literal(tokens) {
        return scope(&text, diagnostics).map(Condition::Scope);
    }
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next(), trees.next()) {
        (Some(TokenTree::Group(list)), None, _) if list.delimiter() == Delimiter::Bracket => {
            elements(&list, diagnostics).map(Condition::All)
        }
        // A fragment that a `macro_rules!` macro has captured.
        (Some(TokenTree::Group(captured)), None, _) if captured.delimiter() == Delimiter::None => {
            element(&captured.stream(), place, diagnostics)
        }
        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(list)), None)
            if list.delimiter() == Delimiter::Parenthesis && (name == "all" || name == "any") =>
        {
            named_group(&name, &list, diagnostics)
        }
        _ => {
            token_errors::report_invalid_condition(tokens, place, diagnostics);
            None
        }
    }
}

fn named_group(name: &Ident, list: &Group, diagnostics: &mut Diagnostics) -> Option<Condition> {
    let elements = elements(list, diagnostics)?;
    if name == "all" {
        return Some(Condition::All(elements));
    }
    if let [Condition::All(all)] = elements.conditions.as_slice()
        && is_list(list.stream())
        && all.conditions.len() > 1
    {
        let inside = |condition: &Condition| condition.written();
        let inner: Vec<SuggestedCondition> = all.conditions.iter().map(inside).collect();
        diagnostics.error(
            list.stream(),
            "a list means all of its scopes, also inside `any(…)`",
            format_args!(
                "write `{}` for one of them, or `{}` for all of them",
                SuggestedCondition::any(inner.clone()),
                SuggestedCondition::all(inner),
            ),
        );
        return None;
    }
    Some(Condition::Any(elements))
}

/// Whether this is `[…]` alone.
fn is_list(tokens: TokenStream) -> bool {
    matches!(tokens.into_iter().next(), Some(TokenTree::Group(list))
        if list.delimiter() == Delimiter::Bracket)
}

/// Each element of a list is looked at, whatever is wrong with the others.
fn elements(list: &Group, diagnostics: &mut Diagnostics) -> Option<Conditions> {
    let before = diagnostics.count();
    let parts = split_at_commas(list.stream(), diagnostics);
    if parts.is_empty() && diagnostics.count() > before {
        return None;
    }
    if parts.is_empty() {
        diagnostics.error(list, "no scope is named", NAME_A_SCOPE);
        return None;
    }
    if token_errors::report_bare_words(&parts, diagnostics) {
        return None;
    }
    let elements =
        parts.into_iter().map(|part| element(&part, Position::Element, diagnostics)).collect();
    group(elements, diagnostics)
}

/// Refuses a scope that stands twice side by side: it is a slip, often for another one.
fn group(elements: Vec<Option<Condition>>, diagnostics: &mut Diagnostics) -> Option<Conditions> {
    let conditions: Option<Vec<Condition>> = elements.into_iter().collect();
    let conditions = conditions?;
    let mut seen: Vec<&str> = Vec::new();
    let mut twice = false;
    for condition in &conditions {
        let Condition::Scope(scope) = condition else { continue };
        if seen.contains(&scope.text.as_str()) {
            diagnostics.error(
                &scope.literal,
                format_args!("the scope `{}` is named twice", scope.text),
                "name each scope once",
            );
            twice = true;
        }
        seen.push(&scope.text);
    }
    (!twice).then_some(Conditions { conditions })
}

/// A string that stands for exactly one scope.
fn scope(text: &LitStr, diagnostics: &mut Diagnostics) -> Option<Scope> {
    let value = text.value();
    let pieces: Vec<&str> = value.split(' ').filter(|piece| !piece.is_empty()).collect();
    let scope = Scope { text: value.clone(), literal: text.clone() };
    if pieces.len() > 1
        && !looks_like_expression(&pieces)
        && pieces.iter().all(|piece| first_invalid_character(piece).is_none())
    {
        let several: Vec<SuggestedCondition> =
            pieces.iter().map(|piece| SuggestedCondition::Scope((*piece).to_owned())).collect();
        let help = match SuggestedCondition::all(several) {
            SuggestedCondition::All(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                format!("write `all({})`, or one string for each", all.join(", "))
            }
            one => format!("write `{one}`"),
        };
        diagnostics.error(
            text,
            "this string names several scopes, which could mean all or any of them",
            help,
        );
        return None;
    }
    if let [one] = pieces.as_slice()
        && *one != value
        && is_scope(one)
    {
        diagnostics.error(text, "extra space beside the scope", format_args!("write `\"{one}\"`"));
        return None;
    }
    scope.checked(Position::Element, diagnostics)
}

impl Scope {
    fn checked(self, place: Position, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Self { text, literal } = &self;
        let pieces: Vec<&str> = text.split(' ').collect();
        let found = pieces.iter().find_map(|piece| first_invalid_character(piece));
        let found =
            found.filter(|found| !matches!(found, '"' | ',') || !has_expression_characters(text));
        if text.is_empty() {
            diagnostics.error(literal, "the scope is empty", NAME_A_SCOPE);
        } else if let Some(character) = found {
            string_errors::report_invalid_character(text, character, literal, place, diagnostics);
        } else if looks_like_expression(&pieces) {
            string_errors::report_expression(text, literal, place, diagnostics);
        } else if text.len() > MAX_SCOPE_BYTES {
            let message = format!(
                "this scope has {} characters, which is more than {MAX_SCOPE_BYTES}",
                text.len()
            );
            diagnostics.error(literal, message, "choose a shorter name");
        } else {
            return Some(self);
        }
        None
    }
}

impl Condition {
    fn written(&self) -> SuggestedCondition {
        let each = |group: &Conditions| group.conditions.iter().map(Self::written).collect();
        match self {
            Self::Scope(scope) => SuggestedCondition::Scope(scope.text.clone()),
            Self::All(all) => SuggestedCondition::all(each(all)),
            Self::Any(any) => SuggestedCondition::any(each(any)),
        }
    }
}
