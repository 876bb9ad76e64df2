//! Evidence that a scope was checked.

use std::fmt;
use std::marker::PhantomData;

use crate::policy::type_level::{Policy, Presence};
use crate::{Condition, ScopeDefinition};

/// Evidence that the caller of this request has the scope `S`, or one that implies it.
///
#[doc = include_str!("../../docs/permits.md")]
pub struct Permit<S>(PhantomData<fn() -> S>);

impl<S> Permit<S> {
    /// Whoever calls this has decided that the caller has the scope, for the lifetime `'a`.
    pub(crate) const fn issue<'a>() -> &'a Self {
        const { &Self(PhantomData) }
    }
}

impl<S: ScopeType> Permit<S> {
    /// The permit for a scope that this one implies.
    ///
    /// ```
    /// use requires_auth::{Permit, Scope};
    ///
    /// #[derive(Scope)]
    /// #[scope(types = scopes)]
    /// enum JournalScope {
    ///     #[scope("entries:read")]
    ///     EntriesRead,
    ///     #[scope("entries:write", implies = [EntriesRead])]
    ///     EntriesWrite,
    /// }
    ///
    /// fn show(_permit: &Permit<scopes::EntriesRead>) {}
    ///
    /// fn update(permit: &Permit<scopes::EntriesWrite>) {
    ///     show(permit.implied());
    /// }
    /// ```
    #[must_use]
    pub const fn implied<T: ScopeType>(&self) -> &Permit<T>
    where
        S: Implies<T>,
    {
        // An implementation of the trait by hand may say anything.
        const { assert!(is_included(T::DEFINITION, &Condition::Typed(S::DEFINITION))) };
        Permit::issue()
    }
}

impl<S: ScopeType> fmt::Debug for Permit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&S::DEFINITION.name()).finish()
    }
}

/// A scope of a vocabulary, as a type: the parameter of a [`Permit`].
///
/// Only `#[derive(Scope)]` implements it, with `#[scope(types = scopes)]` above the enum: for each variant, the module
/// `scopes` has a type of the same name. The module is as visible as the enum.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of a scope",
    label = "expected a type of a vocabulary, such as `scopes::EntriesWrite`",
    note = "write `#[scope(types = scopes)]` above the enum with `#[derive(Scope)]`: the module `scopes` has a type for \
            each variant"
)]
pub trait ScopeType: 'static {
    /// The scope.
    const DEFINITION: &'static ScopeDefinition;
}

/// The scope is the scope `T`, or implies it, directly or through others.
///
/// Only `#[derive(Scope)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not imply `{T}`",
    label = "this permit is for `{Self}`",
    note = "the vocabulary says what a scope implies: `#[scope(\"…\", implies = [Other])]`"
)]
pub trait Implies<T: ScopeType>: ScopeType {}

/// Says that the policy `P` accepts no caller without the scope `S`. Only [`check`](Self::check) creates it.
pub struct Permitted<P, S>(PhantomData<fn() -> (P, S)>);

impl<P: Policy, S: ScopeType> Permitted<P, S> {
    /// Fails to compile if the policy accepts a caller without the scope.
    ///
    /// # Panics
    /// At compile time.
    #[must_use]
    #[track_caller]
    pub const fn check() -> Self {
        assert!(
            !P::Presence::ANONYMOUS,
            "with `optional` there may be no caller, and so no permit\n\
             help: remove this argument, and write `auth.permit()?` where there is a caller"
        );
        assert!(
            is_included(S::DEFINITION, &P::CONDITION),
            "`#[requires_auth]` also accepts callers without the scope of this permit\n\
             help: require the scope in each alternative of `scopes`, or remove this argument and write \
             `auth.permit()?` where the scope is needed"
        );
        Self(PhantomData)
    }
}

impl<P, S> fmt::Debug for Permitted<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permitted")
    }
}

