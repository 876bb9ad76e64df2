//! Errors of a token that follows a complete condition.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::position::{Position, comma_separated, help, suggestion_at};
use crate::diagnostics::Diagnostics;
use crate::parse::help::{CALL_REQUIRE, WRITE_A_CONDITION};
use crate::parse::suggestion::{Interpretations, SuggestedCondition};

const CONDITIONS: [&str; 4] = ["if", "unless", "when", "where"];

const SEPARATE_WHEN: &str = "write `, when = …` in its place, with an expression of type `bool`";

/// The token after a complete condition, if there is one.
pub(super) fn after_condition(trees: &[TokenTree]) -> Option<&TokenTree> {
    match trees {
        [TokenTree::Literal(literal), next, ..] if literal.to_string().contains('"') => Some(next),
        [TokenTree::Group(list), next, ..] if list.delimiter() == Delimiter::Bracket => Some(next),
        [TokenTree::Ident(name), TokenTree::Group(_), next, ..]
            if name == "all" || name == "any" =>
        {
            Some(next)
        }
        _ => None,
    }
}

/// The word `when` or `if` behind the path of a variant, or behind a string.
pub(super) fn condition_after_scope(trees: &[TokenTree]) -> Option<&TokenTree> {
    let is_of_scope = |tree: &TokenTree| match tree {
        TokenTree::Punct(sign) => sign.as_char() == ':',
        TokenTree::Literal(_) => true,
        TokenTree::Ident(word) => CONDITIONS.iter().all(|keyword| word != keyword),
        TokenTree::Group(_) => false,
    };
    let next = trees.iter().find(|tree| !is_of_scope(tree))?;
    let is_first = trees.first().is_some_and(|first| !is_of_scope(first));
    (matches!(next, TokenTree::Ident(_)) && !is_first).then_some(next)
}

/// Reports `next`, which follows a complete condition.
pub(super) fn report(
    tokens: &TokenStream,
    next: &TokenTree,
    position: Position,
    errors: &mut Diagnostics,
) {
    let interpretations = Interpretations::of_tokens(tokens.clone());
    match next {
        TokenTree::Punct(dot) if dot.as_char() == '.' => errors.error(
            next,
            "a scope is a string literal alone, without a call",
            help(interpretations, position),
        ),
        TokenTree::Punct(sign) if sign.as_char() == '?' => errors.error(
            next,
            "a scope is a string literal alone, without `?`",
            help(interpret_first_token(tokens), position),
        ),
        TokenTree::Punct(sign) if sign.as_char() != '#' => {
            errors.error(next, "a condition has no operators", WRITE_A_CONDITION);
        }
        TokenTree::Ident(word) if CONDITIONS.iter().any(|keyword| word == keyword) => {
            let message = format!("`{word}` cannot be part of a condition over scopes");
            let help = match position {
                Position::Value => SEPARATE_WHEN,
                Position::Element => CALL_REQUIRE,
            };
            errors.error(next, message, help);
        }
        _ => {
            let key = |key: &&str| matches!(next, TokenTree::Ident(word) if word == key);
            let argument = ["scopes", "optional", "crate"].into_iter().find(key);
            let help = match (argument, interpretations, position) {
                (Some(argument), _, Position::Value) => format!("write `, {argument}`"),
                (_, Some(interpretations), Position::Value) => {
                    interpretations.help(position.prefix())
                }
                _ if begins_with_group(tokens) => "separate the conditions by `,`".to_owned(),
                (
                    _,
                    Some(Interpretations { first: all @ SuggestedCondition::All(_), second: None }),
                    _,
                ) if !are_single_scopes(tokens) => {
                    format!("write `{}`", suggestion_at(&all, Position::Element))
                }
                (
                    _,
                    Some(Interpretations { first: SuggestedCondition::All(all), second: None }),
                    _,
                ) => {
                    let listed = comma_separated(&all);
                    format!("write `{listed}`, or `all({listed})` where all of them are required")
                }
                _ => "separate the conditions by `,`".to_owned(),
            };
            errors.error(next, "expected `,` before this", help);
        }
    }
}

/// Whether the tokens are strings that each name one scope.
fn are_single_scopes(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().all(|tree| {
        let interpretations = Interpretations::of_tokens(tree.into());
        matches!(
            interpretations,
            Some(Interpretations { first: SuggestedCondition::Scope(_), second: None })
        )
    })
}

/// Whether the first condition is `all(…)`, `any(…)` or a list, rather than a string.
fn begins_with_group(tokens: &TokenStream) -> bool {
    !matches!(tokens.clone().into_iter().next(), Some(TokenTree::Literal(_)))
}

/// Interprets the first of the tokens alone.
fn interpret_first_token(tokens: &TokenStream) -> Option<Interpretations> {
    Interpretations::of_tokens(tokens.clone().into_iter().take(1).collect())
}
