//! The stage *decide*: whether the claims of a caller meet what a function requires.
//!
//! It is the only evaluator: guards, [`AuthInfo::require`](crate::AuthInfo::require), and the lists that an MCP
//! server filters call it. A decision is not cached: it uses the claims of the current request (R-E1).

use std::time::SystemTime;

use crate::policy::{DetailType, Requirement, TokenRequirement, UserAuthentication};
use crate::{Claims, ResolveError, ResourceServer, ScopeSet};

/// Why a requirement is not met.
#[derive(Debug)]
pub(crate) enum Denial<'a> {
    /// The token is not bound to its holder.
    NotSenderConstrained,
    /// The user has logged in otherwise, or too long ago.
    UserAuthentication(UserAuthenticationError, UserAuthentication<'a>),
    /// The token has no authorization details of this type.
    AuthorizationDetails(DetailType),
    /// The token does not have the scopes.
    InsufficientScope,
    /// The claims have the scopes, but they are stale and may not be used for these scopes. The error is the
    /// reason why the token could not be resolved again.
    Stale(&'a ResolveError),
}

/// How a login differs from the one that a function requires (RFC 9470 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UserAuthenticationError {
    #[error("the token does not say how the user logged in: it has no `acr`")]
    NoAcr,
    #[error("the user logged in with another `acr`")]
    OtherAcr,
    #[error("the token does not say when the user logged in: it has no `auth_time`")]
    NoAuthTime,
    #[error("the user logged in too long ago")]
    TooLongAgo,
    #[error("the `auth_time` of the token is in the future")]
    InFuture,
}

/// Decides whether the claims meet a requirement.
///
/// A login comes before the scopes: the challenge for another login names the scopes too, so that a client gets both with
/// one request. Authorization details come after them, since their challenge names no scopes.
pub(crate) fn decide_requirement<'a>(
    claims: &'a Claims,
    requirement: &Requirement,
    server: &ResourceServer,
) -> Result<(), Denial<'a>> {
    let condition =
        |granted: &ScopeSet| requirement.condition.is_met_in(server.definitions(), granted);
    match requirement.token {
        None => decide(claims, condition),
        Some(token) => {
            decide_token(claims, token, server)?;
            decide(claims, condition)?;
            decide_details(claims, token, server)
        }
    }
}

/// Whether the token is bound to its holder and the user has logged in as required.
pub(crate) fn decide_token(
    claims: &Claims,
    required: &TokenRequirement,
    server: &ResourceServer,
) -> Result<(), Denial<'static>> {
    if required.sender_constrained && !claims.is_sender_constrained() {
        return Err(Denial::NotSenderConstrained);
    }
    decide_authentication(claims, required.authentication, server)
}

/// Whether the user has logged in as required (RFC 9470).
pub(crate) fn decide_authentication<'r>(
    claims: &Claims,
    required: UserAuthentication<'r>,
    server: &ResourceServer,
) -> Result<(), Denial<'r>> {
    let unmet = unmet_acr(claims, required).or_else(|| unmet_max_age(claims, required, server));
    unmet.map_or(Ok(()), |error| Err(Denial::UserAuthentication(error, required)))
}

fn unmet_acr(claims: &Claims, required: UserAuthentication<'_>) -> Option<UserAuthenticationError> {
    match claims.acr() {
        _ if required.acr_values.is_empty() => None,
        None => Some(UserAuthenticationError::NoAcr),
        Some(acr) if required.acr_values.contains(&acr) => None,
        Some(_) => Some(UserAuthenticationError::OtherAcr),
    }
}

