//! The caller of a guarded function.

mod authorization;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::decide::decide_stale_details;
use crate::policy::{DetailType, Requirement, UserAuthentication};
use crate::rejection::RejectionObserver;
use crate::scope::ListedScope;
use crate::{
    AccessToken, Actor, AuthorizationDetail, AuthorizationDetails, Claims, Condition, Permit,
    Rejection, ResourceServer, ScopeList, ScopeSet, ScopeType,
};

/// The authenticated caller of a guarded function.
///
/// Only the guard makes one, so a function that has an `AuthInfo` runs for a caller whose token is
/// valid and meant for this server. Cheap to clone. For a unit test of such a function, the
/// `testing` feature has ready-made values.
///
/// It serialises to the shape of the MCP SDKs' `AuthInfo`: `clientId`, `scopes`, `expiresAt` in
/// seconds since the epoch, and the claims in `extra`; without the token.
#[derive(Clone)]
pub struct AuthInfo(
    /// Behind a pointer, since a caller is moved several times for each request, in code that is compiled for each
    /// guarded function.
    Arc<Inner>,
);

#[derive(Clone)]
struct Inner {
    claims: Claims,
    token: AccessToken,
    server: ResourceServer,
    /// What the attribute of the function requires, for the challenge of [`AuthInfo::require`].
    declared: Requirement,
    context: RequestContext,
}

/// What a caller takes from the request beyond its token.
#[derive(Clone, Default)]
struct RequestContext {
    /// What guards of the same request in front of this one require, for the challenge of
    /// [`AuthInfo::require`].
    outer: Vec<Requirement>,
    /// Receives the rejections that are made for this caller.
    observer: Option<Arc<dyn RejectionObserver>>,
}

impl AuthInfo {
    pub(crate) fn new(claims: Claims, token: AccessToken, server: ResourceServer) -> Self {
        let (declared, context) = (Condition::NONE.into(), RequestContext::default());
        Self(Arc::new(Inner { claims, token, server, declared, context }))
    }

    /// Passes the rejections that are made for this caller from now on to an observer.
    #[allow(dead_code, reason = "only integrations use it")]
    pub(crate) fn observed_by(mut self, observer: Arc<dyn RejectionObserver>) -> Self {
        self.inner_mut().context.observer = Some(observer);
        self
    }

    fn inner_mut(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    /// The claims, as they were resolved.
    #[allow(dead_code, reason = "only integrations use it")]
    pub(crate) fn resolved(&self) -> &Claims {
        &self.0.claims
    }

    /// Requires further scopes inside a function, where they depend on its arguments.
    ///
    /// `scopes` is written as in the attribute: `"read write"` means both, and `JournalScope::EntriesRead` is a scope of
    /// a [vocabulary](crate::ScopeVocabulary). A scope that implies one of them counts as in the attribute. The rejection
    /// is a 403 whose challenge names these scopes and those of the function's attribute, so that a client
    /// can request all of them at once. If the attribute has alternatives, [`Condition`] describes which of them the
    /// challenge names.
    ///
    /// For a choice, use [`require_condition`](Self::require_condition).
    ///
    /// ```
    /// use requires_auth::{AuthInfo, Rejection};
    ///
    /// fn may_read(auth: &AuthInfo, private: bool) -> Result<(), Rejection> {
    ///     if private {
    ///         auth.require("repo:private")?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Reason::InsufficientScope`](crate::Reason::InsufficientScope) if the token lacks one of the scopes;
    /// [`Reason::Unavailable`](crate::Reason::Unavailable) if it had them when it was last resolved, the authorization server is unavailable, and
    /// stale claims may not be used for them;
    /// [`Reason::Misconfigured`](crate::Reason::Misconfigured) if `scopes` is empty or outside the grammar of RFC 6749 §3.3.
    #[must_use = "the request is rejected only if this result is returned: write \
                  `auth.require(\"…\")?`; `let _ =` rejects no request"]
    pub fn require<'a>(&self, scopes: impl ScopeList<'a>) -> Result<(), Rejection> {
        let mut required = Vec::new();
        scopes.add_to(&mut required).map_err(|error| self.reject_misuse(error))?;
        if required.is_empty() {
            return Err(self.reject_misuse(NothingRequired));
        }
        self.decide(
            |granted| required.iter().all(|scope| self.is_granted(*scope, granted)),
            || required.iter().map(|scope| scope.name).collect(),
        )
    }

