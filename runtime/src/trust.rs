//! What this server trusts: an entry for each issuer, with the tokens of it that are accepted.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::Claims;
use crate::resolve::SharedResolver;
use crate::telemetry::Quoted;

/// Whether a token must name this resource as its audience.
///
/// In a configuration: `required`, `if-present` or `unchecked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AudienceCheck {
    /// It must: the default. A token that names no audience is refused.
    #[default]
    Required,
    /// It must if it names any. For servers that leave the audience out; then every token that
    /// such a server issues without one is accepted, for whatever it was meant.
    IfPresent,
    /// The audience is not looked at: tokens that were issued for any other service are accepted
    /// too. Only where the authorization server serves this resource alone.
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

/// An issuer whose tokens are accepted: who resolves them, and which audiences they must name.
#[derive(Debug)]
pub(crate) struct TrustedIssuer {
    /// The issuer identifier (RFC 8414 §2). `None`: `iss` is not checked.
    pub(crate) issuer: Option<String>,
    pub(crate) resolver: SharedResolver,
    pub(crate) audience_check: AudienceCheck,
    /// The resource identifier, and what else names this server.
    pub(crate) audiences: Vec<String>,
}

impl TrustedIssuer {
    /// Whether the claims are of this issuer. An absent `iss` is accepted only from a resolver that
    /// gets its claims from this issuer alone.
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
    use crate::{AccessToken, ResolveError, Resolver};

    /// A resolver that is never asked for claims.
    struct Unused {
        vouches: bool,
    }

    impl Resolver for Unused {
        async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
            Err(ResolveError::Inactive)
        }

        fn cache_namespace(&self) -> String {
            "unused".to_owned()
        }

        fn vouches_for_issuer(&self) -> bool {
            self.vouches
        }
    }

    impl TrustedIssuer {
        /// The issuer of the tests of validation.
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
        assert!(check(own, true, ""), "its only source is this issuer");
        assert!(!check(own, false, ""), "nothing says who issued the token");
    }
}
