//! What is emitted beside errors, so that the compiler reports nothing else about the function.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, FnArg, Pat, PatType, Path, Token, Type};

use crate::parse::arguments::Arguments;
use crate::parse::async_trait;
use crate::parse::attribute::{is_auth_marker, is_tool_or_prompt};
use crate::parse::function::Function;
use crate::private;

/// Removes `const` and `extern "…"`, which no framework accepts. A function that had one becomes
/// `async`, so that a framework can route it.
// Input:  extern "C" fn create(entry: Json<NewEntry>) -> R { … }
// Output: async fn create(entry: Json<NewEntry>) -> R { … }
pub(super) fn replace_const_and_abi(function: Function) -> Function {
    let mut function = function;
    let signature = &mut function.signature;
    let becomes_async = signature.constness.is_some() || signature.abi.is_some();
    signature.constness = None;
    signature.abi = None;
    if becomes_async && !function.attributes.iter().any(is_tool_or_prompt) {
        function.signature.asyncness = Some(<Token![async]>::default());
    }
    function
}

/// The type of a variable in the place of the argument that receives the caller.
// Output: ::core::option::Option<AuthInfo>
pub(super) fn caller_type(arguments: &Arguments, optional: bool) -> TokenStream {
    let private = private::path(arguments.krate.as_ref(), Span::call_site());
    if optional {
        quote!(::core::option::Option<#private::AuthInfo>)
    } else {
        quote!(#private::AuthInfo)
    }
}

/// Replaces the arguments at these positions by variables, which the body can still use. A variable
/// whose type would be a further error is of the type `caller`.
// Input:  async fn create(auth: &AuthInfo, Json(entry): Json<NewEntry>) -> R { … }
// Output: async fn create(Json(entry): Json<NewEntry>) -> R {
//             let auth: &AuthInfo = panic!() else { panic!() };
//             …
//         }
pub(super) fn replace_arguments(
    function: Function,
    positions: &[usize],
    caller: &TokenStream,
) -> Function {
    let mut function = remove_const_and_markers(function);
    if positions.is_empty() {
        return function;
    }
    let mut statements = TokenStream::new();
    let inputs = std::mem::take(&mut function.signature.inputs);
    for (position, input) in inputs.into_iter().enumerate() {
        match input {
            FnArg::Typed(PatType { pat, mut ty, .. }) if positions.contains(&position) => {
                async_trait::remove_lifetime(&mut ty, &mut function.signature.generics);
                let ty = if is_permit_without_scope(&ty) {
                    quote!(_)
                } else if is_variable_type(&pat, &ty) {
                    ty.into_token_stream()
                } else {
                    caller.clone()
                };
                statements.extend(quote! {
                    #[allow(warnings)]
                    let #pat: #ty = ::core::panic!() else { ::core::panic!() };
                });
            }
            _ => function.signature.inputs.push(input),
        }
    }
    if !statements.is_empty() {
        let allow: Attribute = syn::parse_quote!(#[allow(unreachable_code, unused)]);
        function.attributes.push(allow);
        function = function.with_first_statement(statements);
    }
    function
}

/// Whether the type is `&Permit`, which lacks its type of a scope.
fn is_permit_without_scope(ty: &Type) -> bool {
    let Type::Reference(reference) = ty else { return false };
    matches!(&*reference.elem, Type::Path(path) if path.path.segments.last().is_some_and(|last| {
        last.ident == "Permit" && last.arguments.is_none()
    }))
}

/// Whether the type can be that of a variable, and fits the pattern.
fn is_variable_type(pattern: &Pat, ty: &Type) -> bool {
    let last = |path: &Path| path.segments.last().map(|last| last.ident.to_string());
    let is_some =
        matches!(pattern, Pat::TupleStruct(it) if last(&it.path).as_deref() == Some("Some"));
    match ty {
        Type::Path(path) => {
            let name = last(&path.path);
            is_free_of_errors(ty.to_token_stream())
                && !(is_some && name.as_deref() == Some("AuthInfo"))
        }
        Type::Paren(inner) => is_variable_type(pattern, &inner.elem),
        Type::Group(inner) => is_variable_type(pattern, &inner.elem),
        Type::Reference(_) | Type::Tuple(_) => is_free_of_errors(ty.to_token_stream()),
        _ => false,
    }
}

/// Whether the tokens contain neither an `impl Trait`, which only a signature may, nor the type of the
/// guard.
fn is_free_of_errors(ty: TokenStream) -> bool {
    ty.into_iter().all(|tree| match tree {
        TokenTree::Ident(word) => word != "impl" && word != "Authorized",
        TokenTree::Group(group) => is_free_of_errors(group.stream()),
        _ => true,
    })
}

/// Removes `const` and `#[auth]`, which other macros do not accept.
fn remove_const_and_markers(function: Function) -> Function {
    let mut function = function;
    function.signature.constness = None;
    for argument in &mut function.signature.inputs {
        let attributes = match argument {
            FnArg::Receiver(receiver) => &mut receiver.attrs,
            FnArg::Typed(argument) => &mut argument.attrs,
        };
        attributes.retain(|attribute| !is_auth_marker(attribute));
    }
    function
}
