//! The builder of a resource server.

#[cfg(feature = "dpop")]
mod dpop;
mod trusted_issuers;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Inner, ProtectedResourceMetadata, ResourceIdentifier, ResourceServer, SettingName, SetupError,
    SingleValue,
};
#[cfg(feature = "mtls")]
use crate::ClientCertificateSource;
#[cfg(feature = "dpop")]
use crate::Dpop;
use crate::policy::ScopeDefinitions;
use crate::rejection::{ChallengeBase, OFFLINE_ACCESS};
use crate::resolve::SharedResolver;
use crate::scope::RequestedScopes;
use crate::secure_url::{self, Http};
use crate::telemetry::{LogLimiter, Quoted};
use crate::trust::{AudienceCheck, TrustedIssuer};
use crate::validate::Validation;
use crate::{
    AuthorizationDetail, Clock, Resolver, Scope, ScopeDefinition, ScopeVocabulary, SystemClock,
};

/// The default of `max_token_length`, in bytes.
const MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// The longest `leeway`.
const MAX_LEEWAY: Duration = Duration::from_secs(60);

const RESOURCE: SettingName = SettingName::of_both("resource");
const ISSUER: SettingName = SettingName::of_both("issuer");
const AUTHORIZATION_SERVERS: SettingName = SettingName::of_both("authorization_servers");
const LEEWAY: SettingName = SettingName::with_key("leeway", "leeway_s");
const REQUESTED_SCOPE_PREFIX: SettingName = SettingName::of_both("requested_scope_prefix");
const REALM: SettingName = SettingName::of_both("realm");

/// Settings of a [`ResourceServer`]; started by [`ResourceServer::builder`].
///
/// A method that takes one value sets it once: a second, different value is an error of
/// [`build`](Self::build). A method that takes several adds them to those of earlier calls.
#[must_use]
pub struct ResourceServerBuilder {
    resource: String,
    http: Http,
    issuer: SingleValue<String>,
    authorization_servers: Vec<String>,
    resolver: SingleValue<SharedResolver>,
    audience_check: SingleValue<AudienceCheck>,
    accepted_audiences: Vec<String>,
    accepted_clients: Vec<String>,
    trusted_issuers: Vec<TrustedIssuer>,
    api_keys: Vec<TrustedIssuer>,
    leeway: SingleValue<Duration>,
    realm: SingleValue<String>,
    max_token_length: SingleValue<usize>,
    scopes_supported: Vec<String>,
    scope_definitions: Vec<&'static ScopeDefinition>,
    requested_scope_prefix: SingleValue<String>,
    authorization_details_types: Vec<String>,
    rar_challenge_draft: bool,
    resource_name: SingleValue<String>,
    resource_documentation: SingleValue<String>,
    clock: SingleValue<Arc<dyn Clock>>,
    #[cfg(feature = "dpop")]
    dpop: SingleValue<Dpop>,
    #[cfg(feature = "dpop")]
    external_base_url: SingleValue<String>,
    #[cfg(feature = "mtls")]
    client_certificate_source: SingleValue<ClientCertificateSource>,
}

impl ResourceServerBuilder {
    pub(super) fn new(resource: String) -> Self {
        Self {
            resource,
            http: Http::LoopbackOnly,
            issuer: SingleValue::UNSET,
            authorization_servers: Vec::new(),
            resolver: SingleValue::UNSET,
            audience_check: SingleValue::UNSET,
            accepted_audiences: Vec::new(),
            accepted_clients: Vec::new(),
            trusted_issuers: Vec::new(),
            api_keys: Vec::new(),
            leeway: SingleValue::UNSET,
            realm: SingleValue::UNSET,
            max_token_length: SingleValue::UNSET,
            scopes_supported: Vec::new(),
            scope_definitions: Vec::new(),
            requested_scope_prefix: SingleValue::UNSET,
            authorization_details_types: Vec::new(),
            rar_challenge_draft: false,
            resource_name: SingleValue::UNSET,
            resource_documentation: SingleValue::UNSET,
            clock: SingleValue::UNSET,
            #[cfg(feature = "dpop")]
            dpop: SingleValue::UNSET,
            #[cfg(feature = "dpop")]
            external_base_url: SingleValue::UNSET,
            #[cfg(feature = "mtls")]
            client_certificate_source: SingleValue::UNSET,
        }
    }

