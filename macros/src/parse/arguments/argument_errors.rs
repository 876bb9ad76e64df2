//! Errors of unknown, duplicate and malformed arguments.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{LitInt, LitStr, Path};

use super::VOCABULARY_EXAMPLE;
use super::argument::{Argument, parse_argument, skip_equals};
use super::key::{expression_example, intended_key, is_key_for_any, is_mode_flag};
use super::token_requirement::{ACR_VALUES_EXAMPLE, DETAILS_EXAMPLE, MAX_AGE_EXAMPLE};
use crate::diagnostics::Diagnostics;
use crate::parse::help::{NAME_REQUIRED_SCOPES, NO_NEGATION, THE_ARGUMENTS};
use crate::parse::negation::{is_negation, negates, negates_one_of, words};
use crate::parse::scope_token::{is_scope, looks_like_expression};
use crate::parse::suggestion::Interpretations;
use crate::parse::tokens::{compact, is_punct, string_literal};

/// Reports an argument that is given twice. `name` is the argument that `key` stands for.
pub(super) fn report_duplicate(
    key: &Ident,
    name: &str,
    first: &TokenStream,
    second: &TokenStream,
    errors: &mut Diagnostics,
) {
    let value = |part: &TokenStream| parse_argument(part).map(|it| skip_equals(it.rest));
    let both = (value(first), value(second));
    let interpretations = match both {
        (Some(first), Some(second)) if name == "scopes" => {
            Interpretations::of_tokens(quote!([#first], [#second]))
        }
        _ => None,
    };
    let help = match interpretations {
        Some(interpretations) => format!("{} once", interpretations.help("scopes = ")),
        None if name == "scopes" => "write all conditions into one `scopes = all(…)`".to_owned(),
        None if name == "scopes_from" => {
            "write one function that returns all of the scopes".to_owned()
        }
        None if name == "when" => "join the conditions by `&&`".to_owned(),
        None => format!("keep one `{name}`"),
    };
    errors.error(key, format_args!("`{name}` is given twice"), help);
}

/// Reports an argument that does not exist.
pub(super) fn report_unknown(
    key: &Ident,
    name: &str,
    rest: &TokenStream,
    errors: &mut Diagnostics,
) {
    let argument = Argument { key: key.clone(), rest: rest.clone() };
    let help = if is_mode_flag(&argument) {
        "write `scopes = all(…)` where all of the scopes are required, `scopes = any(…)` where one of \
         them is enough"
            .to_owned()
    } else {
        help_for_unknown(key, name, rest)
    };
    errors.error(key, format_args!("unknown argument `{name}`"), help);
}

fn help_for_unknown(key: &Ident, name: &str, rest: &TokenStream) -> String {
    let value = skip_equals(rest.clone());
    let interpretations = || Interpretations::of_tokens(value.clone());
    match (name.to_ascii_lowercase().as_str(), intended_key(name)) {
        _ if is_negated_optional(name) && truth_value(rest) == Some(true) => {
            "remove it: a token is required".to_owned()
        }
        _ if is_negated_optional(name) || negates(name) && names_optional(&value) => {
            REMOVE_OR_OPTIONAL.to_owned()
        }
        (word, _) if rest.is_empty() && names_any_token(word) => format!(
            "write `#[requires_auth]` alone where any valid token is enough, or `scopes = \"{name}\"` \
             for a scope of this name"
        ),
        (any, _) if is_key_for_any(any) => match Interpretations::of_alternatives(value.clone()) {
            Some(interpretations) => interpretations.help("scopes = "),
            None => "write `scopes = any(\"read\", \"write\")`".to_owned(),
        },
        ("all", _) => match interpretations() {
            Some(interpretations) => interpretations.help("scopes = "),
            None => "write `scopes = all(\"read\", \"write\")`".to_owned(),
        },
        (negation, None)
            if is_negation(negation)
                || (negates(name) || negates_one_of(name, &["scope", "scopes"]))
                    && begins_value(rest) =>
        {
            "a condition has no negation: name the scopes that the token must \
                                have, as in `scopes = \"read\"`"
                .to_owned()
        }
        ("public", _) if truth_value(rest) != Some(true) => {
            format!("remove it: a token is required{}", scopes_are_another_argument(rest))
        }
        ("public", _) => {
            "`#[public]` exempts a tool or a prompt of a guarded `impl` block: write it \
                          in place of `#[requires_auth]`"
                .to_owned()
        }
        ("required" | "mandatory", _) if says_no(&value) => REMOVE_OR_OPTIONAL.to_owned(),
        ("required" | "mandatory", _) => {
            match interpretations().filter(|_| truth_value(rest).is_none()) {
                Some(interpretations) => interpretations.help("scopes = "),
                None => "remove it: a token is required".to_owned(),
            }
        }
        ("issuer" | "iss", _) => setting_of_builder("issuer"),
        ("audience" | "aud", _) => setting_of_builder("accepted_audiences"),
        ("realm" | "leeway" | "resolver", _) => setting_of_builder(name),
        ("resource", _) => "it is the argument of `ResourceServer::builder`".to_owned(),
        (_, Some("scopes")) => match interpretations() {
            Some(interpretations) => interpretations.help("scopes = "),
            None => "write `scopes = \"…\"`".to_owned(),
        },
        (_, Some("optional")) => match truth_value(rest) {
            Some(true) => "write `optional`".to_owned(),
            Some(false) => "remove it: a token is required".to_owned(),
            None => format!("{REMOVE_OR_OPTIONAL}{}", scopes_are_another_argument(rest)),
        },
        (_, Some("scopes_from")) => "write `scopes_from = scopes_of`".to_owned(),
        (_, Some("vocabulary")) => match syn::parse2::<Path>(value) {
            Ok(path) => format!("write `vocabulary = {}`", quote!(#path)),
            Err(_) => format!("write `vocabulary = {VOCABULARY_EXAMPLE}`"),
        },
        (_, Some(key @ ("when" | "from" | "server"))) => {
            format!("write `{key} = {}`", expression_example(key))
        }
        (_, Some("sender_constrained")) => "write `sender_constrained`".to_owned(),
        (_, Some("acr_values")) => match string_literal(&value) {
            Some(text) => format!("write `acr_values = {}`", text.token()),
            None => format!("write `acr_values = {ACR_VALUES_EXAMPLE}`"),
        },
        (_, Some("max_age")) => match syn::parse2::<LitInt>(value) {
            Ok(seconds) => format!("write `max_age = {seconds}`, in seconds"),
            Err(_) => format!("write `max_age = {MAX_AGE_EXAMPLE}`, in seconds"),
        },
        (_, Some("authorization_details")) => match syn::parse2::<Path>(value) {
            Ok(path) => format!("write `authorization_details = {}`", compact(&quote!(#path))),
            Err(_) => format!("write `authorization_details = {DETAILS_EXAMPLE}`"),
        },
        (_, Some(_)) => "write `crate = ::path::to::requires_auth`".to_owned(),
        _ => match Interpretations::of_tokens(quote!(#key #rest)) {
            Some(interpretations) if !rest.to_string().contains('=') => {
                interpretations.help("scopes = ")
            }
            _ => THE_ARGUMENTS.to_owned(),
        },
    }
}

fn setting_of_builder(method: &str) -> String {
    format!("remove it, and call `{method}` of `ResourceServer::builder`")
}

/// For a flag that may mean `optional` or its contrary.
const REMOVE_OR_OPTIONAL: &str =
    "remove it where a token is required, or write `optional` in its place where none is";

/// Whether the word may mean that any valid token is enough.
fn names_any_token(word: &str) -> bool {
    matches!(
        word,
        "auth"
            | "authenticated"
            | "authentication"
            | "authorized"
            | "bearer"
            | "jwt"
            | "logged_in"
            | "login"
            | "signed_in"
            | "token"
            | "true"
    )
}

/// Whether the value of a flag is a word for `false`.
fn says_no(value: &TokenStream) -> bool {
    let text = value.to_string().to_ascii_lowercase();
    let word = text.trim_matches([' ', '(', ')', '"']);
    matches!(word, "0" | "disabled" | "never" | "no" | "none" | "off")
}

/// Whether the name says that a token is required: `no_anonymous`, `not_optional`.
fn is_negated_optional(name: &str) -> bool {
    let words = words(name);
    let names_flag = |word: &String| intended_key(word) == Some("optional");
    words.len() > 1 && negates(name) && words.iter().any(names_flag)
        || negates_one_of(name, &["anonymous", "optional"])
}

/// Whether the tokens are `optional`, perhaps in parentheses or quotes.
fn names_optional(value: &TokenStream) -> bool {
    let text = value.to_string();
    intended_key(text.trim_matches(['(', ')', '"', ' '])) == Some("optional")
}

/// Whether the tokens after a name are its value.
fn begins_value(rest: &TokenStream) -> bool {
    match rest.clone().into_iter().next() {
        Some(TokenTree::Punct(sign)) => sign.as_char() == '=',
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => true,
        _ => false,
    }
}

/// Reports what does not begin with a key, such as a scope alone.
pub(super) fn report_not_an_argument(part: &TokenStream, errors: &mut Diagnostics) {
    let mut trees = part.clone().into_iter();
    if let Some(bang) = trees.next().filter(|first| is_punct(first, '!')) {
        return if names_optional(&trees.collect()) {
            errors.error(part, "expected the name of an argument", REMOVE_OR_OPTIONAL);
        } else {
            errors.error(bang, NO_NEGATION, NAME_REQUIRED_SCOPES);
        };
    }
    let help = match syn::parse2::<LitStr>(part.clone()) {
        Ok(text)
            if text.value().split(' ').all(is_scope)
                && !looks_like_expression(&text.value().split(' ').collect::<Vec<_>>()) =>
        {
            format!("write `scopes = \"{}\"`", text.value())
        }
        _ => match Interpretations::of_tokens(skip_equals(part.clone())) {
            Some(interpretations) => interpretations.help("scopes = "),
            None => THE_ARGUMENTS.to_owned(),
        },
    };
    errors.error(part, "expected the name of an argument", help);
}

/// Reports a value of `optional`. Whether a token is required is clear only from a truth value.
pub(super) fn report_value_of_optional(rest: &TokenStream, errors: &mut Diagnostics) {
    let help = match truth_value(rest) {
        Some(true) => "write `optional` alone".to_owned(),
        Some(false) => "remove `optional`: a token is required".to_owned(),
        None => format!(
            "remove `optional` where a token is required, or write it alone where none is{}",
            scopes_are_another_argument(rest)
        ),
    };
    errors.error(rest, "`optional` takes no value", help);
}

/// Reports a value of another flag.
pub(super) fn report_value_of_flag(key: &Ident, rest: &TokenStream, errors: &mut Diagnostics) {
    let help = match truth_value(rest) {
        Some(false) => format!("remove `{key}`"),
        _ => format!("write `{key}` alone"),
    };
    errors.error(rest, format_args!("`{key}` takes no value"), help);
}

/// The end of a help text about a flag, if its value may name scopes.
fn scopes_are_another_argument(rest: &TokenStream) -> &'static str {
    if rest.to_string().contains('"') {
        "; scopes are an argument of their own, `scopes = …`"
    } else {
        ""
    }
}

/// The truth value that a flag has: `true` where it is written alone. Returns `None` for any other
/// value, also for one that may mean no.
fn truth_value(rest: &TokenStream) -> Option<bool> {
    let text = rest.to_string();
    let value = text.strip_prefix('=').or_else(|| text.strip_prefix(':')).unwrap_or(&text);
    match value.trim_matches([' ', '(', ')', '"']) {
        "true" => Some(true),
        "false" => Some(false),
        "" if text.is_empty() || text == "()" => Some(true),
        _ => None,
    }
}
