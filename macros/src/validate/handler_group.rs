//! Checks a `mod`, or an `impl` block without tools and prompts, as a group of handlers.
//!
//! Each handler inherits the guard of the group, or must have a mark of its own. A nested block that contains a
//! handler gets the attribute of the group, and is checked when that expands.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, FnArg, ReceiverKind, Signature, Type, TypeReference};

use super::caller_type::contains_ident;
use super::impl_block::{
    BlockPlan, DeclaredKinds, GroupDefault, ItemPlan, check_guard, check_misnamed_public,
    check_public, is_of_trait, may_add_route, report_second_guard, report_unmarked,
};
use crate::diagnostics::Diagnostics;
use crate::parse::attribute::{
    cfg_attr_may_add, has_last_segment, has_name, is_requires_auth, is_tool_or_prompt,
};
use crate::parse::block::{Block, BlockItem, BlockKind};
use crate::parse::function::Function;

/// What an item is to its group.
enum Role {
    Handler,
    /// A `mod` or an `impl` block with handlers.
    NestedGroup,
    /// It may define handlers that cannot be found.
    MacroCall(TokenStream),
    Other,
}

/// Whether this is a group of handlers, and no group of tools and prompts.
pub(super) fn is_handler_group(block: &Block) -> bool {
    match block.kind {
        BlockKind::Module => true,
        BlockKind::Impl => {
            let mut attributes = block.items.iter().flat_map(|item| &item.attributes);
            let mut tools = attributes.any(|it| is_tool_or_prompt(it) || may_add_route(it));
            tools |= is_of_trait(&block.header);
            !tools && contains_handlers(block)
        }
    }
}

pub(super) fn check(block: &Block, default: GroupDefault) -> (BlockPlan, Diagnostics) {
    let mut errors = Diagnostics::default();
    for further in block.attributes.iter().filter(|attribute| is_requires_auth(attribute)) {
        report_second_guard(further, block.kind, &mut errors);
    }
    let mut is_empty = true;
    let mut items = Vec::with_capacity(block.items.len());
    for item in &block.items {
        let role = role(item);
        is_empty &= matches!(role, Role::Other);
        let (plan, item_errors) = check_item(item, &role, block.kind, default);
        items.push(plan);
        errors.extend(item_errors);
    }
    if is_empty && errors.is_empty() {
        errors.error(
            &block.header,
            "there is no handler in this `mod` for `#[requires_auth]` to guard",
            "remove it, or write it on the `mod` or the functions that answer requests",
        );
    }
    (BlockPlan { items, declared: DeclaredKinds::Own }, errors)
}

fn check_item(
    item: &BlockItem,
    role: &Role,
    kind: BlockKind,
    default: GroupDefault,
) -> (ItemPlan, Diagnostics) {
    let (public, attributes): (Vec<&Attribute>, Vec<&Attribute>) =
        item.attributes.iter().partition(|attribute| has_name(attribute, "public"));
    let mut errors = check_public(&public);
    errors.extend(check_misnamed_public(item));
    let guard = attributes.iter().find(|attribute| is_requires_auth(attribute));
    let is_markable = item.is_function() || item.block_kind().is_some();
    for hidden in attributes.iter().filter(|it| is_markable && may_add_mark(it)) {
        errors.error(
            hidden,
            "`#[requires_auth]` and `#[public]` cannot stand behind a `#[cfg_attr]` here",
            "write them without a condition, and put `#[cfg(…)]` on the function",
        );
    }
    let is_hidden = !errors.is_empty();
    match (role, guard, public.first()) {
        (_, _, Some(public)) if !is_markable => errors.error(
            public,
            "`#[public]` is for the functions and the blocks of a guarded group",
            "remove it: `#[requires_auth]` on a group guards nothing else",
        ),
        (_, Some(_), Some(public)) => errors.error(
            public,
            "a function is either public or guarded",
            "keep one of `#[public]` and `#[requires_auth]`",
        ),
        (_, Some(own), None) if is_markable => errors.extend(check_guard(own, true, kind)),
        (Role::MacroCall(path), _, None) => errors.error(
            path,
            "`#[requires_auth]` cannot guard the functions that this macro call may define",
            format_args!("call the macro outside of the `{}`", kind.keyword()),
        ),
        (Role::Handler | Role::NestedGroup, None, None) if !is_hidden => match default {
            GroupDefault::Inherit => return (ItemPlan::InheritsGuard, errors),
            GroupDefault::Refuse if matches!(role, Role::NestedGroup) => {
                return (ItemPlan::InheritsGuard, errors);
            }
            GroupDefault::Refuse => report_unmarked(item, kind, &mut errors),
            GroupDefault::Undetermined => {}
        },
        _ => {}
    }
    (ItemPlan::Unchanged, errors)
}

