//! The claims that contain the scopes.

mod path;

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::json_value::JsonValue;
use crate::resolve::{MemberError, SCOPE_CLAIMS};
use crate::scope::pieces;
use path::Path;

/// A claim that contains scopes: a member of the introspection response or of the claim set, and its form.
///
/// The default is `scope` (RFC 7662 §2.2, RFC 9068 §2.2.3). For authorization servers that use another claim, parse it
/// from one of these forms:
///
/// | text | meaning |
/// |---|---|
/// | `scope` | the default: one string of scopes separated by spaces, as the standards define it |
/// | `scp` | any other member: a string of scopes separated by spaces, or an array of strings, each of which is one scope |
/// | `permissions[]` | a member: an array of strings only; a string with spaces is not split but rejected |
/// | `urn:zitadel:iam:org:project:roles{}` | a member: an object, whose member names are the scopes and whose values are objects |
/// | `/realm_access/roles[]` | the same forms at a JSON pointer (RFC 6901); `/scope` is the member `scope` as a string or an array |
/// | `/resource_access/my-api/roles[]` | the roles of one client of Keycloak |
/// | `/resource_access/*/roles[]` | at each member of an object, whatever its name |
///
/// An absent claim has no scopes. A claim with another JSON type makes the whole response invalid, and so does a value
/// on the path to it that is no object: [`MemberError`]. A text in the claim that is outside the grammar of RFC 6749
/// §3.3, such as a role with a space, is no scope.
///
/// Roles, groups and permissions are scopes only if their claim is configured here. `*` makes the roles of all clients
/// scopes of this server: name one client unless the names of roles are unique.
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
    path: Path,
    form: Form,
}

/// The scope claim of the standards.
const SCOPE: &str = "scope";

/// The JSON type of a scope claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    String,
    StringOrArray,
    Array,
    MemberNames,
}

impl Form {
    /// The forms that have a suffix, with this suffix.
    const SUFFIXES: [(&'static str, Self); 2] = [("[]", Self::Array), ("{}", Self::MemberNames)];

    /// RFC 7662 §2.2 and RFC 9068 §2.2.3 define `scope` as a string. No standard defines the others.
    fn without_suffix(place: &str) -> Self {
        if place == SCOPE { Self::String } else { Self::StringOrArray }
    }

    fn suffix(self) -> &'static str {
        Self::SUFFIXES.iter().find(|(_, form)| *form == self).map_or("", |(suffix, _)| suffix)
    }

    fn expected(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::StringOrArray => "a string or an array of strings",
            Self::Array => "an array of strings",
            Self::MemberNames => "an object of objects",
        }
    }

    /// The scopes in a value; `None` if it has another JSON type.
    fn scopes<'a>(self, value: &'a JsonValue<'_>) -> Option<Vec<&'a str>> {
        match (self, value) {
            (Self::String | Self::StringOrArray, JsonValue::String(text)) => {
                Some(pieces(text).collect())
            }
            (Self::StringOrArray | Self::Array, JsonValue::Array(elements)) => {
                elements.iter().map(JsonValue::as_str).collect()
            }
            // A value that is no object may mean that the role is not granted, such as `false`.
            (Self::MemberNames, JsonValue::Object(members)) => {
                members.iter().map(|(name, value)| value.as_object().map(|_| name)).collect()
            }
            _ => None,
        }
    }
}

impl ScopeClaim {
    /// Adds the scopes in the document; an error if a value has another JSON type.
    pub(super) fn add_scopes<'a>(
        &self,
        document: &'a JsonValue<'_>,
        scopes: &mut Vec<&'a str>,
    ) -> Result<(), MemberError> {
        self.path.visit(document, &mut |found| match found {
            Ok(value) => {
                scopes.extend(self.form.scopes(value).ok_or_else(|| {
                    MemberError::new(self.error_name(), self.form.expected(), value)
                })?);
                Ok(())
            }
            Err(on_path) => Err(MemberError::new(self.error_name(), "an object", on_path)),
        })
    }

    /// The name in an error, which repeats no configured text.
    fn error_name(&self) -> &'static str {
        if self.path.is_member(SCOPE) { SCOPE } else { SCOPE_CLAIMS }
    }
}

/// `scope` (RFC 7662 §2.2).
impl Default for ScopeClaim {
    fn default() -> Self {
        Self { path: Path::member(SCOPE), form: Form::String }
    }
}

impl FromStr for ScopeClaim {
    type Err = ScopeClaimError;

    fn from_str(text: &str) -> Result<Self, ScopeClaimError> {
        let mut suffixes = Form::SUFFIXES.into_iter();
        let (place, form) = suffixes
            .find_map(|(suffix, form)| Some((text.strip_suffix(suffix)?, form)))
            .unwrap_or((text, Form::without_suffix(text)));
        Ok(Self { path: Path::parse(place).ok_or(ScopeClaimError(()))?, form })
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
        write!(f, "{}{}", self.path.as_str(), self.form.suffix())
    }
}

/// The error for a text that is neither the name of a member nor a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the name of a member or a JSON pointer, with `[]` behind it for an array, or `{{}}` for the member names \
     of an object: `scp`, `permissions[]`, `/realm_access/roles[]`, `/resource_access/*/roles[]`"
)]
pub struct ScopeClaimError(());
