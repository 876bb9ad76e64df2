//! The `#[requires_auth]` attribute; its documentation is on the re-export in `requires-auth`.
//!
//! `expand.rs` reads as the table of contents: arguments and function are parsed, the signature is
//! checked, the guard is emitted. No decision about a request is made here: the emitted code names
//! a policy, and the runtime decides.

mod arguments;
mod expand;
mod extractors;
mod function;
mod guard;
mod impl_block;
mod marks;
mod neighbours;
mod paths;
mod policy;
mod problems;
mod renamed;
mod scopes;
mod signature;
mod written;

use proc_macro::TokenStream;

use crate::neighbours::Neighbours;

/// Documented on the re-export in `requires-auth`.
#[proc_macro_attribute]
pub fn requires_auth(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Neighbours::enabled(), arguments.into(), item.into()).into()
}
