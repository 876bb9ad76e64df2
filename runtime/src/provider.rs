//! What the access tokens of well-known authorization servers are like.

use serde::Deserialize;

use crate::{OptionalClaim, ScopeClaim};

/// An authorization server whose JWTs deviate from RFC 9068 in a known way. It sets the defaults of the settings below;
/// a setting that is set has precedence.
///
/// With all of them, [`accept_generic_type`](crate::JwtVerifierBuilder::accept_generic_type) is set: none sends
/// `typ: at+jwt` by default. The other settings:
///
/// | provider | `scope_claims` | `client_id_claims` | `optional_claims` | `mode` |
/// |---|---|---|---|---|
/// | `keycloak` | `scope` | `client_id`, `azp` | | `introspection` |
/// | `auth0` | `scope` | `client_id`, `azp` | `jti` | `jwt` |
/// | `entra` | `scp` | `azp`, `appid` | `jti` | `jwt` |
/// | `okta` | `scope`, `scp` | `client_id`, `cid` | | `introspection` |
/// | `zitadel` | `/scope` | `client_id`, `azp` | `client_id` | `introspection` |
/// | `cognito` | `scope` | `client_id` | `jti` | `jwt` |
/// | `hydra` | `scope`, `scp` | `client_id` | | `introspection` |
///
/// No provider weakens the check of the audience, or makes roles, groups or permissions scopes. What is left to
/// configure depends on the installation:
///
/// | provider | audience | roles, if they are to be scopes | more |
/// |---|---|---|---|
/// | `keycloak` | an audience mapper must write the resource identifier into `aud` | `/realm_access/roles[]`, `/resource_access/my-api/roles[]` | |
/// | `auth0` | the identifier of the API, which is the resource identifier or one of `accepted_audiences` | `permissions[]` | the issuer ends in `/` |
/// | `entra` | `accepted_audiences`: the application id, or its `api://…` in tokens of version 1.0 | `roles[]` | `requested_scope_prefix`: `api://app-id/` |
/// | `okta` | that of the custom authorization server; tokens of the org authorization server cannot be verified | `groups[]` | |
/// | `zitadel` | `accepted_audiences`: the project id, which clients request with `urn:zitadel:iam:org:project:id:{projectid}:aud` | `urn:zitadel:iam:org:project:roles{}` | a JWT has no scopes unless an action adds the claim `scope`: introspect it, or use roles; `requested_scope_prefix` for roles: `urn:zitadel:iam:org:project:role:` |
/// | `cognito` | `accepted_clients`: without resource binding, a token has no `aud` | `cognito:groups[]` | scopes are named `resource-server/scope` |
/// | `hydra` | clients request it with the parameter `audience` | | `introspection_url` on the admin port |
///
/// # Sources
///
/// - Keycloak: observed with 26.7 (`typ: JWT`, `azp`); [roles][keycloak]
/// - Auth0: [access token profiles][auth0]: `azp` and no `jti` in the default profile; `permissions`
/// - Entra ID: [access token claims reference][entra]: `typ` is always `JWT`; `scp`, `roles`, `azp`, `appid`, and `uti` in
///   place of `jti`; [scopes][entra-scopes] are requested as `api://…/name`
/// - Okta: [access token payload][okta]: `scp` is an array; `cid`
/// - Zitadel: observed with version 3.51 of its OpenID library (`typ: JWT`, no `scope` in a JWT); [the claims of a JWT][zitadel-token]:
///   no `scope`, and with version 2 of the library no `client_id`; [claims][zitadel]: `jti` in access tokens and not
///   in ID tokens; [scopes][zitadel-scopes] for roles and audience
/// - Cognito: [the access token][cognito]: a header of `kid` and `alg`; `client_id`, `token_use`, and `jti` where the
///   revocation of tokens is enabled; [verify `client_id`][cognito-verify]
/// - Hydra: observed with 2.3 (`typ: JWT`); [`scp` is an array][hydra] unless `strategies.jwt.scope_claim` is set
///
/// [keycloak]: https://www.keycloak.org/docs/latest/server_admin/#_audience
/// [auth0]: https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles
/// [entra]: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
/// [entra-scopes]: https://learn.microsoft.com/entra/identity-platform/scopes-oidc
/// [okta]: https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/
/// [zitadel]: https://zitadel.com/docs/apis/openidoauth/claims
/// [zitadel-token]: https://github.com/zitadel/zitadel/blob/main/internal/api/oidc/token.go
/// [zitadel-scopes]: https://zitadel.com/docs/apis/openidoauth/scopes
/// [cognito]: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
/// [cognito-verify]: https://docs.aws.amazon.com/verifiedpermissions/latest/userguide/cognito-validation.html
/// [hydra]: https://github.com/ory/hydra/issues/3524
///
/// ```
/// use requires_auth::{JwtVerifier, Provider};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let verifier = JwtVerifier::from_issuer("https://journal.eu.auth0.com/")
///     .provider(Provider::Auth0)
///     .build()?;
/// # Ok(()) }
/// # main().unwrap();
/// ```
///
/// In a configuration, the key is `provider`, with the names of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// [Keycloak](https://www.keycloak.org), also Red Hat build of Keycloak.
    Keycloak,
    /// [Auth0](https://auth0.com), with either profile of access tokens.
    Auth0,
    /// [Microsoft Entra ID](https://learn.microsoft.com/entra/identity-platform/), with tokens of either version.
    Entra,
    /// A custom authorization server of [Okta](https://www.okta.com).
    Okta,
    /// [Zitadel](https://zitadel.com).
    Zitadel,
    /// A user pool of [Amazon Cognito](https://aws.amazon.com/cognito/).
    Cognito,
    /// [Ory Hydra](https://www.ory.sh/hydra/), also Ory Network.
    Hydra,
}

