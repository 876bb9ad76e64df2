//! Collecting mistakes, so that all of them are reported at once.

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;
use syn::Error;

/// The mistakes found so far. It exists only inside [`Diagnostics::collect`], so none can be forgotten.
pub(crate) struct Diagnostics {
    errors: Vec<Error>,
}

impl Diagnostics {
    /// Runs `work`; its result counts only if it has found no mistake.
    pub(crate) fn collect<T>(work: impl FnOnce(&mut Self) -> Option<T>) -> Result<T, Vec<Error>> {
        let mut diagnostics = Self { errors: Vec::new() };
        match work(&mut diagnostics) {
            Some(result) if diagnostics.errors.is_empty() => Ok(result),
            None if diagnostics.errors.is_empty() => {
                let message = "`#[requires_auth]` does not understand this function";
                Err(vec![Error::new(Span::call_site(), message)])
            }
            _ => Err(diagnostics.errors),
        }
    }

    /// Adds a mistake, the tokens that are shown for it, and what to write instead.
    pub(crate) fn error(
        &mut self,
        place: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        self.errors.push(Error::new_spanned(place, format!("{message}\nhelp: {help}")));
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// Adds an error of the parser.
    pub(crate) fn push(&mut self, error: Error) {
        self.errors.push(error);
    }
}
