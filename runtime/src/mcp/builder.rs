//! An MCP server and its guard.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::rmcp::ServerHandler;
use ::rmcp::handler::server::router::prompt::PromptRouter;
use ::rmcp::handler::server::router::tool::ToolRouter;
use ::rmcp::transport::streamable_http_server::session::SessionManager;
use ::rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService,
};
use secrecy::SecretString;
use tower_layer::Layer;

use super::authenticated_id::IdAuthenticator;
use super::declared_policy::all_of;
use super::factory::{HandlerFactory, MakeHandler};
use super::handler::McpHandler;
use super::layer::{McpLayer, McpService};
use super::registry::Registry;
use super::sdk_service::SharedService;
use super::state::McpState;
use super::stdio::{StdioCredentials, StdioError};
use super::task_owners::TaskOwners;
use crate::{Condition, ProtectedResourceMetadata, ResourceServer, ScopeSet, SetupError};

/// Sets up an [`Mcp`] server.
#[must_use]
pub struct McpBuilder<H> {
    server: ResourceServer,
    factory: MakeHandler<H>,
    router: ToolRouter<H>,
    registry: Registry,
    initial: Option<String>,
    anonymous: bool,
    filter_lists: bool,
    max_body_length: usize,
    body_timeout: Duration,
    max_resources: usize,
    session_key: Option<Vec<u8>>,
    tasks: bool,
}

/// The bound of the SDK's own service.
const MAX_BODY_LENGTH: usize = 4 * 1024 * 1024;

/// Long enough for the largest body on a slow line.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Each is compared with every declared resource.
const MAX_RESOURCES: usize = 100;

impl<H: ServerHandler> McpBuilder<H> {
    /// The tools, with the scopes that their functions declare: `Journal::tool_router()`. They are
    /// called through this router, which is made once; what `#[tool_handler]` writes makes it anew at
    /// each call, which takes the longer the more tools there are.
    ///
    /// The handler's `call_tool` is only asked for tools that the router does not have. So use
    /// [`declare_tools`](Self::declare_tools) if it is one of your own that does more, such as a check or a record, or
    /// if tools are switched on and off while the server runs. Default: no tools.
    pub fn tool_router(mut self, router: ToolRouter<H>) -> Self {
        self.registry.add_tools(&router);
        self.router += router;
        self
    }

