//! The handler in front of the application's own: it decides about what no guarded function decides
//! about, and filters the lists.

mod listen;
mod server_handler;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use ::rmcp::handler::server::router::tool::ToolRouter;
use ::rmcp::model::{CacheScope, MetaObject, ProtocolVersion};
use ::rmcp::service::RequestContext;
use ::rmcp::{ErrorData, RoleServer, ServerHandler};

use super::authenticated_request::AuthenticatedRequest;
use super::meta::MetaPolicy;
use super::operation::Operation;
use super::state::McpState;
use super::stdio::StdioCredentials;
use crate::telemetry::{Quoted, Verdict};

/// A `ServerHandler` that authorizes each request and passes it to the application's handler; made by
/// [`Mcp`](super::Mcp).
///
/// It requires the declared scopes for reading, completing and subscribing to a resource and for
/// completing a prompt, binds tasks to the caller who began them, and, with
/// [`filter_lists`](super::McpBuilder::filter_lists), lists to each caller only what that caller may
/// use.
pub struct McpHandler<H> {
    handler: H,
    context: Arc<HandlerContext<H>>,
    /// Where the caller's token comes from on stdio. Boxed: the SDK moves the handler often.
    credentials: Option<Box<StdioCredentials>>,
}

/// What all handlers of one MCP server share.
pub(super) struct HandlerContext<H> {
    pub(super) state: Arc<McpState>,
    /// The tools that are called through this router and not by the handler's own `call_tool`.
    pub(super) tools: ToolRouter<H>,
}

impl<H: ServerHandler> McpHandler<H> {
    pub(super) fn new(
        handler: H,
        context: &Arc<HandlerContext<H>>,
        credentials: Option<StdioCredentials>,
    ) -> Self {
        Self { handler, context: Arc::clone(context), credentials: credentials.map(Box::new) }
    }

    fn state(&self) -> &Arc<McpState> {
        &self.context.state
    }

    /// Authenticates a request on stdio, where no layer has done it, and rejects one that has passed the
    /// layer of another resource server.
    async fn enter(&self, context: &mut RequestContext<RoleServer>) -> Result<Entered, ErrorData> {
        if let Some(credentials) = &self.credentials {
            let request = credentials.authenticate(self.state()).await?;
            context.extensions.insert(request);
        }
        self.enter_authenticated(context)
    }

    /// The same where the request has been authenticated.
    fn enter_authenticated(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> Result<Entered, ErrorData> {
        // Where there is no layer at all, the guards of the functions reject the request.
        let Some(request) = AuthenticatedRequest::find(context) else { return Ok(Entered(None)) };
        request.check_layer(self.state())?;
        request.set_handler();
        Ok(Entered(Some(Arc::clone(request))))
    }

    /// Enters, and decides about an operation that no function guards.
    async fn decide(
        &self,
        context: &mut RequestContext<RoleServer>,
        operation: Operation,
    ) -> Result<Entered, ErrorData> {
        let entered = self.enter(context).await?;
        AuthenticatedRequest::of(context)?.decide(self.state(), &operation)?;
        Ok(entered)
    }

    /// Decides about a tool or a prompt unless the layer of this server has: on stdio there is no layer,
    /// and the layer of another server has other declarations. Rejects a tool or a prompt that must
    /// declare a policy and does not.
    fn decide_named(
        &self,
        context: &RequestContext<RoleServer>,
        operation: &Operation,
    ) -> Result<(), ErrorData> {
        if let Operation::Tool(name) | Operation::Prompt(name) = operation
            && !self.state().registry.allows(operation)
        {
            // The caller has chosen the name, and there may be no tool with it.
            let server = &self.state().server;
            let verdict = server.log_limiter().verdict("no declared policy", Instant::now());
            if verdict != Verdict::Suppress {
                let limited = verdict.limited().map(tracing::field::display);
                tracing::error!(
                    target: "requires_auth",
                    name = %Quoted(name),
                    limited,
                    "every tool and prompt of this server must declare a policy, and this one is in \
                     none of the routers of `requires_auth::mcp::Mcp`: give its router to \
                     `tool_router`, `declare_tools` or `declare_prompts`, or name it in `public_tool` \
                     or `public_prompt`"
                );
            }
            let kind = if matches!(operation, Operation::Tool(_)) { "tool" } else { "prompt" };
            return Err(ErrorData::invalid_params(format!("{kind} not found"), None));
        }
        match AuthenticatedRequest::find(context) {
            Some(request) if request.was_decided_by_layer(operation, self.state()) => Ok(()),
            Some(request) => request.decide(self.state(), operation),
            None if self.state().registry.policies(operation).next().is_none() => Ok(()),
            // There is no layer, and maybe no guarded function that rejects the request for it.
            None => AuthenticatedRequest::of(context).map(drop),
        }
    }

    /// Decides about a task as about a call of the tool that began it.
    async fn decide_task(
        &self,
        context: &mut RequestContext<RoleServer>,
        task: &str,
    ) -> Result<Entered, ErrorData> {
        let entered = self.enter(context).await?;
        let Some(tasks) = &self.state().tasks else { return Ok(entered) };
        let request = AuthenticatedRequest::of(context)?;
        let owner = self.state().ids.principal(request.caller.as_ref());
        let call = tasks.beginning_call(task, owner);
        let call = call.ok_or_else(|| ErrorData::invalid_params("there is no such task", None))?;
        let operation = Operation::Tool(call.tool);
        request.decide(self.state(), &operation)?;
        if let Some(further) = call.further {
            request.decide_further(self.state(), &operation, further)?;
        }
        request.set_resolved_operation(operation, call.further);
        Ok(entered)
    }

    /// Removes what the caller may not use from a list, and marks the list as private to the caller.
    fn filter<T>(
        &self,
        context: &RequestContext<RoleServer>,
        items: &mut Vec<T>,
        cache_scope: &mut Option<CacheScope>,
        declaration: impl Fn(&T) -> (Option<&MetaObject>, &str),
    ) -> Result<(), ErrorData> {
        if !self.state().filter_lists {
            return Ok(());
        }
        let caller = AuthenticatedRequest::of(context)?.caller.as_ref();
        items.retain(|item| {
            let (meta, name) = declaration(item);
            MetaPolicy::of(meta, name).is_met_by(caller)
        });
        let has_cache_scope = |version: ProtocolVersion| version >= ProtocolVersion::V_2026_07_28;
        if cache_scope.is_some() || context.protocol_version().is_some_and(has_cache_scope) {
            *cache_scope = Some(CacheScope::Private);
        }
        Ok(())
    }
}

/// A request whose result this handler sees; `None` without a layer.
#[must_use = "`conclude` decides whether the result is a rejection"]
struct Entered(Option<Arc<AuthenticatedRequest>>);

impl Entered {
    /// An error without a layer.
    fn request(&self) -> Result<&Arc<AuthenticatedRequest>, ErrorData> {
        self.0.as_ref().ok_or_else(AuthenticatedRequest::unguarded)
    }

    /// Ends the request with the result of the application's handler.
    fn conclude<T>(&self, result: Result<T, ErrorData>) -> Result<T, ErrorData> {
        match &self.0 {
            Some(request) => request.conclude(result),
            None => result,
        }
    }
}

impl<H> fmt::Debug for McpHandler<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpHandler").field("state", &self.context.state).finish_non_exhaustive()
    }
}
