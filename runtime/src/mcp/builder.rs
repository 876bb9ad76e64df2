//! The settings of a protected MCP server.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::rmcp::ServerHandler;
use ::rmcp::handler::server::router::prompt::PromptRouter;
use ::rmcp::handler::server::router::tool::ToolRouter;

use super::argument_scopes::ArgumentConditions;
use super::authenticated_id::IdAuthenticator;
use super::factory::{HandlerFactory, MakeHandler};
use super::handler::HandlerContext;
use super::registry::Registry;
use super::resource_scopes::ResourceScopes;
use super::server::Mcp;
use super::state::McpState;
use super::stream_guard::StreamTimer;
use super::task_owners::TaskOwners;
use super::uri_variables::UriVariables;
use crate::resource_server::SingleValue;
use crate::telemetry::Quoted;
use crate::{Requirement, ResourceServer, Scope, SettingName, SetupError, TryIntoCondition};

const INITIAL_SCOPES: SettingName = SettingName::of_builder("initial_scopes");
const LENGTH: SettingName = SettingName::of_builder("max_body_length");
const TIMEOUT: SettingName = SettingName::of_builder("body_timeout");
const RESOURCES: SettingName = SettingName::of_builder("max_resources");
const SESSION_KEY: SettingName = SettingName::of_builder("session_key");

/// Builds an [`Mcp`] server.
///
/// A method that takes one value sets it once: a second, different value is an error of [`build`](Self::build). The
/// methods that declare tools, prompts and resources add to earlier calls.
#[must_use]
pub struct McpBuilder<H> {
    server: ResourceServer,
    make: MakeHandler<H>,
    tools: ToolRouter<H>,
    registry: Registry,
    initial_scopes: SingleValue<String>,
    anonymous: bool,
    filter_lists: bool,
    max_body_length: SingleValue<usize>,
    body_timeout: SingleValue<Duration>,
    max_resources: SingleValue<usize>,
    session_key: SingleValue<Vec<u8>>,
    tasks: bool,
}

/// As the SDK's own service.
const MAX_BODY_LENGTH: usize = 4 * 1024 * 1024;

/// Long enough for the largest body on a slow line.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Each URI is compared with every declared resource.
const MAX_RESOURCES: usize = 100;

impl<H: ServerHandler> Mcp<H> {
    /// Starts with the resource server, whose resource identifier is the URL of the MCP server, and a
    /// function that makes a handler: one for each session, or for each request where there is no session.
    pub fn builder(
        server: &ResourceServer,
        handler: impl Fn() -> io::Result<H> + Send + Sync + 'static,
    ) -> McpBuilder<H> {
        McpBuilder {
            server: server.clone(),
            make: Box::new(handler),
            tools: ToolRouter::default(),
            registry: Registry::default(),
            initial_scopes: SingleValue::UNSET,
            anonymous: false,
            filter_lists: false,
            max_body_length: SingleValue::UNSET,
            body_timeout: SingleValue::UNSET,
            max_resources: SingleValue::UNSET,
            session_key: SingleValue::UNSET,
            tasks: true,
        }
    }
}

impl<H: ServerHandler> McpBuilder<H> {
    /// Declares the policies of a router's tools, and calls these tools through it: pass
    /// `Journal::tool_router()`. Default: no tools.
    ///
    /// The router is built once. What `#[tool_handler]` writes builds it at each call, which takes the
    /// longer the more tools there are. The handler's own `call_tool` is called only for tools that
    /// this router lacks: use [`declare_tools`](Self::declare_tools) if it is one of your own that does
    /// more, such as a check or a log entry, or if the server disables and enables tools while it runs.
    pub fn tool_router(mut self, router: ToolRouter<H>) -> Self {
        self.registry.add_tools(&router);
        if let Some(name) = router.map.keys().find(|name| self.tools.map.contains_key(*name)) {
            self.registry.set_error(SetupError::TwoRoutes { name: name.to_string() });
        }
        self.tools += router;
        self
    }

