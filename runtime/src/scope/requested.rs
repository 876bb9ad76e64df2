//! The name of a scope in a request for a token, where it differs from the name in the token.

use std::borrow::Cow;

use super::is_scope;

/// The scopes of OpenID Connect (Core 1.0 §5.4, §11). They are of the authorization server, and of no resource
/// server.
const OPENID_SCOPES: [&str; 6] =
    ["openid", "profile", "email", "address", "phone", "offline_access"];

/// Names the scopes of tokens as clients request them: with a prefix, if there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestedScopes {
    prefix: Option<String>,
}

impl RequestedScopes {
    /// `None` if the prefix is empty or outside the grammar of scopes.
    pub(crate) fn with_prefix(prefix: Option<String>) -> Option<Self> {
        prefix.as_deref().is_none_or(is_scope).then_some(Self { prefix })
    }

    /// Whether a scope has the same name in a request as in a token.
    #[cfg(feature = "rmcp")]
    pub(crate) fn are_those_of_tokens(&self) -> bool {
        self.prefix.is_none()
    }

    /// The name that a client requests a scope by. It is the same for a name that is one already.
    pub(crate) fn name<'a>(&self, scope: &'a str) -> Cow<'a, str> {
        match &self.prefix {
            Some(prefix) if !scope.starts_with(&**prefix) && !OPENID_SCOPES.contains(&scope) => {
                Cow::Owned(format!("{prefix}{scope}"))
            }
            _ => Cow::Borrowed(scope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_of_this_server_gets_the_prefix_once() {
        // R-B10
        let scopes = RequestedScopes::with_prefix(Some("api://app/".to_owned())).unwrap();
        for (scope, expected) in [
            ("read", "api://app/read"),
            ("api://app/read", "api://app/read"),
            ("api://other/read", "api://app/api://other/read"),
            ("openid", "openid"),
            ("offline_access", "offline_access"),
            ("emails", "api://app/emails"),
        ] {
            assert_eq!(scopes.name(scope), expected);
        }
        assert_eq!(RequestedScopes::default().name("read"), "read");
        for prefix in ["", "a b", "a\"", "ä"] {
            assert!(RequestedScopes::with_prefix(Some(prefix.to_owned())).is_none(), "{prefix:?}");
        }
    }
}
