//! Expansions: snapshots of what is emitted, the texts of the errors.

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;

use super::expand;
use crate::features::Features;

mod argument_errors;
mod condition_types;
mod detail_derive;
mod fallback;
mod guard_argument;
mod handler_groups;
mod impl_blocks;
mod manifest;
mod one_token_edits;
mod openapi;
mod permits;
mod policy_types;
mod prologue;
mod request_guard;
mod rmcp;
mod scope_derive;
mod scopes_from;
mod token_requirements;

/// All features but the one that adds a statement to each guarded function.
const WITH_FRAMEWORKS: Features = Features { manifest: false, rmcp: true, utoipa: true };

fn expanded(arguments: &str, item: &str) -> String {
    let tokens = |text: &str| text.parse::<TokenStream>().unwrap();
    expand(WITH_FRAMEWORKS, tokens(arguments), tokens(item)).to_string()
}

/// Compares the expansion, pretty-printed and without the path of the hidden module.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "a caller writes `expect!` in the call")]
fn snapshot(arguments: &str, item: &str, expected: Expect) {
    let file = syn::parse_file(&expanded(arguments, item)).expect("an item");
    expected.assert_eq(&without_module_paths(&prettyplease::unparse(&file)));
}

fn without_module_paths(expanded: &str) -> String {
    expanded.replace("::requires_auth::requires_auth_expansion::", "")
}

/// The messages of an expansion, with their help texts.
fn errors(arguments: &str, item: &str) -> Vec<String> {
    messages(&expanded(arguments, item))
}

fn messages(expanded: &str) -> Vec<String> {
    expanded
        .split("compile_error")
        .skip(1)
        .map(|part| {
            let literal = &part[part.find('"').unwrap()..=part.rfind('"').unwrap()];
            syn::parse_str::<syn::LitStr>(literal).unwrap().value()
        })
        .collect()
}
