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
//! - [`telemetry`] lists the metrics. The module `mcp` is for MCP servers, `shared_cache` for several instances, and
//!   `testing` for tests.
//!
//! The front page has the README if all features are on that its examples use.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth_info;
mod authenticate;
#[cfg(feature = "axum")]
mod axum;
mod claims;
mod clock;
mod decide;
mod guard;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "rmcp")]
pub mod mcp;
mod pipeline;
pub mod policy;
mod rejection;
mod request;
mod resolve;
mod resource_server;
mod scope;
mod secure_url;
#[cfg(feature = "redis")]
pub mod shared_cache;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod trust;
mod validate;

#[cfg(feature = "axum")]
pub use self::axum::ServerState;
pub use auth_info::AuthInfo;
pub use authenticate::{AccessToken, AccessTokenError};
pub use claims::{Claims, ClaimsReader, ScopeClaim, ScopeClaimError};
pub use clock::{Clock, SystemClock};
pub use guard::Authorized;
#[cfg(feature = "tower")]
pub use layer::{AuthFuture, AuthLayer, AuthService};
pub use policy::Condition;
pub use rejection::{Reason, Rejection, TokenError};
pub use request::RequestHead;
/// Guards a function: it runs only for a caller whose access token is valid, meant for this server,
/// and carries the scopes.
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
/// | written | means |
/// |---|---|
/// | `#[requires_auth]` | any valid token |
/// | `scopes = "read write"` | both scopes |
/// | `scopes = ["read", "write"]` | both scopes |
/// | `scopes = any("admin", all("read", "write"))` | conditions, nested as written |
/// | `optional` | a request without a token is let through, and `auth` is an `Option<AuthInfo>` |
/// | `crate = ::path` | where this crate is, if it is re-exported under another path; a renamed dependency needs none |
///
/// A scope is a string literal within the grammar of RFC 6749 §3.3; anything else does not compile. Neither
/// does a string that reads as an expression: one with `(`, `)`, `[`, `]`, `;`, `|`, `&` or quotes in it, one
/// that begins with `!`, or one with `or`, `and` or `not` between other words. The grammar allows some of
/// these characters; for a scope that has them, call [`AuthInfo::require`] in the function. A list in
/// `any(…)` means all of its scopes, as everywhere, and does not compile where it is the only element.
///
/// A challenge for `any(…)` names one alternative. Without a token the first written alternative is
/// challenged; with one, the alternative with the fewest scopes missing, on a tie the one of which most
/// scopes are held, then the first written.
///
/// # The function
///
/// Any `async fn` or `fn`, free or in an `impl`, that the framework takes. An argument of type
/// `AuthInfo`, anywhere among the others, receives the caller. The attribute recognises the type by that
/// name; where it has another one, mark the argument:
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
/// One argument changes, nothing else but the `_meta` of a tool or a prompt: `auth: AuthInfo` becomes
/// `Authorized { caller: auth, .. }` of the type [`Authorized`] and goes to the first place, so that the
/// framework runs the guard before it reads anything else of the request.
///
/// To call the function yourself, pass `auth.try_into()?` as the first argument, also where the function
/// has no argument for the caller. Its type in a compiler error is the policy: `AllOf<(OAuthScope<'r',
/// 'e', 'a', 'd'>, …)>` of the module [`policy`].
///
/// # Several guards in one request
///
/// A request is resolved once. A layer, an extractor that uses [`AuthInfo`], or another guarded function
/// that the request reaches afterwards uses the claims of the first, for the same [`ResourceServer`] and
/// the same token, and validates them again. A refusal by the later one, and one by
/// [`AuthInfo::require`], challenges with the scopes of all of them.
///
/// # Tools and prompts of an MCP server
///
/// With the feature `rmcp`, put it above `#[tool]` or `#[prompt]`. The caller is checked before the
/// arguments are parsed, wherever `auth` stands among them; and the tool tells in its `_meta`, under
/// the name `requires-auth/authorization`, what it asks for.
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
/// Below `#[tool]` it comes too late to tell that, and does not compile; a `&self` method that is not
/// `async` gets a statement for that, which checks at compile time that no `#[tool]` has been there. A
/// function with neither `async` nor `self` gives no sign of it: it is guarded all the same, and only
/// its `_meta` is missing.
///
/// # All tools of an `impl` block
///
/// With `scopes` or `optional`, the attribute on an `impl` block guards every `#[tool]` and `#[prompt]`
/// in it that does not have its own. `#[public]` exempts one: any caller may use it, and who is a
/// caller is up to the layer in front of the server.
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
///     #[tool(description = "Say whether the server is well")]
///     async fn health(&self) -> String {
///         "well".to_owned()
///     }
/// }
/// # }
/// ```
///
/// A bare `#[requires_auth]` on the block is stricter: it gives no default, and a tool or a prompt that
/// has neither `#[requires_auth]` nor `#[public]` does not compile. Above `#[tool_router]` and
/// `#[prompt_router]` or below makes no difference. Other functions of the block are left alone, and so
/// is what a macro in it makes: the attribute sees only what is written there, as `#[tool]` or
/// `#[prompt]`, under any path but no other name. A server with such a block does not build with a tool or
/// a prompt that the attribute has not seen and that declares nothing itself:
/// `mcp::McpBuilder::require_policies` says more.
///
/// # Beside other attributes
///
/// `#[tracing::instrument]` can stand above or below, and so can `#[axum::debug_handler]`; above, it
/// needs an argument for the caller, since it counts the arguments before the guard is there. A method of a
/// trait has a signature that cannot change, so it cannot be guarded: guard the function that calls
/// it, or take an `AuthInfo` in the trait and ask [`AuthInfo::require`].
///
/// # Where the compiler names no cause
///
/// "`Handler<_, _>` is not satisfied", at a handler that is routed, is what axum reports for each
/// argument that it cannot extract. For a guarded handler the usual cause is a router whose state has
/// no [`ResourceServer`], such as `Router<()>` or an `Arc<App>`. `#[axum::debug_handler(state = App)]`
/// on the handler, with the state that the router has, shows the cause: "the router's state `App` has
/// no `ResourceServer`". Write `.with_state(server)`, or derive `Clone` and `axum::extract::FromRef`
/// for a state that has the `ResourceServer` as a field.
///
/// # Under a condition
///
/// Behind a `#[cfg_attr(…, requires_auth(…))]` whose condition is false there is no attribute, and so
/// no guard: do not make the guard depend on how the program is compiled.
pub use requires_auth_macros::requires_auth;
#[cfg(feature = "introspection")]
pub use resolve::cache::{Cached, CachedBuilder, InvalidationError, second_level};
#[cfg(feature = "introspection")]
pub use resolve::introspection::{
    BearerSource, ClientAuthentication, Introspection, IntrospectionBuilder, TokenSource,
};
pub use resolve::{
    ErrorResponse, InvalidResponse, MemberError, OAuthErrorCode, ResolveError, Resolver,
    Unavailable,
};
#[cfg(feature = "introspection")]
pub use resource_server::{ClientAuthenticationMethod, ResourceServerConfig};
pub use resource_server::{
    DiscoveryError, ProtectedResourceMetadata, ResourceServer, ResourceServerBuilder, SetupError,
    UnknownSettingError,
};
pub use scope::{ScopeError, ScopeSet};
pub use secrecy::SecretString;
pub use secure_url::UrlError;
pub use trust::AudienceCheck;

/// What the attribute's output names.
#[doc(hidden)]
pub mod requires_auth_expansion {
    pub use crate::auth_info::AuthInfo;
    pub use crate::guard::{Authorized, receives_the_caller};
    #[cfg(feature = "rmcp")]
    pub use crate::mcp::attribute_order::{NotATool, Undescribed, undescribed};
    #[cfg(feature = "rmcp")]
    pub use crate::mcp::{declared, declared_both, meta};
    pub use crate::policy::type_level::{
        AllOf, Anonymous, AnyOf, AnyToken, ByTryInto, Function, Joined, OAuthScope, Optional,
        Policy, Required, Shared,
    };
    #[cfg(feature = "rmcp")]
    pub use requires_auth_macros::requires_auth;
}
