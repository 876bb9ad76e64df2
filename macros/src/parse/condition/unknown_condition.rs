//! Errors of `name(…)` where no condition has this name.

use proc_macro2::{Group, Ident, TokenTree};
use syn::Lit;
use syn::ext::IdentExt;

use super::position::{Position, help, suggestion_at};
use crate::diagnostics::Diagnostics;
use crate::parse::help::WRITE_A_CONDITION;
use crate::parse::negation;
use crate::parse::suggestion::{Interpretations, SuggestedCondition};
use crate::parse::tokens::is_punct;

/// Reports `name(…)` where the name is neither `all` nor `any`.
pub(super) fn report(name: &Ident, list: &Group, position: Position, errors: &mut Diagnostics) {
    let message = format!("unknown condition `{name}`");
    let inner = Interpretations::of_tokens(list.stream()).and_then(|it| it.unambiguous().cloned());
    let any = || Interpretations::of_alternatives(list.stream());
    let name_text = name.unraw().to_string();
    let help = match (name_text.to_ascii_lowercase().as_str(), inner) {
        ("any" | "any_of" | "anyof" | "one_of" | "oneof" | "or" | "some", Some(_)) => {
            help(any(), position)
        }
        ("all" | "all_of" | "allof" | "and" | "every", Some(all)) => {
            format!("write `{}{}`", position.prefix(), suggestion_at(&all, position))
        }
        (plain, Some(one @ SuggestedCondition::Scope(_))) if requires_its_scope(plain) => {
            format!("write `{}{one}`", position.prefix())
        }
        _ if counts(&name_text, list) => {
            "a condition cannot express this; `auth.has_scope(\"…\")` tests for a scope in the \
             function"
                .to_owned()
        }
        _ if matches!(position, Position::Value) && names_variables(list) => {
            let list = list.stream().to_string().replace(" ,", ",");
            format!("write `scopes_from = {name}({list})` for a function that returns scopes")
        }
        (_, Some(SuggestedCondition::Scope(_))) => WRITE_A_CONDITION.to_owned(),
        _ => {
            "write `all(…)` where all of them are required, `any(…)` where one is enough".to_owned()
        }
    };
    errors.error(name, message, help);
}

/// Whether a condition of this name means that its scope is required.
fn requires_its_scope(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "authority",
        "contains",
        "from",
        "has",
        "has_role",
        "has_scope",
        "include",
        "includes",
        "need",
        "needs",
        "ok",
        "permission",
        "require",
        "require_scope",
        "required",
        "requires",
        "role",
        "scope",
        "scopes",
        "some",
        "str",
        "string",
    ];
    NAMES.contains(&name)
}

/// Whether the elements of a list are names alone, such as those of the arguments of the function.
fn names_variables(list: &Group) -> bool {
    let trees: Vec<TokenTree> = list.stream().into_iter().collect();
    let is_word = |tree: &TokenTree| matches!(tree, TokenTree::Ident(_));
    trees.first().is_some_and(is_word)
        && trees.iter().all(|tree| is_word(tree) || is_punct(tree, ','))
}

/// Whether a condition of this name, or with a number in its list, says how many of its scopes are
/// required.
fn counts(name: &str, list: &Group) -> bool {
    const WORDS: [&str; 14] = [
        "count",
        "exact",
        "exactly",
        "least",
        "majority",
        "max",
        "min",
        "most",
        "only",
        "single",
        "threshold",
        "two",
        "xor",
        "n",
    ];
    negation::words(name).iter().any(|word| WORDS.contains(&word.as_str()))
        || list.stream().into_iter().any(|tree| match tree {
            TokenTree::Literal(literal) => matches!(Lit::new(literal), Lit::Int(_)),
            _ => false,
        })
}