impl Provider {
    pub(crate) fn scope_claims(self) -> Vec<ScopeClaim> {
        let claims: &[&str] = match self {
            Self::Keycloak | Self::Auth0 | Self::Cognito => &["scope"],
            // A string in the introspection response. A JWT has what an action adds: a string or an array.
            Self::Zitadel => &["/scope"],
            Self::Entra => &["scp"],
            // The introspection response has `scope`, the JWT `scp`.
            Self::Okta | Self::Hydra => &["scope", "scp"],
        };
        claims.iter().filter_map(|claim| claim.parse().ok()).collect()
    }

    pub(crate) fn client_id_claims(self) -> &'static [&'static str] {
        match self {
            Self::Keycloak | Self::Auth0 | Self::Zitadel => &["client_id", "azp"],
            Self::Entra => &["azp", "appid"],
            Self::Okta => &["client_id", "cid"],
            Self::Cognito | Self::Hydra => &["client_id"],
        }
    }

    pub(crate) fn optional_claims(self) -> &'static [OptionalClaim] {
        match self {
            Self::Auth0 | Self::Entra | Self::Cognito => &[OptionalClaim::TokenId],
            Self::Zitadel => &[OptionalClaim::ClientId],
            Self::Keycloak | Self::Okta | Self::Hydra => &[],
        }
    }

    /// Whether it introspects the access tokens of APIs.
    pub(crate) fn introspects(self) -> bool {
        !matches!(self, Self::Auth0 | Self::Entra | Self::Cognito)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_each_provider_are_those_that_the_documentation_lists() {
        // R-F12
        let names = ["keycloak", "auth0", "entra", "okta", "zitadel", "cognito", "hydra"];
        let source = include_str!("provider.rs");
        for name in names {
            let provider: Provider = serde_json::from_value(name.into()).unwrap();
            let list = |texts: Vec<String>| {
                let quoted: Vec<String> = texts.iter().map(|it| format!("`{it}`")).collect();
                if quoted.is_empty() { " ".to_owned() } else { format!(" {} ", quoted.join(", ")) }
            };
            let optional = provider.optional_claims().iter().map(|claim| match claim {
                OptionalClaim::Subject => "sub".to_owned(),
                OptionalClaim::ClientId => "client_id".to_owned(),
                OptionalClaim::IssuedAt => "iat".to_owned(),
                OptionalClaim::TokenId => "jti".to_owned(),
            });
            let row = format!(
                "/// | `{name}` |{}|{}|{}| `{}` |\n",
                list(provider.scope_claims().iter().map(ToString::to_string).collect()),
                list(provider.client_id_claims().iter().map(ToString::to_string).collect()),
                list(optional.collect()),
                if provider.introspects() { "introspection" } else { "jwt" },
            );
            assert!(source.contains(&row), "{row}");
        }
    }
}