    /// The same for any condition.
    ///
    /// The challenge names one alternative of the condition, chosen by the scopes of the token:
    /// see [`Condition`]. [`Condition::NONE`] is met by every caller, `Condition::Any(&[])` by none.
    ///
    /// ```
    /// use requires_auth::Condition::{self, All, Any, Scope};
    /// use requires_auth::{AuthInfo, Rejection};
    ///
    /// const PUBLISHING: Condition = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
    ///
    /// fn may_publish(auth: &AuthInfo) -> Result<(), Rejection> {
    ///     auth.require_condition(PUBLISHING)
    /// }
    /// ```
    ///
    /// The scopes of a condition are `&'static str`. For scopes that are put together at run time,
    /// use [`require`](Self::require), after [`has_scope`](Self::has_scope) where there is a choice.
    ///
    /// # Errors
    /// As of [`require`](Self::require): [`Reason::InsufficientScope`](crate::Reason::InsufficientScope),
    /// [`Reason::Unavailable`](crate::Reason::Unavailable), and
    /// [`Reason::Misconfigured`](crate::Reason::Misconfigured) if a scope is outside the grammar of RFC 6749 §3.3.
    #[must_use = "no request is rejected unless the function returns the error: write \
                  `auth.require_condition(…)?`"]
    pub fn require_condition(&self, condition: impl Into<Condition>) -> Result<(), Rejection> {
        let condition = condition.into();
        condition.check().map_err(|error| self.reject_misuse(error))?;
        self.decide(self.is_met(&condition), || self.challenge_scopes(&condition))
    }

    /// Requires a login inside a function, where it depends on its arguments: one with one of the authentication context
    /// classes (`acr`), and at most `max_age` ago (`auth_time`). With no class, or no `max_age`, the other one alone is
    /// required. The [`leeway`](crate::ResourceServerBuilder::leeway) of the resource server is added to `max_age`.
    ///
    /// The rejection is a 401 whose challenge names both, and the scopes of the function's attribute (RFC 9470 §3). The
    /// arguments `acr_values` and `max_age` of the attribute do the same before the function runs.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use requires_auth::{AuthInfo, Rejection};
    ///
    /// fn may_transfer(auth: &AuthInfo, amount: u64) -> Result<(), Rejection> {
    ///     if amount > 1_000 {
    ///         auth.require_user_authentication(&["phr"], Some(Duration::from_secs(300)))?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Reason::InsufficientUserAuthentication`](crate::Reason::InsufficientUserAuthentication) if the token has another
    /// `acr` or none, or an older `auth_time` or none;
    /// [`Reason::Misconfigured`](crate::Reason::Misconfigured) if there is neither a class nor a `max_age`, or if a class
    /// is empty or has a character that a challenge cannot contain: a space, `"`, `\`, or one outside printable ASCII.
    #[must_use = "the request is rejected only if this result is returned: write \
                  `auth.require_user_authentication(…)?`"]
    pub fn require_user_authentication(
        &self,
        acr_values: &[&str],
        max_age: Option<Duration>,
    ) -> Result<(), Rejection> {
        let required = UserAuthentication { acr_values, max_age };
        if required.is_any() {
            return Err(self.reject_misuse(NoLoginRequired));
        }
        if !required.is_quotable() {
            return Err(self.reject_misuse(InvalidAcr));
        }
        self.decide_authentication(required)
    }

