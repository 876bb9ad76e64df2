//! The implementation of `AuthorizationDetail` for a type.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::parse::detail_type::DetailType;
use crate::private;

/// The second trait is for the attribute: see the runtime's `Detail`.
// Input:  #[authorization_detail("payment_initiation")] struct Payment { … }
// Output: #[automatically_derived]
//         impl AuthorizationDetail for Payment {
//             const TYPE: &'static str = "payment_initiation";
//         }
//         #[automatically_derived]
//         impl<const CHECKED: usize> CheckedDetail<CHECKED> for Payment {}
pub(crate) fn lower_detail_type(item: &DetailType) -> TokenStream {
    let DetailType { name, text, krate } = item;
    let private = private::path(krate.as_ref(), Span::call_site());
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #private::AuthorizationDetail for #name {
            const TYPE: &'static ::core::primitive::str = #text;
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl<const CHECKED: ::core::primitive::usize> #private::CheckedDetail<CHECKED> for #name {}
    }
}
