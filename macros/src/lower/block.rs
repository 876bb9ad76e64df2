//! Emits an `impl` block or a `mod` as its plan says. The functions in it are not guarded here: the
//! `#[requires_auth]` above each of them does that when it expands.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Attribute;

use super::fallback::{caller_type, replace_arguments};
use super::rmcp_meta::append_declaration;
use crate::features::Features;
use crate::parse::arguments::{Arguments, LITERALS_CHECKED};
use crate::parse::attribute::{
    cfg_attr_may_add, has_name, is_built_in, is_misnamed_public, is_requires_auth,
    is_tool_or_prompt,
};
use crate::parse::block::Block;
use crate::parse::function::Function;
use crate::private;
use crate::validate::{BlockPlan, ItemPlan};

// Input:  impl Journal { #[tool] fn list() {} #[public] #[tool] fn health() {} fn other() {} }
// Output: impl Journal {
//             #[requires_auth(…)] #[tool(meta = declared(None))] fn list() {}
//             #[tool(meta = declared(None))] fn health() {}
//             fn other() {}
//         }
pub(crate) fn lower_block(
    block: Block,
    arguments: &Arguments,
    plan: &BlockPlan,
    features: Features,
) -> TokenStream {
    let mut block = block;
    let private = private::path(arguments.krate.as_ref(), Span::call_site());
    let tokens = &arguments.tokens;
    let inherited = quote!(#[#private::requires_auth(#tokens)]);
    let checking = arguments.vocabulary.as_ref().and_then(|_| checking_item(&block, plan));
    let mark = format_ident!("{LITERALS_CHECKED}");
    let checked = quote!(#[#private::requires_auth(@#mark #tokens)]);
    block.attributes.retain(|attribute| !is_requires_auth(attribute));
    for (index, (item, item_plan)) in block.items.iter_mut().zip(&plan.items).enumerate() {
        // Behind a condition or misnamed it is an error, and the compiler does not report it once more.
        item.attributes.retain(|attribute| {
            !has_name(attribute, "public")
                && !cfg_attr_may_add(attribute, "public")
                && !is_misnamed_public(attribute)
        });
        match item_plan {
            ItemPlan::InheritsGuard => {
                let is_checked =
                    arguments.literals_checked || checking.is_some_and(|it| it != index);
                let guard = if is_checked { &checked } else { &inherited };
                insert_guard(&mut item.attributes, syn::parse_quote!(#guard));
            }
            ItemPlan::MovesGuardUp => {
                if let Some(guard) = item.attributes.iter().position(is_requires_auth) {
                    let guard = item.attributes.remove(guard);
                    insert_guard(&mut item.attributes, guard);
                }
            }
            ItemPlan::WithoutArguments(removed) => {
                if let Ok(function) = Function::parse(item.to_token_stream()) {
                    let caller = caller_type(arguments, arguments.optional);
                    *item = replace_arguments(function, removed, &caller).into();
                }
            }
            ItemPlan::Unchanged => {}
        }
        append_declaration(&mut item.attributes, plan.declared, &private, features);
    }
    block.into_token_stream()
}

/// The function that checks the string literals of the inherited arguments for all others: the first one that is there
/// under each condition.
fn checking_item(block: &Block, plan: &BlockPlan) -> Option<usize> {
    let is_conditional = |it: &Attribute| has_name(it, "cfg") || has_name(it, "cfg_attr");
    block.items.iter().zip(&plan.items).position(|(item, plan)| {
        matches!(plan, ItemPlan::InheritsGuard)
            && item.is_function()
            && !item.attributes.iter().any(is_conditional)
    })
}

/// Inserts a guard above the first `#[tool]` or `#[prompt]`, or else above the first attribute that may be a macro.
fn insert_guard(attributes: &mut Vec<Attribute>, guard: Attribute) {
    let route = attributes.iter().position(is_tool_or_prompt);
    let position = route.or_else(|| attributes.iter().position(|it| !is_built_in(it)));
    attributes.insert(position.unwrap_or(attributes.len()), guard);
}