    /// The authorization details of a type that the token has, perhaps none (RFC 9396): see [`AuthorizationDetails`].
    /// [Stale](Self::is_stale) claims have none where they may be used for some scopes only.
    ///
    /// They are parsed on each call.
    #[must_use]
    pub fn authorization_details<T: AuthorizationDetail>(&self) -> AuthorizationDetails<T> {
        match decide_stale_details(&self.0.claims) {
            Ok(()) => AuthorizationDetails::of(&self.0.claims, &self.0.server),
            Err(_) => AuthorizationDetails::default(),
        }
    }

    /// Requires authorization details inside a function, and returns them. The argument `authorization_details` of the
    /// attribute does the same before the function runs.
    ///
    /// # Errors
    /// [`Reason::InsufficientAuthorizationDetails`](crate::Reason::InsufficientAuthorizationDetails) if the token has none of
    /// this type; [`Reason::Unavailable`](crate::Reason::Unavailable) if it had some when it was last resolved, the
    /// authorization server is unavailable, and [stale](Self::is_stale) claims may be used for some scopes only.
    pub fn require_authorization_details<T: AuthorizationDetail>(
        &self,
    ) -> Result<AuthorizationDetails<T>, Rejection> {
        let details = AuthorizationDetails::of(&self.0.claims, &self.0.server);
        if details.is_empty() {
            return Err(self.reject_missing_details(DetailType::of::<T>()));
        }
        self.decide_stale_details()?;
        Ok(details)
    }

    /// Whether the token is bound to its holder: to a key (`cnf` with `jkt`, RFC 9449) or to a certificate (`x5t#S256`, RFC
    /// 8705). The guard has established that the caller is the holder.
    #[must_use]
    pub fn is_sender_constrained(&self) -> bool {
        self.0.claims.is_sender_constrained()
    }

    /// Requires a scope inside a function, and returns the evidence for functions that take it: see [`Permit`].
    ///
    /// The permit borrows this value: it cannot outlive it, or be moved into a task without it. It does not check `exp`
    /// again: do not keep an `AuthInfo` longer than its request.
    ///
    /// # Errors
    /// As of [`require`](Self::require), for this scope.
    pub fn permit<S: ScopeType>(&self) -> Result<&Permit<S>, Rejection> {
        self.require_condition(Condition::Typed(S::DEFINITION))?;
        Ok(Permit::issue())
    }

    /// Whether the caller meets a condition. A scope of a [vocabulary](crate::ScopeVocabulary) is a condition too:
    /// `auth.meets(JournalScope::EntriesRead)` is also true for a token with a scope that implies it.
    ///
    /// [Stale](Self::is_stale) claims meet it only if they may be used for it, and a condition outside the grammar
    /// of RFC 6749 §3.3 is met by no caller.
    #[must_use]
    pub fn meets(&self, condition: impl Into<Condition>) -> bool {
        let condition = condition.into();
        condition.check().is_ok()
            && crate::decide::decide(&self.0.claims, self.is_met(&condition)).is_ok()
    }

