// The examples of the README need these features.
#![cfg_attr(
    all(feature = "axum", feature = "introspection", feature = "rmcp", feature = "testing"),
    doc = include_str!("../README.md")
)]
//! # Where to start reading
//!
//! - [`requires_auth`] is the attribute, with all its arguments.
//! - [`ResourceServer`] is created once, with [`Introspection`] in code, from a [`ResourceServerConfig`], or from the
//!   environment. Its `layer` guards a whole router.
//! - [`AuthInfo`] is the caller that a guarded function receives. [`Rejection`] is the response to the other requests,
//!   and describes the log.
//! - [`Resolver`] is the trait for another source of claims than introspection.
//! - [`telemetry`] lists the metrics. The module `mcp` is for MCP servers, `shared_cache` for several instances,
//!   `token_exchange` for calls of other APIs, and `testing` for tests.
//! - The module `recipes` has short programs for common tasks.
//! - [`design`] has the decisions behind the crate, with their alternatives and reasons. [`compare`] says what other
//!   projects do, and when to use one of them. [`benchmarks`] has what was measured.
//!
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth_info;
mod authenticate;
#[cfg(feature = "axum")]
mod axum;
#[cfg(doc)]
pub mod benchmarks;
mod claims;
mod clock;
#[cfg(doc)]
pub mod compare;
mod decide;
#[cfg(doc)]
pub mod design;
pub mod frameworks;
#[cfg(any(test, requires_auth_fuzz))]
#[doc(hidden)]
pub mod fuzz;
pub mod groups;
#[cfg(feature = "tonic")]
pub mod grpc;
mod guard;
mod jose;
mod json_object;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "introspection")]
mod loaded;
#[cfg(feature = "manifest")]
pub mod manifest;
#[cfg(feature = "rmcp")]
pub mod mcp;
#[cfg(feature = "mtls")]
pub mod mtls;
#[cfg(feature = "utoipa")]
pub mod openapi;
mod pipeline;
pub mod policy;
#[cfg(feature = "jwt")]
mod provider;
// The pages link to what these features add.
#[cfg(all(
    doc,
    feature = "jwt",
    feature = "metrics",
    feature = "redis",
    feature = "testing",
    feature = "token-exchange",
    feature = "tonic"
))]
pub mod recipes;
mod rejection;
#[cfg(feature = "introspection")]
mod reloaded_file;
mod request;
mod resolve;
mod resource_server;
mod scope;
mod secret;
#[cfg(feature = "introspection")]
mod secret_source;
mod secure_url;
#[cfg(feature = "redis")]
pub mod shared_cache;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod thumbprint;
#[cfg(any(feature = "introspection", feature = "testing"))]
mod tls_backend;
mod token_error;
#[cfg(feature = "token-exchange")]
pub mod token_exchange;
pub mod token_requirements;
mod trust;
mod validate;