/// Whether a `#[cfg_attr(…)]` may add a mark.
fn may_add_mark(attribute: &Attribute) -> bool {
    cfg_attr_may_add(attribute, "requires_auth") || cfg_attr_may_add(attribute, "public")
}

fn role(item: &BlockItem) -> Role {
    if let Some(path) = item.macro_that_may_define_functions() {
        return Role::MacroCall(path);
    }
    if item.is_function() {
        return if is_handler(item) { Role::Handler } else { Role::Other };
    }
    if item.block_kind().is_none() || is_for_tests(item) {
        return Role::Other;
    }
    match Block::parse(item.to_token_stream()) {
        Some(Ok(block)) if block.kind == BlockKind::Impl && is_of_trait(&block.header) => {
            Role::Other
        }
        Some(Ok(block)) if !contains_handlers(&block) => Role::Other,
        // The attribute reports what is wrong with it: a `mod` in another file, or an attribute that does not parse.
        _ => Role::NestedGroup,
    }
}

/// Whether an item is a handler, may define one, or has a mark.
fn contains_handlers(block: &Block) -> bool {
    let is_module = block.kind == BlockKind::Module;
    block.items.iter().any(|item| {
        let is_marked = item.attributes.iter().any(|attribute| {
            has_name(attribute, "public")
                || is_tool_or_prompt(attribute)
                || may_add_route(attribute)
        });
        is_marked
            || match role(item) {
                Role::Handler | Role::NestedGroup => true,
                Role::MacroCall(_) => is_module,
                Role::Other => false,
            }
    })
}

/// Whether the function can answer a request: it is `async` or returns a future, and no argument is a reference, which
/// no framework passes.
fn is_handler(item: &BlockItem) -> bool {
    if item.attributes.iter().any(is_tool_or_prompt) {
        return true;
    }
    if is_for_tests(item) {
        return false;
    }
    match Function::parse(item.to_token_stream()) {
        Ok(function) => {
            let signature = &function.signature;
            returns_future(signature) && !signature.inputs.iter().any(is_reference)
        }
        // Of a function with a block in its return type, the item is only a part.
        Err(_) => names_future(item.to_token_stream()),
    }
}

fn returns_future(signature: &Signature) -> bool {
    signature.asyncness.is_some() || names_future(signature.output.to_token_stream())
}

/// Whether there is `async`, or a name such as `Future` or `BoxFuture`.
fn names_future(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(name) => name == "async" || name.to_string().ends_with("Future"),
        TokenTree::Group(group) => names_future(group.stream()),
        _ => false,
    })
}

/// Whether the argument is a reference, other than one to a `Permit`, which the attribute passes.
fn is_reference(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => match &receiver.kind {
            ReceiverKind::Reference(..) => true,
            ReceiverKind::Typed(_, ty) => matches!(&**ty, Type::Reference(_)),
            _ => false,
        },
        FnArg::Typed(argument) => match &*argument.ty {
            Type::Reference(TypeReference { elem, .. }) => {
                !contains_ident(elem.to_token_stream(), "Permit")
            }
            _ => false,
        },
    }
}

/// Whether it is compiled for tests only: `#[cfg(test)]`, or a test such as `#[tokio::test]`.
fn is_for_tests(item: &BlockItem) -> bool {
    item.attributes.iter().any(|attribute| {
        has_last_segment(attribute, "test")
            || has_name(attribute, "cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
    })
}