    /// Whether the token has this scope, or one that implies it in a
    /// [vocabulary](crate::ResourceServerBuilder::scopes) of the resource server. Of [stale](Self::is_stale) claims, only
    /// the scopes count that may still be used.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.is_granted(ListedScope { name: scope, definition: None }, self.scopes())
    }

    /// Whether the caller's claims are older than they should be, since the authorization server
    /// could not be reached: see [`Claims::is_stale`].
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.0.claims.is_stale()
    }

    /// The scopes granted to the token, without those that they imply; of [stale](Self::is_stale) claims, only those
    /// that may still be used.
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        self.0.claims.scopes()
    }

    /// `sub`: the principal of the token; absent for many tokens of the client credentials grant,
    /// and never filled in from another claim.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.claims.subject()
    }

    /// `client_id`: the client that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.claims.client_id()
    }

    /// `username`: a human-readable identifier of the user.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.0.claims.username()
    }

    /// `iss`: the authorization server that issued the token.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.claims.issuer()
    }

    /// `aud`: the resource servers that the token is meant for.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.0.claims.audience()
    }

    /// `jti`: the identifier of the token.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.0.claims.token_id()
    }

    /// `iat`: when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.0.claims.issued_at()
    }

    /// `nbf`: from when on the token is valid.
    #[must_use]
    pub fn not_before(&self) -> Option<SystemTime> {
        self.0.claims.not_before()
    }

    /// `exp`: when the token stops being valid.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.claims.expires_at()
    }

    /// `act`: the party that acts for the subject, such as an agent for a user; `None` if the subject acts itself
    /// (RFC 8693 §4.1).
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use requires_auth::testing::Caller;
    ///
    /// let agent = Caller::new("alice", "entries:write").actor("agent").auth_info();
    /// assert_eq!(agent.subject(), Some("alice"));
    /// assert_eq!(agent.actor().and_then(|actor| actor.subject()), Some("agent"));
    /// # }
    /// ```
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.0.claims.actor()
    }

    /// `may_act`: the party that may act for the subject (RFC 8693 §4.4); `None` as well if the claim is not an object
    /// with strings in `sub`, `iss` and `client_id`.
    #[must_use]
    pub fn may_act(&self) -> Option<&Actor> {
        self.0.claims.may_act()
    }

    /// `acr`: the authentication context class that the login of the user satisfied (OpenID Connect Core 1.0 §2, RFC 9470
    /// §6); `None` as well if the claim is not a string.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.0.claims.acr()
    }

    /// `amr`: the methods by which the user logged in, such as `pwd` and `otp` (RFC 8176 §2); empty if the claim is
    /// absent or not an array of strings.
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        self.0.claims.amr()
    }

    /// `auth_time`: when the user logged in (OpenID Connect Core 1.0 §2, RFC 9470 §6); `None` as well if the claim is not
    /// a number of seconds since the epoch.
    #[must_use]
    pub fn auth_time(&self) -> Option<SystemTime> {
        self.0.claims.auth_time()
    }

    /// One claim by its name, as the authorization server wrote it.
    ///
    /// The claims are parsed on each call: to read several, use [`claims`](Self::claims).
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<Value> {
        match self.claims::<Value>().ok()? {
            Value::Object(mut members) => members.remove(name),
            _ => None,
        }
    }

    /// All claims, as a type of yours.
    ///
    /// # Errors
    /// If the claims do not fit the type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.claims.as_json())
    }

    /// The token itself. Do not pass it on: it was issued for this server alone.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.0.token
    }
}

impl fmt::Debug for AuthInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthInfo")
            .field("claims", &self.0.claims)
            .field("token", &self.0.token)
            .finish_non_exhaustive()
    }
}

impl Serialize for AuthInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let expires_at = self
            .expires_at()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map(|since| since.as_secs());
        let extra: Value = self.claims().map_err(serde::ser::Error::custom)?;
        let mut shape = serializer.serialize_struct("AuthInfo", 4)?;
        shape.serialize_field("clientId", &self.client_id())?;
        shape.serialize_field("scopes", self.scopes())?;
        match expires_at {
            Some(seconds) => shape.serialize_field("expiresAt", &seconds)?,
            None => shape.skip_field("expiresAt")?,
        }
        shape.serialize_field("extra", &extra)?;
        shape.end()
    }
}

/// `require` was called without a scope.
#[derive(Debug, thiserror::Error)]
#[error("`AuthInfo::require` was called without a scope")]
struct NothingRequired;

/// `require_user_authentication` was called without a class and without an age.
#[derive(Debug, thiserror::Error)]
#[error(
    "`AuthInfo::require_user_authentication` was called without `acr_values` and without `max_age`"
)]
struct NoLoginRequired;

/// `require_user_authentication` was called with a class that a challenge cannot name.
#[derive(Debug, thiserror::Error)]
#[error(
    "a value of `acr_values` is empty, or has a space, `\"`, `\\` or a character outside printable ASCII"
)]
pub(crate) struct InvalidAcr;
