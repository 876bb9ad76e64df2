//! The `WWW-Authenticate` header (RFC 6750 §3, RFC 9728 §5.1).

use http::{HeaderValue, StatusCode};

use super::Reason;
use crate::authenticate::Scheme;
use crate::policy::{TokenRequirement, UserAuthentication};
use crate::scope::RequestedScopes;

/// The parameters that are the same in all challenges of a resource server.
#[derive(Debug)]
pub(crate) struct ChallengeBase {
    realm: Option<String>,
    resource_metadata: String,
    requested_scopes: RequestedScopes,
    /// `None` where the scheme `DPoP` is not accepted.
    dpop: Option<DpopChallenge>,
    /// Whether tokens may be bound to a client certificate, which come with the scheme `Bearer` (RFC 8705 §3).
    certificates: bool,
    /// Whether there is a challenge for missing authorization details: that of a draft.
    rar_challenge_draft: bool,
}

/// What challenges of the scheme `DPoP` say.
#[derive(Debug)]
pub(crate) struct DpopChallenge {
    /// The accepted algorithms, separated by spaces (RFC 9449 §7.1).
    pub(crate) algs: String,
    /// Whether the scheme `Bearer` is not accepted.
    pub(crate) is_required: bool,
}

impl ChallengeBase {
    /// `None` if a value contains a character that a quoted string of RFC 6750 §3 excludes.
    pub(crate) fn new(
        realm: Option<String>,
        resource_metadata: String,
        requested_scopes: RequestedScopes,
    ) -> Option<Self> {
        let quotable = is_quotable(&resource_metadata) && realm.as_deref().is_none_or(is_quotable);
        quotable.then_some(Self {
            realm,
            resource_metadata,
            requested_scopes,
            dpop: None,
            certificates: false,
            rar_challenge_draft: false,
        })
    }

    /// The same with challenges of the scheme `DPoP`.
    #[cfg(feature = "dpop")]
    pub(crate) fn with_dpop(self, dpop: Option<DpopChallenge>) -> Self {
        Self { dpop, ..self }
    }

    pub(crate) fn with_rar_challenge_draft(self, rar_challenge_draft: bool) -> Self {
        Self { rar_challenge_draft, ..self }
    }

    /// Whether there is a challenge for missing authorization details.
    pub(super) fn names_missing_details(&self) -> bool {
        self.rar_challenge_draft
    }

    /// The same where tokens may be bound to a client certificate.
    #[cfg(feature = "mtls")]
    pub(crate) fn with_certificates(self, certificates: bool) -> Self {
        Self { certificates, ..self }
    }

    /// Whether tokens that are bound to their holder are accepted.
    pub(crate) fn accepts_sender_constrained(&self) -> bool {
        self.dpop.is_some() || self.certificates
    }

    /// The names that clients request scopes by.
    #[cfg(any(feature = "rmcp", feature = "utoipa"))]
    pub(crate) fn requested_scopes(&self) -> &RequestedScopes {
        &self.requested_scopes
    }
}

/// A challenge for one operation.
#[derive(Debug)]
pub(crate) struct Challenge<'a> {
    pub(crate) base: &'a ChallengeBase,
    /// The scheme that the request has used.
    pub(crate) scheme: Scheme,
    /// All scopes that the operation requires, also those that the token has, by their names in tokens.
    pub(crate) scopes: Vec<&'a str>,
    /// The login that the operation requires.
    pub(crate) authentication: UserAuthentication<'a>,
    /// Whether the operation requires a token that is bound to its holder.
    pub(crate) sender_constrained: bool,
}

impl<'a> Challenge<'a> {
    /// The same for an operation with further requirements on the token.
    pub(crate) fn requiring(self, token: Option<&'a TokenRequirement>) -> Self {
        let Some(TokenRequirement { sender_constrained, authentication, .. }) = token else {
            return self;
        };
        Self { authentication: *authentication, sender_constrained: *sender_constrained, ..self }
    }
}