    /// As [`tool_router`](Self::tool_router), and has the handler's `call_tool` call them.
    /// Default: no tools.
    pub fn declare_tools<R: Send + Sync + 'static>(mut self, router: &ToolRouter<R>) -> Self {
        self.registry.add_tools(router);
        self
    }

    /// The prompts, with the scopes that their functions declare: `Journal::prompt_router()`. Default:
    /// none.
    pub fn declare_prompts<R: Send + Sync + 'static>(mut self, router: &PromptRouter<R>) -> Self {
        self.registry.add_prompts(router);
        self
    }

    /// Every tool and every prompt must declare a policy: with `#[requires_auth]`, with `#[public]` in an
    /// `impl` block that carries `#[requires_auth]`, or here with [`public_tool`](Self::public_tool) and
    /// [`public_prompt`](Self::public_prompt). One that declares none is an error of
    /// [`build`](Self::build), and one that is in none of the routers is not called.
    ///
    /// Default: policies are required where a router has tools of an `impl` block that carries
    /// `#[requires_auth]`, for the tools of all routers, and likewise for prompts; for both where the block
    /// has a macro call, or a function with an attribute that may be `#[tool]` or `#[prompt]` by another
    /// name; elsewhere they are not. It also covers what no attribute sees: a route that is made by hand or
    /// by a macro, or whose `#[tool]` has another name.
    pub fn require_policies(mut self) -> Self {
        self.registry.require_policies();
        self
    }

    /// Declares that anybody who passes the layer may call the tool of this name: for a route that is
    /// made by hand, or a tool of the handler's own `call_tool`. Default: none.
    pub fn public_tool(mut self, name: &str) -> Self {
        self.registry.add_public_tool(name);
        self
    }

    /// Declares the same of a prompt. Default: none.
    pub fn public_prompt(mut self, name: &str) -> Self {
        self.registry.add_public_prompt(name);
        self
    }

    /// A resource, or all of a URI template, and what reading it, completing it and subscribing to
    /// it asks for, by every method of the protocol that does so (`skills/get` is one). In the template,
    /// `{name}` stands for a part without `/`, `{+name}` for any. Default: no resources.
    ///
    /// Of several templates that fit, the first one counts. A handler may read URIs in more ways
    /// than they are written, so let it decide as well, with [`authorize`](super::authorize) and
    /// the same condition.
    pub fn resource(mut self, template: &str, condition: Condition) -> Self {
        self.registry.add_resource(template, condition);
        self
    }

    /// The scopes that a client without a token is asked to begin with, where the request does not
    /// say yet what it wants; it gets more of them when an operation needs more.
    ///
    /// Default: the [`scopes_supported`](crate::ResourceServerBuilder::scopes_supported) of the resource
    /// server, and the scopes that each tool, prompt and resource declares. Where a declaration leaves
    /// a choice, that is the alternative which is written first: a tool with
    /// `any("admin", all("read", "write"))` adds `admin` to the first scopes, and not `read write`, so
    /// write first what an ordinary user has. The [`metadata`](Mcp::metadata) lists all of them.
    pub fn initial_scopes(mut self, scopes: &str) -> Self {
        self.initial = Some(scopes.to_owned());
        self
    }

    /// Lets requests without a token through to what is not guarded, or guarded with `optional`.
    /// Default: every request needs a valid token.
    pub fn allow_anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Lists only those tools and prompts that the caller has scopes for, and marks the lists as
    /// private to the caller. Default: all of them to everybody, each with its scopes in `_meta`,
    /// because most clients call only what they have seen in a list: one that does not see a tool
    /// never asks its user for the scopes of it.
    pub fn filter_lists(mut self) -> Self {
        self.filter_lists = true;
        self
    }

    /// How many bytes the body of a request may have if it has to be read to know what it asks
    /// for. Default: 4 MiB, as in the SDK.
    pub fn max_body_length(mut self, bytes: usize) -> Self {
        self.max_body_length = bytes;
        self
    }

    /// How long the body of a request may take to arrive, once its caller is known; one that takes
    /// longer is refused with a 408 (RFC 9110 §15.5.9). It counts whether the layer reads the body or the
    /// service behind it. Default: 30 s.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// How many resources one request may name, in the list of `subscriptions/listen`; more are refused
    /// with a 400. Each is compared with the declared resources, which takes time. Default: 100.
    pub fn max_resources(mut self, resources: usize) -> Self {
        self.max_resources = resources;
        self
    }

    /// The key that binds the ids of sessions and of events to callers, at least 32 bytes. Default: a
    /// random one. Set it where several processes serve the same sessions, or share an event store.
    pub fn session_key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.session_key = Some(key.into());
        self
    }

    /// Leaves it to the handler to decide who may ask for a task: one that keeps tasks for longer
    /// than this process lives, or for several processes, has to know their owners itself. Default:
    /// a task is only there for the caller whose tool call began it, in this process, and only as
    /// long as that caller has the scopes of the tool; of one caller 1,000 are kept, and 100,000 in all.
    pub fn tasks_by_handler(mut self) -> Self {
        self.tasks = false;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`SetupError::Setting`] for a resource template that is none, for initial scopes outside the
    /// grammar of RFC 6749 §3.3, and for a session key that is too short. [`SetupError::NoPolicy`] for a
    /// tool or a prompt without a policy, where [all must declare one](Self::require_policies).
    pub fn build(mut self) -> Result<Mcp<H>, SetupError> {
        self.registry.check()?;
        let key = self.session_key.unwrap_or_else(|| rand::random::<[u8; 32]>().to_vec());
        let seal = IdAuthenticator::new(&key, self.server.resource())
            .ok_or(SetupError::Setting("the session key has fewer than 32 bytes"))?;
        let initial = || self.registry.initial_scopes(self.server.metadata()).join(" ");
        let initial = self.initial.unwrap_or_else(initial);
        ScopeSet::parse(&initial).map_err(|_| {
            SetupError::Setting("the initial scopes are not scopes of RFC 6749 §3.3")
        })?;
        // As long-lived as the scopes in the code are, once for each server.
        let initial = String::leak(initial);
        let initial = all_of(initial.split(' ').filter(|scope| !scope.is_empty()).collect());
        let state = McpState {
            server: self.server,
            registry: self.registry,
            initial: initial.into(),
            anonymous: self.anonymous,
            filter_lists: self.filter_lists,
            max_body_length: self.max_body_length,
            body_timeout: self.body_timeout,
            max_resources: self.max_resources,
            seal,
            tasks: self.tasks.then(TaskOwners::default),
        };
        let (state, factory, tools) = (Arc::new(state), self.factory, self.router);
        Ok(Mcp(Arc::new(HandlerFactory { state, factory, tools })))
    }
}

