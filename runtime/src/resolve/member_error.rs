//! A member of an introspection response with the wrong JSON type.

use std::fmt;

use crate::claims::JsonValue;

/// A member of an introspection response has another JSON type than RFC 7662 §2.2 or the configuration
/// requires. The error names the type that was found, and contains nothing of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberError {
    name: &'static str,
    expected: &'static str,
    found: &'static str,
}

impl MemberError {
    pub(crate) fn new(name: &'static str, expected: &'static str, found: &JsonValue<'_>) -> Self {
        Self { name, expected, found: found.type_name() }
    }

    /// The name of the member. For a scope claim other than `scope`, `scope_claims`, and for a client id claim other
    /// than `client_id`, `client_id_claims`: the configured name is not repeated.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// ``the member `aud` is null, expected a string or an array of strings``
impl fmt::Display for MemberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, expected, found } = self;
        match *name {
            SCOPE_CLAIMS => f.write_str("a member that is configured as a scope claim")?,
            CLIENT_ID_CLAIMS => f.write_str("a member that is configured as a client id claim")?,
            name => write!(f, "the member `{name}`")?,
        }
        write!(f, " is {found}, expected {expected}")
    }
}

impl std::error::Error for MemberError {}

/// The [name](MemberError::name) of a scope claim other than `scope`.
pub(crate) const SCOPE_CLAIMS: &str = "scope_claims";

/// The [name](MemberError::name) of a client id claim other than `client_id`.
pub(crate) const CLIENT_ID_CLAIMS: &str = "client_id_claims";
