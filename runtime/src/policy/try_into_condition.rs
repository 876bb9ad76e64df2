//! What the function in `scopes_from = …` returns.

use crate::{Condition, Rejection, ScopeVocabulary};

/// What the function in `scopes_from = …` returns: the scopes that these arguments require.
///
/// It is implemented for
///
/// - [`Condition`]; [`Condition::NONE`] requires nothing beyond the attribute's `scopes`;
/// - a scope of a [vocabulary](ScopeVocabulary), such as `JournalScope::EntriesWrite`;
/// - `&'static str`, which is one scope;
/// - `Result<T, Rejection>`, where `T` is one of these, for a function that can reject the request itself.
///
/// ```
/// use requires_auth::Condition;
///
/// struct Entry {
///     private: bool,
/// }
///
/// fn scopes_of(entry: &Entry) -> Condition {
///     if entry.private { "entries:private".into() } else { Condition::NONE }
/// }
/// # let _ = scopes_of(&Entry { private: true });
/// ```
///
#[doc = include_str!("../../docs/scopes_from.md")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no condition on scopes",
    label = "the function in `scopes_from` returns this",
    note = "return `requires_auth::Condition`, a scope of a vocabulary, or a `Result` with `requires_auth::Rejection` \
            as its error",
    note = "the function is not `async`: what waits for something else belongs into `when = …`"
)]
pub trait TryIntoCondition {
    /// The condition, or the rejection of the request.
    ///
    /// # Errors
    /// The rejection that the function has returned.
    fn try_into_condition(self) -> Result<Condition, Rejection>;
}

#[diagnostic::do_not_recommend]
impl TryIntoCondition for Condition {
    fn try_into_condition(self) -> Result<Condition, Rejection> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<V: ScopeVocabulary> TryIntoCondition for V {
    fn try_into_condition(self) -> Result<Condition, Rejection> {
        Ok(self.into())
    }
}

#[diagnostic::do_not_recommend]
impl TryIntoCondition for &'static str {
    fn try_into_condition(self) -> Result<Condition, Rejection> {
        Ok(self.into())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Into<Condition>> TryIntoCondition for Result<T, Rejection> {
    fn try_into_condition(self) -> Result<Condition, Rejection> {
        self.map(Into::into)
    }
}

/// Called by the expansion of the attribute, at each place where it calls the function.
#[doc(hidden)]
pub fn condition<T: TryIntoCondition>(returned: T) -> Result<Condition, Rejection> {
    returned.try_into_condition()
}
