//! Values that commas split into several arguments: `scopes = "read", "write"`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

use super::argument::{parse_argument, skip_equals};
use super::key::{intended_key, is_key_for_any, is_key_for_scopes};
use crate::diagnostics::Diagnostics;
use crate::parse::suggestion::Interpretations;

/// The tokens of one argument.
pub(super) enum Part {
    /// The tokens between two commas.
    One(TokenStream),
    /// A value that commas have split: `scopes = "read"` and `"write"`.
    Several { first: TokenStream, further: Vec<TokenStream> },
}

/// Joins each value that commas have split.
pub(super) fn join_split_values(parts: Vec<TokenStream>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        let continues = continues_value(&part);
        match joined.last_mut() {
            Some(Part::One(first)) if continues && may_be_split_value(first) => {
                let first = std::mem::take(first);
                joined.pop();
                joined.push(Part::Several { first, further: vec![part] });
            }
            Some(Part::Several { further, .. }) if continues => further.push(part),
            _ => joined.push(Part::One(part)),
        }
    }
    joined
}

/// Whether the tokens begin a list of scopes: `scopes = …`, or a value without a key.
fn may_be_split_value(part: &TokenStream) -> bool {
    parse_argument(part).is_none_or(|argument| names_scopes(&argument.key) || continues_value(part))
}

fn names_scopes(key: &Ident) -> bool {
    is_key_for_scopes(key) || is_key_for_any(&key.to_string()) || key == "all"
}

/// Whether the tokens can only be a further value: a literal, a list, a condition, or a word that
/// stands for no argument.
fn continues_value(part: &TokenStream) -> bool {
    let Some(argument) = parse_argument(part) else { return true };
    let name = argument.key.to_string();
    let is_condition = matches!(name.as_str(), "all" | "any")
        && matches!(argument.rest.clone().into_iter().next(), Some(TokenTree::Group(_)));
    let is_word = !argument.rest.to_string().contains('=')
        && Interpretations::of_tokens(part.clone()).is_some()
        && intended_key(&name).is_none();
    is_condition || is_word
}

/// Reports a value that commas have split. The help suggests one list.
pub(super) fn report_several_values(
    first: &TokenStream,
    further: &[TokenStream],
    errors: &mut Diagnostics,
) {
    let begins_with_sign =
        |rest: &TokenStream| matches!(rest.clone().into_iter().next(), Some(TokenTree::Punct(_)));
    let argument = parse_argument(first).filter(|argument| {
        is_key_for_scopes(&argument.key)
            || names_scopes(&argument.key) && begins_with_sign(&argument.rest)
    });
    let is_any = argument.as_ref().is_some_and(|it| is_key_for_any(&it.key.to_string()));
    let misspelled = argument.as_ref().map(|it| it.key.clone()).filter(|key| key != "scopes");
    let value = argument.map_or_else(|| first.clone(), |it| skip_equals(it.rest));
    let trees: Vec<TokenTree> = value.clone().into_iter().collect();
    let without_parenthesis = match trees.as_slice() {
        [TokenTree::Ident(name), rest @ ..]
            if (name == "all" || name == "any")
                && !matches!(rest.first(), Some(TokenTree::Group(_))) =>
        {
            Some(name.clone())
        }
        _ => None,
    };
    let all = further.iter().fold(value, |all, one| quote!(#all, #one));
    let interpretations = if is_any {
        Interpretations::of_alternatives(all)
    } else {
        Interpretations::of_tokens(all)
    };
    let help = interpretations.map_or_else(
        || "write one list, as in `scopes = [\"read\", \"write\"]`".to_owned(),
        |interpretations| interpretations.help("scopes = "),
    );
    let further: TokenStream = further.iter().cloned().collect();
    match without_parenthesis {
        Some(name) => {
            let message = format!("expected `(` and a list of conditions after `{name}`");
            errors.error(name, message, help);
        }
        None if misspelled.is_some() => {
            let name = misspelled.as_ref().map(ToString::to_string).unwrap_or_default();
            errors.error(misspelled, format_args!("unknown argument `{name}`"), help);
        }
        None if parse_argument(first).is_some_and(|it| it.key == "scopes") => {
            errors.error(further, "`scopes` takes one value", help);
        }
        None => errors.error(first, "expected the name of an argument", help),
    }
}
