//! Values that commas split into several arguments: `scopes = "read", "write"`.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::argument::{parse_argument, skip_equals};
use super::key::{intended_key, is_key_for_scopes};
use crate::diagnostics::Diagnostics;
use crate::parse::suggestion::Interpretations;

/// What is between two commas, unless it continues the value before it: `scopes = "read", "write"`.
pub(super) enum Part {
    One(TokenStream),
    Several { first: TokenStream, further: Vec<TokenStream> },
}

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

/// `scopes = …`, or values without a name.
fn may_be_split_value(part: &TokenStream) -> bool {
    parse_argument(part)
        .is_none_or(|argument| is_key_for_scopes(&argument.key) || continues_value(part))
}

/// Whether this can only be a scope: a literal, a list, a condition or a word that is no argument.
fn continues_value(part: &TokenStream) -> bool {
    let Some(argument) = parse_argument(part) else { return true };
    let name = argument.key.to_string();
    let condition = matches!(name.as_str(), "all" | "any")
        && matches!(argument.rest.clone().into_iter().next(), Some(TokenTree::Group(_)));
    let word = !argument.rest.to_string().contains('=')
        && Interpretations::of_tokens(part.clone()).is_some()
        && intended_key(&name).is_none();
    condition || word
}

/// Values side by side: they are one list.
pub(super) fn report_several_values(
    first: &TokenStream,
    further: &[TokenStream],
    errors: &mut Diagnostics,
) {
    let argument = parse_argument(first).filter(|argument| is_key_for_scopes(&argument.key));
    let misspelled = argument.as_ref().map(|it| it.key.clone()).filter(|key| key != "scopes");
    let value = argument.map_or_else(|| first.clone(), |it| skip_equals(it.rest));
    let opens = value.clone().into_iter().collect::<Vec<_>>();
    let named = match opens.as_slice() {
        [TokenTree::Ident(name), rest @ ..]
            if (name == "all" || name == "any")
                && !matches!(rest.first(), Some(TokenTree::Group(_))) =>
        {
            Some(name.clone())
        }
        _ => None,
    };
    let all = further.iter().fold(value, |all, one| quote!(#all, #one));
    let interpretations = Interpretations::of_tokens(all);
    let help = interpretations.map_or_else(
        || "write one list, as in `scopes = [\"read\", \"write\"]`".to_owned(),
        |interpretations| interpretations.help("scopes = "),
    );
    let further: TokenStream = further.iter().cloned().collect();
    match named {
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
