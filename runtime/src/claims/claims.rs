//! The claims of one token.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::actor::Actor;
#[cfg(feature = "introspection")]
use super::actor::Delegation;
use super::claim_set::ClaimSet;
use super::confirmation::Confirmation;
#[cfg(feature = "introspection")]
use super::login::Login;
use super::stale::Stale;
use crate::{ResolveError, ScopeSet};

/// The claims of an access token, from an introspection response (RFC 7662 §2.2), a JWT (RFC 9068 §2.2), or
/// another source of a [`Resolver`](crate::Resolver).
///
/// They contain no decision: each request checks again whether the token is valid now, is meant for this server
/// and has the scopes. All claims are kept, also those that this crate does not use. The value is immutable and
/// cheap to clone.
#[derive(Clone)]
pub struct Claims(
    /// The outer pointer is the one that is cloned for each request: a thread can have one of its own, so that threads do
    /// not write to a common reference count.
    Arc<Shared>,
);

struct Shared {
    set: Arc<ClaimSet>,
    stale: Option<Stale>,
}

impl Claims {
    pub(super) fn new(set: ClaimSet) -> Self {
        Self::with(Arc::new(set), None)
    }

    fn with(set: Arc<ClaimSet>, stale: Option<Stale>) -> Self {
        Self(Arc::new(Shared { set, stale }))
    }

    #[cfg(feature = "redis")]
    pub(super) fn set(&self) -> &ClaimSet {
        &self.0.set
    }

