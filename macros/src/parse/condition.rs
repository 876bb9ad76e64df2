//! The value of `scopes = …`: a string, a list, or nested conditions.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;

use crate::diagnostics::Diagnostics;
use crate::parse::help::NAME_A_SCOPE;
use crate::parse::suggestion::SuggestedCondition;
use crate::parse::tokens::{split_at_commas, string_literal};

mod position;
pub(crate) mod scope;
mod string_errors;
mod token_errors;
mod trailing_token;
mod typed_scope;
mod unknown_condition;

use position::Position;
use scope::Scope;
pub(crate) use typed_scope::TypedScope;

/// The most alternatives that a condition may have. A challenge compares all of them.
const MAX_ALTERNATIVES: usize = 64;

/// A condition over scopes.
pub(crate) enum Condition {
    Scope(Scope),
    Typed(TypedScope),
    /// A list, a string of several scopes, or `all(…)`; at least one.
    All(Vec<Condition>),
    /// `any(…)`; at least one.
    Any(Vec<Condition>),
}

impl Condition {
    /// Parses the tokens after `scopes =`. Returns `None` with at least one error.
    pub(super) fn parse(value: TokenStream, errors: &mut Diagnostics) -> Option<Self> {
        let condition = match string_literal(&value) {
            Some(text) => {
                let scopes = Scope::parse_list(&text, errors)?;
                let scopes = scopes.into_iter().map(Condition::Scope).collect();
                reject_duplicates(scopes, errors).map(Condition::All)
            }
            None => parse_condition(&value, Position::Value, errors),
        }?;
        let alternatives = condition.count_alternatives();
        if alternatives > MAX_ALTERNATIVES {
            errors.error(
                value,
                format_args!("this condition can be met in {alternatives} ways, which is more than {MAX_ALTERNATIVES}"),
                "name fewer alternatives, or define a scope for several of them",
            );
            return None;
        }
        Some(condition)
    }

    /// The number of sets of scopes that meet the condition and have no smaller one in them.
    fn count_alternatives(&self) -> usize {
        let counts =
            |group: &[Self]| -> Vec<usize> { group.iter().map(Self::count_alternatives).collect() };
        match self {
            Self::Scope(_) | Self::Typed(_) => 1,
            Self::Any(any) => counts(any).into_iter().fold(0, usize::saturating_add),
            Self::All(all) => counts(all).into_iter().fold(1, usize::saturating_mul),
        }
    }

    /// The scopes that are string literals.
    pub(crate) fn literals(&self) -> Vec<&Scope> {
        match self {
            Self::Scope(scope) => vec![scope],
            Self::Typed(_) => Vec::new(),
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().flat_map(Self::literals).collect()
            }
        }
    }

    fn to_suggestion(&self) -> SuggestedCondition {
        let each = |group: &[Self]| group.iter().map(Self::to_suggestion).collect();
        match self {
            Self::Scope(scope) => SuggestedCondition::Scope(scope.text.clone()),
            Self::Typed(scope) => SuggestedCondition::Typed(scope.text()),
            Self::All(all) => SuggestedCondition::all(each(all)),
            Self::Any(any) => SuggestedCondition::any(each(any)),
        }
    }
}

/// Parses a scope, a typed scope, a list, or `all(…)` or `any(…)`.
fn parse_condition(
    tokens: &TokenStream,
    position: Position,
    errors: &mut Diagnostics,
) -> Option<Condition> {
    if let Some(text) = string_literal(tokens) {
        return Scope::parse(&text, errors).map(Condition::Scope);
    }
    if let Some(typed) = TypedScope::parse(tokens) {
        typed.check(errors)?;
        return Some(Condition::Typed(typed));
    }
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next(), trees.next()) {
        (Some(TokenTree::Group(list)), None, _) if list.delimiter() == Delimiter::Bracket => {
            parse_elements(&list, errors).map(Condition::All)
        }
        // A fragment that a `macro_rules!` macro has captured.
        (Some(TokenTree::Group(captured)), None, _) if captured.delimiter() == Delimiter::None => {
            parse_condition(&captured.stream(), position, errors)
        }
        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(list)), None)
            if list.delimiter() == Delimiter::Parenthesis && (name == "all" || name == "any") =>
        {
            parse_all_or_any(&name, &list, errors)
        }
        _ => {
            token_errors::report_invalid_condition(tokens, position, errors);
            None
        }
    }
}

fn parse_all_or_any(name: &Ident, list: &Group, errors: &mut Diagnostics) -> Option<Condition> {
    let elements = parse_elements(list, errors)?;
    if name == "all" {
        return Some(Condition::All(elements));
    }
    if let [Condition::All(all)] = elements.as_slice()
        && begins_with_list(list.stream())
        && all.len() > 1
    {
        let all: Vec<SuggestedCondition> = all.iter().map(Condition::to_suggestion).collect();
        errors.error(
            list.stream(),
            "a list means all of its scopes, also inside `any(…)`",
            format_args!(
                "write `{}` for one of them, or `{}` for all of them",
                SuggestedCondition::any(all.clone()),
                SuggestedCondition::all(all),
            ),
        );
        return None;
    }
    Some(Condition::Any(elements))
}

fn begins_with_list(tokens: TokenStream) -> bool {
    matches!(tokens.into_iter().next(), Some(TokenTree::Group(list))
        if list.delimiter() == Delimiter::Bracket)
}

/// Parses every element of a list, also where others have errors.
fn parse_elements(list: &Group, errors: &mut Diagnostics) -> Option<Vec<Condition>> {
    let (parts, comma_errors) = split_at_commas(list.stream());
    let has_errors = !comma_errors.is_empty();
    errors.extend(comma_errors);
    if parts.is_empty() {
        if !has_errors {
            errors.error(list, "no scope is named", NAME_A_SCOPE);
        }
        return None;
    }
    if token_errors::report_bare_words(&parts, errors) {
        return None;
    }
    let parsed: Vec<Option<Condition>> =
        parts.iter().map(|part| parse_condition(part, Position::Element, errors)).collect();
    reject_duplicates(parsed.into_iter().collect::<Option<_>>()?, errors)
}

/// Refuses a list that names a scope twice: probably, another one is meant.
fn reject_duplicates(
    conditions: Vec<Condition>,
    errors: &mut Diagnostics,
) -> Option<Vec<Condition>> {
    let mut seen: Vec<String> = Vec::new();
    let mut has_duplicates = false;
    for condition in &conditions {
        let (text, place): (String, &dyn ToTokens) = match condition {
            Condition::Scope(scope) => (scope.text.clone(), &scope.literal),
            Condition::Typed(scope) => (scope.text(), &scope.variant),
            Condition::All(_) | Condition::Any(_) => continue,
        };
        if seen.contains(&text) {
            errors.error(
                place,
                format_args!("the scope `{text}` is named twice"),
                "name each scope once",
            );
            has_duplicates = true;
        }
        seen.push(text);
    }
    (!has_duplicates).then_some(conditions)
}
