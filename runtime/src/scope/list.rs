//! What `AuthInfo::require` accepts.

use super::{ScopeError, is_scope, pieces};
use crate::{ScopeDefinition, ScopeVocabulary};

/// One or more scopes that a function requires: what [`AuthInfo::require`](crate::AuthInfo::require) accepts.
///
/// - A text, as in the attribute: `"read write"` means both.
/// - A scope of a [vocabulary](ScopeVocabulary): `JournalScope::EntriesRead`.
/// - An array of these, which means all of them: `[JournalScope::EntriesRead, JournalScope::TagsRead]`.
///
/// No other type implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of scopes",
    label = "expected a `&str`, or a variant of an enum with `#[derive(requires_auth::Scope)]`",
    note = "a `Condition` is the argument of `AuthInfo::require_condition`"
)]
pub trait ScopeList<'a> {
    #[doc(hidden)]
    fn add_to(self, scopes: &mut Vec<ListedScope<'a>>) -> Result<(), ScopeError>;
}

/// One scope of a [`ScopeList`].
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct ListedScope<'a> {
    pub(crate) name: &'a str,
    /// Its definition, if it is a typed scope.
    pub(crate) definition: Option<&'static ScopeDefinition>,
}

impl<'a> ScopeList<'a> for &'a str {
    fn add_to(self, scopes: &mut Vec<ListedScope<'a>>) -> Result<(), ScopeError> {
        for name in pieces(self) {
            if !is_scope(name) {
                return Err(ScopeError::new());
            }
            scopes.push(ListedScope { name, definition: None });
        }
        Ok(())
    }
}

impl<'a> ScopeList<'a> for &'a String {
    fn add_to(self, scopes: &mut Vec<ListedScope<'a>>) -> Result<(), ScopeError> {
        self.as_str().add_to(scopes)
    }
}

impl<'a, V: ScopeVocabulary> ScopeList<'a> for V {
    fn add_to(self, scopes: &mut Vec<ListedScope<'a>>) -> Result<(), ScopeError> {
        let definition = self.definition();
        scopes.push(ListedScope { name: definition.name(), definition: Some(definition) });
        Ok(())
    }
}

impl<'a, L: ScopeList<'a>, const N: usize> ScopeList<'a> for [L; N] {
    fn add_to(self, scopes: &mut Vec<ListedScope<'a>>) -> Result<(), ScopeError> {
        self.into_iter().try_for_each(|each| each.add_to(scopes))
    }
}