#[cfg(feature = "axum")]
pub use self::axum::{HostRouter, ServerState};
pub use auth_info::AuthInfo;
pub use authenticate::{AccessToken, AccessTokenError};
#[cfg(feature = "mtls")]
pub use authenticate::{ClientCertificate, ClientCertificateSource, PeerAddress, ProxyHeader};
#[cfg(feature = "dpop")]
pub use authenticate::{
    Dpop, DpopMode, DpopProofError, ReplayStore, ReplayStoreError, ReplayStoreFailure, UsedProof,
};
pub use claims::{Actor, Claims, ClaimsReader, ScopeClaim, ScopeClaimError};
pub use clock::{Clock, SystemClock};
pub use guard::Authorized;
#[cfg(feature = "jwt")]
pub use jose::{SigningAlgorithm, SigningAlgorithmError};
#[cfg(feature = "tower")]
pub use layer::{AuthFuture, AuthLayer, AuthService};
#[cfg(feature = "dpop")]
pub use layer::{DpopNonceFuture, DpopNonceLayer, DpopNonceService};
#[cfg(feature = "manifest")]
pub use manifest::Manifest;
pub use policy::{
    AuthorizationDetail, AuthorizationDetails, Condition, DetailType, Permit, Requirement,
    ScopeDefinition, ScopeType, ScopeVocabulary, TokenRequirement, TryIntoCondition,
};
#[cfg(feature = "jwt")]
pub use provider::Provider;
pub use rejection::{FromRejection, Reason, Rejection};
pub use request::RequestHead;
/// Declares a type of authorization details: see the trait [`AuthorizationDetail`](trait@AuthorizationDetail).
///
/// `#[authorization_detail("payment_initiation")]` has the value of the member `type` (RFC 9396 §2). If another crate
/// re-exports this one, write `#[authorization_detail("…", crate = ::path)]`. A renamed dependency does not need it.
pub use requires_auth_macros::AuthorizationDetail;
/// Declares the scopes of a resource server as an enum: a [vocabulary](ScopeVocabulary).
///
/// ```
/// use requires_auth::{Scope, ScopeVocabulary};
///
/// #[derive(Scope)]
/// enum JournalScope {
///     /// Read your entries
///     #[scope("entries:read")]
///     EntriesRead,
///     /// Create and delete your entries
///     #[scope("entries:write", implies = [EntriesRead])]
///     EntriesWrite,
///     /// Do everything
///     #[scope("admin", implies = [EntriesWrite])]
///     Admin,
/// }
///
/// assert_eq!(JournalScope::Admin.definition().implies(), ["entries:read", "entries:write"]);
/// ```
///
/// Each variant has one `#[scope("…")]` with the scope as it is in a token, and no fields. The text is in the grammar
/// of RFC 6749 §3.3, has at most 256 bytes, and follows the same rules as a literal in the argument `scopes` of
/// [`requires_auth`](macro@requires_auth). The first paragraph of the doc comment is the description of the scope.
///
/// `implies = […]` lists variants of the same enum. A token with a scope satisfies every condition on a variant that it
/// implies, directly or through others; with [`ResourceServerBuilder::scopes`], also every condition on its text.
/// [`ScopeVocabulary`] describes it.
///
/// These do not compile: a scope that two variants define, a cycle in `implies`, generics, discriminants such as
/// `= 1`, an enum without variants.
///
/// `#[scope(types = scopes)]` above the enum creates a module `scopes`, as visible as the enum, that has a type of the
/// same name for each variant: see [`Permit`].
///
/// If another crate re-exports this one, write `#[scope(crate = ::path)]` above the enum. A renamed dependency does
/// not need it.
pub use requires_auth_macros::Scope;
/// Guards a function: it runs only for a caller whose access token is valid, is meant for this server, and
/// has the scopes. Other requests are answered with a [`Rejection`].
///
/// ```
/// use axum::Json;
/// use requires_auth::{AuthInfo, requires_auth};
///
/// #[requires_auth(scopes = "entries:write")]
/// async fn create_entry(auth: AuthInfo, Json(entry): Json<String>) -> String {
///     format!("{} wrote {entry}", auth.subject().unwrap_or("somebody"))
/// }
/// ```
///
/// # Arguments
///
/// | written | meaning |
/// |---|---|
/// | `#[requires_auth]` | any valid token |
/// | `scopes = "read write"` | both scopes |
/// | `scopes = ["read", "write"]` | both scopes |
/// | `scopes = any("admin", all("read", "write"))` | a nested [`Condition`] |
/// | `scopes = JournalScope::EntriesRead` | a [typed scope](#typed-scopes), alone or wherever a string literal may stand |
/// | `vocabulary = JournalScope` | the enum that defines the string literals in `scopes`, and the scopes of `scopes_from` in the metadata of an MCP server: see [typed scopes](#typed-scopes) |
/// | `scopes_from = scopes_of` | scopes that depend on the arguments, returned by a function: see [`TryIntoCondition`] |
/// | `sender_constrained` | a token that is bound to its holder (RFC 9449, RFC 8705): see [`token_requirements`] |
/// | `acr_values = "phr phrh"`, `max_age = 300` | a login with one of these `acr`, at most 300 s ago (RFC 9470): see [`token_requirements`] |
/// | `authorization_details = Payment` | details of this type (RFC 9396), which an argument `AuthorizationDetails<Payment>` receives: see [`AuthorizationDetail`](trait@AuthorizationDetail) |
/// | `when = auth.subject() == Some(&*owner)` | a condition on the arguments, evaluated after them: see [`FromRejection`] |
/// | `optional` | a request without a token reaches the function, and `auth` is an `Option<AuthInfo>` |
/// | `permit: &Permit<scopes::EntriesWrite>` among the arguments | receives the evidence that the scope was checked: see [`Permit`] |
/// | `from = &request, server = self.server` | the request and the [`ResourceServer`], for a function that no extractor guards: see [`frameworks`] |
/// | `crate = ::path` | the path of this crate, if another crate re-exports it. A renamed dependency does not need it |
///
/// A scope is a string literal in the grammar of RFC 6749 §3.3; anything else does not compile. A string that
/// looks like an expression does not compile either: one that contains `(`, `)`, `[`, `]`, `{`, `}`, `;`, `|`, `&`,
/// `%20` or quotes, one in `<…>`, one that begins with `!` or `scopes=`, one with an operator such as `or`, `not`,
/// `/` or `=` between other words, or one with `any`, `all` or `either` in front of others. The grammar allows
/// some of these characters; for a scope that contains them, call [`AuthInfo::require`] in the function. A list
/// inside `any(…)` means all of its scopes, and does not compile as the only element of `any(…)`.
///
/// A challenge for `any(…)` names one alternative: [`Condition`] describes which.
///
/// # The function
///
/// Any `async fn` or `fn`, free or in an `impl`, that the framework accepts. An argument of type `AuthInfo`, at
/// any position, receives the caller. The attribute recognises the type by this name; if the type has another
/// name, mark the argument:
///
/// ```
/// # use requires_auth::{AuthInfo, requires_auth};
/// type Caller = AuthInfo;
///
/// #[requires_auth]
/// async fn whoami(#[auth] caller: Caller) -> String {
///     caller.subject().unwrap_or("nobody").to_owned()
/// }
///
/// #[requires_auth(scopes = "beta", optional)]
/// async fn greet(caller: Option<AuthInfo>) -> &'static str {
///     if caller.is_some() { "welcome back" } else { "hello" }
/// }
///
/// #[requires_auth(scopes = ["admin", "metrics:read"])]
/// async fn metrics() -> &'static str {
///     "guarded without an argument"
/// }
/// ```
///
/// # What it expands to
///
/// The attribute changes one argument, and the `_meta` of a tool or a prompt. `auth: AuthInfo` becomes
/// `Authorized { caller: auth, .. }` with the type [`Authorized`], as the first argument, so that the framework
/// runs the guard before it reads anything else of the request. A function without such an argument gets one.
///
/// With `scopes_from` or `when`, the type is another one, and statements in front of the body decide about the arguments.
///
/// To call the function yourself, pass `auth.try_into()?` as the first argument. Compiler errors show its type,
/// which contains the policy, such as `AllOf<(OAuthScope<1919246692>, …)>`: see the module [`policy`].
///
/// # Several guards in one request
///
/// The token of a request is resolved once. A layer, an extractor of [`AuthInfo`], or another guarded function
/// that handles the same request uses the claims of the first one again, for the same [`ResourceServer`] and
/// the same token, and validates them again. The challenge of a later guard, and of [`AuthInfo::require`], names
/// the scopes of all of them.
///
/// # Tools and prompts of an MCP server
///
/// With the feature `rmcp`, put it above `#[tool]` or `#[prompt]`. The guard decides before the arguments are
/// parsed, at any position of `auth`. The `_meta` of the tool has the policy, under the name
/// `requires-auth/authorization`.
///
/// ```
/// # #[cfg(feature = "rmcp")]
/// # mod server {
/// use requires_auth::{AuthInfo, requires_auth};
/// use rmcp::handler::server::wrapper::Parameters;
/// use rmcp::model::ErrorData;
/// use rmcp::{tool, tool_router};
/// # use rmcp::schemars;
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # pub struct NewEntry { title: String }
/// # pub struct Journal;
///
/// #[tool_router]
/// impl Journal {
///     /// Create an entry in the journal.
///     #[requires_auth(scopes = "entries:write")]
///     #[tool]
///     async fn create_entry(
///         &self,
///         Parameters(entry): Parameters<NewEntry>,
///         auth: AuthInfo,
///     ) -> Result<String, ErrorData> {
///         if entry.title.starts_with("private/") {
///             auth.require("entries:private")?;
///         }
///         Ok(format!("{} wrote {}", auth.subject().unwrap_or("somebody"), entry.title))
///     }
/// }
/// # }
/// ```
///
/// Below `#[tool]` it cannot add the `_meta`, and does not compile. For a `&self` method that is not `async`, the
/// attribute emits a statement that detects the wrong order at compile time. For a function with neither
/// `async` nor `self` the wrong order is not detected: the function is guarded, and its `_meta` is missing.
///
/// # All tools of an `impl` block
///
/// With a policy, such as `scopes`, `when` or `optional`, the attribute on an `impl` block guards every `#[tool]` and
/// `#[prompt]` in it that has no attribute of its own. `#[public]` exempts one: it has no guard, and only the layer in
/// front of the server decides who can call it.
///
/// ```
/// # #[cfg(feature = "rmcp")]
/// # mod server {
/// # use requires_auth::{AuthInfo, requires_auth};
/// # use rmcp::{tool, tool_router};
/// # pub struct Journal;
/// #[requires_auth(scopes = "entries:read")]
/// #[tool_router]
/// impl Journal {
///     #[tool(description = "List the entries")]
///     async fn list_entries(&self, auth: AuthInfo) -> String {
///         format!("the entries of {auth:?}")
///     }
///
///     #[requires_auth(scopes = "entries:write")]
///     #[tool(description = "Delete all entries")]
///     async fn clear(&self) {}
///
///     #[public]
///     #[tool(description = "Return the health of the server")]
///     async fn health(&self) -> String {
///         "ok".to_owned()
///     }
/// }
/// # }
/// ```
///
/// Without arguments, the attribute on the block sets no default: a tool or a prompt that has neither
/// `#[requires_auth]` nor `#[public]` does not compile. Its order with `#[tool_router]` and `#[prompt_router]`
/// makes no difference, and the other functions of the block do not change. The attribute recognises a tool or
/// a prompt by `#[tool]` and `#[prompt]`, under any path; it does not recognise one that a macro generates or
/// that uses another name. A server with such a block cannot be built with such a tool or prompt, unless that
/// has a policy of its own: see `mcp::McpBuilder::require_policies`.
///
/// # All handlers of a `mod`
///
/// On an inline `mod`, and on an `impl` block of handlers, the attribute does the same for each handler: with a policy the
/// handlers inherit it, without one each of them needs `#[requires_auth]` or `#[public]`. See [`groups`].
///
/// # Typed scopes
///
/// A variant of an enum with [`#[derive(Scope)]`](derive@Scope), by its path, may stand wherever a string literal may:
/// `scopes = any("admin", JournalScope::EntriesRead)`. A token meets it with the scope itself or with one that implies
/// it, and a typo does not compile. A literal is met by this scope alone, unless the resource server knows the vocabulary:
/// see [`ResourceServerBuilder::scopes`].
///
/// With `vocabulary = JournalScope`, the string literals of the attribute are scopes of this enum too: one that it does
/// not define does not compile, and the error names the scope that is meant.
///
/// ```
/// use requires_auth::{AuthInfo, Scope, requires_auth};
///
/// #[derive(Scope)]
/// enum JournalScope {
///     #[scope("entries:read")]
///     EntriesRead,
///     #[scope("entries:write", implies = [EntriesRead])]
///     EntriesWrite,
/// }
///
/// #[requires_auth(scopes = JournalScope::EntriesRead)]
/// async fn list(auth: AuthInfo) -> String {
///     format!("{}", auth.scopes())
/// }
///
/// #[requires_auth(scopes = "entries:read", vocabulary = JournalScope)]
/// async fn show(auth: AuthInfo) -> String {
///     format!("{}", auth.scopes())
/// }
/// ```
///
/// # Other attributes
///
/// `#[tracing::instrument]` and `#[axum::debug_handler]` can be above or below. Above, `debug_handler` needs an
/// argument for the caller, since it counts the arguments before the guard is added. A method of a trait, also with
/// `#[async_trait]`, needs `from` and `server`, since its signature must not change: see [`frameworks`].
///
/// # A compiler error without the cause
///
/// axum reports "`Handler<_, _>` is not satisfied", where a handler is routed, for each argument that it cannot
/// extract. For a guarded handler the usual cause is a router whose state has no [`ResourceServer`], such as
/// `Router<()>` or an `Arc<App>`. `#[axum::debug_handler(state = App)]` on the handler, with the state of the
/// router, shows the cause: "the router's state `App` has no `ResourceServer`". Write `.with_state(server)`, or
/// derive `Clone` and `axum::extract::FromRef` for a state that has the `ResourceServer` as a field.
///
/// # Conditional compilation
///
/// If the condition of `#[cfg_attr(…, requires_auth(…))]` is false, there is no attribute and no guard: do not
/// make the guard depend on how the program is compiled.
pub use requires_auth_macros::requires_auth;
#[doc(hidden)]
pub use resolve::Revision;
#[cfg(feature = "introspection")]
pub use resolve::api_keys::{ApiKeys, ApiKeysError};
#[cfg(feature = "introspection")]
pub use resolve::cache::{Cached, CachedBuilder, InvalidationError, second_level};
#[cfg(feature = "jwt")]
pub use resolve::hybrid::Hybrid;
#[cfg(feature = "introspection")]
pub use resolve::introspection::{
    BearerSource, ClientAuthentication, ClientCredentialsGrant, Introspection,
    IntrospectionBuilder, TokenSource,
};
#[cfg(feature = "jwt")]
pub use resolve::introspection::{ClientAssertion, SignedResponse};
#[cfg(feature = "jwt")]
pub use resolve::jwt::{JwtVerifier, JwtVerifierBuilder, OptionalClaim};
pub use resolve::{
    ClientError, ErrorResponse, MemberError, OAuthErrorCode, ResolveError, Resolver, ResponseError,
    SignedResponseError, UnavailableError,
};
#[cfg(all(feature = "introspection", feature = "mtls"))]
pub use resource_server::ClientCertificateLocation;
#[cfg(feature = "jwt")]
pub use resource_server::Mode;
#[cfg(feature = "introspection")]
pub use resource_server::{ClientAuthenticationMethod, ResourceServerConfig};
pub use resource_server::{
    DiscoveryError, ProtectedResourceMetadata, ResourceServer, ResourceServerBuilder, SettingName,
    SetupError, UnknownSettingError,
};
pub use scope::{Scope, ScopeError, ScopeList, ScopeSet, ScopeSetIter};
pub use secret::Secret;
#[cfg(feature = "introspection")]
pub use secret_source::SecretSource;
pub use secure_url::UrlError;
pub use token_error::{ApiKeyError, BindingError, JwtError, TokenError};
pub use trust::{AudienceCheck, TrustedIssuer};

