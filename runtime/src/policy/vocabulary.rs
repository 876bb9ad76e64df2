//! Vocabularies of scopes: enums with `#[derive(Scope)]`.

use std::fmt;

use crate::ScopeSet;

/// A scope, as a vocabulary defines it.
///
/// `#[derive(Scope)]` creates the definitions of an enum; [`ScopeVocabulary`] has them.
///
/// ```
/// use requires_auth::{Scope, ScopeVocabulary};
///
/// #[derive(Scope)]
/// enum JournalScope {
///     /// Read your entries
///     #[scope("entries:read")]
///     EntriesRead,
///     /// Create and delete your entries
///     #[scope("entries:write", implies = [EntriesRead])]
///     EntriesWrite,
/// }
///
/// let definition = JournalScope::EntriesWrite.definition();
/// assert_eq!(definition.name(), "entries:write");
/// assert_eq!(definition.description(), Some("Create and delete your entries"));
/// assert_eq!(definition.implies(), ["entries:read"]);
/// assert_eq!(JournalScope::EntriesRead.definition().implied_by(), ["entries:write"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeDefinition {
    name: &'static str,
    description: Option<&'static str>,
    implies: &'static [&'static str],
    implied_by: &'static [&'static str],
    vocabulary: &'static str,
}

impl ScopeDefinition {
    /// Called by the expansion of the derive macro, which computes the closure of `implies` in both directions.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        vocabulary: &'static str,
        name: &'static str,
        description: Option<&'static str>,
        implies: &'static [&'static str],
        implied_by: &'static [&'static str],
    ) -> Self {
        Self { name, description, implies, implied_by, vocabulary }
    }

    /// The scope itself, a `scope-token` of RFC 6749 §3.3.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the scope permits: the first paragraph of the variant's doc comment, on one line. `None` if there is no
    /// doc comment.
    #[must_use]
    pub const fn description(&self) -> Option<&'static str> {
        self.description
    }

    /// The other scopes that a token with this scope satisfies, directly or through others, in the order of the
    /// enum.
    #[must_use]
    pub const fn implies(&self) -> &'static [&'static str] {
        self.implies
    }

    /// The other scopes that imply this one, directly or through others, in the order of the enum.
    #[must_use]
    pub const fn implied_by(&self) -> &'static [&'static str] {
        self.implied_by
    }

    /// Whether a token with these scopes has this one, or one that implies it.
    pub(crate) fn is_granted(&self, granted: &ScopeSet) -> bool {
        granted.contains_or(self.name, self.implied_by)
    }

    /// The path of the enum that defines the scope, such as `journal::scopes::JournalScope`.
    #[must_use]
    pub const fn vocabulary(&self) -> &'static str {
        self.vocabulary
    }
}

/// The text of the scope.
impl fmt::Display for ScopeDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// An enum whose variants are the scopes of a resource server.
///
/// Only `#[derive(Scope)]` implements it: the derive macro checks the names and `implies` when the program is
/// compiled.
///
#[doc = include_str!("../../docs/scopes.md")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a vocabulary of scopes",
    label = "expected an enum with `#[derive(requires_auth::Scope)]`",
    note = "write `#[derive(Scope)]` above the enum, and `#[scope(\"…\")]` above each of its variants"
)]
pub trait ScopeVocabulary: Sized + 'static {
    /// The definitions of all scopes, in the order of the variants.
    const DEFINITIONS: &'static [ScopeDefinition];

    /// The definition of this scope.
    #[must_use]
    fn definition(self) -> &'static ScopeDefinition;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_what_the_derive_macro_passes() {
        // R-J7
        const DEFINITION: ScopeDefinition =
            ScopeDefinition::new("app::Scopes", "b", Some("Does b"), &["a"], &["c", "d"]);
        assert_eq!((DEFINITION.name(), DEFINITION.to_string().as_str()), ("b", "b"));
        assert_eq!(DEFINITION.description(), Some("Does b"));
        assert_eq!((DEFINITION.implies(), DEFINITION.implied_by()), (&["a"][..], &["c", "d"][..]));
        assert_eq!(DEFINITION.vocabulary(), "app::Scopes");
    }
}
