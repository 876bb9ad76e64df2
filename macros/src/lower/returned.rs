//! The statement with which a function returns a rejection in place of what its body returns.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Type, TypeParamBound,
};

use super::policy_type::Policy;
use super::span::first_and_last_span;

/// The place of the type that carries a rejection. The compiler reports there that it cannot.
pub(super) struct Returned {
    first: Span,
    last: Span,
    /// Whether `.await` may stand where the statement is.
    pub(super) asynchronously: bool,
}

impl Returned {
    pub(super) fn by_function(signature: &Signature) -> Self {
        let (first, last) = match &signature.output {
            ReturnType::Default => first_and_last_span(&signature.ident),
            ReturnType::Type(_, output) => first_and_last_span(output),
        };
        Self { first, last, asynchronously: signature.asyncness.is_some() }
    }

    /// Where the statement is in the future that the function returns, the type is the output of the future.
    pub(super) fn by_future(signature: &Signature) -> Self {
        let output = match &signature.output {
            ReturnType::Type(_, output) if signature.asyncness.is_none() => future_output(output),
            _ => None,
        };
        let Some(output) = output else {
            return Self { asynchronously: true, ..Self::by_function(signature) };
        };
        let (first, last) = first_and_last_span(output);
        Self { first, last, asynchronously: true }
    }

    // Output: return FromRejection::from_rejection(rejection);
    pub(super) fn rejection(&self, rejection: &TokenStream, policy: &Policy<'_>) -> TokenStream {
        let Self { first, last, .. } = *self;
        let private = policy.private(first);
        let function = Ident::new("from_rejection", last);
        let path = quote_spanned!(first=> #private::FromRejection::#function);
        let call = quote_spanned!(last=> #path(#rejection));
        quote!(return #call;)
    }
}

/// The output of a future, boxed or `impl Future`.
// Input:  Pin<Box<dyn Future<Output = R> + Send>>
// Output: R
fn future_output(ty: &Type) -> Option<&Type> {
    let bounds = match ty {
        Type::ImplTrait(ty) => &ty.bounds,
        Type::TraitObject(ty) => &ty.bounds,
        Type::Path(path) => {
            return generic_arguments(path.path.segments.last()?).find_map(
                |argument| match argument {
                    GenericArgument::Type(inner) => future_output(inner),
                    _ => None,
                },
            );
        }
        _ => return None,
    };
    let traits = bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    traits.flat_map(generic_arguments).find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

fn generic_arguments(segment: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    match &segment.arguments {
        PathArguments::AngleBracketed(generics) => Some(generics.args.iter()),
        _ => None,
    }
    .into_iter()
    .flatten()
}
