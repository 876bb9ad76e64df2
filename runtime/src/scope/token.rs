//! One scope.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{ScopeError, is_scope};

/// One scope: a `scope-token` of RFC 6749 §3.3, which is printable ASCII without space, `"` and `\\`.
///
/// A [`ScopeSet`](super::ScopeSet) can be collected from scopes. It is cheap to clone.
///
/// ```
/// use requires_auth::Scope;
///
/// let scope: Scope = "entries:read".parse()?;
/// assert_eq!(scope.as_str(), "entries:read");
/// assert!(Scope::try_from("two scopes").is_err());
/// # Ok::<(), requires_auth::ScopeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Arc<str>);

impl Scope {
    /// The text of the scope.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if is_scope(text) { Ok(Self(text.into())) } else { Err(ScopeError::new()) }
    }
}

impl TryFrom<&str> for Scope {
    type Error = ScopeError;

    fn try_from(text: &str) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl AsRef<str> for Scope {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_scope_of_the_grammar_is_a_scope() {
        // R-J1
        for text in ["a", "entries:read", "!#[]~"] {
            let scope: Scope = text.parse().unwrap();
            assert_eq!((scope.to_string().as_str(), scope.as_ref()), (text, text));
            assert_eq!(format!("{scope:?}"), format!("{text:?}"));
            assert_eq!(Scope::try_from(text.to_owned()), Ok(scope));
        }
        for text in ["", " ", "a b", "a ", "\"", "\\", "ä", "a\n"] {
            assert_eq!(text.parse::<Scope>(), Err(ScopeError::new()), "{text:?}");
        }
    }
}