impl Challenge<'_> {
    /// The value of the header: the challenge of the scheme that the request has used, or must use. `scope` is the result of
    /// [`scope`](Self::scope).
    pub(super) fn header(&self, reason: Reason, scope: &str) -> HeaderValue {
        let dpop = self.base.dpop.as_ref();
        let is_required = dpop.is_some_and(|dpop| dpop.is_required || self.sender_constrained);
        let scheme = if is_required { Scheme::Dpop } else { self.scheme };
        let error = reason.error_in_challenge();
        // Another login leads to another token. A 403 means that the token itself may not do this.
        let is_unauthorized = reason.status() == StatusCode::UNAUTHORIZED;
        let UserAuthentication { acr_values, max_age } = self.authentication;
        let names_acr =
            is_unauthorized && !acr_values.is_empty() && self.authentication.is_quotable();
        let acr_values = names_acr.then(|| acr_values.join(" "));
        let max_age = max_age.filter(|_| is_unauthorized).map(|age| age.as_secs().to_string());
        self.of_scheme(
            scheme,
            [
                ("error", error),
                ("error_description", error.map(|_| reason.description())),
                ("scope", (!scope.is_empty()).then_some(scope)),
                ("acr_values", acr_values.as_deref()),
                ("max_age", max_age.as_deref()),
            ],
        )
    }

    /// The challenge of the other scheme, if a 401 may be answered with either.
    pub(super) fn alternative(&self, reason: Reason) -> Option<HeaderValue> {
        let dpop = self.base.dpop.as_ref()?;
        let other = match self.scheme {
            Scheme::Bearer if !self.sender_constrained => Scheme::Dpop,
            _ => Scheme::Bearer,
        };
        let is_bound = self.sender_constrained && !self.base.certificates;
        let is_either =
            !dpop.is_required && !is_bound && reason.status() == StatusCode::UNAUTHORIZED;
        is_either.then(|| self.of_scheme(other, []))
    }

    /// A challenge with these parameters, and those that every challenge of the scheme has.
    fn of_scheme<const N: usize>(
        &self,
        scheme: Scheme,
        parameters: [(&str, Option<&str>); N],
    ) -> HeaderValue {
        let dpop = self.base.dpop.as_ref().filter(|_| scheme == Scheme::Dpop);
        let name = if scheme == Scheme::Dpop { "DPoP" } else { "Bearer" };
        let first =
            [("realm", self.base.realm.as_deref()), ("algs", dpop.map(|dpop| dpop.algs.as_str()))];
        let last = [("resource_metadata", Some(self.base.resource_metadata.as_str()))];
        let parameters = first.into_iter().chain(parameters).chain(last);
        let parameters: Vec<String> = parameters
            .filter_map(|(name, value)| value.map(|value| format!("{name}=\"{value}\"")))
            .collect();
        // Cannot fail, since every value is quotable.
        HeaderValue::try_from(format!("{name} {}", parameters.join(", ")))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer realm=\"protected\""))
    }

    /// The value of the parameter `scope`: the names that a client requests the scopes by. Without `offline_access`:
    /// this concerns the client and the authorization server only, and no operation of a resource server requires it.
    pub(super) fn scope(&self) -> String {
        // The attribute checks the grammar, but a condition can be created in code.
        let fit = |scope: &&str| *scope != OFFLINE_ACCESS && crate::scope::is_scope(scope);
        let fitting = self.scopes.iter().copied().filter(fit);
        let names: Vec<_> = fitting.map(|scope| self.base.requested_scopes.name(scope)).collect();
        names.join(" ")
    }
}

/// The scope that requests a refresh token (OpenID Connect Core §11).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Whether a text needs no escapes in a quoted parameter: it has only the characters that RFC 6750 §3 allows in
/// `error_description`.
pub(super) fn is_quotable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(realm: Option<&str>, scopes: &[&str], reason: Reason) -> String {
        let metadata = "https://api.example/.well-known/oauth-protected-resource".to_owned();
        let base =
            ChallengeBase::new(realm.map(str::to_owned), metadata, RequestedScopes::default())
                .unwrap();
        let challenge = Challenge {
            base: &base,
            scheme: Scheme::Bearer,
            scopes: scopes.to_vec(),
            authentication: UserAuthentication::default(),
            sender_constrained: false,
        };
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
    fn a_challenge_never_names_offline_access() {
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
    fn a_value_that_needs_escapes_is_rejected() {
        // R-B2
        for realm in ["a\"b", "a\\b", "a\nb", "ä"] {
            let base = ChallengeBase::new(
                Some(realm.to_owned()),
                String::new(),
                RequestedScopes::default(),
            );
            assert!(base.is_none(), "{realm}");
        }
    }
}
