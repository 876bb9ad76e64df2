//! The implementation of `ScopeVocabulary` for an enum.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Fields;
use syn::ext::IdentExt;

use crate::parse::scope_enum::{ScopeEnum, ScopeVariant};
use crate::private;
use crate::validate::Vocabulary;

// Input:  enum JournalScope {
//             /// Read your entries
//             #[scope("entries:read")] EntriesRead,
//             #[scope("entries:write", implies = [EntriesRead])] EntriesWrite,
//         }
// Output: #[automatically_derived]
//         #[allow(deprecated)]
//         impl ScopeVocabulary for JournalScope {
//             const DEFINITIONS: &'static [ScopeDefinition] = {
//                 const VOCABULARY: &str = concat!(module_path!(), "::", "JournalScope");
//                 let _: [Self; 2] = [Self::EntriesRead, Self::EntriesWrite];
//                 &[
//                     ScopeDefinition::new(
//                         VOCABULARY, "entries:read", Some("Read your entries"), &[], &["entries:write"],
//                     ),
//                     ScopeDefinition::new(VOCABULARY, "entries:write", None, &["entries:read"], &[]),
//                 ]
//             };
//             fn definition(self) -> &'static ScopeDefinition {
//                 match self {
//                     Self::EntriesRead { .. } => const { &Self::DEFINITIONS[0] },
//                     Self::EntriesWrite { .. } => const { &Self::DEFINITIONS[1] },
//                 }
//             }
//         }
pub(crate) fn lower_scope_enum(item: &ScopeEnum, vocabulary: &Vocabulary) -> TokenStream {
    // An `impl` with generics would need bounds that are further errors.
    if !item.generics.params.is_empty() {
        return TokenStream::new();
    }
    let private = private::path(item.krate.as_ref(), Span::call_site());
    let name = &item.name;
    let text = name.unraw().to_string();
    let scopes: Vec<&str> = item.variants.iter().map(scope).collect();
    let texts = |indices: Vec<usize>| -> Vec<&str> {
        indices.into_iter().filter_map(|index| scopes.get(index).copied()).collect()
    };
    let definitions = item.variants.iter().enumerate().map(|(index, variant)| {
        let scope = scope(variant);
        let description = match &variant.description {
            Some(text) => quote!(::core::option::Option::Some(#text)),
            None => quote!(::core::option::Option::None),
        };
        let implies = texts(vocabulary.implied(index).collect());
        let implied_by = texts(vocabulary.implying(index).collect());
        quote! {
            #private::ScopeDefinition::new(
                VOCABULARY, #scope, #description, &[#(#implies),*], &[#(#implied_by),*],
            )
        }
    });
    // A scope that only tokens have is no dead code.
    let constructed: Vec<&Ident> = item
        .variants
        .iter()
        .filter(|variant| matches!(variant.fields, Fields::Unit))
        .map(|variant| &variant.name)
        .collect();
    let number = constructed.len();
    let arms = item.variants.iter().enumerate().map(|(index, variant)| {
        let variant = &variant.name;
        quote!(Self::#variant { .. } => const { &<Self as #private::ScopeVocabulary>::DEFINITIONS[#index] })
    });
    let types = item.types.as_ref().map(|module| types(item, module, vocabulary, &private));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #private::ScopeVocabulary for #name {
            const DEFINITIONS: &'static [#private::ScopeDefinition] = {
                const VOCABULARY: &::core::primitive::str =
                    ::core::concat!(::core::module_path!(), "::", #text);
                let _: [Self; #number] = [#(Self::#constructed),*];
                &[#(#definitions),*]
            };

            fn definition(self) -> &'static #private::ScopeDefinition {
                match self { #(#arms),* }
            }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl<const INDEX: ::core::primitive::usize> #private::Defines<INDEX> for #name {}
        #types
    }
}

/// A type for each scope. It is an enum without variants: no value of it exists.
///
/// The implementations are outside of the module, where the vocabulary has a name also in the body of a function.
// Input:  #[scope(types = scopes)] enum JournalScope { … }
// Output: #[doc = "The scopes of `JournalScope` as types."]
//         #[allow(dead_code, deprecated, unreachable_pub)]
//         mod scopes {
//             #[doc = "`entries:write`"]
//             #[derive(::core::fmt::Debug)]
//             pub enum EntriesWrite {}
//             …
//         }
//         #[automatically_derived]
//         #[allow(deprecated)]
//         impl ScopeType for scopes::EntriesWrite {
//             const DEFINITION: &'static ScopeDefinition = &<JournalScope as ScopeVocabulary>::DEFINITIONS[1];
//         }
//         impl Implies<scopes::EntriesWrite> for scopes::EntriesWrite {}
//         impl Implies<scopes::EntriesRead> for scopes::EntriesWrite {}
//         …
fn types(
    item: &ScopeEnum,
    module: &Ident,
    vocabulary: &Vocabulary,
    private: &TokenStream,
) -> TokenStream {
    let ScopeEnum { name, visibility, variants, .. } = item;
    let documentation = format!("The scopes of `{}` as types.", name.unraw());
    let types = variants.iter().map(|variant| {
        let documentation = format!("`{}`", scope(variant));
        let variant = &variant.name;
        quote! {
            #[doc = #documentation]
            #[derive(::core::fmt::Debug)]
            pub enum #variant {}
        }
    });
    let implementations = variants.iter().enumerate().map(|(index, variant)| {
        let implied = std::iter::once(index)
            .chain(vocabulary.implied(index))
            .filter_map(|index| variants.get(index).map(|variant| &variant.name));
        let variant = &variant.name;
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #private::ScopeType for #module::#variant {
                const DEFINITION: &'static #private::ScopeDefinition =
                    &<#name as #private::ScopeVocabulary>::DEFINITIONS[#index];
            }

            #(impl #private::Implies<#module::#implied> for #module::#variant {})*
        }
    });
    quote! {
        #[doc = #documentation]
        #[allow(dead_code, deprecated, unreachable_pub)]
        #visibility mod #module { #(#types)* }
        #(#implementations)*
    }
}

/// The text of the scope; empty with an error.
fn scope(variant: &ScopeVariant) -> &str {
    let scope = variant.attribute.as_ref().and_then(|it| it.scope.as_ref());
    scope.map_or("", |scope| scope.text.as_str())
}
