//! The claims on delegation: `act` and `may_act` (RFC 8693 §4.1, §4.4).

use serde::{Deserialize, Serialize};

use super::json_value::JsonValue;
use crate::resolve::{MemberError, ResponseError};

/// A party that acts for the subject of a token, or that may do so (RFC 8693 §4.1, §4.4).
///
/// The client of a delegated token acts for the `sub` of the token: an agent for a user, one service for another.
/// [`AuthInfo::actor`](crate::AuthInfo::actor) has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    subject: Option<Box<str>>,
    issuer: Option<Box<str>>,
    client_id: Option<Box<str>>,
    prior: Option<Box<Actor>>,
}

impl Actor {
    /// `sub` of the actor: it is unique for its issuer.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// `iss` of the actor. Without one, the issuer of the token identifies the actor.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// `client_id` of the actor, which some authorization servers have beside `sub` or in place of it.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The actor before this one, from the nested `act`: this actor acts for that one.
    ///
    /// It is for logs. RFC 8693 §4.1 allows decisions by the current actor only.
    #[must_use]
    pub fn prior(&self) -> Option<&Self> {
        self.prior.as_deref()
    }

    /// The actors from this one to the one that was first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |actor| actor.prior())
    }
}

/// What a document says about delegation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delegation {
    pub(super) actor: Option<Actor>,
    pub(super) may_act: Option<Actor>,
}

impl Delegation {
    /// `None` for a document without both claims.
    ///
    /// A delegated token is worth less than one of the user: an application denies it what agents may not do. So an
    /// `act` that cannot be read is an error, and not a token without an actor. `may_act` permits; one that cannot be
    /// read is ignored.
    pub(super) fn read(document: &JsonValue<'_>) -> Result<Option<Box<Self>>, ResponseError> {
        let wrong = |found| ResponseError::MemberError(MemberError::new("act", EXPECTED, found));
        let actor = match document.get("act") {
            Some(act) => Some(read_actor(act).ok_or_else(|| wrong(act))?),
            None => None,
        };
        let may_act = document.get("may_act").and_then(read_actor);
        Ok((actor.is_some() || may_act.is_some()).then(|| Box::new(Self { actor, may_act })))
    }

    /// The approximate size in memory, in bytes.
    #[cfg(feature = "introspection")]
    pub(super) fn size(&self) -> usize {
        let actors = self.actor.iter().chain(&self.may_act).flat_map(Actor::chain);
        let texts = |actor: &Actor| {
            let texts = [&actor.subject, &actor.issuer, &actor.client_id];
            texts.into_iter().flatten().map(|text| text.len()).sum::<usize>()
        };
        size_of::<Self>() + actors.map(|actor| size_of::<Actor>() + texts(actor)).sum::<usize>()
    }
}

const EXPECTED: &str =
    "an object in which `sub`, `iss` and `client_id` are strings, and `act` is such an object";

/// `None` for a value of another form. The nesting is bounded by that of the JSON document.
fn read_actor(value: &JsonValue<'_>) -> Option<Actor> {
    let members = value.as_object()?;
    let string = |name: &str| match members.get(name) {
        None => Some(None),
        Some(JsonValue::String(text)) => Some(Some(Box::from(&**text))),
        Some(_) => None,
    };
    let prior = match members.get("act") {
        Some(act) => Some(Box::new(read_actor(act)?)),
        None => None,
    };
    Some(Actor {
        subject: string("sub")?,
        issuer: string("iss")?,
        client_id: string("client_id")?,
        prior,
    })
}