/// The leeway is for the difference between the clocks of the authorization server and of this one.
fn unmet_max_age(
    claims: &Claims,
    required: UserAuthentication<'_>,
    server: &ResourceServer,
) -> Option<UserAuthenticationError> {
    let max_age = required.max_age?;
    let validation = server.validation();
    let (now, leeway) = (validation.clock.now(), validation.leeway_for(claims));
    let Some(auth_time) = claims.auth_time() else {
        return Some(UserAuthenticationError::NoAuthTime);
    };
    let is_after = |time: SystemTime, end: Option<SystemTime>| end.is_none_or(|end| time > end);
    if is_after(auth_time, now.checked_add(leeway)) {
        return Some(UserAuthenticationError::InFuture);
    }
    let end = auth_time.checked_add(max_age).and_then(|end| end.checked_add(leeway));
    is_after(now, end).then_some(UserAuthenticationError::TooLongAgo)
}

/// Whether the token has authorization details of each type (RFC 9396).
pub(crate) fn decide_details<'a>(
    claims: &'a Claims,
    required: &TokenRequirement,
    server: &ResourceServer,
) -> Result<(), Denial<'a>> {
    let types = required.authorization_details;
    match types.iter().copied().find(|detail| !detail.is_granted(claims, server)) {
        Some(missing) => Err(Denial::AuthorizationDetails(missing)),
        None if types.is_empty() => Ok(()),
        None => decide_stale_details(claims),
    }
}

/// Whether the authorization details of the claims may be used: not those of stale claims that may be used for some scopes
/// only.
pub(crate) fn decide_stale_details(claims: &Claims) -> Result<(), Denial<'_>> {
    claims.too_stale_for(|_| true).map_or(Ok(()), |error| Err(Denial::Stale(error)))
}

/// Decides whether the scopes of the claims meet a condition.
///
/// Staleness is checked first: stale claims that may be used for some scopes only must not be used for a
/// condition without scopes, which they would meet.
pub(crate) fn decide(
    claims: &Claims,
    condition: impl Fn(&ScopeSet) -> bool,
) -> Result<(), Denial<'_>> {
    if let Some(error) = claims.too_stale_for(&condition) {
        return Err(Denial::Stale(error));
    }
    if condition(claims.scopes()) { Ok(()) } else { Err(Denial::InsufficientScope) }
}

#[cfg(test)]
#[cfg(feature = "introspection")]
mod tests {
    use super::*;
    use crate::Condition::{self, All, Any, Scope};
    use crate::TokenError;

    fn decision(claims: &Claims, condition: Condition) -> &'static str {
        match decide(claims, |granted| condition.is_met_by(granted)) {
            Ok(()) => "run",
            Err(Denial::InsufficientScope) => "insufficient scope",
            Err(Denial::Stale(ResolveError::InvalidToken(TokenError::Inactive))) => "stale",
            Err(other) => panic!("another cause than that of the claims: {other:?}"),
        }
    }

    #[test]
    fn stale_claims_satisfy_only_what_their_scopes_are_needed_for() {
        // R-E1, R-C10, R-J3
        let fresh = Claims::from_json(br#"{"scope":"read write"}"#).unwrap();
        let only_read = "read".parse::<ScopeSet>().unwrap();
        let for_all = fresh.clone().stale(None, TokenError::Inactive.into());
        let for_read = fresh.clone().stale(Some(&only_read), TokenError::Inactive.into());
        let either = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
        for (condition, of_fresh, of_stale_for_read) in [
            (Scope("read"), "run", "run"),
            (Scope("write"), "run", "stale"),
            (Scope("admin"), "insufficient scope", "insufficient scope"),
            (either, "run", "stale"),
            // Their scopes satisfy it, and so would none: nothing says that stale claims will do.
            (Condition::NONE, "run", "stale"),
            (Any(&[Condition::NONE, Scope("read")]), "run", "stale"),
            (Any(&[]), "insufficient scope", "insufficient scope"),
        ] {
            assert_eq!(decision(&fresh, condition), of_fresh, "{condition:?}");
            assert_eq!(decision(&for_all, condition), of_fresh, "{condition:?}, stale for all");
            assert_eq!(decision(&for_read, condition), of_stale_for_read, "{condition:?}, stale");
        }
    }
}
