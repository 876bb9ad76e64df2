//! Errors of unknown, duplicate and malformed arguments.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::LitStr;

use super::argument::{Argument, parse_argument, skip_equals};
use super::key::{intended_key, is_key_for_any, is_mode_flag};
use crate::diagnostics::Diagnostics;
use crate::parse::help::THE_ARGUMENTS;
use crate::parse::scope_token::{is_scope, looks_like_expression};
use crate::parse::suggestion::Interpretations;

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
        (any, _) if is_key_for_any(any) => match Interpretations::of_alternatives(value.clone()) {
            Some(interpretations) => interpretations.help("scopes = "),
            None => "write `scopes = any(\"read\", \"write\")`".to_owned(),
        },
        ("all", _) => match interpretations() {
            Some(interpretations) => interpretations.help("scopes = "),
            None => "write `scopes = all(\"read\", \"write\")`".to_owned(),
        },
        ("not" | "none", _) => "a condition has no negation: name the scopes that the token must \
                                have, as in `scopes = \"read\"`"
            .to_owned(),
        ("public", _) => {
            "`#[public]` exempts a tool or a prompt of a guarded `impl` block: write it \
                          in place of `#[requires_auth]`"
                .to_owned()
        }
        ("required" | "mandatory", _) => {
            match interpretations().filter(|_| !is_truth_value(&value)) {
                Some(interpretations) => interpretations.help("scopes = "),
                None => "remove it: a token is required".to_owned(),
            }
        }
        ("when" | "from" | "server" | "scopes_from", _) => {
            "it is not supported: call `auth.require(\"…\")?` in the function".to_owned()
        }
        (
            "issuer" | "iss" | "audience" | "aud" | "realm" | "resource" | "leeway" | "resolver",
            _,
        ) => {
            format!("`{name}` is a setting of `ResourceServer::builder`")
        }
        (_, Some("scopes")) => match interpretations() {
            Some(interpretations) => interpretations.help("scopes = "),
            None => "write `scopes = \"…\"`".to_owned(),
        },
        (_, Some("optional")) if value.to_string().contains("false") => {
            "remove it: a token is required".to_owned()
        }
        (_, Some("optional")) => "write `optional`".to_owned(),
        (_, Some(_)) => "write `crate = ::path::to::requires_auth`".to_owned(),
        _ => match Interpretations::of_tokens(quote!(#key #rest)) {
            Some(interpretations) if !rest.to_string().contains('=') => {
                interpretations.help("scopes = ")
            }
            _ => THE_ARGUMENTS.to_owned(),
        },
    }
}

/// Reports what does not begin with a key, such as a scope alone.
pub(super) fn report_not_an_argument(part: &TokenStream, errors: &mut Diagnostics) {
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

/// Reports a value of `optional`. Without `optional` a token is required, so for `= false` the help
/// is to remove it.
pub(super) fn report_value_of_optional(rest: &TokenStream, errors: &mut Diagnostics) {
    let value = rest.to_string();
    let is_truth_value = value.contains("true") || value.contains("false");
    if value.contains('"') && !is_truth_value {
        let help =
            "write the scopes as an argument of their own, as in `scopes = \"read\", optional`";
        return errors.error(rest, "`optional` takes no value", help);
    }
    let help = if value.contains("true") && !value.contains('!') {
        "write `optional` alone"
    } else {
        "remove `optional` where a token is required, or write it alone where none is"
    };
    let help =
        if value.contains("false") { "remove `optional`: a token is required" } else { help };
    errors.error(rest, "`optional` takes no value", help);
}

fn is_truth_value(value: &TokenStream) -> bool {
    matches!(value.to_string().as_str(), "" | "true" | "false" | "(true)" | "(false)")
}
