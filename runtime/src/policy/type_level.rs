//! Policies as types.
//!
//! The attribute changes the type of an argument, and stable Rust has no string as a parameter of a type. So the
//! attribute emits the bytes of a scope as numbers, and the compiler makes a `&'static str` of them: a request needs
//! no work for it. `all("read", "write")` is `AllOf<(OAuthScope<1919246692>, OAuthScope<512970647653>)>`. Unlike an
//! item beside the function, it works for methods and for free functions, and adds no name to the module of the user.
//!
//! The type of a guard is a part of the type of each function that axum compiles for a handler, about fifty, and so of
//! their names in the debug information. There, a few numbers take the compiler less time than one `char` for each
//! letter, which it hashes.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::time::Duration;

use super::authorization_detail::{DetailType, NamedDetail};
use super::function_name::{EncodedName, NamesFunction};
use super::spelling::{Spelling, Text, text};
use super::{ScopeVocabulary, TokenRequirement, UserAuthentication};
use crate::Condition;

/// The policy of an attribute, as a type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy of `#[requires_auth]`",
    label = "only the attribute writes an `Authorized`",
    note = "in a guarded function, write `auth: AuthInfo`"
)]
pub trait Policy: Send + Sync + 'static {
    /// The condition that the scopes of a token must meet.
    const CONDITION: Condition;
    /// What the token must meet besides.
    const TOKEN: TokenRequirement = TokenRequirement::NONE;
    /// Whether a request without a token reaches the function: [`Required`] or [`Anonymous`].
    type Presence: Presence;
    /// The name of the function that has the attribute.
    const NAME: Option<&'static EncodedName> = None;
    /// With the feature `manifest`, the [id](super::function_id) with which the function registers its path; otherwise 0.
    const ID: u64 = 0;
    /// Whether another argument of the function may also receive the caller.
    const SHARED: bool = false;
}

macro_rules! policy_of_a_function {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug)]
        pub struct $name<P, Name, const ID: u64 = 0>(PhantomData<fn() -> (P, Name)>);

        impl<P: Policy, Name: NamesFunction, const ID: u64> Policy for $name<P, Name, ID> {
            const CONDITION: Condition = P::CONDITION;
            const TOKEN: TokenRequirement = P::TOKEN;
            type Presence = P::Presence;
            const NAME: Option<&'static EncodedName> =
                Some(&EncodedName { numbers: Name::NUMBERS, rest: P::NAME });
            const ID: u64 = ID;
        }
    };
}

#[cfg(feature = "axum")]
policy_of_a_function!(
    /// The policy `P` of the function with the name `Name`, a [`Function`]. A name of more than 32 bytes continues in
    /// `P`. Code that calls the function passes `auth.try_into()?`; a compiler error about another argument shows this
    /// type, and so this hint. With the feature `manifest`, `ID` is the [`function_id`](super::function_id), by which
    /// logs and metrics find its path.
    ByTryInto
);

// So that the compiler error for a handler that is routed without the feature names the feature.
#[cfg(not(feature = "axum"))]
policy_of_a_function!(
    /// The policy `P` of the function with the name `Name`, a [`Function`]. Without the feature `axum`, axum cannot
    /// route it.
    WithoutFeatureAxum
);

#[cfg(not(feature = "axum"))]
pub use WithoutFeatureAxum as ByTryInto;

/// The policy `P` of a function that has, besides the guard, an argument of a type that the attribute does not
/// recognise and that may also receive the caller. The guard keeps its caller for this argument, so that the token
/// of the request is resolved once.
#[derive(Debug)]
pub struct Shared<P>(PhantomData<fn() -> P>);

impl<P: Policy> Policy for Shared<P> {
    const CONDITION: Condition = P::CONDITION;
    const TOKEN: TokenRequirement = P::TOKEN;
    type Presence = P::Presence;
    const NAME: Option<&'static EncodedName> = P::NAME;
    const ID: u64 = P::ID;
    const SHARED: bool = true;
}

/// Whether a request must carry a token.
pub trait Presence: Send + Sync + 'static {
    /// `true` if a request without a token reaches the function.
    const ANONYMOUS: bool;
}

