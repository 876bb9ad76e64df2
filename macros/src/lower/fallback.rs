//! What is emitted beside errors, so that the compiler reports nothing else about the function.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, FnArg, PatType, Token};

use crate::parse::attribute::is_tool_or_prompt;
use crate::parse::function::Function;

/// Without the qualifiers that no framework accepts. A function that has one of them is made `async`, so that a
/// framework can route it.
// Input:  extern "C" fn create(entry: Json<NewEntry>) -> R { … }
// Output: async fn create(entry: Json<NewEntry>) -> R { … }
pub(super) fn replace_qualifiers(function: Function) -> Function {
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

/// Without the arguments at these positions. The body can still name them, because they become variables.
// Input:  async fn create(auth: &AuthInfo, Json(entry): Json<NewEntry>) -> R { … }
// Output: async fn create(Json(entry): Json<NewEntry>) -> R {
//             let auth: &AuthInfo = panic!() else { panic!() };
//             …
//         }
pub(super) fn replace_arguments(function: Function, positions: &[usize]) -> Function {
    let mut function = function.without_auth_and_const();
    if positions.is_empty() {
        return function;
    }
    let mut statements = TokenStream::new();
    let inputs = std::mem::take(&mut function.signature.inputs);
    for (position, input) in inputs.into_iter().enumerate() {
        match input {
            FnArg::Typed(PatType { pat, ty, .. }) if positions.contains(&position) => {
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
        function.prepend_statement(statements);
    }
    function
}
