//! The trusted issuer: its resolver, and the audiences that its tokens must name.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::Claims;
use crate::resolve::SharedResolver;
use crate::telemetry::Quoted;

/// Whether a token must name this resource server in `aud` (RFC 7519 §4.1.3, RFC 9068 §4).
///
/// The accepted audiences are the resource identifier and those that are configured in addition. They are
/// compared exactly. In a configuration the values are `required`, `if-present` and `unchecked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AudienceCheck {
    /// The token must name an accepted audience. A token without `aud` is rejected. This is the default.
    #[default]
    Required,
    /// A token without `aud` is accepted; one with `aud` must name an accepted audience. It is for authorization
    /// servers that omit `aud`. It accepts all their tokens without `aud`, also those that are meant for other
    /// services.
    IfPresent,
    /// `aud` is not checked. It accepts tokens that were issued for any other service. Use it only if the
    /// authorization server issues tokens for this resource server only.
    Unchecked,
}

impl<'de> Deserialize<'de> for AudienceCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match &*String::deserialize(deserializer)? {
            "required" => Ok(Self::Required),
            "if-present" => Ok(Self::IfPresent),
            "unchecked" => Ok(Self::Unchecked),
            other => Err(D::Error::custom(format_args!(
                "{} is none of `required`, `if-present` and `unchecked`, which decide whether the \
                 audience of a token is checked; the resource identifier is `resource`, and further \
                 audiences are `accepted_audiences`",
                Quoted(other)
            ))),
        }
    }
}

/// An issuer whose tokens are accepted.
#[derive(Debug)]
pub(crate) struct TrustedIssuer {
    /// The issuer identifier (RFC 8414 §2). `None`: `iss` is not checked.
    pub(crate) issuer: Option<String>,
    pub(crate) resolver: SharedResolver,
    pub(crate) audience_check: AudienceCheck,
    /// The accepted audiences: the resource identifier, and further ones.
    pub(crate) audiences: Vec<String>,
}

impl TrustedIssuer {
    /// Whether the claims are of this issuer. Claims without `iss` are accepted only from a resolver that gets
    /// all its claims from this issuer.
    pub(crate) fn accepts_issuer(&self, claims: &Claims) -> bool {
        match (&self.issuer, claims.issuer()) {
            (None, _) => true,
            (Some(expected), Some(found)) => expected == found,
            (Some(_), None) => self.resolver.vouches_for_issuer(),
        }
    }

    /// Whether the token is meant for this server (RFC 8707 §2).
    pub(crate) fn accepts_audience(&self, claims: &Claims) -> bool {
        let names_any = claims.audience().next().is_some();
        let names_own =
            || claims.audience().any(|found| self.audiences.iter().any(|own| own == found));
        match self.audience_check {
            AudienceCheck::Required => names_own(),
            AudienceCheck::IfPresent => !names_any || names_own(),
            AudienceCheck::Unchecked => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccessToken, ResolveError, Resolver, TokenError};

    /// A resolver that is never called.
    struct Unused {
        vouches: bool,
    }

    impl Resolver for Unused {
        async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
            Err(ResolveError::InvalidToken(TokenError::Inactive))
        }

        fn cache_namespace(&self) -> String {
            "unused".to_owned()
        }

        fn vouches_for_issuer(&self) -> bool {
            self.vouches
        }
    }

    impl TrustedIssuer {
        /// The issuer in the tests of `validate`.
        pub(crate) fn example() -> Self {
            Self {
                issuer: Some("https://as.example".to_owned()),
                resolver: SharedResolver::new(Unused { vouches: true }),
                audience_check: AudienceCheck::Required,
                audiences: vec!["https://api.example/mcp".to_owned()],
            }
        }
    }

    fn claims(members: &str) -> Claims {
        Claims::from_introspection(format!(r#"{{"active":true{members}}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn the_audience_must_name_the_resource_exactly() {
        // R-D6
        let check = |audience_check, aud: &str| {
            let members = if aud.is_empty() { String::new() } else { format!(r#","aud":{aud}"#) };
            let trusted = TrustedIssuer { audience_check, ..TrustedIssuer::example() };
            trusted.accepts_audience(&claims(&members))
        };
        for exact in [r#""https://api.example/mcp""#, r#"["x","https://api.example/mcp"]"#] {
            assert!(check(AudienceCheck::Required, exact), "{exact}");
            assert!(check(AudienceCheck::IfPresent, exact), "{exact}");
        }
        for other in [
            r#""https://api.example/mcp/""#,
            r#""https://api.example""#,
            r#""https://API.example/mcp""#,
            r#"["x"]"#,
        ] {
            assert!(!check(AudienceCheck::Required, other), "{other}");
            assert!(!check(AudienceCheck::IfPresent, other), "{other}");
            assert!(check(AudienceCheck::Unchecked, other), "{other}");
        }
        for absent in ["", "[]"] {
            assert!(!check(AudienceCheck::Required, absent), "{absent}");
            assert!(check(AudienceCheck::IfPresent, absent), "{absent}");
        }
    }

    #[test]
    fn the_issuer_must_be_the_configured_one() {
        // R-D7
        let check = |issuer: Option<&str>, vouches, members: &str| {
            let trusted = TrustedIssuer {
                issuer: issuer.map(str::to_owned),
                resolver: SharedResolver::new(Unused { vouches }),
                ..TrustedIssuer::example()
            };
            trusted.accepts_issuer(&claims(members))
        };
        let own = Some("https://as.example");
        for vouches in [false, true] {
            assert!(check(own, vouches, r#","iss":"https://as.example""#));
            assert!(!check(own, vouches, r#","iss":"https://as.example/""#));
            assert!(!check(own, vouches, r#","iss":"""#));
            assert!(check(None, vouches, r#","iss":"https://other.example""#));
            assert!(check(None, vouches, ""));
        }
        assert!(check(own, true, ""), "the resolver has no other source than this issuer");
        assert!(!check(own, false, ""), "the issuer of the token is not established");
    }
}
