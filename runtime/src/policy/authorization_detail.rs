//! Authorization details with a type (RFC 9396).

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::permit::is_equal;
use super::type_level::DetailTypes;
use crate::{Claims, ResourceServer};

/// A type of authorization details (RFC 9396 §2): what a token permits in detail, such as one payment.
///
/// The struct has the members of the object that this resource server reads. Serde ignores the others, among them
/// `type`, unless the struct denies unknown fields. The derive macro implements the trait; the attribute accepts no
/// other type.
///
/// ```
/// use requires_auth::{
///     AuthInfo, AuthorizationDetail, AuthorizationDetails, Rejection, requires_auth,
/// };
/// use serde::Deserialize;
///
/// #[derive(Deserialize, AuthorizationDetail)]
/// #[authorization_detail("payment_initiation")]
/// struct Payment {
///     recipient: String,
///     /// In cents.
///     amount: u64,
/// }
///
/// /// Runs if the token has a detail of this type for this recipient, and for at least this amount.
/// #[requires_auth(
///     scopes = "payments",
///     authorization_details = Payment,
///     when = granted.iter().any(|it| it.recipient == recipient && amount <= it.amount),
/// )]
/// async fn pay(
///     auth: AuthInfo,
///     granted: AuthorizationDetails<Payment>,
///     recipient: String,
///     amount: u64,
/// ) -> Result<String, Rejection> {
///     Ok(format!("{:?} has paid {amount} to {recipient}", auth.subject()))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type of authorization details",
    label = "expected a type that implements `AuthorizationDetail`",
    note = "write `#[derive(serde::Deserialize, requires_auth::AuthorizationDetail)]` and `#[authorization_detail(\"…\")]` above \
            `{Self}`, with the value of the member `type`"
)]
pub trait AuthorizationDetail: DeserializeOwned + 'static {
    /// The value of the member `type`.
    const TYPE: &'static str;
}

/// The authorization details of one type that a token has.
///
/// They are the elements of the claim `authorization_details` whose `type` is [`AuthorizationDetail::TYPE`] and that
/// are a `T`; one for which `T` returns an error, or panics, is none. An element with `locations` (RFC 9396 §2.2)
/// counts only if one of them has the origin of the resource identifier: another resource server does not accept what
/// is granted for this one, and this one not what is granted for another.
///
/// As an argument of a function with `authorization_details = T` it has at least one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationDetails<T>(Vec<T>);

impl<T: AuthorizationDetail> AuthorizationDetails<T> {
    /// Those of a token.
    pub(crate) fn of(claims: &Claims, server: &ResourceServer) -> Self {
        let granted =
            claims.authorization_details(T::TYPE, |location| server.is_location(location));
        // The client has chosen what is in it: a panic must not end the connection.
        let parse = |detail: &RawValue| {
            catch_unwind(AssertUnwindSafe(|| serde_json::from_str(detail.get())))
        };
        Self(granted.into_iter().filter_map(|detail| parse(detail).ok()?.ok()).collect())
    }
}

/// For a unit test of a function, or of a part of the details.
impl<T> From<Vec<T>> for AuthorizationDetails<T> {
    fn from(details: Vec<T>) -> Self {
        Self(details)
    }
}

impl<T> Default for AuthorizationDetails<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for AuthorizationDetails<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for AuthorizationDetails<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a AuthorizationDetails<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Fails to compile if none of the types `T`, which the attribute names, has the name of `D` in a token. The attribute
/// emits it as the length of an array, which the compiler evaluates also where it emits no code.
///
/// # Panics
/// At compile time.
#[must_use]
#[track_caller]
pub const fn assert_details_required<T: DetailTypes, D: NamedDetail>() -> usize {
    assert!(
        is_named(D::TYPE.name, T::TYPES),
        "`#[requires_auth]` also accepts tokens without authorization details of this type\n\
         help: name the type in `authorization_details = …`, or remove this argument and write \
         `auth.authorization_details()`"
    );
    0
}

/// What the attribute names as a type of authorization details. The compiler reports a `T` that is none where it evaluates
/// `CHECKED`, and nowhere else.
#[derive(Debug)]
pub struct Detail<T, const CHECKED: usize>(PhantomData<fn() -> T>);

/// The value of `CHECKED` in [`Detail`].
#[must_use]
pub const fn checked_detail<T: AuthorizationDetail>() -> usize {
    0
}

/// A [`Detail`].
pub trait NamedDetail: 'static {
    /// The type of the application.
    type Detail: AuthorizationDetail;
    /// The same as a value.
    const TYPE: DetailType = DetailType::of::<Self::Detail>();
}

impl<T: CheckedDetail<CHECKED>, const CHECKED: usize> NamedDetail for Detail<T, CHECKED> {
    type Detail = T;
}

/// A type whose check was evaluated, as the derive macro implements it beside [`AuthorizationDetail`]. The compiler
/// cannot find out `CHECKED` for a type that is none; no implementation matches such a type, and the compiler reports
/// it only once.
pub trait CheckedDetail<const CHECKED: usize>: AuthorizationDetail {}

#[expect(clippy::indexing_slicing, reason = "the index is smaller than the length")]
const fn is_named(name: &str, types: &[DetailType]) -> bool {
    let mut index = 0;
    while index < types.len() && !is_equal(types[index].name, name) {
        index += 1;
    }
    index < types.len()
}

/// A type of authorization details as a value, for
/// [`TokenRequirement::authorization_details`](crate::TokenRequirement::authorization_details).
#[derive(Clone, Copy)]
pub struct DetailType {
    name: &'static str,
    type_id: fn() -> TypeId,
    #[cfg(feature = "rmcp")]
    type_name: fn() -> &'static str,
    is_granted: fn(&Claims, &ResourceServer) -> bool,
}

impl DetailType {
    /// This type.
    #[must_use]
    pub const fn of<T: AuthorizationDetail>() -> Self {
        let is_granted = |claims: &Claims, server: &ResourceServer| {
            !AuthorizationDetails::<T>::of(claims, server).is_empty()
        };
        Self {
            name: T::TYPE,
            type_id: TypeId::of::<T>,
            #[cfg(feature = "rmcp")]
            type_name: std::any::type_name::<T>,
            is_granted,
        }
    }

    /// The names of several types, each once: two types may have one name.
    #[cfg(any(feature = "rmcp", feature = "manifest"))]
    pub(crate) fn names(types: &[Self]) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = Vec::new();
        for ty in types {
            if !names.contains(&ty.name) {
                names.push(ty.name);
            }
        }
        names
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// The path of the type in the code, by which the instances of one server distinguish types with one name.
    #[cfg(feature = "rmcp")]
    pub(crate) fn path(&self) -> &'static str {
        (self.type_name)()
    }

    /// Whether a token has a detail of this type.
    pub(crate) fn is_granted(&self, claims: &Claims, server: &ResourceServer) -> bool {
        (self.is_granted)(claims, server)
    }
}

/// By the type: two types with one name may have other members, so that other tokens meet them. Not by the functions,
/// which the compiler may emit several times, at different addresses.
impl PartialEq for DetailType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && (self.type_id)() == (other.type_id)()
    }
}

impl Eq for DetailType {}

impl fmt::Debug for DetailType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DetailType").field(&self.name).finish()
    }
}
