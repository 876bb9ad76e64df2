//! The claims of an active token.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::stale::Stale;
use crate::{ClaimsReader, ResolveError, ScopeSet};

/// What the authorization server said of an **active** token (RFC 7662 §2.2).
///
/// These are facts, not decisions: whether the token is still valid, meant for this server and
/// sufficient is decided anew on every request. Cheap to clone; nobody can change it.
#[derive(Clone)]
pub struct Claims {
    pub(super) facts: Arc<Facts>,
    pub(super) stale: Option<Arc<Stale>>,
}

#[cfg_attr(feature = "redis", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "redis", serde(deny_unknown_fields))]
pub(super) struct Facts {
    #[cfg_attr(feature = "redis", serde(deserialize_with = "super::serialized::scopes"))]
    pub(super) scopes: ScopeSet,
    pub(super) subject: Option<Box<str>>,
    pub(super) client_id: Option<Box<str>>,
    pub(super) username: Option<Box<str>>,
    pub(super) issuer: Option<Box<str>>,
    pub(super) audience: Vec<Box<str>>,
    pub(super) token_id: Option<Box<str>>,
    /// Whether it says that this is another kind of token.
    pub(super) other_kind: bool,
    pub(super) issued_at: Option<SystemTime>,
    pub(super) not_before: Option<SystemTime>,
    pub(super) expires_at: Option<SystemTime>,
    pub(super) sender_constrained: bool,
    /// The whole answer, kept as text: a tree of it would take several times the memory.
    pub(super) document: Box<str>,
}

impl Claims {
    /// Reads an introspection answer that has its scopes in `scope`; [`ClaimsReader`] has the rest.
    ///
    /// # Errors
    /// [`ResolveError::Inactive`] if it says so, [`ResolveError::InvalidResponse`] if it is not an answer.
    pub fn from_introspection(json: &[u8]) -> Result<Self, ResolveError> {
        ClaimsReader::default().read(json)
    }

    /// The scopes granted to the token; empty if the answer named none. Of
    /// [stale](Self::is_stale) claims, only those that may still be used.
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        self.stale.as_deref().and_then(Stale::usable).unwrap_or(&self.facts.scopes)
    }

    /// The scopes granted to the token, also those that stale claims may not be used for.
    pub(crate) fn granted(&self) -> &ScopeSet {
        &self.facts.scopes
    }

    /// `sub`: whom the token speaks for. Absent for many tokens of the client credentials grant.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.facts.subject.as_deref()
    }

    /// `client_id`: the client that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.facts.client_id.as_deref()
    }

    /// `username`: a human-readable identifier of the user, not necessarily unique over time.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.facts.username.as_deref()
    }

    /// `iss`: the authorization server that issued the token.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.facts.issuer.as_deref()
    }

    /// `aud`: the resource servers that the token is meant for; empty if the answer named none.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.facts.audience.iter().map(AsRef::as_ref)
    }

    /// `jti`: the identifier of the token.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.facts.token_id.as_deref()
    }

    /// `iat`: when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.facts.issued_at
    }

    /// `nbf`: from when on the token is valid.
    #[must_use]
    pub fn not_before(&self) -> Option<SystemTime> {
        self.facts.not_before
    }

    /// `exp`: from when on the token is no longer valid.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.facts.expires_at
    }

    /// The whole answer, as the server wrote it.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.facts.document
    }

    /// About how many bytes the claims take in memory.
    #[cfg(feature = "introspection")]
    pub(crate) fn size(&self) -> usize {
        let Facts { subject, client_id, username, issuer, audience, .. } = &*self.facts;
        let texts = [subject, client_id, username, issuer, &self.facts.token_id];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let audience: usize = audience.iter().map(|one| one.len() + size_of_val(one)).sum();
        size_of::<Facts>() + texts + audience + self.scopes().as_str().len() + self.as_json().len()
    }

    /// Whether the answer says that this is not an access token for bearers.
    pub(crate) fn is_other_kind(&self) -> bool {
        self.facts.other_kind
    }

    /// Whether the token is bound to a key (`cnf`), so that presenting it proves nothing yet.
    pub(crate) fn is_sender_constrained(&self) -> bool {
        self.facts.sender_constrained
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