    /// Whether both are copies of one value. Threads have pointers of their own to claims that are not stale.
    #[allow(dead_code, reason = "only integrations use it")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let fresh = !self.is_stale() && !other.is_stale();
        Arc::ptr_eq(&self.0, &other.0) || (fresh && Arc::ptr_eq(&self.0.set, &other.0.set))
    }

    /// The scopes of the token; empty if it has none. For [stale](Self::is_stale) claims, only the scopes for which
    /// they may be used.
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        self.0.stale.as_ref().and_then(Stale::usable).unwrap_or(&self.0.set.scopes)
    }

    /// The scopes of the token, also those for which stale claims may not be used.
    pub(crate) fn granted(&self) -> &ScopeSet {
        &self.0.set.scopes
    }

    /// `sub`: the subject of the token, such as a user (RFC 7519 §4.1.2). It is absent from many tokens of the client
    /// credentials grant.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.set.subject.as_deref()
    }

    /// `client_id`: the client that requested the token (RFC 7662 §2.2).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.set.client_id.as_deref()
    }

    /// `username`: a human-readable identifier of the user (RFC 7662 §2.2). It can be assigned to another user later:
    /// do not use it as a key.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.0.set.username.as_deref()
    }

    /// `iss`: the issuer of the token (RFC 7519 §4.1.1).
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.set.issuer.as_deref()
    }

    /// `aud`: the audiences of the token (RFC 7519 §4.1.3); empty if it has none.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.0.set.audience.iter().map(AsRef::as_ref)
    }

    /// `jti`: the identifier of the token (RFC 7519 §4.1.7).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.0.set.token_id.as_deref()
    }

    /// `iat`: when the token was issued (RFC 7519 §4.1.6).
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.0.set.issued_at
    }

    /// `nbf`: the token is not valid before this time (RFC 7519 §4.1.5).
    #[must_use]
    pub fn not_before(&self) -> Option<SystemTime> {
        self.0.set.not_before
    }

    /// `exp`: the token is not valid at or after this time (RFC 7519 §4.1.4).
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.set.expires_at
    }

    /// `act`: the party that acts for the subject; `None` if the subject acts itself (RFC 8693 §4.1).
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.0.set.actor()
    }

    /// `may_act`: the party that may act for the subject (RFC 8693 §4.4).
    #[must_use]
    pub fn may_act(&self) -> Option<&Actor> {
        self.0.set.delegation.as_deref()?.may_act.as_ref()
    }

    /// `acr`: the authentication context class that the login of the user satisfied (OpenID Connect Core 1.0 §2).
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.0.set.login.as_deref()?.acr.as_deref()
    }

    /// `amr`: the methods by which the user logged in, such as `pwd` and `otp` (RFC 8176 §2); empty if it is absent.
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        self.0.set.login.iter().flat_map(|login| &login.amr).map(AsRef::as_ref)
    }

    /// `auth_time`: when the user logged in (OpenID Connect Core 1.0 §2).
    #[must_use]
    pub fn auth_time(&self) -> Option<SystemTime> {
        self.0.set.login.as_deref()?.auth_time
    }

    /// The whole JSON document, byte for byte as it was received.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0.set.document
    }

    /// Whether these are cached claims that are older than the `ttl` of the cache, and are used because the token
    /// could not be resolved: see [`stale_if_error`](crate::CachedBuilder::stale_if_error).
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.0.stale.is_some()
    }

    /// The same claims, marked as stale: they may be used for these scopes only, or for all scopes if `None`.
    #[cfg_attr(
        not(feature = "introspection"),
        expect(dead_code, reason = "only the cache makes claims stale")
    )]
    pub(crate) fn stale(self, stale_scopes: Option<&ScopeSet>, cause: ResolveError) -> Self {
        let stale = Stale::new(&self.0.set.scopes, stale_scopes, cause);
        Self::with(Arc::clone(&self.0.set), Some(stale))
    }

    /// The same claims behind a pointer of its own, for one thread.
    #[cfg(feature = "introspection")]
    pub(crate) fn with_own_pointer(&self) -> Self {
        Self::with(Arc::clone(&self.0.set), self.0.stale.clone())
    }

    /// The same claims with the restrictions that other claims of the token have: another kind than a bearer access
    /// token, a binding to a key, a shorter validity and, where these claims have none, the audience and the actor.
    #[cfg(feature = "jwt")]
    pub(crate) fn restricted_by(self, other: &Self) -> Self {
        Self::with(Arc::new(self.0.set.restricted_by(&other.0.set)), self.0.stale.clone())
    }

    /// The error that made the claims stale, if the scopes of the token meet a condition and the scopes for which
    /// the stale claims may be used do not.
    ///
    /// If they may be used for some scopes only, a condition without scopes is not met: `stale_scopes` does not
    /// permit stale claims for it.
    pub(crate) fn too_stale_for(
        &self,
        met_by: impl Fn(&ScopeSet) -> bool,
    ) -> Option<&ResolveError> {
        self.0.stale.as_ref()?.too_stale_for(&self.0.set.scopes, met_by)
    }

    /// The approximate size of the claims in memory, in bytes.
    #[cfg(feature = "introspection")]
    pub(crate) fn size(&self) -> usize {
        let ClaimSet { subject, client_id, username, issuer, audience, .. } = &*self.0.set;
        let ClaimSet { confirmation, delegation, login, .. } = &*self.0.set;
        let texts = [subject, client_id, username, issuer, &self.0.set.token_id];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let audience: usize = audience.iter().map(|one| one.len() + size_of_val(one)).sum();
        size_of::<ClaimSet>()
            + texts
            + audience
            + confirmation.as_deref().map_or(0, size_of_val)
            + delegation.as_deref().map_or(0, Delegation::size)
            + login.as_deref().map_or(0, Login::size)
            + self.scopes().as_str().len()
            + self.as_json().len()
    }

    /// Whether the claims are of a kind of token other than a bearer access token.
    pub(crate) fn is_other_kind(&self) -> bool {
        self.0.set.other_kind
    }

    /// How much the clocks of the issuer and of this server may differ when `exp` and `nbf` are checked.
    pub(crate) fn leeway(&self) -> Duration {
        self.0.set.leeway
    }

    /// How the token is bound to its holder (`cnf`, RFC 7800 §3.1): it needs a proof of possession.
    pub(crate) fn confirmation(&self) -> Option<&Confirmation> {
        self.0.set.confirmation.as_deref()
    }

    /// Whether the token is bound to a key or to a certificate. That the caller is its holder was established when the
    /// claims were validated.
    pub(crate) fn is_sender_constrained(&self) -> bool {
        self.confirmation().is_some_and(|it| it.jkt.is_some() || it.x5t_s256.is_some())
    }

    /// Whether `token_type` says that the token is bound to the key of a DPoP proof.
    pub(crate) fn is_dpop_type(&self) -> bool {
        self.0.set.dpop_type
    }
}

/// Shows the fields below only: other claims may be personal data.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("subject", &self.subject())
            .field("client_id", &self.client_id())
            .field("scopes", self.scopes())
            .field("expires_at", &self.expires_at())
            .field("stale", &self.is_stale())
            .finish_non_exhaustive()
    }
}
