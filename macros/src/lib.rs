//! The `#[requires_auth]` attribute, `#[derive(Scope)]` and `#[derive(AuthorizationDetail)]`; their documentation is on
//! the re-exports in `requires-auth`.
//!
//! This file converts token types. `expand.rs` has the pipeline: `parse` reads the arguments and
//! the item, `validate` checks them and decides how the item is emitted, `lower` makes the
//! tokens. No decision about a request is made here: the emitted code names a policy as a type, and
//! the runtime enforces it.

mod diagnostics;
mod expand;
mod features;
#[cfg(test)]
mod fuzz;
mod lower;
mod parse;
mod private;
mod validate;

use proc_macro::TokenStream;

use crate::features::Features;

/// Documented on the re-export in `requires-auth`.
#[proc_macro_attribute]
pub fn requires_auth(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Features::enabled(), arguments.into(), item.into()).into()
}

/// Documented on the re-export in `requires-auth`.
#[proc_macro_derive(AuthorizationDetail, attributes(authorization_detail))]
pub fn derive_authorization_detail(item: TokenStream) -> TokenStream {
    expand::expand_detail_type(item.into()).into()
}

/// Documented on the re-export in `requires-auth`.
// `scopes` is registered so that the derive macro reports it, with what to write.
#[proc_macro_derive(Scope, attributes(scope, scopes))]
pub fn derive_scope(item: TokenStream) -> TokenStream {
    expand::expand_scope_enum(item.into()).into()
}
