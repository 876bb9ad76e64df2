//! What the attribute knows of the macros of rmcp, which stand on the same functions.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, ExprLit, FnArg, Lit, MacroDelimiter, Meta, MetaList, PatType, Path,
    ReceiverKind, ReturnType, Token, Type, token,
};

use crate::diagnostics::Diagnostics;
use crate::parse::attribute::is_tool_or_prompt;
use crate::parse::function::Function;

/// Whether functions may be tools and prompts of rmcp: whether its feature is on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features {
    pub(crate) rmcp: bool,
}

impl Features {
    pub(crate) const fn enabled() -> Self {
        Self { rmcp: cfg!(feature = "rmcp") }
    }

    /// Whether there is a mistake that leaves the signature as it is.
    pub(crate) fn check(self, function: &Function, diagnostics: &mut Diagnostics) -> bool {
        let before = diagnostics.count();
        check_router(function, diagnostics);
        check_handler_method(function, diagnostics);
        if !self.rmcp {
            check_feature(function, diagnostics);
        } else if !function.attributes.iter().any(is_tool_or_prompt) && is_expanded(function) {
            diagnostics.error(
                &function.signature.ident,
                "`#[tool]` or `#[prompt]` has rewritten this function before it could be guarded",
                "move `#[requires_auth]` above it",
            );
        }
        diagnostics.count() > before
    }

    /// A statement that does not compile in a method whose `#[tool]` or `#[prompt]` has been there
    /// already. Only in what may be one, which no other framework calls: other functions keep their
    /// bodies.
    // Input:  fn list(&self, auth: AuthInfo) -> R { … }
    // Output: { trait Otherwise { fn list_tool_attr() -> NotATool { NotATool } … }
    //           impl<T> Otherwise for T {}
    //           undescribed(Self::list_tool_attr); … }
    pub(crate) fn check_order(
        self,
        function: &Function,
        private: &TokenStream,
    ) -> Option<TokenStream> {
        let signature = &function.signature;
        let by_reference = signature.receiver().is_some_and(|receiver| match &receiver.kind {
            ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
            ReceiverKind::Typed(_, ty) => matches!(&**ty, Type::Reference(_)),
            _ => false,
        });
        let visible = function.attributes.iter().any(is_tool_or_prompt);
        if !self.rmcp || visible || signature.asyncness.is_some() || !by_reference {
            return None;
        }
        let descriptions =
            ["tool", "prompt"].map(|kind| format_ident!("{}_{kind}_attr", signature.ident));
        Some(quote! {{
            trait Otherwise {
                #(fn #descriptions() -> #private::NotATool { #private::NotATool })*
            }
            impl<T: ?::core::marker::Sized> Otherwise for T {}
            #(#private::undescribed(Self::#descriptions);)*
        }})
    }

