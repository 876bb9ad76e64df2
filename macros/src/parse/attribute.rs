//! Recognises attributes by their names.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Attribute, Meta};

use crate::parse::edit_distance::edit_distance;

/// Whether this is `#[auth]`, which marks the argument that receives the caller.
pub(crate) fn is_auth_marker(attribute: &Attribute) -> bool {
    has_name(attribute, "auth")
}

/// Whether this is `#[requires_auth]`, under any path.
pub(crate) fn is_requires_auth(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "requires_auth")
}

/// Whether this is a mark that means `#[public]`, misspelled or in the words of another library. With another path than
/// the name alone, it is a macro.
pub(crate) fn is_misnamed_public(attribute: &Attribute) -> bool {
    let Some(name) = attribute.path().get_ident() else { return false };
    let name = name.unraw().to_string();
    name != "public"
        && !is_built_in(attribute)
        && (MEAN_PUBLIC.contains(&name.as_str())
            || edit_distance(&name.to_lowercase(), "public") < 2)
}

/// Whether this is `#[tool]` or `#[prompt]`, under any path. The macros of rmcp use the same rule.
pub(crate) fn is_tool_or_prompt(attribute: &Attribute) -> bool {
    has_last_segment(attribute, "tool") || has_last_segment(attribute, "prompt")
}

/// Whether the attribute has this name, under any path.
pub(crate) fn has_last_segment(attribute: &Attribute, name: &str) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident.unraw() == name)
}

/// Whether this is `#[utoipa::path(…)]`, under any path. The built-in `#[path = "…"]` of a module has no list.
pub(crate) fn is_openapi_operation(attribute: &Attribute) -> bool {
    matches!(attribute.meta, Meta::List(_))
        && attribute.path().segments.last().is_some_and(|last| last.ident.unraw() == "path")
}

/// Whether the attribute has this name alone as its path. To the compiler, `#[r#cfg(…)]` is a
/// `#[cfg(…)]` too.
pub(crate) fn has_name(attribute: &Attribute, name: &str) -> bool {
    attribute.path().get_ident().is_some_and(|ident| ident.unraw() == name)
}

/// Whether this is an attribute of the compiler that adds no function.
pub(crate) fn is_built_in(attribute: &Attribute) -> bool {
    BUILT_IN.iter().any(|name| has_name(attribute, name))
}

/// Whether this is a `#[cfg_attr(…)]` that may add an attribute of this name.
pub(crate) fn cfg_attr_may_add(attribute: &Attribute, name: &str) -> bool {
    match &attribute.meta {
        Meta::List(list) if has_name(attribute, "cfg_attr") => mentions(list.tokens.clone(), name),
        _ => false,
    }
}

/// Looks at the names of the attributes and into nested `cfg_attr(…)`, not into other arguments.
fn mentions(arguments: TokenStream, name: &str) -> bool {
    let mut nested = false;
    arguments.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => nested && mentions(group.stream(), name),
        TokenTree::Ident(ident) => {
            nested = ident == "cfg_attr";
            ident.unraw() == name
        }
        _ => false,
    })
}

const MEAN_PUBLIC: [&str; 15] = [
    "allow_anonymous",
    "allow_any",
    "allow_unauthenticated",
    "anonymous",
    "exempt",
    "guest",
    "no_auth",
    "noauth",
    "open",
    "skip_auth",
    "unauthenticated",
    "unauthorized",
    "unguarded",
    "unprotected",
    "unsecured",
];

const BUILT_IN: [&str; 12] = [
    "allow",
    "cfg",
    "cold",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "forbid",
    "inline",
    "must_use",
    "track_caller",
    "warn",
];
