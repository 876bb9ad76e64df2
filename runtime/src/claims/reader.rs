//! Reads claims from JSON: introspection responses and claim sets.

use std::time::Duration;

use super::claim_set::{CLIENT_ID, ClaimSet};
use super::document::Document;
use super::json_value::JsonValue;
use super::{Claims, ScopeClaim, token_type};
use crate::TokenError;
use crate::resolve::{ResolveError, ResponseError};

/// Reads introspection responses and claim sets, for a [`Resolver`](crate::Resolver).
///
/// It is strict: it rejects a document that has a member twice, or in which a member that it reads has another JSON
/// type. So an error of the authorization server never makes a token valid, valid for longer, or valid for more scopes.
///
/// ```
/// use requires_auth::ClaimsReader;
///
/// let reader = ClaimsReader::default().scope_claims(["permissions[]".parse()?]);
/// let response = br#"{"active": true, "permissions": ["entries:read"]}"#;
/// let claims = reader.read_introspection(response)?;
/// assert!(claims.scopes().contains("entries:read"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimsReader {
    scope_claims: Vec<ScopeClaim>,
    client_id_claims: Vec<String>,
    leeway: Duration,
}

impl ClaimsReader {
    /// The claims that contain the scopes; with several, the token has the scopes of all of them. Default: `scope`.
    #[must_use]
    pub fn scope_claims(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.scope_claims = claims.into_iter().collect();
        self
    }

    /// The claims that name the client; of several, the first one that is there. Some authorization servers have `azp`,
    /// `appid` or `cid` in place of `client_id`. Default: `client_id`.
    ///
    /// ```
    /// use requires_auth::ClaimsReader;
    ///
    /// let reader = ClaimsReader::default().client_id_claims(["client_id", "azp"]);
    /// let claims = reader.read_claims(br#"{"sub": "alice", "azp": "app"}"#)?;
    /// assert_eq!(claims.client_id(), Some("app"));
    /// # Ok::<(), requires_auth::ResolveError>(())
    /// ```
    #[must_use]
    pub fn client_id_claims<S: Into<String>>(
        mut self,
        claims: impl IntoIterator<Item = S>,
    ) -> Self {
        self.client_id_claims = claims.into_iter().map(Into::into).collect();
        self
    }

    /// How much the clocks of the issuer and of this server may differ when the `exp` and `nbf` of the claims are
    /// checked. It is for claims that only this server checks, such as those of a JWT. The
    /// [`leeway`](crate::ResourceServerBuilder::leeway) of the resource server applies if it is longer.
    /// Default: 0.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Reads an introspection response (RFC 7662 §2.2).
    ///
    /// # Errors
    /// [`TokenError::Inactive`] if `active` is `false`; [`ResolveError::InvalidResponse`] if it is not a JSON object
    /// with the members of RFC 7662 §2.2 in their JSON types.
    pub fn read_introspection(&self, json: &[u8]) -> Result<Claims, ResolveError> {
        let Document { text, value, repeated } = Document::parse(json)?;
        if value.as_object().is_none() || repeated.own.contains("active") {
            return Err(ResponseError::NoActive.into());
        }
        match value.get("active") {
            Some(JsonValue::Bool(true)) if repeated.any() => {
                Err(ResponseError::RepeatedMember.into())
            }
            Some(JsonValue::Bool(true)) => Ok(Claims::new(self.read_set(&value, text)?)),
            Some(JsonValue::Bool(false)) => Err(ResolveError::InvalidToken(TokenError::Inactive)),
            _ => Err(ResponseError::NoActive.into()),
        }
    }

    /// Reads a claim set, such as the payload of a JWT whose signature was verified (RFC 7519 §3).
    ///
    /// # Errors
    /// [`ResolveError::InvalidResponse`] if it is not a JSON object, has a member twice, or if a registered claim has
    /// another JSON type than RFC 7519 §4.1 and RFC 9068 §2.2 define.
    pub fn read_claims(&self, json: &[u8]) -> Result<Claims, ResolveError> {
        let Document { text, value, repeated } = Document::parse(json)?;
        if value.as_object().is_none() {
            return Err(ResponseError::NotAnObject.into());
        }
        if repeated.any() {
            return Err(ResponseError::RepeatedMember.into());
        }
        let mut set = self.read_set(&value, text)?;
        set.other_kind |= token_type::is_other_claim_set(&value);
        Ok(Claims::new(set))
    }

    fn read_set(&self, document: &JsonValue<'_>, json: &str) -> Result<ClaimSet, ResponseError> {
        let mut set = ClaimSet::read(document, json, &self.scope_claims, &self.client_id_claims)?;
        set.leeway = self.leeway;
        Ok(set)
    }

    /// The scope claims as text, and the client id claims unless they are the default. They are part of the cache
    /// namespace: with others, the same document has other scopes and another client.
    #[cfg(feature = "introspection")]
    pub(crate) fn places(&self) -> Vec<String> {
        let scopes = self.scope_claims.iter().map(ToString::to_string);
        let is_default = self.client_id_claims == [CLIENT_ID];
        let client = (!is_default).then(|| format!("client {:?}", self.client_id_claims));
        scopes.chain(client).collect()
    }
}

impl Default for ClaimsReader {
    fn default() -> Self {
        Self {
            scope_claims: vec![ScopeClaim::default()],
            client_id_claims: vec![CLIENT_ID.to_owned()],
            leeway: Duration::ZERO,
        }
    }
}

impl Claims {
    /// Reads an introspection response (RFC 7662 §2.2) with its scopes in `scope`. [`ClaimsReader`] reads scopes from
    /// other members.
    ///
    /// # Errors
    /// Those of [`ClaimsReader::read_introspection`].
    pub fn from_introspection(json: &[u8]) -> Result<Self, ResolveError> {
        ClaimsReader::default().read_introspection(json)
    }

    /// Reads a claim set: a JSON object with the registered claims of RFC 7519 §4.1 and RFC 9068 §2.2 in
    /// their JSON types, and scopes in `scope`. It is for a resolver that has established that the token is genuine,
    /// such as by the signature of a JWT. [`ClaimsReader`] reads scopes from other claims.
    ///
    /// ```
    /// use requires_auth::Claims;
    ///
    /// let json = br#"{"sub": "alice", "scope": "entries:read", "exp": 4102444800}"#;
    /// assert_eq!(Claims::from_json(json)?.subject(), Some("alice"));
    /// # Ok::<(), requires_auth::ResolveError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`ClaimsReader::read_claims`].
    pub fn from_json(json: &[u8]) -> Result<Self, ResolveError> {
        ClaimsReader::default().read_claims(json)
    }
}

#[cfg(test)]
mod tests;