/// The items that the expansion of the attribute names.
#[doc(hidden)]
pub mod requires_auth_expansion {
    #[cfg(feature = "manifest")]
    pub use crate::__requires_auth_register_function as register_function;
    pub use crate::auth_info::AuthInfo;
    pub use crate::guard::{
        Authorized, Conditional, Evaluation, Outcome, authorize, receives_an_optional_caller,
        receives_the_caller, resource_server,
    };
    #[cfg(feature = "manifest")]
    pub use crate::manifest::Registration;
    #[cfg(feature = "rmcp")]
    pub use crate::mcp::attribute_order::{AboveTool, NoToolAttribute, assert_above_tool};
    #[cfg(feature = "rmcp")]
    pub use crate::mcp::{ScopesFrom, declared, declared_both, meta, parse_arguments};
    #[cfg(feature = "utoipa")]
    pub use crate::openapi::openapi_extension;
    #[cfg(feature = "manifest")]
    pub use crate::policy::function_id;
    pub use crate::policy::type_level::{
        Acr, AcrValues, AllOf, AnyOf, AnyToken, ByTryInto, Defines, Function, Joined, MaxAge,
        NoVariant, OAuthScope, Optional, Policy, SenderConstrained, Shared, TypedScope,
        WithDetails, scope_of,
    };
    pub use crate::policy::{
        AuthorizationDetail, CheckedDetail, Detail, Implies, Permitted, ScopeDefinition, ScopeType,
        ScopeVocabulary, assert_details_required, checked_detail, condition, literal_of,
    };
    pub use crate::rejection::FromRejection;
    pub use crate::scope::ListedScope;
    #[cfg(feature = "manifest")]
    pub use inventory;
    pub use requires_auth_macros::requires_auth;
}
