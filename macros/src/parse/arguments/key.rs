//! The names of the arguments, and other names that mean one of them.

use proc_macro2::Ident;

use super::argument::Argument;
use crate::parse::edit_distance::is_misspelling;
use crate::parse::negation::negates_one_of;

const ARGUMENTS: [&str; 12] = [
    "scopes",
    "scopes_from",
    "vocabulary",
    "sender_constrained",
    "acr_values",
    "max_age",
    "authorization_details",
    "optional",
    "crate",
    "when",
    "from",
    "server",
];

/// The argument that a name stands for, be it misspelled, another form of the word, or the word of
/// another library.
pub(super) fn intended_key(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        negated if negates_one_of(negated, &["optional", "scope", "scopes"]) => None,
        "scope" | "scopes" | "role" | "roles" | "permission" | "permissions" | "authority"
        | "authorities" | "any_of" | "anyof" | "one_of" | "any_scope" | "all_of" | "allof"
        | "all_scopes" | "required_scopes" | "any_scopes" | "scopes_any" | "scopes_all"
        | "require" | "requires" | "required_scope" => Some("scopes"),
        "option" | "optional" | "anonymous" | "allow_anonymous" => Some("optional"),
        "crate" | "krate" | "crate_path" => Some("crate"),
        "scopes_of" | "scopes_for" | "scope_from" | "scopes_fn" => Some("scopes_from"),
        "scope_type" | "scope_enum" | "scopes_type" | "vocab" | "vocabularies" => {
            Some("vocabulary")
        }
        "bound"
        | "bound_token"
        | "certificate_bound"
        | "dpop"
        | "dpop_bound"
        | "holder_of_key"
        | "mtls"
        | "proof_of_possession" => Some("sender_constrained"),
        "acr" | "acrs" | "loa" => Some("acr_values"),
        "max_auth_age" | "max_login_age" | "auth_time" | "maxage" => Some("max_age"),
        "details" | "rar" | "authz_details" => Some("authorization_details"),
        "form" => Some("from"),
        "if" | "condition" | "predicate" | "where" => Some("when"),
        other => ARGUMENTS.into_iter().find(|key| is_misspelling(other, key)),
    }
}

/// Whether the value of the argument is an expression.
pub(super) fn is_expression_key(key: &str) -> bool {
    matches!(key, "when" | "scopes_from" | "from" | "server")
}

/// The value of such an argument, for help texts.
pub(super) fn expression_example(key: &str) -> &'static str {
    match key {
        "scopes_from" => "scopes_of",
        "from" => "&request",
        "server" => "&self.server",
        _ => "auth.subject() == Some(&*owner)",
    }
}

/// What the value of such an argument is, for messages.
pub(super) fn expression_kind(key: &Ident) -> &'static str {
    if key == "scopes_from" { "a path" } else { "an expression" }
}

/// Whether the key stands for `scopes` with a list of which all are required.
pub(super) fn is_key_for_scopes(key: &Ident) -> bool {
    let name = key.to_string();
    intended_key(&name) == Some("scopes") && !is_key_for_any(&name)
}

/// Whether the name suggests that one of several scopes is enough.
pub(super) fn is_key_for_any(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let names =
        ["any", "any_of", "anyof", "one_of", "oneof", "any_scope", "any_scopes", "scopes_any"];
    names.contains(&name.as_str())
}

/// Whether the argument is a flag for how many of the scopes are required, such as `any = true` or
/// `mode = "any"`. The attribute has no such flag.
pub(super) fn is_mode_flag(argument: &Argument) -> bool {
    let name = argument.key.to_string().to_ascii_lowercase();
    let value = argument.rest.to_string();
    let is_flag = value.is_empty() || value.contains("true") || value.contains("false");
    matches!(name.as_str(), "mode" | "match" | "require_all" | "match_any" | "match_all")
        || is_flag && (is_key_for_any(&name) || matches!(name.as_str(), "all" | "all_of"))
}
