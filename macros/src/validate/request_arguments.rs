//! Checks the arguments `from = …` and `server = …`, with which a statement of the function guards it.

use proc_macro2::{Ident, TokenStream};

use crate::diagnostics::Diagnostics;
use crate::parse::arguments::{Arguments, ExpressionArgument};
use crate::parse::async_block::insert_into_async_block;
use crate::parse::attribute::{has_last_segment, is_tool_or_prompt};
use crate::parse::function::Function;

/// What a statement authorizes with. Both are expressions as written.
pub(crate) struct RequestSource {
    /// The head of the request.
    pub(crate) from: TokenStream,
    /// The resource server.
    pub(crate) server: TokenStream,
}

impl RequestSource {
    /// Returns `None` beside errors, and where the attribute has neither argument.
    pub(super) fn of(arguments: &Arguments) -> Option<Self> {
        let value = |argument: &Option<ExpressionArgument>| argument.as_ref()?.value.clone();
        Some(Self { from: value(&arguments.from)?, server: value(&arguments.server)? })
    }
}

/// The errors of a function that has at least one of the arguments.
pub(super) fn check(function: &Function, arguments: &Arguments) -> Diagnostics {
    let mut errors = Diagnostics::default();
    let Some(key) = check_pair(arguments, &mut errors) else { return errors };
    let attribute = |is: fn(&syn::Attribute) -> bool| function.attributes.iter().find(|it| is(it));
    if let Some(attribute) = attribute(is_tool_or_prompt) {
        let name = attribute.path().segments.last().map(|last| last.ident.to_string());
        errors.error(
            key,
            format_args!(
                "`{key}` is not for a `#[{}]`: its server extracts the caller",
                name.as_deref().unwrap_or("tool")
            ),
            REMOVE,
        );
    } else if attribute(|it| has_last_segment(it, "debug_handler")).is_some() {
        errors.error(
            key,
            format_args!("`{key}` is not for a handler of axum: its router extracts the caller"),
            REMOVE,
        );
    } else if !is_asynchronous(function) {
        errors.error(
            &function.signature.ident,
            format_args!(
                "a function with `{key}` decides in its future, so it must be asynchronous"
            ),
            "write `async fn`, or one `Box::pin(async move { … })` as the whole body",
        );
    }
    errors
}

/// Checks that both are given, where no other argument may be meant to be one of them. Returns the first one.
fn check_pair<'a>(arguments: &'a Arguments, errors: &mut Diagnostics) -> Option<&'a Ident> {
    let from = arguments.from.as_ref().map(|from| &from.key);
    let server = arguments.server.as_ref().map(|server| &server.key);
    match (from, server) {
        _ if arguments.has_errors => {}
        (Some(from), None) => errors.error(
            from,
            "`from` needs `server` beside it",
            "add the resource server that decides, as in `server = &self.server`",
        ),
        (None, Some(server)) => errors.error(
            server,
            "`server` needs `from` beside it",
            "add the request that is authorized, as in `from = &request`",
        ),
        _ => {}
    }
    from.or(server)
}

fn is_asynchronous(function: &Function) -> bool {
    function.signature.asyncness.is_some()
        || !function.has_body()
        || insert_into_async_block(function.body(), &TokenStream::new()).is_some()
}

const REMOVE: &str = "remove `from` and `server`";
