//! The claims of one token.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::claim_set::ClaimSet;
use super::stale::Stale;
use crate::{ResolveError, ScopeSet};

/// The claims of an access token, whoever resolved it: from an introspection response (RFC 7662 §2.2) or
/// a JWT (RFC 9068 §2.2).
///
/// They are facts, not decisions: whether the token is valid now, meant for this server and sufficient
/// is decided anew on every request. Every claim is kept and readable, also one that this crate does not
/// use. Cheap to clone; nobody can change it.
#[derive(Clone)]
pub struct Claims {
    set: Arc<ClaimSet>,
    stale: Option<Arc<Stale>>,
}

impl Claims {
    pub(super) fn new(set: ClaimSet) -> Self {
        Self { set: Arc::new(set), stale: None }
    }

    #[cfg(feature = "redis")]
    pub(super) fn set(&self) -> &ClaimSet {
        &self.set
    }

    /// The scopes granted to the token; empty if it names none. Of
    /// [stale](Self::is_stale) claims, only those that may still be used.
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        self.stale.as_deref().and_then(Stale::usable).unwrap_or(&self.set.scopes)
    }

    /// The scopes granted to the token, also those that stale claims may not be used for.
    pub(crate) fn granted(&self) -> &ScopeSet {
        &self.set.scopes
    }

    /// `sub`: whom the token speaks for. Absent for many tokens of the client credentials grant.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.set.subject.as_deref()
    }

    /// `client_id`: the client that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.set.client_id.as_deref()
    }

    /// `username`: a human-readable identifier of the user, not necessarily unique over time.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.set.username.as_deref()
    }

    /// `iss`: the authorization server that issued the token.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.set.issuer.as_deref()
    }

    /// `aud`: the resource servers that the token is meant for; empty if it names none.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.set.audience.iter().map(AsRef::as_ref)
    }

    /// `jti`: the identifier of the token.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.set.token_id.as_deref()
    }

    /// `iat`: when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.set.issued_at
    }

    /// `nbf`: from when on the token is valid.
    #[must_use]
    pub fn not_before(&self) -> Option<SystemTime> {
        self.set.not_before
    }

    /// `exp`: from when on the token is no longer valid.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.set.expires_at
    }

    /// The whole document, as the authorization server wrote it.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.set.document
    }

    /// Whether these are cached claims that are older than the `ttl` of the cache, used because the token
    /// could not be resolved: see [`stale_if_error`](crate::CachedBuilder::stale_if_error).
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale.is_some()
    }

    /// The same claims as stale ones, for these scopes alone, or for all if there is no set.
    #[cfg_attr(
        not(feature = "introspection"),
        expect(dead_code, reason = "only the cache makes claims stale")
    )]
    pub(crate) fn stale(self, stale_scopes: Option<&ScopeSet>, cause: ResolveError) -> Self {
        let stale = Stale::new(&self.set.scopes, stale_scopes, cause);
        Self { stale: Some(Arc::new(stale)), set: self.set }
    }

    /// Why a policy cannot be decided, if the scopes of the token meet it and those that stale claims may
    /// be used for do not.
    ///
    /// If only some scopes may be used, a policy that requires no scope is not met either: `stale_scopes`
    /// does not say that stale claims may be used for it.
    pub(crate) fn too_stale_for(
        &self,
        met_by: impl Fn(&ScopeSet) -> bool,
    ) -> Option<&ResolveError> {
        self.stale.as_deref()?.too_stale_for(&self.set.scopes, met_by)
    }

    /// About how many bytes the claims take in memory.
    #[cfg(feature = "introspection")]
    pub(crate) fn size(&self) -> usize {
        let ClaimSet { subject, client_id, username, issuer, audience, .. } = &*self.set;
        let texts = [subject, client_id, username, issuer, &self.set.token_id];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let audience: usize = audience.iter().map(|one| one.len() + size_of_val(one)).sum();
        size_of::<ClaimSet>()
            + texts
            + audience
            + self.scopes().as_str().len()
            + self.as_json().len()
    }

    /// Whether the claims are of another kind of token than a bearer access token.
    pub(crate) fn is_other_kind(&self) -> bool {
        self.set.other_kind
    }

    /// Whether the token is bound to a key (`cnf`), so that presenting it proves nothing yet.
    pub(crate) fn is_sender_constrained(&self) -> bool {
        self.set.sender_constrained
    }
}

/// Shows whom the token speaks for, not what else the server said.
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