/// Whether each set of scopes that meets the condition contains the scope, or one that implies it.
///
/// This is exact: if no element of `All` includes the scope, each of them is met by some set without it, and so are all
/// of them by the union of these sets.
#[expect(clippy::indexing_slicing, reason = "the index is smaller than the length")]
const fn is_included(scope: &ScopeDefinition, condition: &Condition) -> bool {
    match condition {
        Condition::Scope(name) => is_or_implies(name, scope),
        Condition::Typed(required) => {
            is_or_implies(required.name(), scope) && {
                // They differ if the scope is of another vocabulary.
                let implied_by = required.implied_by();
                let mut index = 0;
                while index < implied_by.len() && is_or_implies(implied_by[index], scope) {
                    index += 1;
                }
                index == implied_by.len()
            }
        }
        Condition::All(all) => {
            let mut index = 0;
            while index < all.len() && !is_included(scope, &all[index]) {
                index += 1;
            }
            index < all.len()
        }
        Condition::Any(any) => {
            let mut index = 0;
            while index < any.len() && is_included(scope, &any[index]) {
                index += 1;
            }
            index == any.len()
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "the index is smaller than the length")]
const fn is_or_implies(name: &str, scope: &ScopeDefinition) -> bool {
    let implied_by = scope.implied_by();
    let mut index = 0;
    while index < implied_by.len() && !is_equal(name, implied_by[index]) {
        index += 1;
    }
    index < implied_by.len() || is_equal(name, scope.name())
}

/// `==` of strings is not `const`.
#[expect(clippy::indexing_slicing, reason = "the index is smaller than the length")]
pub(super) const fn is_equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition::{All, Any, Scope, Typed};

    const READ: ScopeDefinition =
        ScopeDefinition::new("Scopes", "read", None, &[], &["write", "admin"]);
    const WRITE: ScopeDefinition =
        ScopeDefinition::new("Scopes", "write", None, &["read"], &["admin"]);

    #[test]
    fn a_scope_is_included_if_no_alternative_lacks_it() {
        // R-K21
        for (condition, read, write) in [
            (Condition::NONE, false, false),
            (Scope("read"), true, false),
            (Scope("rea"), false, false),
            (Scope("reads"), false, false),
            (Scope("write"), true, true),
            (Scope("admin"), true, true),
            (Typed(&READ), true, false),
            (Typed(&WRITE), true, true),
            (All(&[Scope("x"), Typed(&WRITE)]), true, true),
            (Any(&[Typed(&READ), Typed(&WRITE)]), true, false),
            (Any(&[Scope("x"), Typed(&WRITE)]), false, false),
            (Any(&[Typed(&WRITE), Scope("x")]), false, false),
            (Any(&[Scope("admin"), All(&[Scope("x"), Scope("write")])]), true, true),
            (
                All(&[Any(&[Scope("x"), Scope("write")]), Any(&[Scope("y"), Scope("write")])]),
                false,
                false,
            ),
            (Any(&[]), true, true),
        ] {
            assert_eq!(is_included(&READ, &condition), read, "{condition:?}");
            assert_eq!(is_included(&WRITE, &condition), write, "{condition:?}");
        }
    }

    #[test]
    fn a_scope_of_another_vocabulary_must_not_be_met_by_more() {
        // R-K21
        const OTHER: ScopeDefinition =
            ScopeDefinition::new("Others", "read", None, &[], &["write", "peek"]);
        assert!(!is_included(&READ, &Typed(&OTHER)), "`peek` implies only the other one");
        assert!(is_included(&READ, &All(&[Typed(&OTHER), Scope("read")])));
    }

    struct Read;

    impl ScopeType for Read {
        const DEFINITION: &'static ScopeDefinition = &READ;
    }

    #[test]
    fn a_permit_shows_its_scope() {
        assert_eq!(format!("{:?}", Permit::<Read>::issue()), "Permit(\"read\")");
    }
}
