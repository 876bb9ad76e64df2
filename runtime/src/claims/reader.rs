//! From JSON to claims.

use serde_json::Value;

use super::claim_set::ClaimSet;
use super::duplicate_members::{Repeated, has_reserved_name};
use super::{Claims, ScopeClaim};
use crate::resolve::{InvalidResponse, ResolveError};

/// Reads introspection responses and claim sets. Strict: a document that it does not understand is
/// rejected whole, so that no mistake of a server makes a token valid, or valid for longer or for more.
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
}

impl ClaimsReader {
    /// The claims that hold the scopes. With several, the token has the scopes of all of them. Default:
    /// `scope`.
    #[must_use]
    pub fn scope_claims(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.scope_claims = claims.into_iter().collect();
        self
    }

    /// Reads an introspection response (RFC 7662 §2.2).
    ///
    /// # Errors
    /// [`ResolveError::Inactive`] if it says so, [`ResolveError::InvalidResponse`] if it is not a JSON
    /// object with the members of RFC 7662 §2.2 in their JSON types.
    pub fn read_introspection(&self, json: &[u8]) -> Result<Claims, ResolveError> {
        let Document { text, value, repeated } = Document::parse(json)?;
        if !value.is_object() || repeated.own.contains("active") {
            return Err(InvalidResponse::NoActive.into());
        }
        match value.get("active") {
            Some(Value::Bool(true)) if repeated.any() => {
                Err(InvalidResponse::RepeatedMember.into())
            }
            Some(Value::Bool(true)) => Ok(self.read_set(&value, text)?),
            Some(Value::Bool(false)) => Err(ResolveError::Inactive),
            _ => Err(InvalidResponse::NoActive.into()),
        }
    }

    /// Reads a claim set, such as the payload of a JWT whose signature was verified (RFC 7519 §3).
    ///
    /// # Errors
    /// [`ResolveError::InvalidResponse`] if it is not a JSON object, has a member twice, or has one of the
    /// claims that are read with another JSON type.
    pub fn read_claims(&self, json: &[u8]) -> Result<Claims, ResolveError> {
        let Document { text, value, repeated } = Document::parse(json)?;
        if !value.is_object() {
            return Err(InvalidResponse::NotAnObject.into());
        }
        if repeated.any() {
            return Err(InvalidResponse::RepeatedMember.into());
        }
        Ok(self.read_set(&value, text)?)
    }

    fn read_set(&self, document: &Value, json: &str) -> Result<Claims, InvalidResponse> {
        ClaimSet::read(document, json, &self.scope_claims).map(Claims::new)
    }

    /// Where the scopes are: another reader may find others in the same document.
    #[cfg(feature = "introspection")]
    pub(crate) fn places(&self) -> Vec<String> {
        self.scope_claims.iter().map(ToString::to_string).collect()
    }
}

impl Default for ClaimsReader {
    fn default() -> Self {
        Self { scope_claims: vec![ScopeClaim::default()] }
    }
}

impl Claims {
    /// Reads an introspection response that has its scopes in `scope`; [`ClaimsReader`] reads scopes from
    /// other members.
    ///
    /// # Errors
    /// [`ResolveError::Inactive`] if it says so, [`ResolveError::InvalidResponse`] if it is not an
    /// introspection response.
    pub fn from_introspection(json: &[u8]) -> Result<Self, ResolveError> {
        ClaimsReader::default().read_introspection(json)
    }

    /// Reads a claim set: a JSON object with the registered claims of RFC 7519 §4.1 and RFC 9068 §2.2 in
    /// their JSON types, and scopes in `scope`. It is for resolvers that have established by themselves that
    /// the token is valid; [`ClaimsReader`] reads scopes from other claims.
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
    /// [`ResolveError::InvalidResponse`] if it is not such an object.
    pub fn from_json(json: &[u8]) -> Result<Self, ResolveError> {
        ClaimsReader::default().read_claims(json)
    }
}

/// A JSON text that a parser reads in one way only.
struct Document<'a> {
    text: &'a str,
    value: Value,
    repeated: Repeated,
}

impl<'a> Document<'a> {
    fn parse(json: &'a [u8]) -> Result<Self, InvalidResponse> {
        let unreadable = || unreadable(json);
        let text = str::from_utf8(json).map_err(|_| unreadable())?;
        let repeated = serde_json::from_str(text).map_err(|_| unreadable())?;
        // Before anything reads it as a `Value`, here or in the application.
        if has_reserved_name(text) {
            return Err(InvalidResponse::ReservedMember);
        }
        let value = serde_json::from_str(text).map_err(|_| unreadable())?;
        Ok(Self { text, value, repeated })
    }
}

/// An object that cannot be read may be so because of one of its members, which the holder of the token
/// may have chosen. Anything else than an object does not come from an introspection endpoint.
fn unreadable(json: &[u8]) -> InvalidResponse {
    let text = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
    if text.trim_ascii_start().starts_with(b"{") {
        InvalidResponse::UnreadableObject
    } else {
        InvalidResponse::NotJson
    }
}

#[cfg(test)]
mod tests;