/// A token is required.
#[derive(Debug)]
pub struct Required;

/// A request without a token reaches the function.
#[derive(Debug)]
pub struct Anonymous;

impl Presence for Required {
    const ANONYMOUS: bool = false;
}

impl Presence for Anonymous {
    const ANONYMOUS: bool = true;
}

/// Accepts requests without a token. The scopes of a token that is present must meet `P`.
#[derive(Debug)]
pub struct Optional<P>(PhantomData<fn() -> P>);

impl<P: Policy> Policy for Optional<P> {
    const CONDITION: Condition = P::CONDITION;
    const TOKEN: TokenRequirement = P::TOKEN;
    type Presence = Anonymous;
}

/// Accepts only tokens that are bound to their holder (RFC 9449, RFC 8705).
#[derive(Debug)]
pub struct SenderConstrained<P>(PhantomData<fn() -> P>);

impl<P: Policy> Policy for SenderConstrained<P> {
    const CONDITION: Condition = P::CONDITION;
    const TOKEN: TokenRequirement = TokenRequirement { sender_constrained: true, ..P::TOKEN };
    type Presence = P::Presence;
}

/// Accepts only tokens of a login with one of the authentication context classes `T` (RFC 9470).
#[derive(Debug)]
pub struct AcrValues<P, T>(PhantomData<fn() -> (P, T)>);

impl<P: Policy, T: Texts> Policy for AcrValues<P, T> {
    const CONDITION: Condition = P::CONDITION;
    const TOKEN: TokenRequirement = {
        let authentication = UserAuthentication { acr_values: T::TEXTS, ..P::TOKEN.authentication };
        TokenRequirement { authentication, ..P::TOKEN }
    };
    type Presence = P::Presence;
}

/// Accepts only tokens of a login that is at most this many seconds ago (RFC 9470).
#[derive(Debug)]
pub struct MaxAge<P, const SECONDS: u64>(PhantomData<fn() -> P>);

impl<P: Policy, const SECONDS: u64> Policy for MaxAge<P, SECONDS> {
    const CONDITION: Condition = P::CONDITION;
    const TOKEN: TokenRequirement = {
        let max_age = Some(Duration::from_secs(SECONDS));
        let authentication = UserAuthentication { max_age, ..P::TOKEN.authentication };
        TokenRequirement { authentication, ..P::TOKEN }
    };
    type Presence = P::Presence;
}

/// Accepts only tokens with authorization details of each of the types `T` (RFC 9396).
#[derive(Debug)]
pub struct WithDetails<P, T>(PhantomData<fn() -> (P, T)>);

impl<P: Policy, T: DetailTypes> Policy for WithDetails<P, T> {
    const CONDITION: Condition = P::CONDITION;
    const TOKEN: TokenRequirement =
        TokenRequirement { authorization_details: T::TYPES, ..P::TOKEN };
    type Presence = P::Presence;
}

/// Any valid token.
#[derive(Debug)]
pub struct AnyToken;

impl Policy for AnyToken {
    const CONDITION: Condition = Condition::NONE;
    type Presence = Required;
}

/// One scope, in numbers.
#[derive(Debug)]
pub struct OAuthScope<const A: u128, const B: u128 = 0>;

/// One authentication context class, in numbers.
#[derive(Debug)]
pub struct Acr<const A: u128, const B: u128 = 0>;

impl<const A: u128, const B: u128> Spelling for OAuthScope<A, B> {
    const TEXT: Text = Text::of(&[A, B]);
}

impl<const A: u128, const B: u128> Spelling for Acr<A, B> {
    const TEXT: Text = Text::of(&[A, B]);
}

impl<const A: u128, const B: u128> Policy for OAuthScope<A, B> {
    const CONDITION: Condition = Condition::Scope(text::<Self>());
    type Presence = Required;
}

/// The name of a function, or 32 bytes of it, in numbers. It is a type of its own so that the compiler, where it shortens
/// the type of a guard, still shows the name of the type around it.
#[derive(Debug)]
pub struct Function<const A: u128, const B: u128 = 0>;

impl<const A: u128, const B: u128> NamesFunction for Function<A, B> {
    const NUMBERS: [u128; 2] = [A, B];
}

