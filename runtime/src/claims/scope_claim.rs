//! The claims that contain the scopes.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use crate::resolve::{MemberError, SCOPE_CLAIMS};
use crate::scope::pieces;

/// A claim that contains scopes: a member of the introspection response or of the claim set, and its form.
///
/// The default is `scope`, a string of scopes separated by spaces (RFC 7662 §2.2). For authorization servers that use
/// another member, parse it from one of these forms:
///
/// | text | meaning |
/// |---|---|
/// | `scope` | a member with a string of scopes separated by spaces |
/// | `permissions[]` | a member with an array of strings |
/// | `/realm_access/roles[]` | an array of strings at a JSON pointer (RFC 6901) |
///
/// An absent member has no scopes. A member with another JSON type makes the whole response invalid:
/// [`MemberError`].
///
/// ```
/// use requires_auth::ScopeClaim;
///
/// let permissions: ScopeClaim = "permissions[]".parse()?;
/// assert_eq!(permissions.to_string(), "permissions[]");
/// # Ok::<(), requires_auth::ScopeClaimError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ScopeClaim {
    place: String,
    list: bool,
}

impl ScopeClaim {
    /// The scopes in the document; an error if the value has another JSON type.
    pub(super) fn scopes<'a>(&self, document: &'a Value) -> Result<Vec<&'a str>, MemberError> {
        let value = if self.place.starts_with('/') {
            document.pointer(&self.place)
        } else {
            document.get(&self.place)
        };
        match (value, self.list) {
            (None, _) => Ok(Vec::new()),
            (Some(Value::String(text)), false) => Ok(pieces(text).collect()),
            (Some(found @ Value::Array(elements)), true) => {
                let scopes: Option<_> = elements.iter().map(Value::as_str).collect();
                scopes.ok_or_else(|| self.wrong(found))
            }
            (Some(found), _) => Err(self.wrong(found)),
        }
    }

    fn wrong(&self, found: &Value) -> MemberError {
        let name = if self.place == "scope" { "scope" } else { SCOPE_CLAIMS };
        let expected = if self.list { "an array of strings" } else { "a string" };
        MemberError::new(name, expected, found)
    }
}

/// `scope` (RFC 7662 §2.2).
impl Default for ScopeClaim {
    fn default() -> Self {
        Self { place: "scope".to_owned(), list: false }
    }
}

impl FromStr for ScopeClaim {
    type Err = ScopeClaimError;

    fn from_str(text: &str) -> Result<Self, ScopeClaimError> {
        let (place, list) = match text.strip_suffix("[]") {
            Some(place) => (place, true),
            None => (text, false),
        };
        if place.is_empty() || place.ends_with('/') || place.trim() != place {
            return Err(ScopeClaimError(()));
        }
        Ok(Self { place: place.to_owned(), list })
    }
}

impl TryFrom<String> for ScopeClaim {
    type Error = ScopeClaimError;

    fn try_from(text: String) -> Result<Self, ScopeClaimError> {
        text.parse()
    }
}

impl fmt::Display for ScopeClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.place, if self.list { "[]" } else { "" })
    }
}

/// The error for a text that is neither the name of a member nor a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the name of a member or a JSON pointer, with `[]` behind it for an array: `scp`, `permissions[]`, `/realm_access/roles[]`"
)]
pub struct ScopeClaimError(());
