//! One trusted issuer.

use super::AudienceCheck;
use crate::resolve::SharedResolver;
use crate::{Claims, Resolver};

/// An issuer whose tokens a [`ResourceServer`](crate::ResourceServer) accepts, with its resolver and its audiences, for
/// a server with [several issuers](crate::ResourceServerBuilder::trusted_issuer).
///
/// ```
/// use requires_auth::{Cached, Introspection, ResourceServer, TrustedIssuer};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let staff = Introspection::from_issuer("https://staff.example").build()?;
/// let partners = Introspection::from_issuer("https://partners.example").build()?;
/// let server = ResourceServer::builder("https://journal.example/mcp")
///     .trusted_issuer(TrustedIssuer::new("https://staff.example", Cached::new(staff)))
///     .trusted_issuer(
///         TrustedIssuer::new("https://partners.example", Cached::new(partners))
///             .token_prefix("partner_")
///             .accepted_audiences(["journal"]),
///     )
///     .build()?;
/// # Ok(()) }
/// # main().unwrap();
/// ```
#[must_use]
#[derive(Debug)]
pub struct TrustedIssuer {
    /// The issuer identifier (RFC 8414 §2). `None`: `iss` is not checked.
    pub(crate) issuer: Option<String>,
    pub(crate) resolver: SharedResolver,
    pub(crate) audience_check: AudienceCheck,
    /// The accepted audiences: the resource identifier, and further ones.
    pub(crate) audiences: Vec<String>,
    /// The clients whose tokens may lack `aud`.
    pub(crate) clients: Vec<String>,
    pub(crate) token_prefix: Option<String>,
    /// Whether tokens that are no JWTs may be of this issuer.
    pub(crate) issues_opaque_tokens: bool,
}

impl TrustedIssuer {
    /// An issuer, and the resolver of its tokens. `iss` must be exactly the text of the issuer.
    pub fn new(issuer: impl Into<String>, resolver: impl Resolver) -> Self {
        Self {
            issuer: Some(issuer.into()),
            resolver: SharedResolver::new(resolver),
            audience_check: AudienceCheck::default(),
            audiences: Vec::new(),
            clients: Vec::new(),
            token_prefix: None,
            issues_opaque_tokens: true,
        }
    }

    /// No issuer, but the API keys with this prefix. They are for this server alone, so that they have no audience.
    #[cfg(feature = "introspection")]
    pub(crate) fn of_api_keys(prefix: String, keys: crate::ApiKeys) -> Self {
        let keys = Self::new(String::new(), keys).token_prefix(prefix);
        Self { issuer: None, audience_check: AudienceCheck::Unchecked, ..keys }
    }

    /// Whether tokens of this issuer must name the resource as their audience. Default:
    /// [`AudienceCheck::Required`].
    pub fn audience_check(mut self, check: AudienceCheck) -> Self {
        self.audience_check = check;
        self
    }

    /// Accepts tokens of this issuer for these audiences, too, besides the resource identifier and the audiences of
    /// earlier calls. Default: none.
    pub fn accepted_audiences<S: Into<String>>(
        mut self,
        audiences: impl IntoIterator<Item = S>,
    ) -> Self {
        self.audiences.extend(audiences.into_iter().map(Into::into));
        self
    }

    /// Accepts tokens without `aud` that were issued to these clients, besides those of earlier calls. It is for an
    /// authorization server whose access tokens name only the client, such as Amazon Cognito, and for clients that
    /// request tokens for this resource server only: with it, a token that such a client got for another service is
    /// accepted too. A token with `aud` must name an accepted audience, whatever its client. Default: none.
    pub fn accepted_clients<S: Into<String>>(
        mut self,
        clients: impl IntoIterator<Item = S>,
    ) -> Self {
        self.clients.extend(clients.into_iter().map(Into::into));
        self
    }

    /// The text that each token of this issuer begins with, such as `gho_`. Tokens that begin with it are resolved
    /// for this issuer, and other tokens are not. It distinguishes opaque tokens of several issuers. Default: none.
    pub fn token_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.token_prefix = Some(prefix.into());
        self
    }

    /// Resolves no opaque tokens for this issuer: all its tokens are JWTs that name it in `iss`. It is for a resolver
    /// that could resolve opaque tokens too, beside another issuer that issues some. Default: opaque tokens are
    /// resolved if the resolver [does](Resolver::resolves_opaque_tokens).
    pub fn without_opaque_tokens(mut self) -> Self {
        self.issues_opaque_tokens = false;
        self
    }

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
            AudienceCheck::Required => names_own() || (!names_any && self.accepts_client(claims)),
            AudienceCheck::IfPresent => !names_any || names_own(),
            AudienceCheck::Unchecked => true,
        }
    }

    fn accepts_client(&self, claims: &Claims) -> bool {
        claims.client_id().is_some_and(|client| self.clients.iter().any(|own| own == client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccessToken, ResolveError, TokenError};

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
                clients: Vec::new(),
                token_prefix: None,
                issues_opaque_tokens: true,
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
            let trusted = TrustedIssuer::example().audience_check(audience_check);
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
    fn a_token_without_an_audience_is_accepted_for_an_accepted_client() {
        // R-D6
        let trusted = TrustedIssuer::example().accepted_clients(["app", "web"]);
        for (members, expected) in [
            (r#","client_id":"app""#, true),
            (r#","client_id":"web","aud":[]"#, true),
            (r#","client_id":"other""#, false),
            (r#","client_id":"APP""#, false),
            (r#","client_id":"""#, false),
            ("", false),
            (r#","azp":"app""#, false),
            (r#","client_id":"app","aud":"https://other.example""#, false),
            (r#","client_id":"other","aud":"https://api.example/mcp""#, true),
        ] {
            assert_eq!(trusted.accepts_audience(&claims(members)), expected, "{members}");
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
