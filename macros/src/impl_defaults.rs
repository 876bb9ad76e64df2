//! Which tools and prompts of an `impl` block are guarded, and by what.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Meta};

use crate::diagnostics::Diagnostics;
use crate::parse::attribute::{cfg_attr_may_add, has_name, is_tool_or_prompt};
use crate::parse::impl_block::{ImplBlock, ImplItem};
use crate::rmcp::{DeclaredKinds, Features, append_declaration};

/// What the block says about a tool or a prompt that has no mark of its own.
pub(crate) enum ImplDefault {
    /// This attribute guards it.
    Guard(Box<Attribute>),
    /// It must have one.
    RequireMark,
    /// What is meant is not understood.
    Unknown,
}

// Input:  impl Journal { #[tool] fn list() {} #[public] #[tool] fn health() {} fn other() {} }
// Output: impl Journal {
//             #[requires_auth(…)] #[tool(meta = declared(None))] fn list() {}
//             #[tool(meta = declared(None))] fn health() {}
//             …
//         }
pub(crate) fn apply(
    unmarked: &ImplDefault,
    block: &mut ImplBlock,
    features: Features,
    private: &TokenStream,
    diagnostics: &mut Diagnostics,
) {
    check_block(block, features, diagnostics);
    let hidden = block.items.iter().any(may_be_hidden);
    let kinds = if hidden { DeclaredKinds::Both } else { DeclaredKinds::Own };
    for item in &mut block.items {
        mark(unmarked, item, diagnostics);
        // So that a router shows which of its routes stand in a block like this one.
        for attribute in
            item.attributes.iter_mut().filter(|it| features.rmcp && is_tool_or_prompt(it))
        {
            append_declaration(attribute, kinds, private);
        }
    }
}

fn check_block(block: &mut ImplBlock, features: Features, diagnostics: &mut Diagnostics) {
    for further in block.attributes.extract_if(.., |attribute| is_guard(attribute)) {
        already_guarded(&further, diagnostics);
    }
    let mut attributes = block.items.iter().flat_map(|item| &item.attributes);
    if !attributes.any(|attribute| is_tool_or_prompt(attribute) || may_be_a_tool(attribute)) {
        diagnostics.error(
            &block.header,
            "there is no `#[tool]` or `#[prompt]` in this `impl` block for `#[requires_auth]` to \
             guard",
            "write `#[requires_auth]` on each function that answers a request",
        );
    } else if !features.rmcp {
        diagnostics.error(
            &block.header,
            "guarding rmcp tools needs the feature `rmcp`",
            "enable the feature `rmcp` of `requires-auth`",
        );
    }
}

fn mark(unmarked: &ImplDefault, item: &mut ImplItem, diagnostics: &mut Diagnostics) {
    let public: Vec<Attribute> =
        item.attributes.extract_if(.., |it| has_name(it, "public")).collect();
    check_public(&public, diagnostics);
    let tool = item.attributes.iter().position(is_tool_or_prompt);
    let guard = item.attributes.iter().position(is_guard);
    for hidden in item.attributes.iter().filter(|it| tool.is_none() && may_be_a_tool(it)) {
        diagnostics.error(
            hidden,
            "`#[tool]` and `#[prompt]` cannot stand behind a `#[cfg_attr]` here",
            "write them without a condition, and put `#[cfg(…)]` on the function",
        );
    }
    match (tool, guard, public.first()) {
        (None, _, Some(public)) => diagnostics.error(
            public,
            "`#[public]` is for tools and prompts",
            "remove it: `#[requires_auth]` on an `impl` block guards nothing else",
        ),
        (Some(_), Some(_), Some(public)) => diagnostics.error(
            public,
            "a function is either public or guarded",
            "keep one of `#[public]` and `#[requires_auth]`",
        ),
        (Some(tool), Some(guard), None) => check_guard(item, tool, guard, diagnostics),
        (Some(tool), None, None) => match unmarked {
            ImplDefault::Guard(attribute) => {
                item.attributes.insert(tool, Attribute::clone(attribute))
            }
            ImplDefault::RequireMark => require_mark(item, tool, diagnostics),
            ImplDefault::Unknown => {}
        },
        (Some(_), None, Some(_)) | (None, _, None) => {}
    }
}

fn check_public(public: &[Attribute], diagnostics: &mut Diagnostics) {
    if let Some(further) = public.get(1) {
        diagnostics.error(further, "`#[public]` is given twice", "keep one");
    }
    for attribute in public.iter().filter(|attribute| !matches!(attribute.meta, Meta::Path(_))) {
        diagnostics.error(attribute, "`#[public]` takes no arguments", "write `#[public]` alone");
    }
}

/// A function's own `#[requires_auth]`.
fn check_guard(item: &mut ImplItem, tool: usize, guard: usize, diagnostics: &mut Diagnostics) {
    let Some(own) = item.attributes.get(guard) else { return };
    // Another attribute on the block, under another name, has put this one here.
    if own.path().segments.iter().any(|segment| segment.ident == "requires_auth_expansion") {
        already_guarded(own, diagnostics);
    }
    if tool < guard {
        diagnostics.error(
            own,
            "below `#[tool]` or `#[prompt]`, `#[requires_auth]` comes too late",
            "move `#[requires_auth]` above it",
        );
        // So that the function does not complain too.
        let own = item.attributes.remove(guard);
        item.attributes.insert(tool, own);
    }
}

fn require_mark(item: &ImplItem, tool: usize, diagnostics: &mut Diagnostics) {
    let place = match item.name() {
        Some(name) => name.into_token_stream(),
        None => item.attributes.get(tool).into_token_stream(),
    };
    diagnostics.error(
        &place,
        format_args!("nothing says who may call `{place}`"),
        "write `#[requires_auth(scopes = \"…\")]` or `#[public]` above it, or give the `impl` \
         block's `#[requires_auth]` the scopes that all need",
    );
}

fn already_guarded(place: &Attribute, diagnostics: &mut Diagnostics) {
    diagnostics.error(
        place,
        "an `impl` block takes one `#[requires_auth]`",
        "keep one, and write the other on the functions that it is meant for",
    );
}

fn is_guard(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "requires_auth")
}

fn may_be_a_tool(attribute: &Attribute) -> bool {
    cfg_attr_may_add(attribute, "tool") || cfg_attr_may_add(attribute, "prompt")
}

/// Attributes of the compiler that make no route of a function.
const OF_THE_COMPILER: [&str; 12] = [
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

/// Whether what is no tool or prompt by its attributes may become one: an attribute of a function can be
/// `#[tool]` or `#[prompt]` by another name, and a macro can write one.
fn may_be_hidden(item: &ImplItem) -> bool {
    let known = |attribute: &Attribute| {
        is_guard(attribute)
            || has_name(attribute, "public")
            || OF_THE_COMPILER.iter().any(|name| has_name(attribute, name))
    };
    let aliased = item.name().is_some()
        && !item.attributes.iter().any(is_tool_or_prompt)
        && !item.attributes.iter().all(known);
    aliased || item.is_macro_call()
}