/// An MCP server whose tools, prompts and resources are guarded.
pub struct Mcp<H>(Arc<HandlerFactory<H>>);

impl<H: ServerHandler> Mcp<H> {
    /// Starts with the resource server, whose resource identifier is the URL of the MCP server, and
    /// with what makes a handler: one for each session, or for each request where there is none.
    pub fn builder(
        server: &ResourceServer,
        handler: impl Fn() -> io::Result<H> + Send + Sync + 'static,
    ) -> McpBuilder<H> {
        McpBuilder {
            server: server.clone(),
            factory: Box::new(handler),
            router: ToolRouter::default(),
            registry: Registry::default(),
            initial: None,
            anonymous: false,
            filter_lists: false,
            max_body_length: MAX_BODY_LENGTH,
            body_timeout: BODY_TIMEOUT,
            max_resources: MAX_RESOURCES,
            session_key: None,
            tasks: true,
        }
    }

    #[cfg(feature = "axum")]
    pub(crate) fn server(&self) -> &ResourceServer {
        &self.0.state.server
    }

    /// The guarded server as a service over HTTP.
    ///
    /// The SDK answers only requests to hosts that it knows, by default those of the loopback
    /// interface. The host of the resource identifier is added to them.
    pub fn service<M: SessionManager>(
        &self,
        sessions: Arc<M>,
        mut config: StreamableHttpServerConfig,
    ) -> McpService<SharedService<McpHandler<H>, M>> {
        // An empty list lets every host in.
        if !config.allowed_hosts.is_empty() {
            config.allowed_hosts.push(self.0.state.server.identifier().host().to_owned());
        }
        let source = Arc::clone(&self.0);
        let handler = move || source.make(None);
        let service = StreamableHttpService::new(handler, sessions, config);
        self.layer().layer(SharedService::new(service))
    }

    /// The layer alone, for a service that you put together yourself. Its handler has to be one of
    /// [`handler`](Self::handler): otherwise lists are not filtered, tasks belong to nobody, tools and
    /// prompts without a policy are called, and nothing checks that the layer is that of the same resource
    /// server. The same is true of routes that are put in front of that handler, as by the SDK's `Router`.
    #[must_use]
    pub fn layer(&self) -> McpLayer {
        McpLayer(Arc::clone(&self.0.state))
    }

    /// A guarded handler, for a service that you put together yourself.
    ///
    /// # Errors
    /// If the handler cannot be made.
    pub fn handler(&self) -> io::Result<McpHandler<H>> {
        self.0.make(None)
    }

    /// The guarded server for stdio, where the caller is whoever has started the program: its
    /// access token is read from this environment variable.
    ///
    /// Every request asks anew whether the token is still valid, as over HTTP; a
    /// [`Cached`](crate::Cached) resolver makes that cheap.
    ///
    /// # Errors
    /// [`StdioError`] if there is no token or if it is refused: better at the start than at every
    /// call.
    pub async fn stdio(&self, variable: &str) -> Result<McpHandler<H>, StdioError> {
        let token = std::env::var(variable)
            .map_err(|_| StdioError::NoToken { variable: variable.to_owned() })?;
        self.with_token(token).await
    }

    /// The guarded server for a transport with one caller, who has this access token.
    ///
    /// # Errors
    /// As of [`stdio`](Self::stdio).
    pub async fn with_token(
        &self,
        token: impl Into<SecretString>,
    ) -> Result<McpHandler<H>, StdioError> {
        let credentials = StdioCredentials::new(&token.into());
        credentials.authenticated_caller(&self.0.state).await.map_err(StdioError::Rejected)?;
        self.0.make(Some(credentials)).map_err(StdioError::Handler)
    }

    /// The metadata of the resource server (RFC 9728 §2), with the scopes of the tools, prompts and
    /// resources beside those that were set.
    #[must_use]
    pub fn metadata(&self) -> ProtectedResourceMetadata {
        let mut metadata = self.0.state.server.metadata().clone();
        metadata.scopes_supported = self.0.state.registry.scopes_with(&metadata);
        metadata
    }
}

impl<H> Clone for Mcp<H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H> fmt::Debug for Mcp<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mcp").field("state", &self.0.state).finish_non_exhaustive()
    }
}

impl<H> fmt::Debug for McpBuilder<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpBuilder")
            .field("server", &self.server)
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}
