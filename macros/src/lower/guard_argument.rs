//! The guarded function.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, FnArg, Meta, Pat, PatType, Signature, Token, Type};

use crate::lower::{policy_type, shared_caller};
use crate::parse::arguments::Arguments;
use crate::parse::attribute::{has_name, is_auth_marker, is_tool_or_prompt};
use crate::parse::function::Function;
use crate::private;
use crate::rmcp::Features;
use crate::validate::function::Findings;

/// Puts the guard in the place of the argument that receives the caller, and that place first.
// Input:  async fn create(Json(entry): Json<NewEntry>, auth: AuthInfo) -> R { … }
// Output: async fn create(
//             Authorized { caller: auth, .. }: Authorized<Policy, AuthInfo>,
//             Json(entry): Json<NewEntry>,
//         ) -> R {
//             const _: () = receives_the_caller::<Required, AuthInfo>();
//             …
//         }
pub(crate) fn emit(
    mut function: Function,
    arguments: &Arguments,
    injection: Option<usize>,
    features: Features,
) -> TokenStream {
    let span = Span::call_site();
    let private = private::path(arguments.krate.as_ref(), span);
    let name = function.signature.ident.clone();
    if let Some(statement) = features.check_order(&function, &private) {
        function.prepend_statement(statement);
    }
    features.append_policy_meta(
        &mut function.attributes,
        &private,
        &policy(arguments, &name, span),
    );
    let shared = shared_caller::may_extract_caller(&function.signature, injection);
    let policy = |span| own_policy(arguments, &name, shared, span);
    let mut receiver = None;
    let mut guards = Vec::new();
    let mut rest = Vec::new();
    let mut check = None;
    for (position, input) in std::mem::take(&mut function.signature.inputs).into_iter().enumerate()
    {
        match input {
            FnArg::Receiver(_) => receiver = Some(input),
            FnArg::Typed(argument) if injection == Some(position) => {
                check = Some(check_type(&argument, arguments));
                guards = guard_with_caller(argument, arguments, &policy);
            }
            FnArg::Typed(_) => rest.push(input),
        }
    }
    if guards.is_empty() {
        guards.push(guard_without_caller(arguments, &policy, Vec::new()));
    }
    function.signature.inputs = receiver.into_iter().chain(guards).chain(rest).collect();
    if let Some(check) = check {
        function.prepend_statement(check);
    }
    function.into_token_stream()
}

/// What stands beside the errors where the signature is wrong: a framework takes it, its body can use
/// every argument that is written, and it never runs.
// Input:  async fn create(auth: &AuthInfo, Json(entry): Json<NewEntry>) -> R { … }
// Output: async fn create(_: Authorized<Policy>, Json(entry): Json<NewEntry>) -> R {
//             let auth: &AuthInfo = panic!() else { panic!() };
//             …
//         }
pub(crate) fn emit_beside_errors(
    function: Function,
    arguments: &Arguments,
    findings: &Findings,
    features: Features,
) -> TokenStream {
    let Signature { constness, abi, .. } = &function.signature;
    let is_async = constness.is_some() || abi.is_some();
    let (mut function, kept) = replace_arguments(function, &findings.misplaced);
    let signature = &mut function.signature;
    signature.abi = None;
    if is_async && !function.attributes.iter().any(is_tool_or_prompt) {
        signature.asyncness = Some(<Token![async]>::default());
    }
    let injection = kept.iter().position(|position| findings.injection == Some(*position));
    emit(function, arguments, injection, features)
}

