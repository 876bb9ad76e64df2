//! The type of the argument that receives the caller.

use crate::AuthInfo;

/// The type that an argument for the caller has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot receive the caller",
    label = "expected `requires_auth::AuthInfo`",
    note = "write `AuthInfo` of `requires_auth`, or with `optional` an `Option<AuthInfo>`",
    note = "a type of your own that is called `AuthInfo` needs another name in this signature"
)]
pub trait Injected: sealed::Sealed {}

#[diagnostic::do_not_recommend]
impl Injected for AuthInfo {}

/// The type that an argument for the caller has in a function with `optional`.
#[diagnostic::on_unimplemented(
    message = "with `optional` there may be no caller, which `{Self}` cannot express",
    label = "expected `Option<requires_auth::AuthInfo>`",
    note = "if this type is `AuthInfo` of `requires_auth`, write an `Option` of it; otherwise write \
            `Option<AuthInfo>`",
    note = "a type of your own that is called `AuthInfo` needs another name in this signature"
)]
pub trait InjectedOptional: sealed::Sealed {}

#[diagnostic::do_not_recommend]
impl InjectedOptional for Option<AuthInfo> {}

/// Compiles if an argument of type `A` can receive the caller.
pub const fn receives_the_caller<A: Injected>() {}

/// Compiles if an argument of type `A` can receive the caller of a function with `optional`.
pub const fn receives_an_optional_caller<A: InjectedOptional>() {}

/// Other crates cannot implement [`Injected`] and [`InjectedOptional`].
mod sealed {
    pub trait Sealed {}

    impl Sealed for super::AuthInfo {}
    impl Sealed for Option<super::AuthInfo> {}
}