    /// What resolves tokens: an [`Introspection`](crate::Introspection) client, or a
    /// [`Resolver`] of your own. Required.
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver.set_once(SharedResolver::new(resolver));
        self
    }

    /// The issuer of the tokens: `iss` must be exactly this text, and the metadata names it as the
    /// authorization server. Claims without `iss` are accepted from the introspection client, and from a
    /// resolver that [vouches](Resolver::vouches_for_issuer) for the issuer. Default: none, and `iss`
    /// is not checked.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer.set(issuer.into());
        self
    }

    /// Lists these authorization servers in the metadata, after the [`issuer`](Self::issuer) and
    /// those of earlier calls. It does not make `iss` be checked. Default: none, but one is required
    /// where there is no issuer.
    pub fn authorization_servers<S: Into<String>>(
        mut self,
        issuers: impl IntoIterator<Item = S>,
    ) -> Self {
        self.authorization_servers.extend(issuers.into_iter().map(Into::into));
        self
    }

    /// Whether tokens must name this resource as their audience. Default:
    /// [`AudienceCheck::Required`]. The others accept tokens that were issued for other services.
    pub fn audience_check(mut self, check: AudienceCheck) -> Self {
        self.audience_check.set(check);
        self
    }

    /// Accepts tokens for these audiences, too, besides the resource identifier and the audiences of
    /// earlier calls. It is for authorization servers that identify an API by another value (`api://…`
    /// of Entra ID, a client id of Keycloak). Default: none.
    pub fn accepted_audiences<S: Into<String>>(
        mut self,
        audiences: impl IntoIterator<Item = S>,
    ) -> Self {
        self.accepted_audiences.extend(audiences.into_iter().map(Into::into));
        self
    }

    /// Accepts tokens without `aud` that were issued to these clients, besides those of earlier calls: see
    /// [`TrustedIssuer::accepted_clients`]. Default: none.
    pub fn accepted_clients<S: Into<String>>(
        mut self,
        clients: impl IntoIterator<Item = S>,
    ) -> Self {
        self.accepted_clients.extend(clients.into_iter().map(Into::into));
        self
    }

    /// Accepts the tokens of this issuer, and of those of earlier calls: see [`TrustedIssuer`]. The metadata lists all of
    /// them as authorization servers.
    ///
    /// The issuer that a token names in `iss` decides which resolver it is resolved with, and the
    /// [prefix](TrustedIssuer::token_prefix) of a token comes first. An opaque token is resolved for the one issuer
    /// without a prefix whose resolver [resolves opaque tokens](Resolver::resolves_opaque_tokens). A token of no trusted
    /// issuer gets a 401, and causes no request.
    ///
    /// It takes the place of [`issuer`](Self::issuer), [`resolver`](Self::resolver),
    /// [`audience_check`](Self::audience_check), [`accepted_audiences`](Self::accepted_audiences) and
    /// [`accepted_clients`](Self::accepted_clients), which are for one issuer. Default: none.
    pub fn trusted_issuer(mut self, issuer: TrustedIssuer) -> Self {
        self.trusted_issuers.push(issuer);
        self
    }

    /// Accepts these API keys, too, besides those of earlier calls and the tokens of the issuers: see
    /// [`ApiKeys`](crate::ApiKeys). A token that begins with the prefix, such as `jrn_`, is looked up there alone, and causes
    /// no request; every other token is one of an issuer. The keys are for this server, so they have no audience and no
    /// issuer, and the metadata does not mention them. Default: none.
    #[cfg(feature = "introspection")]
    pub fn api_keys(mut self, prefix: impl Into<String>, keys: crate::ApiKeys) -> Self {
        self.api_keys.push(TrustedIssuer::of_api_keys(prefix.into(), keys));
        self
    }

    /// How much the clocks may differ when `exp` and `nbf` are checked. Default: 0; at most
    /// 60 s. The authorization server checks them by its own clock, too.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway.set(leeway);
        self
    }

    /// The `realm` of challenges (RFC 9110 §11.5). Default: none.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm.set(realm.into());
        self
    }

    /// The longest token that is accepted, in bytes. Default: 8192.
    pub fn max_token_length(mut self, bytes: usize) -> Self {
        self.max_token_length.set(bytes);
        self
    }

    /// Lists these scopes as `scopes_supported` in the metadata, after those of earlier calls. Each is
    /// listed once. `offline_access` is left out, since a resource server does not use it. Default: none.
    pub fn scopes_supported<S: Into<String>>(
        mut self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.scopes_supported.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Adds the scopes of a vocabulary, which `#[derive(Scope)]` defines, to those of earlier calls. Default: none.
    ///
    /// - A token with a scope that [implies](ScopeDefinition::implies) others meets every condition on them, also where
    ///   the condition names them by a literal, as do `AuthInfo::has_scope` and `AuthInfo::require`. Without this call,
    ///   it meets those conditions that name the scope as a variant of the enum.
    /// - A challenge leaves out a scope that another one in it implies.
    /// - `scopes_supported` in the metadata lists the scopes, after those of [`scopes_supported`](Self::scopes_supported).
    ///
    /// ```
    /// # #[cfg(feature = "introspection")] {
    /// use requires_auth::{Introspection, ResourceServer, Scope};
    ///
    /// #[derive(Scope)]
    /// enum JournalScope {
    ///     /// Read your entries
    ///     #[scope("entries:read")]
    ///     EntriesRead,
    ///     /// Create and delete your entries
    ///     #[scope("entries:write", implies = [EntriesRead])]
    ///     EntriesWrite,
    /// }
    ///
    /// # fn main() -> Result<(), requires_auth::SetupError> {
    /// # let introspection = Introspection::builder("https://auth.example/oauth2/introspect")
    /// #     .client_secret_basic("journal", "the client's secret")
    /// #     .build()?;
    /// let server = ResourceServer::builder("https://journal.example/mcp")
    ///     .issuer("https://auth.example")
    ///     .resolver(introspection)
    ///     .scopes::<JournalScope>()
    ///     .build()?;
    /// assert_eq!(server.metadata().scopes_supported, ["entries:read", "entries:write"]);
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// The enum is a type parameter, since all of its variants are scopes of the server: `.scopes::<JournalScope>()`. Two
    /// vocabularies that define the same scope differently are an error of [`build`](Self::build).
    #[doc(alias = "vocabulary")]
    pub fn scopes<V: ScopeVocabulary>(mut self) -> Self {
        self.scope_definitions.extend(V::DEFINITIONS);
        self
    }

    /// The text that a client writes before the name of a scope to request it, if a token has the name alone: with
    /// `api://app-id/`, a function that requires `read` needs a token with the scope `read`, which the client requests
    /// as `api://app-id/read`. So does Entra ID. Default: none, and a scope has the same name in the request and in
    /// the token.
    ///
    /// Everything that names scopes to clients writes the prefix: challenges, `scopes_supported` and
    /// [`Rejection::scope`](crate::Rejection::scope), and of an MCP server the `_meta` of its tools and its initial
    /// scopes. Conditions, settings and the log have the names of the token. A scope that begins with the prefix
    /// keeps its name, and so do the scopes of OpenID Connect such as `openid`, which are of no resource server.
    ///
    /// ```
    /// # #[cfg(feature = "jwt")] {
    /// use requires_auth::{Condition, JwtVerifier, ResourceServer};
    ///
    /// # fn main() -> Result<(), requires_auth::SetupError> {
    /// let issuer = "https://login.microsoftonline.com/tenant-id/v2.0";
    /// let server = ResourceServer::builder("https://journal.example/mcp")
    ///     .issuer(issuer)
    ///     .resolver(JwtVerifier::from_issuer(issuer).scope_claims(["scp".parse().unwrap()]).build()?)
    ///     .requested_scope_prefix("api://app-id/")
    ///     .build()?;
    /// let rejection = server.unauthorized(Condition::Scope("read"));
    /// assert_eq!(rejection.scope(), Some("api://app-id/read"));
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    pub fn requested_scope_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.requested_scope_prefix.set(prefix.into());
        self
    }

    /// Lists a type as `authorization_details_types_supported` in the metadata (RFC 9396 §10), after those of earlier calls.
    /// An MCP server adds the types that its tools and prompts declare. Default: none.
    ///
    /// It is for the metadata only: a function accepts the types that its own attribute names.
    pub fn authorization_details<T: AuthorizationDetail>(mut self) -> Self {
        if !self.authorization_details_types.iter().any(|name| name == T::TYPE) {
            self.authorization_details_types.push(T::TYPE.to_owned());
        }
        self
    }

    /// Answers missing authorization details with the challenge of a draft, draft-zehavi-oauth-rar-metadata: a 403 has
    /// `WWW-Authenticate` with `error="insufficient_authorization_details"`. The draft may change, and with it this
    /// challenge. Default: a 403 without a challenge, since no RFC defines one.
    pub fn rar_challenge_draft(mut self, enabled: bool) -> Self {
        self.rar_challenge_draft = enabled;
        self
    }

    /// The human-readable name of the resource in the metadata. Default: none.
    pub fn resource_name(mut self, name: impl Into<String>) -> Self {
        self.resource_name.set(name.into());
        self
    }

    /// The URL of the documentation of the resource, for the metadata. Default: none.
    pub fn resource_documentation(mut self, url: impl Into<String>) -> Self {
        self.resource_documentation.set(url.into());
        self
    }

    /// Lets the resource identifier and the issuer be plain `http` on hosts other than this
    /// machine. Default: they must not. Tokens can then be read and replaced on their way.
    pub fn dangerously_allow_http(mut self) -> Self {
        self.http = Http::Anywhere;
        self
    }

    /// The clock for `exp` and `nbf`. Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock.set_once(Arc::new(clock));
        self
    }

    /// How tokens that are bound to a key are treated (RFC 9449). Default: [`Dpop::accepted`].
    #[cfg(feature = "dpop")]
    pub fn dpop(mut self, dpop: Dpop) -> Self {
        self.dpop.set_once(dpop);
        self
    }

    /// The URL that clients write before the path of a request as this service gets it: a DPoP proof names the URI by
    /// which the client knows it (RFC 9449 §4.2). It is for a service behind a proxy that removes a prefix of the path,
    /// as in `https://example.com/journal`, or that clients reach under another host than that of the resource
    /// identifier. Default: scheme, host and port of the resource identifier.
    #[cfg(feature = "dpop")]
    pub fn external_base_url(mut self, url: impl Into<String>) -> Self {
        self.external_base_url.set(url.into());
        self
    }

    /// Where the certificate of a client is found, for tokens that are bound to one (RFC 8705 §3). If it is set, the
    /// metadata says that such tokens are supported (`tls_client_certificate_bound_access_tokens`). Default:
    /// [`ClientCertificateSource::connection`], which the metadata does not mention.
    #[cfg(feature = "mtls")]
    pub fn client_certificate_source(mut self, source: ClientCertificateSource) -> Self {
        self.client_certificate_source.set(source);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`SetupError`] says which setting is missing or wrong.
    pub fn build(mut self) -> Result<ResourceServer, SetupError> {
        let identifier = ResourceIdentifier::parse(std::mem::take(&mut self.resource), self.http)
            .map_err(SetupError::url(RESOURCE))?;
        let trusted_issuers = self.take_trusted_issuers(identifier.as_str())?;
        for server in &self.authorization_servers {
            secure_url::parse(server, self.http).map_err(SetupError::url(AUTHORIZATION_SERVERS))?;
        }
        let issuers = trusted_issuers.iter().filter_map(|trusted| trusted.issuer.clone());
        let authorization_servers: Vec<String> =
            issuers.chain(self.authorization_servers).collect();
        if authorization_servers.is_empty() {
            return Err(SetupError::Missing { settings: vec![ISSUER, AUTHORIZATION_SERVERS] });
        }
        let leeway = self.leeway.get(LEEWAY)?.unwrap_or_default();
        if leeway > MAX_LEEWAY {
            return Err(SetupError::invalid(LEEWAY, "at most 60 seconds", format!("{leeway:?}")));
        }
        let realm = self.realm.get(REALM)?;
        let shown_realm = realm.as_deref().map(|realm| Quoted(realm).to_string());
        let scope_definitions = ScopeDefinitions::new(self.scope_definitions)?;
        let defined = scope_definitions.iter().map(|scope| scope.name().to_owned());
        let scopes_supported = scopes_supported(self.scopes_supported.into_iter().chain(defined))?;
        let prefix = self.requested_scope_prefix.get(REQUESTED_SCOPE_PREFIX)?;
        let shown_prefix = prefix.as_deref().map(|prefix| Quoted(prefix).to_string());
        let requested_scopes = RequestedScopes::with_prefix(prefix).ok_or_else(|| {
            let expected = "the beginning of a scope (RFC 6749 §3.3)";
            SetupError::invalid(REQUESTED_SCOPE_PREFIX, expected, shown_prefix.unwrap_or_default())
        })?;
        let supported = scopes_supported.iter().map(|scope| requested_scopes.name(scope));
        let scopes_supported = supported.map(Cow::into_owned).collect();
        let metadata_url = identifier.metadata_url().to_owned();
        #[cfg(feature = "dpop")]
        let dpop = dpop::verifier(
            self.dpop.get(dpop::DPOP)?,
            self.external_base_url.get(dpop::EXTERNAL_BASE_URL)?.as_deref(),
            &identifier,
            self.http,
        )?;
        let challenge = ChallengeBase::new(realm, metadata_url, requested_scopes)
            .ok_or_else(|| {
                SetupError::invalid(
                    REALM,
                    "printable ASCII without `\"` and `\\`",
                    shown_realm.unwrap_or_default(),
                )
            })?
            .with_rar_challenge_draft(self.rar_challenge_draft);
        #[cfg(feature = "dpop")]
        let challenge = challenge.with_dpop(dpop.as_ref().map(dpop::challenge));
        #[cfg(feature = "mtls")]
        let client_certificates = self
            .client_certificate_source
            .get(SettingName::of_both("client_certificate_source"))?
            .map(ClientCertificateSource::build)
            .transpose()?;
        #[cfg(feature = "mtls")]
        let challenge = challenge.with_certificates(client_certificates.is_some());
        let metadata = ProtectedResourceMetadata {
            resource: identifier.as_str().to_owned(),
            authorization_servers,
            scopes_supported,
            bearer_methods_supported: ["header"],
            authorization_details_types_supported: self.authorization_details_types,
            resource_name: self.resource_name.get(SettingName::of_both("resource_name"))?,
            resource_documentation: self
                .resource_documentation
                .get(SettingName::of_both("resource_documentation"))?,
            #[cfg(feature = "mtls")]
            tls_client_certificate_bound_access_tokens: client_certificates
                .is_some()
                .then_some(true),
            #[cfg(feature = "dpop")]
            dpop_bound_access_tokens_required: dpop.as_ref().map(|dpop| dpop.is_required),
            #[cfg(feature = "dpop")]
            dpop_signing_alg_values_supported: dpop.as_ref().map(dpop::algorithms),
        };
        let max_token_length = self
            .max_token_length
            .get(SettingName::of_both("max_token_length"))?
            .unwrap_or(MAX_TOKEN_LENGTH);
        let clock = self
            .clock
            .get(SettingName::of_builder("clock"))?
            .unwrap_or_else(|| Arc::new(SystemClock));
        Ok(ResourceServer::with(Inner {
            identifier,
            challenge,
            max_token_length,
            trusted_issuers,
            validation: Validation { leeway, clock },
            metadata,
            scope_definitions,
            log_limiter: LogLimiter::new(),
            #[cfg(feature = "dpop")]
            dpop,
            #[cfg(feature = "mtls")]
            client_certificates: client_certificates.unwrap_or_default(),
        }))
    }
}

/// Each scope once, in order, without `offline_access`, which is a scope of the authorization server.
fn scopes_supported(scopes: impl IntoIterator<Item = String>) -> Result<Vec<String>, SetupError> {
    let mut supported: Vec<String> = Vec::new();
    for scope in scopes {
        if scope.parse::<Scope>().is_err() {
            return Err(SetupError::invalid(
                SettingName::of_both("scopes_supported"),
                "a list of scopes (RFC 6749 §3.3)",
                Quoted(&scope),
            ));
        }
        if scope != OFFLINE_ACCESS && !supported.contains(&scope) {
            supported.push(scope);
        }
    }
    Ok(supported)
}

impl fmt::Debug for ResourceServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceServerBuilder")
            .field("resource", &self.resource)
            .field("issuer", &self.issuer.first())
            .field("audience_check", &self.audience_check.first())
            .finish_non_exhaustive()
    }
}