    /// Lets a tool or a prompt tell in its `_meta` what it asks of its caller.
    pub(crate) fn append_policy_meta(
        self,
        attributes: &mut [Attribute],
        private: &TokenStream,
        policy: &TokenStream,
    ) {
        for attribute in attributes.iter_mut().filter(|it| self.rmcp && is_tool_or_prompt(it)) {
            append_meta(attribute, &quote!(#private::meta::<#policy>));
        }
    }
}

/// What must declare a policy where there is a guarded `impl` block.
#[derive(Clone, Copy)]
pub(crate) enum DeclaredKinds {
    /// Tools if one of them is in the block, and prompts likewise.
    Own,
    /// Tools and prompts: something in the block may be either of them.
    Both,
}

/// Lets a tool or a prompt of a guarded `impl` block declare that it is one of these.
pub(crate) fn append_declaration(
    attribute: &mut Attribute,
    kinds: DeclaredKinds,
    private: &TokenStream,
) {
    let declared = match kinds {
        DeclaredKinds::Own => quote!(#private::declared),
        DeclaredKinds::Both => quote!(#private::declared_both),
    };
    append_meta(attribute, &declared);
}

fn append_meta(attribute: &mut Attribute, meta: &TokenStream) {
    match &mut attribute.meta {
        Meta::Path(path) => {
            let path = path.clone();
            let delimiter = MacroDelimiter::Paren(token::Paren::default());
            let tokens = with_meta(&TokenStream::new(), meta);
            attribute.meta = MetaList { path, delimiter, tokens }.into();
        }
        Meta::List(list) => list.tokens = with_meta(&list.tokens, meta),
        // The compiler refuses it.
        Meta::NameValue(_) => {}
    }
}

/// A function that makes a router is called once, by the program, and no request reaches it.
fn check_router(function: &Function, diagnostics: &mut Diagnostics) {
    const ROUTERS: [&str; 4] = ["Router", "MethodRouter", "ToolRouter", "PromptRouter"];
    let signature = &function.signature;
    let ReturnType::Type(_, output) = &signature.output else { return };
    let Type::Path(path) = &**output else { return };
    let Some(last) = path.path.segments.last() else { return };
    if signature.asyncness.is_none() && ROUTERS.iter().any(|router| last.ident == router) {
        diagnostics.error(
            output,
            format_args!(
                "a function that returns a `{}` cannot be guarded: it answers no request",
                last.ident
            ),
            "write `#[requires_auth]` on each function that is routed in it",
        );
    }
}

/// The context of the request, which a method of rmcp's `ServerHandler` gets.
pub(crate) fn server_handler_context(function: &Function) -> Option<&PatType> {
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

/// The signature of such a method is the trait's.
fn check_handler_method(function: &Function, diagnostics: &mut Diagnostics) {
    let Some(context) = server_handler_context(function) else { return };
    let pattern = context.pat.to_token_stream().to_string();
    let context = if pattern == "_" { "context" } else { &pattern };
    diagnostics.error(
        &function.signature.ident,
        "a method of `ServerHandler` cannot be guarded: its signature is the trait's",
        format_args!(
            "write `requires_auth::rmcp::authorize(&{context}, \
             requires_auth::Condition::Scope(\"…\"))?` in it"
        ),
    );
}

/// Without the feature, only what must be meant for rmcp is a mistake: others may have attributes
/// of these names, but not on what looks like a method of an MCP server.
fn check_feature(function: &Function, diagnostics: &mut Diagnostics) {
    let looks_like_rmcp = || {
        function.signature.inputs.iter().any(|argument| match argument {
            FnArg::Receiver(_) => true,
            FnArg::Typed(argument) => matches!(&*argument.ty, Type::Path(ty)
                if ty.path.segments.last().is_some_and(|last| last.ident == "Parameters")),
        })
    };
    let is_rmcp = |path: &Path| match path.segments.len() {
        1 => looks_like_rmcp(),
        _ => path.segments.first().is_some_and(|first| first.ident == "rmcp"),
    };
    let attribute =
        function.attributes.iter().find(|it| is_tool_or_prompt(it) && is_rmcp(it.path()));
    if let Some(attribute) = attribute {
        diagnostics.error(
            attribute.path(),
            "guarding rmcp tools needs the feature `rmcp`",
            "enable the feature `rmcp` of `requires-auth`",
        );
    }
}

// Input:  title = "List", meta = own()
// Output: title = "List", meta = meta::<Policy>(Some(own()))
fn with_meta(arguments: &TokenStream, meta: &TokenStream) -> TokenStream {
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    if let Ok(mut parsed) = parser.parse2(arguments.clone()) {
        let mut written = parsed.iter_mut().filter_map(|argument| match argument {
            Meta::NameValue(pair) if pair.path.is_ident("meta") => Some(&mut pair.value),
            _ => None,
        });
        if let Some(value) = written.next() {
            let own = expression(value);
            *value = Expr::Verbatim(quote!(#meta(::core::option::Option::Some(#own))));
            return parsed.into_token_stream();
        }
    }
    let ends_in_comma = matches!(arguments.clone().into_iter().last(),
        Some(TokenTree::Punct(last)) if last.as_char() == ',');
    let comma = (!arguments.is_empty() && !ends_in_comma).then(<Token![,]>::default);
    quote!(#arguments #comma meta = #meta(::core::option::Option::None))
}

/// To rmcp, a string is the source text of an expression.
fn expression(value: &Expr) -> TokenStream {
    match value {
        Expr::Group(group) => expression(&group.expr),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            text.parse().unwrap_or_else(|_| value.to_token_stream())
        }
        _ => value.to_token_stream(),
    }
}

/// Whether this is what rmcp makes of an `async fn`: the type and the body as it spells them, which
/// nobody writes by hand. A function that is not `async` it leaves as it is.
// `fn f() -> ::std::pin::Pin<Box<dyn ::std::future::Future<Output = R> + Send>>
//  { Box::pin(async move { … }) }`
fn is_expanded(function: &Function) -> bool {
    const TYPE: &str = "->::std::pin::Pin<Box<dyn::std::future::Future<Output=";
    let mut output = function.signature.output.to_token_stream().to_string();
    output.retain(|character| !character.is_whitespace());
    output.starts_with(TYPE) && boxes_a_future(function.body())
}

fn boxes_a_future(body: &TokenStream) -> bool {
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
