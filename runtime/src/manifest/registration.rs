//! What a guarded function registers about itself.

use super::entry::Kind;
use crate::Condition;
use crate::policy::TokenRequirement;
use crate::policy::type_level::{Policy, Presence};

/// A guarded function. It is a constant of the program: nothing runs when the program starts or answers a request,
/// except that `inventory` links the constants to a list at the start.
#[derive(Debug)]
pub struct Registration {
    /// Returns the path of a type that is defined in the function.
    pub(super) path: fn() -> &'static str,
    /// The id of the function in the type of its policy; `None` for a name that is too long for it.
    pub(super) id: Option<u64>,
    pub(super) file: &'static str,
    pub(super) line: u32,
    pub(super) kind: Kind,
    pub(super) condition: Condition,
    pub(super) token: TokenRequirement,
    pub(super) optional: bool,
    /// The value of `scopes_from`, as the compiler prints it.
    pub(super) scopes_from: Option<&'static str>,
    /// The expression of `when`, as the compiler prints it.
    pub(super) when: Option<&'static str>,
}

impl Registration {
    /// Called by the expansion of the attribute.
    #[must_use]
    pub const fn of<P: Policy>(
        kind: Kind,
        path: fn() -> &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        let id = if P::NAME.is_some() { Some(P::ID) } else { None };
        let (condition, token) = (P::CONDITION, P::TOKEN);
        let optional = P::Presence::ANONYMOUS;
        Self {
            path,
            id,
            file,
            line,
            kind,
            condition,
            token,
            optional,
            scopes_from: None,
            when: None,
        }
    }

    /// Called by the expansion of the attribute, with the value of `scopes_from`.
    #[must_use]
    pub const fn scopes_from(self, value: &'static str) -> Self {
        Self { scopes_from: Some(value), ..self }
    }

    /// Called by the expansion of the attribute, with the expression of `when`.
    #[must_use]
    pub const fn when(self, expression: &'static str) -> Self {
        Self { when: Some(expression), ..self }
    }

    /// The path of the function. The type in it is in an unnamed constant; `async` and other macros put the body into
    /// closures.
    // Input:  journal::rest::create::{{closure}}::_::Here
    // Output: journal::rest::create
    pub(super) fn function_path(&self) -> String {
        let path = (self.path)();
        let path = path.strip_suffix("::Here").unwrap_or(path);
        path.strip_suffix("::_").unwrap_or(path).replace("::{{closure}}", "")
    }
}

inventory::collect!(Registration);

/// The statement that the attribute puts in front of the body of a function.
#[doc(hidden)]
#[macro_export]
macro_rules! __requires_auth_register_function {
    ($kind:ident $policy:ty $(, scopes_from $scopes_from:literal)? $(, when $when:literal)?) => {
        const _: () = {
            #[allow(dead_code)]
            enum Here {}
            $crate::requires_auth_expansion::inventory::submit! {
                $crate::requires_auth_expansion::Registration::of::<$policy>(
                    $crate::manifest::Kind::$kind,
                    ::core::any::type_name::<Here>,
                    ::core::file!(),
                    ::core::line!(),
                )$(.scopes_from($scopes_from))?$(.when($when))?
            }
        };
    };
}