/// A text of more than 32 bytes: the beginning, and the rest.
#[derive(Debug)]
pub struct Joined<Head, Rest>(PhantomData<fn() -> (Head, Rest)>);

impl<Head: Spelling, Rest: Spelling> Spelling for Joined<Head, Rest> {
    const TEXT: Text = Head::TEXT.and(&Rest::TEXT);
}

impl<Head: Spelling, Rest: Spelling> Policy for Joined<Head, Rest> {
    const CONDITION: Condition = Condition::Scope(text::<Self>());
    type Presence = Required;
}

/// One scope of the vocabulary `V`: `V::DEFINITIONS[INDEX]`.
#[derive(Debug)]
pub struct TypedScope<V, const INDEX: usize>(PhantomData<fn() -> V>);

impl<V: Defines<INDEX>, const INDEX: usize> Policy for TypedScope<V, INDEX> {
    #[expect(clippy::indexing_slicing, reason = "the index is compared with the length")]
    const CONDITION: Condition = if INDEX < V::DEFINITIONS.len() {
        Condition::Typed(&V::DEFINITIONS[INDEX])
    } else {
        // No token meets it.
        Condition::Any(&[])
    };
    type Presence = Required;
}

/// A vocabulary, as the derive macro implements it beside [`ScopeVocabulary`]. The compiler could not find out an index
/// for an enum that is none; no implementation matches such an enum, and the compiler reports it only once.
pub trait Defines<const INDEX: usize>: ScopeVocabulary {}

/// What the attribute names as a scope of the vocabulary `V`.
#[derive(Debug)]
pub struct NamedScope<T, V>(ManuallyDrop<T>, PhantomData<fn() -> V>);

/// The value that a path such as `JournalScope::EntriesRead` has.
#[must_use]
pub const fn scope_of<V: ScopeVocabulary, T>(value: T) -> NamedScope<T, V> {
    NamedScope(ManuallyDrop::new(value), PhantomData)
}

impl<S> NamedScope<S, S> {
    /// The variant. Its discriminant is its index in the definitions, since the derive macro accepts no discriminants.
    #[must_use]
    pub const fn variant(self) -> S {
        ManuallyDrop::into_inner(self.0)
    }
}

/// The method `variant` of a value that is no variant. Its bound is the compiler's error; it is never called, because a
/// constant calls no method of a trait.
pub trait NoVariant<V> {
    /// What `VariantOf` reports.
    fn variant(self) -> V
    where
        Self: VariantOf<V>;
}

impl<T, V> NoVariant<V> for NamedScope<T, V> {
    fn variant(self) -> V
    where
        Self: VariantOf<V>,
    {
        self.never()
    }
}

/// Implemented by no type.
#[diagnostic::on_unimplemented(
    message = "expected a variant of `{V}`",
    label = "not a variant",
    note = "write one variant, or several as in `[{V}::…, {V}::…]` or `any({V}::…, {V}::…)`"
)]
pub trait VariantOf<V> {
    #[doc(hidden)]
    fn never(self) -> V;
}

/// All policies of a tuple.
#[derive(Debug)]
pub struct AllOf<T>(PhantomData<fn() -> T>);

/// At least one policy of a tuple.
#[derive(Debug)]
pub struct AnyOf<T>(PhantomData<fn() -> T>);

impl<T: Conditions> Policy for AllOf<T> {
    const CONDITION: Condition = Condition::All(T::CONDITIONS);
    type Presence = Required;
}

impl<T: Conditions> Policy for AnyOf<T> {
    const CONDITION: Condition = Condition::Any(T::CONDITIONS);
    type Presence = Required;
}

/// A tuple of policies. The attribute nests lists that are longer than a tuple.
pub trait Conditions: Send + Sync + 'static {
    /// The conditions of the policies, in order.
    const CONDITIONS: &'static [Condition];
}

/// A tuple of texts.
pub trait Texts: Send + Sync + 'static {
    /// The texts, in order.
    const TEXTS: &'static [&'static str];
}

/// A tuple of types of authorization details.
pub trait DetailTypes: 'static {
    /// The types, in order.
    const TYPES: &'static [DetailType];
}