    /// Declares the policies of a router's tools and does nothing else: the handler's own `call_tool` calls
    /// them, where [`tool_router`](Self::tool_router) also calls them through the router. Default: no
    /// tools.
    pub fn declare_tools<R: Send + Sync + 'static>(mut self, router: &ToolRouter<R>) -> Self {
        self.registry.add_tools(router);
        self
    }

    /// Declares the policies of a router's prompts, as in `Journal::prompt_router()`. The handler's own
    /// `get_prompt` answers with them. Default: no prompts.
    pub fn declare_prompts<R: Send + Sync + 'static>(mut self, router: &PromptRouter<R>) -> Self {
        self.registry.add_prompts(router);
        self
    }

    /// Requires a policy of every tool and every prompt: `#[requires_auth]`, `#[public]` in an `impl` block
    /// with `#[requires_auth]`, or here [`public_tool`](Self::public_tool) or
    /// [`public_prompt`](Self::public_prompt). A route without one is an error of
    /// [`build`](Self::build). A tool or prompt that is in none of the routers is not called.
    ///
    /// Default: required for all tools if a router has a tool of an `impl` block with `#[requires_auth]`,
    /// and likewise for all prompts; for both if that block has a macro call, or a function with an
    /// attribute that may be `#[tool]` or `#[prompt]` under another name. Otherwise not required. The
    /// requirement covers what no attribute sees: a route that is made by hand or by a macro, or whose
    /// `#[tool]` has another name.
    pub fn require_policies(mut self) -> Self {
        self.registry.require_policies();
        self
    }

    /// Declares that every caller whom the layer lets pass may call this tool: for a route that is made by
    /// hand, or a tool of the handler's own `call_tool`. Default: no public tools.
    pub fn public_tool(mut self, name: &str) -> Self {
        self.registry.add_public_tool(name);
        self
    }

    /// Declares that every caller whom the layer lets pass may get this prompt. Default: no public prompts.
    pub fn public_prompt(mut self, name: &str) -> Self {
        self.registry.add_public_prompt(name);
        self
    }

    /// Declares what a resource requires, or all resources of a URI template: a condition on the scopes, or a
    /// [`Requirement`], which can also require a bound token, a login, or authorization details. It applies to reading,
    /// completing and subscribing, in every method of the protocol that does so (`skills/get` is one).
    /// In the template, `{name}` matches a part without `/`, and `{+name}` any part. Default: no
    /// resources.
    ///
    /// Of several templates that match a URI, the first one counts, and each one of
    /// [`resource_with_scopes_from`](Self::resource_with_scopes_from). A handler may accept a URI in more
    /// spellings than the template does, so let it decide as well, with [`authorize`](super::authorize)
    /// and the same requirement. Log events and metrics name the template as their `function`, if it is a
    /// text in the code.
    pub fn resource(
        mut self,
        template: impl Into<Cow<'static, str>>,
        requirement: impl Into<Requirement>,
    ) -> Self {
        self.add_resource(template, requirement.into(), None);
        self
    }

    /// Declares a [`resource`](Self::resource) whose scopes also depend on the variables of its URI, as `scopes_from`
    /// of the attribute does for the arguments of a tool. `scopes_from` takes the [`UriVariables`] and returns what they
    /// require beyond `requirement`: a [`Condition`](crate::Condition), or another type that implements [`TryIntoCondition`]. Default: no
    /// resources.
    ///
    /// ```
    /// use requires_auth::mcp::{Mcp, McpBuilder, UriVariables, authorize};
    /// use requires_auth::{Condition, ResourceServer};
    /// use rmcp::model::{ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult};
    /// use rmcp::service::RequestContext;
    /// use rmcp::{ErrorData, RoleServer, ServerHandler};
    ///
    /// struct Journal;
    ///
    /// const ENTRIES: &str = "journal://{year}/entries";
    /// const READ: Condition = Condition::Scope("entries:read");
    ///
    /// /// The entries of earlier years are in the archive. So is the year that a completion does not name.
    /// fn scopes_of(entries: &UriVariables) -> Condition {
    ///     match entries.get("year") {
    ///         Some("2026") => Condition::NONE,
    ///         _ => Condition::Scope("archive:read"),
    ///     }
    /// }
    ///
    /// fn journal(server: &ResourceServer) -> McpBuilder<Journal> {
    ///     Mcp::builder(server, || Ok(Journal)).resource_with_scopes_from(ENTRIES, READ, scopes_of)
    /// }
    ///
    /// impl ServerHandler for Journal {
    ///     async fn read_resource(
    ///         &self,
    ///         request: ReadResourceRequestParams,
    ///         context: RequestContext<RoleServer>,
    ///     ) -> Result<ReadResourceResponse, ErrorData> {
    ///         let auth = authorize(&context, READ)?;
    ///         let Some(entries) = UriVariables::parse(ENTRIES, &request.uri) else {
    ///             return Err(ErrorData::resource_not_found("there is no such resource", None));
    ///         };
    ///         auth.require_condition(scopes_of(&entries))?;
    ///         Ok(ReadResourceResult::new(contents_of(&entries)).into())
    ///     }
    /// }
    /// # fn contents_of(_: &UriVariables) -> Vec<rmcp::model::ResourceContents> { Vec::new() }
    /// ```
    ///
    /// The layer decides it in the methods of [`resource`](Self::resource), in every revision and mode, before anything is
    /// sent: `requirement` first, then the scopes of the variables. The challenge of this 403 names both, whichever is not
    /// met. A handler of [`Mcp::stdio`] decides it too. Event streams continue, and are resumed, only with these scopes.
    /// If the function panics, the response is a 500. It is called again where the decision is repeated, so it only looks
    /// at the variables.
    ///
    /// Of all templates that match a URI, the first one counts, and so does each one with `scopes_from`, wherever it is
    /// declared. A matching URI whose variables have no certain value gets a 403 `access_denied`: see [`UriVariables`]. So
    /// does a URI longer than 8 KiB, whatever it names.
    ///
    /// A completion (`completion/complete`) names the template in place of a URI. Then [`UriVariables::get`] returns
    /// `None` for its variables, and the function decides what completing requires. Arguments of the completion are not
    /// passed to it: their values are not complete.
    ///
    /// The metadata and the [initial scopes](Self::initial_scopes) have only the scopes of `requirement`. `Mcp::manifest`
    /// lists the name of the function. The names of the template's variables must be different, and a
    /// template is declared once; otherwise [`build`](Self::build) returns an error.
    pub fn resource_with_scopes_from<F, C>(
        mut self,
        template: impl Into<Cow<'static, str>>,
        requirement: impl Into<Requirement>,
        scopes_from: F,
    ) -> Self
    where
        F: Fn(&UriVariables) -> C + Send + Sync + 'static,
        C: TryIntoCondition,
    {
        let scopes_from = ResourceScopes::new(scopes_from);
        self.add_resource(template, requirement.into(), Some(scopes_from));
        self
    }

    fn add_resource(
        &mut self,
        template: impl Into<Cow<'static, str>>,
        requirement: Requirement,
        scopes_from: Option<ResourceScopes>,
    ) {
        let template = template.into();
        let function = match &template {
            Cow::Borrowed(template) => Some(*template),
            Cow::Owned(_) => None,
        };
        self.registry.add_resource(&template, function, requirement, scopes_from);
    }

    /// The scopes in the challenge for a request without a token whose headers do not name the operation.
    /// A client requests these first, and more of them when an operation needs more.
    ///
    /// Default: the [`scopes_supported`](crate::ResourceServerBuilder::scopes_supported) of the resource
    /// server, and the scopes that each tool, prompt and resource declares. Of a condition with
    /// alternatives, these are the scopes of the first one: a tool with
    /// `any("admin", all("read", "write"))` adds `admin`, and not `read write`, so write first what an
    /// ordinary user has. The [`metadata`](Mcp::metadata) lists all of them.
    pub fn initial_scopes(mut self, scopes: &str) -> Self {
        self.initial_scopes.set(scopes.to_owned());
        self
    }

    /// Passes on requests without a token. They reach what is not guarded, and what is guarded with
    /// `optional`. Default: every request needs a valid token.
    pub fn allow_anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Lists only the tools and prompts whose conditions the caller meets, and marks the lists as private
    /// to the caller. Default: all of them to every caller, each with its scopes in `_meta`: most clients
    /// call only what a list has shown them, so a tool that is not listed never leads to a request for its
    /// scopes.
    pub fn filter_lists(mut self) -> Self {
        self.filter_lists = true;
        self
    }

    /// The most bytes of a request body that the layer reads, to find the operation in it or the arguments on which
    /// `scopes_from` depends; a longer body is rejected with a 413. Default: 4 MiB, as in the SDK.
    pub fn max_body_length(mut self, bytes: usize) -> Self {
        self.max_body_length.set(bytes);
        self
    }

    /// The longest time that the body of an authenticated request may take to arrive, whether the layer or
    /// the service behind it reads the body; afterwards the request is rejected with a 408 (RFC 9110
    /// §15.5.9). Default: 30 s.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout.set(timeout);
        self
    }

    /// The most resources that one request may name, in the list of `subscriptions/listen`; a request with
    /// more is rejected with a 400. Each is compared with the declared resources, which takes time.
    /// Default: 100.
    pub fn max_resources(mut self, resources: usize) -> Self {
        self.max_resources.set(resources);
        self
    }

    /// The key that authenticates the ids of sessions and of events, at least 32 bytes. Set it if several
    /// processes serve the same sessions or share an event store. Default: a random key.
    pub fn session_key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.session_key.set(key.into());
        self
    }

    /// Leaves it to the handler to authorize requests about tasks: a handler that keeps tasks for longer than
    /// this process runs, or for several processes, must store their owners itself. Default: only the
    /// caller whose tool call began a task can use it, in this process, and only while that caller has
    /// the scopes of the tool; 1,000 tasks are kept for each caller, and 100,000 in all.
    pub fn tasks_by_handler(mut self) -> Self {
        self.tasks = false;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`SetupError::Invalid`] for a malformed resource template, for initial scopes outside the grammar of
    /// RFC 6749 §3.3, and for a session key that is too short. [`SetupError::UnknownPolicy`] for a `_meta`
    /// that names a policy which `#[requires_auth]` has not written. [`SetupError::NoPolicy`] for a tool or
    /// a prompt without a policy, where [all must declare one](Self::require_policies).
    /// [`SetupError::TwoPolicies`] for a tool, a prompt or a resource that is declared with two different
    /// policies, and [`SetupError::TwoRoutes`] for a tool that is in two routers of
    /// [`tool_router`](Self::tool_router). [`SetupError::SetTwice`] for a setting with two values.
    pub fn build(mut self) -> Result<Mcp<H>, SetupError> {
        self.registry.check()?;
        let key = self
            .session_key
            .get(SESSION_KEY)?
            .unwrap_or_else(|| rand::random::<[u8; 32]>().to_vec());
        let ids = IdAuthenticator::new(&key, self.server.resource()).ok_or_else(|| {
            SetupError::invalid(SESSION_KEY, "at least 32 bytes", format!("{} bytes", key.len()))
        })?;
        let initial_scopes = match self.initial_scopes.get(INITIAL_SCOPES)? {
            Some(scopes) => parse_initial_scopes(&scopes)?,
            None => {
                self.registry.initial_scopes(self.server.metadata(), self.server.requested_scopes())
            }
        };
        let state = McpState {
            server: self.server,
            registry: self.registry,
            initial_scopes: initial_scopes.into(),
            anonymous: self.anonymous,
            filter_lists: self.filter_lists,
            max_body_length: self.max_body_length.get(LENGTH)?.unwrap_or(MAX_BODY_LENGTH),
            body_timeout: self.body_timeout.get(TIMEOUT)?.unwrap_or(BODY_TIMEOUT),
            max_resources: self.max_resources.get(RESOURCES)?.unwrap_or(MAX_RESOURCES),
            ids,
            stream_timer: StreamTimer::default(),
            tasks: self.tasks.then(TaskOwners::default),
            argument_conditions: ArgumentConditions::default(),
        };
        let context = HandlerContext { state: Arc::new(state), tools: self.tools };
        Ok(Mcp::new(HandlerFactory { context: Arc::new(context), make: self.make }))
    }
}

/// Each scope once, in the order of the text.
fn parse_initial_scopes(text: &str) -> Result<Vec<String>, SetupError> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in crate::scope::pieces(text) {
        if scope.parse::<Scope>().is_err() {
            let expected = "scopes of RFC 6749 §3.3, with spaces between them";
            return Err(SetupError::invalid(INITIAL_SCOPES, expected, Quoted(text)));
        }
        if !scopes.iter().any(|present| present == scope) {
            scopes.push(scope.to_owned());
        }
    }
    Ok(scopes)
}

impl<H> fmt::Debug for McpBuilder<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpBuilder")
            .field("server", &self.server)
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
