//! The type of the argument that receives the caller.

use crate::AuthInfo;
use crate::policy::type_level::{Anonymous, Required};

/// The types that an argument for the caller can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot receive the caller",
    label = "expected `requires_auth::AuthInfo`",
    note = "write `AuthInfo` of `requires_auth`, or with `optional` an `Option<AuthInfo>`",
    note = "a type of your own that is called `AuthInfo` needs another name in this signature"
)]
pub trait Injected<Presence>: sealed::Sealed {}

#[diagnostic::do_not_recommend]
impl Injected<Required> for AuthInfo {}

#[diagnostic::do_not_recommend]
impl Injected<Anonymous> for Option<AuthInfo> {}

/// Compiles if an argument of type `A` can receive the caller.
pub const fn receives_the_caller<Presence, A: Injected<Presence>>() {}

/// Other crates cannot implement [`Injected`].
mod sealed {
    pub trait Sealed {}

    impl Sealed for super::AuthInfo {}
    impl Sealed for Option<super::AuthInfo> {}
}