macro_rules! tuples {
    ($first:ident $($rest:ident)*) => {
        impl<$first: Policy, $($rest: Policy),*> Conditions for ($first, $($rest,)*) {
            const CONDITIONS: &'static [Condition] = &[$first::CONDITION, $($rest::CONDITION),*];
        }

        impl<$first: Spelling, $($rest: Spelling),*> Texts for ($first, $($rest,)*) {
            const TEXTS: &'static [&'static str] = &[text::<$first>(), $(text::<$rest>()),*];
        }

        impl<$first: NamedDetail, $($rest: NamedDetail),*> DetailTypes for ($first, $($rest,)*) {
            const TYPES: &'static [DetailType] = &[$first::TYPE, $($rest::TYPE),*];
        }

        tuples!($($rest)*);
    };
    () => {};
}

tuples!(A B C D E F G H I J K L M N O P);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScopeDefinition;
    use crate::policy::Requirement;

    const fn number(text: &[u8]) -> u128 {
        match text.split_last() {
            Some((last, first)) => number(first) << u8::BITS | *last as u128,
            None => 0,
        }
    }

    #[test]
    fn a_scope_is_read_back_from_its_type() {
        type Read = OAuthScope<{ number(b"read") }>;
        type Joint = Joined<OAuthScope<{ number(b"re") }>, OAuthScope<{ number(b"a") }, 100>>;
        assert_eq!(Read::CONDITION, Condition::Scope("read"));
        assert_eq!(Joint::CONDITION, Condition::Scope("read"));
    }

    #[test]
    fn a_typed_scope_is_the_definition_at_its_index() {
        // R-J9
        #[allow(dead_code, reason = "only its index is used")]
        enum Scopes {
            Read,
            Write,
        }
        impl ScopeVocabulary for Scopes {
            const DEFINITIONS: &'static [ScopeDefinition] = &[
                ScopeDefinition::new("Scopes", "read", None, &[], &["write"]),
                ScopeDefinition::new("Scopes", "write", None, &["read"], &[]),
            ];
            fn definition(self) -> &'static ScopeDefinition {
                &Self::DEFINITIONS[self as usize]
            }
        }
        impl<const INDEX: usize> Defines<INDEX> for Scopes {}
        type Write =
            TypedScope<Scopes, { scope_of::<Scopes, _>(Scopes::Write).variant() as usize }>;
        assert_eq!(Write::CONDITION, Condition::Typed(&Scopes::DEFINITIONS[1]));
        assert_eq!(Condition::from(Scopes::Read), TypedScope::<Scopes, 0>::CONDITION);
        for outside in
            [TypedScope::<Scopes, 2>::CONDITION, TypedScope::<Scopes, { usize::MAX }>::CONDITION]
        {
            assert_eq!(outside, Condition::Any(&[]), "no token meets it");
        }
    }

    #[test]
    fn conditions_keep_their_nesting() {
        assert_eq!(
            AnyOf::<(
                OAuthScope<{ number(b"a") }>,
                AllOf<(OAuthScope<{ number(b"b") }>, OAuthScope<{ number(b"c") }>)>
            )>::CONDITION,
            Condition::Any(&[
                Condition::Scope("a"),
                Condition::All(&[Condition::Scope("b"), Condition::Scope("c")])
            ])
        );
        assert_eq!(Optional::<AnyToken>::CONDITION, Condition::NONE);
    }

    #[test]
    fn a_policy_has_the_name_of_its_function() {
        type Create =
            ByTryInto<Optional<OAuthScope<{ number(b"a") }>>, Function<109_344_560_080_242>>;
        let name = Requirement::of::<Create>().function;
        assert_eq!(name.unwrap().to_string(), "créer", "names are not always ASCII");
        assert_eq!(Create::CONDITION, Condition::Scope("a"));
        assert_eq!(Requirement::of::<Shared<Create>>().function, name);
        assert_eq!(Shared::<Create>::CONDITION, Condition::Scope("a"));
        const { assert!(Shared::<Create>::SHARED && !Create::SHARED) };
        assert_eq!(Requirement::of::<AnyToken>().function, None);
    }
}
