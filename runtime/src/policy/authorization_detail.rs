//! Authorization details with a type (RFC 9396).

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::permit::is_equal;
use super::type_level::{Policy, Presence};
use crate::{Claims, ResourceServer};

/// A type of authorization details (RFC 9396 §2): what a token permits in detail, such as one payment.
///
/// The struct has the members of the object that this resource server reads. Serde ignores the others, among them
/// `type`, unless the struct denies unknown fields.
///
/// ```
/// use requires_auth::{AuthInfo, AuthorizationDetail, AuthorizationDetails, requires_auth};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Payment {
///     recipient: String,
///     /// In cents.
///     amount: u64,
/// }
///
/// impl AuthorizationDetail for Payment {
///     const TYPE: &'static str = "payment_initiation";
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
/// ) -> String {
///     format!("{:?} has paid {amount} to {recipient}", auth.subject())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type of authorization details",
    label = "expected a type that implements `AuthorizationDetail`",
    note = "write `impl requires_auth::AuthorizationDetail for {Self} {{ const TYPE: &'static str = \"…\"; }}`, and derive \
            `serde::Deserialize` for it"
)]
pub trait AuthorizationDetail: DeserializeOwned + 'static {
    /// The value of the member `type`.
    const TYPE: &'static str;
}

/// The authorization details of one type that a token has.
///
/// They are the elements of the claim `authorization_details` whose `type` is [`AuthorizationDetail::TYPE`] and that
/// are a `T`. An element with `locations` (RFC 9396 §2.2) counts only if one of them has the origin of the resource
/// identifier: another resource server does not accept what is granted for this one, and this one not what is granted
/// for another.
///
/// As an argument of a function with `authorization_details = T` it has at least one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationDetails<T>(Vec<T>);

impl<T: AuthorizationDetail> AuthorizationDetails<T> {
    /// Those of a token.
    pub(crate) fn of(claims: &Claims, server: &ResourceServer) -> Self {
        let granted =
            claims.authorization_details(T::TYPE, |location| server.is_location(location));
        Self(
            granted
                .into_iter()
                .filter_map(|detail| serde_json::from_str(detail.get()).ok())
                .collect(),
        )
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

/// Says that the policy `P` accepts no token without authorization details of the type `T`. Only [`check`](Self::check)
/// creates it.
pub struct Granted<P, T>(PhantomData<fn() -> (P, T)>);

impl<P: Policy, T: AuthorizationDetail> Granted<P, T> {
    /// Fails to compile if the policy accepts a caller without such details.
    ///
    /// # Panics
    /// At compile time.
    #[must_use]
    #[track_caller]
    pub const fn check() -> Self {
        assert!(
            !P::Presence::ANONYMOUS,
            "with `optional` there may be no caller, and so no authorization details\n\
             help: remove this argument, and write `auth.authorization_details()` where there is a caller"
        );
        assert!(
            is_named(T::TYPE, P::TOKEN.authorization_details),
            "`#[requires_auth]` also accepts tokens without authorization details of this type\n\
             help: name the type in `authorization_details = …`, or remove this argument and write \
             `auth.authorization_details()`"
        );
        Self(PhantomData)
    }
}

impl<P, T> fmt::Debug for Granted<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Granted")
    }
}

#[expect(clippy::indexing_slicing, reason = "the index is smaller than the length")]
const fn is_named(name: &str, types: &[DetailType]) -> bool {
    let mut index = 0;
    while index < types.len() && !is_equal(types[index].name, name) {
        index += 1;
    }
    index < types.len()
}

/// A type of authorization details as a value.
#[derive(Clone, Copy)]
pub struct DetailType {
    name: &'static str,
    is_granted: fn(&Claims, &ResourceServer) -> bool,
}

impl DetailType {
    pub(crate) const fn of<T: AuthorizationDetail>() -> Self {
        const { assert!(!T::TYPE.is_empty(), "`AuthorizationDetail::TYPE` is empty") };
        let is_granted = |claims: &Claims, server: &ResourceServer| {
            !AuthorizationDetails::<T>::of(claims, server).is_empty()
        };
        Self { name: T::TYPE, is_granted }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether a token has a detail of this type.
    pub(crate) fn is_granted(&self, claims: &Claims, server: &ResourceServer) -> bool {
        (self.is_granted)(claims, server)
    }
}

/// By the name: the compiler may emit a function several times, at different addresses.
impl PartialEq for DetailType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for DetailType {}

impl fmt::Debug for DetailType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DetailType").field(&self.name).finish()
    }
}
