//! The `#[requires_auth]` attribute; its documentation is on the re-export in `requires-auth`.

use proc_macro::TokenStream;

/// Documented on the re-export in `requires-auth`.
#[proc_macro_attribute]
pub fn requires_auth(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    item
}
