//! Checks an `impl` block or a `mod`, and plans what each item in it gets. This file has the rules for tools and
//! prompts.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Meta};

use super::{caller_argument, caller_type::contains_ident, handler_group};

use crate::diagnostics::Diagnostics;
use crate::features::Features;
use crate::parse::arguments::Arguments;
use crate::parse::attribute::{
    cfg_attr_may_add, has_name, is_built_in, is_misnamed_public, is_requires_auth,
    is_tool_or_prompt,
};
use crate::parse::block::{Block, BlockItem, BlockKind};
use crate::parse::function::Function;

/// How a block is emitted.
pub(crate) struct BlockPlan {
    /// One for each item of the block, in the same order.
    pub(crate) items: Vec<ItemPlan>,
    pub(crate) declared: DeclaredKinds,
}

/// How an item of a block is emitted.
pub(crate) enum ItemPlan {
    /// With the block's `#[requires_auth]` above its `#[tool]`, its `#[prompt]`, or the attributes of other macros.
    InheritsGuard,
    /// Beside errors: with its own `#[requires_auth]` moved above `#[tool]` or `#[prompt]`.
    MovesGuardUp,
    /// Beside errors: a function without a guard. The arguments at these positions, counted from
    /// `self`, become variables of the body, because no router accepts them.
    WithoutArguments(Vec<usize>),
    /// With its own `#[requires_auth]`, or without one.
    Unchanged,
}

/// Which kinds of routes must declare a policy because a guarded `impl` block may define one of
/// them.
#[derive(Clone, Copy)]
pub(crate) enum DeclaredKinds {
    /// The kind of the route that declares it.
    Own,
    /// Tools and prompts: an item of the block may be either of them.
    Both,
}

/// What the arguments mean for a tool, a prompt or a handler that has neither `#[requires_auth]` nor
/// `#[public]`.
#[derive(Clone, Copy)]
pub(super) enum GroupDefault {
    /// It inherits the block's guard.
    Inherit,
    /// It is an error, because the block has no policy.
    Refuse,
    /// The arguments have errors, so nothing further is reported.
    Undetermined,
}

impl GroupDefault {
    fn of(arguments: &Arguments) -> Self {
        if arguments.has_errors || arguments.name_the_request() {
            Self::Undetermined
        } else if arguments.scopes.is_some()
            || arguments.scopes_from.is_some()
            || arguments.when.is_some()
            || !arguments.token.is_none()
            || arguments.optional
        {
            Self::Inherit
        } else {
            Self::Refuse
        }
    }
}

/// Checks the attributes of a block and of its items. What is inside the items, their own
/// attributes check.
pub(crate) fn validate_block(
    block: &Block,
    arguments: &Arguments,
    features: Features,
) -> (BlockPlan, Diagnostics) {
    let mut errors = Diagnostics::default();
    if let Some(argument) = arguments.from.as_ref().or(arguments.server.as_ref()) {
        errors.error(
            &argument.key,
            "`from` and `server` are for one function, not for a group",
            "write them in the `#[requires_auth]` of the function",
        );
    }
    let default = GroupDefault::of(arguments);
    let (plan, group_errors) = if handler_group::is_handler_group(block) {
        handler_group::check(block, default)
    } else {
        check_tools(block, arguments, default, features)
    };
    errors.extend(group_errors);
    (plan, errors)
}

fn check_tools(
    block: &Block,
    arguments: &Arguments,
    default: GroupDefault,
    features: Features,
) -> (BlockPlan, Diagnostics) {
    let mut errors = check_block(block, features);
    let mut items = Vec::with_capacity(block.items.len());
    for item in &block.items {
        let (plan, item_errors) = check_item(item, default);
        items.push(match plan {
            ItemPlan::InheritsGuard if !features.rmcp => {
                ItemPlan::WithoutArguments(caller_positions(item, arguments))
            }
            plan => plan,
        });
        errors.extend(item_errors);
    }
    let hidden = block.items.iter().any(may_hide_route);
    let declared = if hidden { DeclaredKinds::Both } else { DeclaredKinds::Own };
    (BlockPlan { items, declared }, errors)
}

