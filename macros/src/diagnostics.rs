//! The errors of an expansion.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// The errors that a stage found, in the order in which the compiler shows them.
///
/// Every stage returns its errors beside its value, so that one expansion reports all independent
/// mistakes. [`expand`](crate::expand::expand) emits them all. As long as there is one, the crate
/// does not compile.
#[must_use]
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Vec<Error>,
}

impl Diagnostics {
    /// Adds an error at the tokens `place`. `help` says what to write instead.
    pub(crate) fn error(
        &mut self,
        place: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        self.errors.push(Error::new_spanned(place, format!("{message}\nhelp: {help}")));
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.errors.extend(other.errors);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }
}

/// An error of the parser, as it is.
impl From<Error> for Diagnostics {
    fn from(error: Error) -> Self {
        Self { errors: vec![error] }
    }
}

// Output: ::core::compile_error! { "…" } …
impl ToTokens for Diagnostics {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.errors.iter().map(Error::to_compile_error));
    }
}
