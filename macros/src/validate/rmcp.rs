//! Checks of functions that the macros and traits of rmcp expand or call.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, FnArg, PatType, Path, ReturnType, Type};

use crate::diagnostics::Diagnostics;
use crate::features::Features;
use crate::parse::attribute::is_tool_or_prompt;
use crate::parse::function::Function;

/// The errors of a function whose signature must stay as it is.
pub(super) fn check(function: &Function, features: Features) -> Diagnostics {
    let mut errors = Diagnostics::default();
    check_router(function, &mut errors);
    check_handler_method(function, &mut errors);
    if !features.rmcp {
        check_feature(function, &mut errors);
    } else if !function.attributes.iter().any(is_tool_or_prompt) && is_expanded(function) {
        errors.error(
            &function.signature.ident,
            "`#[tool]` or `#[prompt]` has rewritten this function before it could be guarded",
            "move `#[requires_auth]` above it",
        );
    }
    errors
}

/// The program calls a function that returns a router once, and no request reaches it.
fn check_router(function: &Function, errors: &mut Diagnostics) {
    const ROUTERS: [&str; 4] = ["Router", "MethodRouter", "ToolRouter", "PromptRouter"];
    let signature = &function.signature;
    let ReturnType::Type(_, output) = &signature.output else { return };
    let Type::Path(path) = &**output else { return };
    let Some(last) = path.path.segments.last() else { return };
    if signature.asyncness.is_none() && ROUTERS.iter().any(|router| last.ident == router) {
        errors.error(
            output,
            format_args!(
                "a function that returns a `{}` cannot be guarded: it answers no request",
                last.ident
            ),
            "write `#[requires_auth]` on each function that is routed in it",
        );
    }
}

/// A guard would change the signature of a method of `ServerHandler`, which the trait fixes.
fn check_handler_method(function: &Function, errors: &mut Diagnostics) {
    let Some(context) = server_handler_context(function) else { return };
    let pattern = context.pat.to_token_stream().to_string();
    let context = if pattern == "_" { "context" } else { &pattern };
    errors.error(
        &function.signature.ident,
        "a method of `ServerHandler` cannot be guarded: its signature is the trait's",
        format_args!(
            "write `requires_auth::mcp::authorize(&{context}, \
             requires_auth::Condition::Scope(\"…\"))?` in it"
        ),
    );
}

/// The argument that receives the context of the request, if this is a method of rmcp's
/// `ServerHandler`.
pub(super) fn server_handler_context(function: &Function) -> Option<&PatType> {
    const METHODS: [&str; 16] = [
        "call_tool",
        "complete",
        "get_prompt",
        "initialize",
        "list_prompts",
        "list_resource_templates",
        "list_resources",
        "list_tools",
        "on_custom_request",
        "ping",
        "read_resource",
        "read_resource_directory",
        "set_level",
        "subscribe",
        "unsubscribe",
        "enqueue_task",
    ];
    let signature = &function.signature;
    let context = signature.inputs.iter().find_map(|argument| match argument {
        FnArg::Typed(argument) => match &*argument.ty {
            Type::Path(path) if path.path.segments.last()?.ident == "RequestContext" => {
                Some(argument)
            }
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    let is_method = METHODS.iter().any(|method| signature.ident == method)
        && signature.receiver().is_some()
        && !function.attributes.iter().any(is_tool_or_prompt);
    context.filter(|_| is_method)
}

fn check_feature(function: &Function, errors: &mut Diagnostics) {
    if let Some(attribute) = attribute_of_rmcp(function) {
        errors.error(
            attribute.path(),
            "guarding rmcp tools needs the feature `rmcp`",
            "enable the feature `rmcp` of `requires-auth`",
        );
    }
}

/// The attribute `#[tool]` or `#[prompt]`, where it must be rmcp's: other crates have attributes of
/// these names too, but not on what looks like a method of an MCP server. Without the feature, only
/// such an attribute is an error.
pub(super) fn attribute_of_rmcp(function: &Function) -> Option<&Attribute> {
    let looks_like_mcp = || {
        function.signature.inputs.iter().any(|argument| match argument {
            FnArg::Receiver(_) => true,
            FnArg::Typed(argument) => matches!(&*argument.ty, Type::Path(ty)
                if ty.path.segments.last().is_some_and(|last| last.ident == "Parameters")),
        })
    };
    let is_rmcp = |path: &Path| match path.segments.len() {
        1 => looks_like_mcp(),
        _ => path.segments.first().is_some_and(|first| first.ident == "rmcp"),
    };
    function.attributes.iter().find(|it| is_tool_or_prompt(it) && is_rmcp(it.path()))
}

/// Whether `#[tool]` or `#[prompt]` of rmcp has expanded an `async fn`: the return type and the
/// body are spelled as rmcp emits them. It does not change other functions; those are checked where
/// they are compiled.
// fn f() -> ::std::pin::Pin<Box<dyn ::std::future::Future<Output = R> + Send>> { Box::pin(async
// move { … }) }
fn is_expanded(function: &Function) -> bool {
    const TYPE: &str = "->::std::pin::Pin<Box<dyn::std::future::Future<Output=";
    let mut output = function.signature.output.to_token_stream().to_string();
    output.retain(|character| !character.is_whitespace());
    output.starts_with(TYPE) && boxes_future(function.body())
}

fn boxes_future(body: &TokenStream) -> bool {
    let Some(block) = only_group(body.clone(), Delimiter::Brace) else { return false };
    let mut call = block.stream().into_iter();
    let pins = ["Box", ":", ":", "pin"]
        .into_iter()
        .all(|expected| call.next().is_some_and(|tree| tree.to_string() == expected));
    let Some(arguments) = only_group(call.collect(), Delimiter::Parenthesis) else { return false };
    let mut future = arguments.stream().into_iter();
    let moves = ["async", "move"]
        .into_iter()
        .all(|expected| future.next().is_some_and(|tree| tree.to_string() == expected));
    pins && moves && only_group(future.collect(), Delimiter::Brace).is_some()
}

fn only_group(tokens: TokenStream, delimiter: Delimiter) -> Option<Group> {
    let mut trees = tokens.into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}