fn check_block(block: &Block, features: Features) -> Diagnostics {
    let mut errors = Diagnostics::default();
    for further in block.attributes.iter().filter(|attribute| is_requires_auth(attribute)) {
        report_second_guard(further, block.kind, &mut errors);
    }
    let mut attributes = block.items.iter().flat_map(|item| &item.attributes);
    if !attributes.any(|attribute| is_tool_or_prompt(attribute) || may_add_route(attribute)) {
        let help = if contains_ident(block.header.clone(), "ServerHandler") {
            "write `requires_auth::mcp::authorize(&context, \
             requires_auth::Condition::Scope(\"…\"))?` in each method that answers a request"
        } else if is_of_trait(&block.header) {
            "guard the functions that call its methods, or let the trait take an `AuthInfo` and call \
             `auth.require(\"…\")?` in them"
        } else {
            "write `#[requires_auth]` on each function that answers a request"
        };
        errors.error(
            &block.header,
            "there is no handler, `#[tool]` or `#[prompt]` in this `impl` block for \
             `#[requires_auth]` to guard",
            help,
        );
    } else if !features.rmcp {
        errors.error(
            &block.header,
            "guarding rmcp tools needs the feature `rmcp`",
            "enable the feature `rmcp` of `requires-auth`",
        );
    }
    errors
}

/// Whether there is a `for` that does not begin the `for<'a>` of a bound.
pub(super) fn is_of_trait(header: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = header.clone().into_iter().collect();
    trees.windows(2).any(|pair| match pair {
        [TokenTree::Ident(word), TokenTree::Punct(next)] => word == "for" && next.as_char() != '<',
        [TokenTree::Ident(word), _] => word == "for",
        _ => false,
    })
}

fn check_item(item: &BlockItem, default: GroupDefault) -> (ItemPlan, Diagnostics) {
    let (public, attributes): (Vec<&Attribute>, Vec<&Attribute>) =
        item.attributes.iter().partition(|attribute| has_name(attribute, "public"));
    let mut errors = check_public(&public);
    let misnamed = check_misnamed_public(item);
    let is_misnamed = !misnamed.is_empty();
    errors.extend(misnamed);
    let position = |is: fn(&Attribute) -> bool| attributes.iter().position(|it| is(it));
    let (route, guard) = (position(is_tool_or_prompt), position(is_requires_auth));
    for hidden in attributes.iter().filter(|it| route.is_none() && may_add_route(it)) {
        errors.error(
            hidden,
            "`#[tool]` and `#[prompt]` cannot stand behind a `#[cfg_attr]` here",
            "write them without a condition, and put `#[cfg(…)]` on the function",
        );
    }
    for hidden in attributes.iter().filter(|it| cfg_attr_may_add(it, "public")) {
        errors.error(
            hidden,
            "`#[public]` cannot stand behind a `#[cfg_attr]` here",
            "write it without a condition, and put `#[cfg(…)]` on the function",
        );
    }
    let mut plan = ItemPlan::Unchanged;
    match (route, guard, public.first()) {
        (None, _, Some(public)) => errors.error(
            public,
            "`#[public]` is for tools and prompts",
            "remove it: `#[requires_auth]` on an `impl` block guards nothing else",
        ),
        (Some(_), Some(_), Some(public)) => errors.error(
            public,
            "a function is either public or guarded",
            "keep one of `#[public]` and `#[requires_auth]`",
        ),
        (Some(route), Some(guard), None) => {
            if let Some(own) = attributes.get(guard) {
                errors.extend(check_guard(own, guard < route, BlockKind::Impl));
            }
            if route < guard {
                plan = ItemPlan::MovesGuardUp;
            }
        }
        (Some(_), None, None) => match default {
            GroupDefault::Inherit => plan = ItemPlan::InheritsGuard,
            GroupDefault::Refuse if is_misnamed => {}
            GroupDefault::Refuse => report_unmarked(item, BlockKind::Impl, &mut errors),
            GroupDefault::Undetermined => {}
        },
        (Some(_), None, Some(_)) | (None, _, None) => {}
    }
    (plan, errors)
}

