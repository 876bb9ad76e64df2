//! Policies as types.
//!
//! An attribute can change the type of an argument, but stable Rust has no string in a type. So
//! the attribute spells a scope as the numbers of its bytes, sixteen at a time, and the compiler
//! reads them back into a `&'static str`: nothing is built or looked up when a request comes.
//! `all("read", "write")` is `All<(S<0x72656164>, S<0x7772697465>)>`. Unlike an item beside the
//! function, this works for methods as for free functions and adds no name that a user could meet.

use std::marker::PhantomData;

use crate::Condition;

/// What an attribute demands, as a type.
pub trait Policy: Send + Sync + 'static {
    /// The condition that a token must meet.
    const CONDITION: Condition;
    /// Whether a request without a token is let through: `Required` or `Anonymous`.
    type Presence: Presence;
    /// The name of the function that asks for it.
    const FUNCTION: Option<&'static str> = None;
}

/// The policy `P` of the function that is called `Name`.
#[derive(Debug)]
pub struct Of<Name, P>(PhantomData<(Name, P)>);

impl<Name: Spelling, P: Policy> Policy for Of<Name, P> {
    const CONDITION: Condition = P::CONDITION;
    type Presence = P::Presence;
    const FUNCTION: Option<&'static str> = Some(text::<Name>());
}

/// Whether a request must carry a token.
pub trait Presence: Send + Sync + 'static {
    /// `true` if a request without a token is let through.
    const ANONYMOUS: bool;
}

/// A token is required.
#[derive(Debug)]
pub struct Required;

/// A request without a token is let through.
#[derive(Debug)]
pub struct Anonymous;

impl Presence for Required {
    const ANONYMOUS: bool = false;
}

impl Presence for Anonymous {
    const ANONYMOUS: bool = true;
}

/// Lets anonymous requests through; a token that is present must still satisfy `P`.
#[derive(Debug)]
pub struct Optional<P>(PhantomData<P>);

impl<P: Policy> Policy for Optional<P> {
    const CONDITION: Condition = P::CONDITION;
    type Presence = Anonymous;
}

/// Any valid token.
#[derive(Debug)]
pub struct AnyToken;

impl Policy for AnyToken {
    const CONDITION: Condition = Condition::NONE;
    type Presence = Required;
}

/// One scope: the bytes of `HEAD` from the most significant one that is not zero, then those of `Rest`.
#[derive(Debug)]
pub struct S<const HEAD: u128, Rest = End>(PhantomData<Rest>);

/// The end of a scope.
#[derive(Debug)]
pub struct End;

impl<const HEAD: u128, Rest: Spelling> Policy for S<HEAD, Rest> {
    const CONDITION: Condition = Condition::Scope(text::<Self>());
    type Presence = Required;
}

/// All of a tuple of policies.
#[derive(Debug)]
pub struct All<T>(PhantomData<T>);

/// Any of a tuple of policies.
#[derive(Debug)]
pub struct Any<T>(PhantomData<T>);

impl<T: Conditions> Policy for All<T> {
    const CONDITION: Condition = Condition::All(T::CONDITIONS);
    type Presence = Required;
}

impl<T: Conditions> Policy for Any<T> {
    const CONDITION: Condition = Condition::Any(T::CONDITIONS);
    type Presence = Required;
}

/// A tuple of policies. The attribute nests longer lists.
pub trait Conditions: Send + Sync + 'static {
    /// The condition of each, in order.
    const CONDITIONS: &'static [Condition];
}

macro_rules! tuples {
    ($first:ident $($rest:ident)*) => {
        impl<$first: Policy, $($rest: Policy),*> Conditions for ($first, $($rest,)*) {
            const CONDITIONS: &'static [Condition] = &[$first::CONDITION, $($rest::CONDITION),*];
        }
        tuples!($($rest)*);
    };
    () => {};
}

tuples!(A B C D E F G H I J K L M N O P);

/// The most bytes that a scope in the attribute can have; the attribute refuses a longer one.
const LONGEST: usize = 256;

const CHUNK: usize = size_of::<u128>();

/// The bytes of a scope, read back from a type.
pub trait Spelling: Send + Sync + 'static {
    /// How many bytes the scope has.
    const LENGTH: usize;
    /// The bytes, from the first on.
    const BYTES: [u8; LONGEST];
    /// The same, where a `&'static` can point.
    const STORED: &'static [u8; LONGEST] = &Self::BYTES;
}

impl Spelling for End {
    const LENGTH: usize = 0;
    const BYTES: [u8; LONGEST] = [0; LONGEST];
}

impl<const HEAD: u128, Rest: Spelling> Spelling for S<HEAD, Rest> {
    const LENGTH: usize = length(HEAD) + Rest::LENGTH;
    const BYTES: [u8; LONGEST] = prepend(HEAD, Rest::BYTES, Rest::LENGTH);
}

const fn length(head: u128) -> usize {
    CHUNK - head.leading_zeros() as usize / 8
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler: out of bounds is an error")]
const fn prepend(head: u128, rest: [u8; LONGEST], rest_length: usize) -> [u8; LONGEST] {
    let chunk = head.to_be_bytes();
    let length = length(head);
    let mut bytes = [0; LONGEST];
    let mut index = 0;
    while index < length {
        bytes[index] = chunk[CHUNK - length + index];
        index += 1;
    }
    while index < length + rest_length {
        bytes[index] = rest[index - length];
        index += 1;
    }
    bytes
}

#[expect(clippy::panic, reason = "evaluated by the compiler: a panic is a compile error")]
const fn text<T: Spelling>() -> &'static str {
    match std::str::from_utf8(T::STORED.split_at(T::LENGTH).0) {
        Ok(text) => text,
        Err(_) => panic!("what is spelled is a text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_back_from_its_type() {
        assert_eq!(S::<0x7265_6164>::CONDITION, Condition::Scope("read"));
        assert_eq!(
            S::<0x656e_7472_6965_733a_7265_6164_7772_6974, S::<0x65>>::CONDITION,
            Condition::Scope("entries:readwrite")
        );
    }

    #[test]
    fn conditions_keep_their_nesting() {
        assert_eq!(
            Any::<(S<0x61>, All<(S<0x62>, S<0x63>)>)>::CONDITION,
            Condition::Any(&[
                Condition::Scope("a"),
                Condition::All(&[Condition::Scope("b"), Condition::Scope("c")])
            ])
        );
        assert_eq!(Optional::<AnyToken>::CONDITION, Condition::NONE);
    }

    #[test]
    fn a_policy_knows_whose_it_is() {
        type Create = Of<S<0x6372_c3a9_6572>, Optional<S<0x61>>>;
        assert_eq!(Create::FUNCTION, Some("créer"), "names are not always ASCII");
        assert_eq!(Create::CONDITION, Condition::Scope("a"));
        assert_eq!(AnyToken::FUNCTION, None);
    }
}
