//! The `WWW-Authenticate` header (RFC 6750 §3, RFC 9728 §5.1).

use http::HeaderValue;

use super::Reason;

/// The part of a challenge that a resource server has in common for all its operations.
#[derive(Debug)]
pub(crate) struct ChallengeBase {
    realm: Option<String>,
    resource_metadata: String,
}

impl ChallengeBase {
    /// `None` if a value could not be quoted.
    pub(crate) fn new(realm: Option<String>, resource_metadata: String) -> Option<Self> {
        let quotable = is_quotable(&resource_metadata) && realm.as_deref().is_none_or(is_quotable);
        quotable.then_some(Self { realm, resource_metadata })
    }
}

/// A challenge for one operation.
#[derive(Debug)]
pub(crate) struct Challenge<'a> {
    pub(crate) base: &'a ChallengeBase,
    /// The scopes that the operation needs, all of them; never those of the token.
    pub(crate) scopes: Vec<&'a str>,
}

impl Challenge<'_> {
    /// `scope` is that of [`scope`](Self::scope).
    pub(super) fn header(&self, reason: Reason, scope: &str) -> HeaderValue {
        let error = reason.error_in_challenge();
        let parameters = [
            ("realm", self.base.realm.as_deref()),
            ("error", error),
            ("error_description", error.map(|_| reason.description())),
            ("scope", (!scope.is_empty()).then_some(scope)),
            ("resource_metadata", Some(self.base.resource_metadata.as_str())),
        ];
        let parameters: Vec<String> = parameters
            .iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name}=\"{value}\"")))
            .collect();
        // Every value is quotable, so the fallback is only for the type.
        HeaderValue::try_from(format!("Bearer {}", parameters.join(", ")))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer realm=\"protected\""))
    }

    /// Without `offline_access`, which is between the client and the authorization server alone:
    /// no operation of a resource server needs it.
    pub(super) fn scope(&self) -> String {
        // A condition that an application has put together itself is not checked by the attribute.
        let fit = |scope: &&str| *scope != OFFLINE_ACCESS && crate::scope::is_scope(scope);
        let scopes: Vec<&str> = self.scopes.iter().copied().filter(fit).collect();
        scopes.join(" ")
    }
}

/// Asks for a refresh token (OpenID Connect Core §11).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Whether a text can stand between quotes in a challenge as it is: the characters that RFC 6750
/// §3 allows in `error_description`.
pub(super) fn is_quotable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(realm: Option<&str>, scopes: &[&str], reason: Reason) -> String {
        let metadata = "https://api.example/.well-known/oauth-protected-resource".to_owned();
        let base = ChallengeBase::new(realm.map(str::to_owned), metadata).unwrap();
        let challenge = Challenge { base: &base, scopes: scopes.to_vec() };
        challenge.header(reason, &challenge.scope()).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_challenge_names_each_parameter_once() {
        // R-B2, R-B3
        assert_eq!(
            header(Some("journal"), &["b", "a"], Reason::InsufficientScope),
            "Bearer realm=\"journal\", error=\"insufficient_scope\", error_description=\"The access \
             token does not carry the scopes that this operation needs\", scope=\"b a\", \
             resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\""
        );
        assert_eq!(
            header(None, &[], Reason::MissingToken),
            "Bearer resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\""
        );
    }

    #[test]
    fn offline_access_is_never_asked_for() {
        // R-I2
        let challenge = header(None, &["a", "offline_access"], Reason::MissingToken);
        assert!(challenge.starts_with("Bearer scope=\"a\", resource_metadata="), "{challenge}");
        assert!(!header(None, &["offline_access"], Reason::MissingToken).contains("scope="));
    }

    #[test]
    fn a_scope_outside_the_grammar_does_not_break_the_quotes() {
        // R-B2
        let challenge = header(None, &["a\", error=\"x", "b"], Reason::MissingToken);
        assert!(challenge.starts_with("Bearer scope=\"b\", resource_metadata="), "{challenge}");
    }

    #[test]
    fn what_cannot_be_quoted_makes_no_challenge() {
        // R-B2
        for realm in ["a\"b", "a\\b", "a\nb", "ä"] {
            assert!(ChallengeBase::new(Some(realm.to_owned()), String::new()).is_none(), "{realm}");
        }
    }
}