/// The positions of the arguments of a function that receive the caller, or are meant to.
fn caller_positions(item: &BlockItem, arguments: &Arguments) -> Vec<usize> {
    let Ok(function) = Function::parse(item.to_token_stream()) else { return Vec::new() };
    // The errors are left to the time when the feature is on.
    let (caller, _) = caller_argument::find(&function.signature, arguments);
    caller.all_positions()
}

/// Reports each mark that means `#[public]` under another name.
pub(super) fn check_misnamed_public(item: &BlockItem) -> Diagnostics {
    let mut errors = Diagnostics::default();
    if !item.is_function() && item.block_kind().is_none() {
        return errors;
    }
    for attribute in item.attributes.iter().filter(|it| is_misnamed_public(it)) {
        let name = attribute.path().to_token_stream();
        errors.error(
            attribute.path(),
            format_args!("unknown mark `{name}`"),
            format_args!(
                "write `#[public]` if anyone may call it; an attribute macro of this name is written with its path, as \
                 in `#[crate::{name}]`"
            ),
        );
    }
    errors
}

pub(super) fn check_public(public: &[&Attribute]) -> Diagnostics {
    let mut errors = Diagnostics::default();
    if let Some(further) = public.get(1) {
        errors.error(further, "`#[public]` is given twice", "keep one");
    }
    for attribute in public.iter().filter(|attribute| !matches!(attribute.meta, Meta::Path(_))) {
        errors.error(attribute, "`#[public]` takes no arguments", "write `#[public]` alone");
    }
    errors
}

/// Checks a function's own `#[requires_auth]`.
pub(super) fn check_guard(own: &Attribute, is_above_route: bool, kind: BlockKind) -> Diagnostics {
    let mut errors = Diagnostics::default();
    // A second attribute on the block, imported under another name, has added this one.
    if own.path().segments.iter().any(|segment| segment.ident == "requires_auth_expansion") {
        report_second_guard(own, kind, &mut errors);
    }
    if !is_above_route {
        errors.error(
            own,
            "below `#[tool]` or `#[prompt]`, `#[requires_auth]` comes too late",
            "move `#[requires_auth]` above it",
        );
    }
    errors
}

pub(super) fn report_unmarked(item: &BlockItem, kind: BlockKind, errors: &mut Diagnostics) {
    let place = match item.name() {
        Some(name) => name.into_token_stream(),
        None => item.attributes.first().into_token_stream(),
    };
    errors.error(
        &place,
        format_args!("nothing says who may call `{place}`"),
        format_args!(
            "write `#[requires_auth(scopes = \"…\")]` or `#[public]` above it, or give {} the \
             scopes that all need",
            match kind {
                BlockKind::Impl => "the `impl` block's `#[requires_auth]`",
                BlockKind::Module => "the `#[requires_auth]` of the `mod`",
            },
        ),
    );
}

pub(super) fn report_second_guard(place: &Attribute, kind: BlockKind, errors: &mut Diagnostics) {
    errors.error(
        place,
        match kind {
            BlockKind::Impl => "an `impl` block takes one `#[requires_auth]`",
            BlockKind::Module => "a `mod` takes one `#[requires_auth]`",
        },
        "keep one, and write the other on the functions that it is meant for",
    );
}

/// Whether a `#[cfg_attr(…)]` may add `#[tool]` or `#[prompt]`.
pub(super) fn may_add_route(attribute: &Attribute) -> bool {
    cfg_attr_may_add(attribute, "tool") || cfg_attr_may_add(attribute, "prompt")
}

/// Whether an item without `#[tool]` and `#[prompt]` may define a route all the same: an attribute
/// of a function can be one of them, imported under another name, and a macro call can expand to
/// one.
fn may_hide_route(item: &BlockItem) -> bool {
    let defines_no_route = |attribute: &Attribute| {
        is_requires_auth(attribute) || has_name(attribute, "public") || is_built_in(attribute)
    };
    let may_be_renamed = item.name().is_some()
        && !item.attributes.iter().any(is_tool_or_prompt)
        && !item.attributes.iter().all(defines_no_route);
    may_be_renamed || item.is_macro_call()
}
