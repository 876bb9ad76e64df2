//! The `#[requires_auth]` attribute; its documentation is on the re-export in `requires-auth`.
//!
//! `expand.rs` reads as the table of contents: arguments and function are parsed, the signature is
//! checked, the guard is emitted. No decision about a request is made here: the emitted code names
//! a policy, and the runtime decides.

mod diagnostics;
mod expand;
mod impl_defaults;
mod lower;
mod parse;
mod private;
mod rmcp;
mod validate;

use proc_macro::TokenStream;

use crate::rmcp::Features;

/// Documented on the re-export in `requires-auth`.
#[proc_macro_attribute]
pub fn requires_auth(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Features::enabled(), arguments.into(), item.into()).into()
}
