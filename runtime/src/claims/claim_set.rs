//! The claims that this crate reads, by their names and JSON types (RFC 7519 §4.1, RFC 7662 §2.2).

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize};

use super::actor::{Actor, Delegation};
use super::confirmation::Confirmation;
use super::json_value::JsonValue;
use super::login::Login;
use super::{ScopeClaim, token_type};
use crate::ScopeSet;
use crate::resolve::{CLIENT_ID_CLAIMS, MemberError, ResponseError};

/// The claim with the client (RFC 7662 §2.2, RFC 9068 §2.2).
pub(super) const CLIENT_ID: &str = "client_id";

/// The last second of the year 9999. A later time is an error, often milliseconds instead of seconds.
const LATEST: f64 = 253_402_300_799.0;

/// The claims that this crate reads, and the whole document. It can be serialized for a second level of the cache
/// outside this process.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimSet {
    #[serde(deserialize_with = "scopes")]
    pub(super) scopes: ScopeSet,
    pub(super) subject: Option<Box<str>>,
    pub(super) client_id: Option<Box<str>>,
    pub(super) username: Option<Box<str>>,
    pub(super) issuer: Option<Box<str>>,
    pub(super) audience: Vec<Box<str>>,
    pub(super) token_id: Option<Box<str>>,
    /// Whether `token_type` or `token_use` names a kind of token other than a bearer access token.
    pub(super) other_kind: bool,
    pub(super) issued_at: Option<SystemTime>,
    pub(super) not_before: Option<SystemTime>,
    pub(super) expires_at: Option<SystemTime>,
    /// Whether `token_type` says that the token is bound to the key of a DPoP proof (RFC 9449 §5).
    pub(super) dpop_type: bool,
    /// Boxed as the next ones, since most tokens have none.
    #[serde(deserialize_with = "present")]
    pub(super) confirmation: Option<Box<Confirmation>>,
    #[serde(deserialize_with = "present")]
    pub(super) delegation: Option<Box<Delegation>>,
    #[serde(deserialize_with = "present")]
    pub(super) login: Option<Box<Login>>,
    /// How much the clock of the issuer may differ from the one of this server.
    pub(super) leeway: Duration,
    /// The whole document as text: a tree of values would take several times the memory.
    pub(super) document: Box<str>,
}

impl ClaimSet {
    /// Reads the claims of `document`, whose text is `json`.
    pub(super) fn read(
        document: &JsonValue<'_>,
        json: &str,
        scope_claims: &[ScopeClaim],
        client_id_claims: &[String],
    ) -> Result<Self, ResponseError> {
        let mut scopes = Vec::new();
        for claim in scope_claims {
            claim.add_scopes(document, &mut scopes).map_err(ResponseError::MemberError)?;
        }
        Ok(Self {
            scopes: ScopeSet::granted(scopes),
            subject: string(document, "sub")?,
            client_id: client_id(document, client_id_claims)?,
            username: string(document, "username")?,
            issuer: string(document, "iss")?,
            audience: audience(document)?,
            token_id: string(document, "jti")?,
            other_kind: token_type::is_other(document)?,
            issued_at: time(document, "iat")?,
            not_before: time(document, "nbf")?,
            expires_at: time(document, "exp")?,
            dpop_type: token_type::is_dpop(document),
            confirmation: Confirmation::read(document),
            delegation: Delegation::read(document)?,
            login: Login::read(document),
            leeway: Duration::ZERO,
            document: json.into(),
        })
    }

    pub(super) fn actor(&self) -> Option<&Actor> {
        self.delegation.as_deref()?.actor.as_ref()
    }

    /// The same claims with the restrictions of other ones: see [`Claims::restricted_by`](super::Claims).
    #[cfg(feature = "jwt")]
    pub(super) fn restricted_by(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.other_kind |= other.other_kind;
        set.dpop_type |= other.dpop_type;
        if let Some(further) = &other.confirmation {
            let own = set.confirmation.as_deref();
            let both = own.map_or_else(|| (**further).clone(), |own| own.and(further));
            set.confirmation = Some(Box::new(both));
        }
        if set.actor().is_none() && other.actor().is_some() {
            set.delegation.clone_from(&other.delegation);
        }
        if set.audience.is_empty() {
            set.audience.clone_from(&other.audience);
        }
        if let (Some(own), Some(other)) = (&mut set.login, &other.login) {
            own.restrict(other);
        }
        let ends = [self.expires_at, other.expires_at];
        set.expires_at = ends.into_iter().flatten().min();
        set.not_before = self.not_before.max(other.not_before);
        if (set.expires_at, set.not_before) != (self.expires_at, self.not_before) {
            set.leeway = self.leeway.max(other.leeway);
        }
        set
    }
}

fn string(document: &JsonValue<'_>, name: &'static str) -> Result<Option<Box<str>>, ResponseError> {
    match document.get(name) {
        None => Ok(None),
        Some(JsonValue::String(text)) => Ok(Some((**text).into())),
        Some(found) => Err(ResponseError::MemberError(MemberError::new(name, "a string", found))),
    }
}

/// The first of these claims that is there. Each must be a string, also one that is not used.
fn client_id(
    document: &JsonValue<'_>,
    claims: &[String],
) -> Result<Option<Box<str>>, ResponseError> {
    let mut client_id = None;
    for claim in claims {
        let text = match document.get(claim) {
            None => continue,
            Some(JsonValue::String(text)) => &**text,
            Some(found) => {
                let name = if claim == CLIENT_ID { CLIENT_ID } else { CLIENT_ID_CLAIMS };
                return Err(ResponseError::MemberError(MemberError::new(name, "a string", found)));
            }
        };
        client_id.get_or_insert_with(|| text.into());
    }
    Ok(client_id)
}

/// A string or an array of strings (RFC 7519 §4.1.3). `null` is an error: it does not mean absent.
fn audience(document: &JsonValue<'_>) -> Result<Vec<Box<str>>, ResponseError> {
    let Some(found) = document.get("aud") else {
        return Ok(Vec::new());
    };
    let text = |value: &JsonValue<'_>| value.as_str().map(Box::from);
    let audience = match found {
        JsonValue::Array(elements) => elements.iter().map(text).collect(),
        value => text(value).map(|one| vec![one]),
    };
    let wrong = || MemberError::new("aud", "a string or an array of strings", found);
    audience.ok_or_else(|| ResponseError::MemberError(wrong()))
}

/// A `NumericDate` (RFC 7519 §2): seconds since the epoch, as an integer or a fraction.
pub(super) fn time(
    document: &JsonValue<'_>,
    name: &'static str,
) -> Result<Option<SystemTime>, ResponseError> {
    let Some(value) = document.get(name) else {
        return Ok(None);
    };
    let wrong = || ResponseError::MemberError(MemberError::new(name, "a number", value));
    let seconds = value.as_f64().ok_or_else(wrong)?;
    if !(0.0..=LATEST).contains(&seconds) {
        return Err(ResponseError::TimeOutOfRange);
    }
    let since = Duration::try_from_secs_f64(seconds).map_err(|_| ResponseError::TimeOutOfRange)?;
    SystemTime::UNIX_EPOCH.checked_add(since).map(Some).ok_or(ResponseError::TimeOutOfRange)
}

/// Deserializes a set of scopes from its serialized form, an array of strings.
fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ScopeSet, D::Error> {
    let scopes = Vec::<String>::deserialize(deserializer)?;
    Ok(ScopeSet::granted(scopes.iter().map(String::as_str)))
}

/// Deserializes an `Option` that must be present: a record of another version that does not have the member is not one
/// of a token without the claim.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}