/// The function without these arguments, which its body can use all the same, and the positions of
/// the others.
pub(crate) fn replace_arguments(function: Function, positions: &[usize]) -> (Function, Vec<usize>) {
    let mut function = function.without_auth_and_const();
    let mut statements = TokenStream::new();
    let mut kept = Vec::new();
    let inputs = std::mem::take(&mut function.signature.inputs);
    for (position, input) in inputs.into_iter().enumerate() {
        match input {
            FnArg::Typed(PatType { pat, ty, .. }) if positions.contains(&position) => {
                statements.extend(quote! {
                    #[allow(warnings)]
                    let #pat: #ty = ::core::panic!() else { ::core::panic!() };
                });
            }
            _ => {
                kept.push(position);
                function.signature.inputs.push(input);
            }
        }
    }
    if !statements.is_empty() {
        let allow: Attribute = syn::parse_quote!(#[allow(unreachable_code, unused)]);
        function.attributes.push(allow);
        function.prepend_statement(statements);
    }
    (function, kept)
}

/// The argument that receives the caller. A `#[cfg]` on it chooses between it and a guard that
/// receives nothing: it never takes the guard away.
fn guard_with_caller(
    argument: PatType,
    arguments: &Arguments,
    policy: &impl Fn(Span) -> TokenStream,
) -> Vec<FnArg> {
    let PatType { attrs, pat, ty, .. } = argument;
    let attributes: Vec<Attribute> =
        attrs.into_iter().filter(|attribute| !is_auth_marker(attribute)).collect();
    let conditions: Vec<TokenStream> = attributes.iter().filter_map(condition).collect();
    // Both the pattern and the type at the place of the type as written, from its first token to
    // its last: an error about them is shown there, and once.
    let (first, last) = first_and_last_span(&ty);
    let guard = guard_path(arguments, first, last);
    let own = policy(first);
    let fields = quote_spanned!(last=> { caller: #pat, .. });
    let close = quote_spanned!(last=> >);
    let receiver = argument_of(
        attributes,
        quote_spanned!(first=> #guard #fields),
        quote_spanned!(first=> #guard<#own, #ty #close),
    );
    if conditions.is_empty() {
        return vec![receiver];
    }
    let absent = syn::parse_quote!(#[cfg(not(all(#(#conditions),*)))]);
    vec![receiver, guard_without_caller(arguments, policy, vec![absent])]
}

/// Checks the type of the argument that receives the caller. In the body, because a bound in the
/// signature is reported once more wherever the function is routed, registered or called.
// Input:  auth: AuthInfo
// Output: const _: () = receives_the_caller::<Required, AuthInfo>();
fn check_type(argument: &PatType, arguments: &Arguments) -> TokenStream {
    let PatType { attrs, ty, .. } = argument;
    let (first, last) = first_and_last_span(ty);
    let private = private::path(arguments.krate.as_ref(), first);
    let presence =
        Ident::new(if arguments.optional.is_some() { "Anonymous" } else { "Required" }, first);
    let check = quote_spanned!(last=> receives_the_caller);
    let call = quote_spanned!(first=> #private::#check::<#private::#presence, #ty>());
    let conditions = attrs.iter().filter(|attribute| has_name(attribute, "cfg"));
    // An item, so that no lint speaks of items after statements; an item cannot name `Self`.
    if mentions_self(ty.to_token_stream()) {
        quote!(#(#conditions)* #call;)
    } else {
        quote!(#(#conditions)* const _: () = #call;)
    }
}

fn mentions_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => mentions_self(group.stream()),
        TokenTree::Ident(ident) => ident == "Self",
        _ => false,
    })
}

/// A guard that decides and hands nothing over. Without a caller to receive, an optional one is
/// received and dropped.
fn guard_without_caller(
    arguments: &Arguments,
    policy: &impl Fn(Span) -> TokenStream,
    attributes: Vec<Attribute>,
) -> FnArg {
    let span = Span::call_site();
    let guard = guard_path(arguments, span, span);
    let policy = policy(span);
    let private = private::path(arguments.krate.as_ref(), span);
    let caller = arguments.optional.map(|_| quote!(, ::core::option::Option<#private::AuthInfo>));
    argument_of(attributes, quote!(_), quote!(#guard<#policy #caller>))
}

fn argument_of(attrs: Vec<Attribute>, pattern: TokenStream, ty: TokenStream) -> FnArg {
    FnArg::Typed(PatType {
        attrs,
        pat: Box::new(Pat::Verbatim(pattern)),
        colon_token: <Token![:]>::default(),
        ty: Box::new(Type::Verbatim(ty)),
    })
}

/// The places of the first and of the last token.
fn first_and_last_span(tokens: impl ToTokens) -> (Span, Span) {
    let place = |token: TokenTree| Span::call_site().located_at(token.span());
    let mut tokens = tokens.into_token_stream().into_iter().map(place);
    let first = tokens.next().unwrap_or_else(Span::call_site);
    (first, tokens.last().unwrap_or(first))
}

fn guard_path(arguments: &Arguments, first: Span, last: Span) -> TokenStream {
    let private = private::path(arguments.krate.as_ref(), first);
    let name = Ident::new("Authorized", last);
    quote_spanned!(first=> #private::#name)
}

/// The policy in the function's own signature.
fn own_policy(arguments: &Arguments, name: &Ident, shared: bool, span: Span) -> TokenStream {
    let private = private::path(arguments.krate.as_ref(), span);
    let policy = policy(arguments, name, span);
    if shared { quote!(#private::Shared<#policy>) } else { policy }
}

fn policy(arguments: &Arguments, name: &Ident, span: Span) -> TokenStream {
    let private = private::path(arguments.krate.as_ref(), span);
    let policy = match &arguments.scopes {
        Some(condition) => policy_type::of_condition(condition, &private),
        None => quote_spanned!(span=> #private::AnyToken),
    };
    let policy = match arguments.optional {
        Some(_) => quote_spanned!(span=> #private::Optional<#policy>),
        None => policy,
    };
    policy_type::with_function_name(name, policy, &private)
}

/// What a `#[cfg(…)]` asks for.
fn condition(attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::List(list) if has_name(attribute, "cfg") => Some(list.tokens.clone()),
        _ => None,
    }
}
