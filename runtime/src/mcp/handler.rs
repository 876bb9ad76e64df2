//! A server handler behind its guard: lists tell each caller what it may use, and what has no
//! function of its own to guard is decided here.

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use ::rmcp::handler::server::tool::ToolCallContext;
use ::rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams,
    CancelledNotificationParam, CompleteRequestParams, CompleteResult, CustomNotification,
    CustomRequest, CustomResult, DiscoverResult, ErrorCode, GetPromptRequestParams,
    GetPromptResponse, GetSkillRequestParams, GetSkillResult, GetTaskParams, GetTaskResult,
    InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListSkillsResult, ListToolsResult, MetaObject, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ReadResourceDirectoryRequestParams,
    ReadResourceDirectoryResult, ReadResourceRequestParams, ReadResourceResponse, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use ::rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use ::rmcp::{ErrorData, RoleServer, ServerHandler};

use super::authenticated_request::AuthenticatedRequest;
use super::declared_policy::{is_met, without_declaration};
use super::factory::HandlerFactory;
use super::jsonrpc::MessageError;
use super::operation::{MethodKind, Operation};
use super::state::McpState;
use super::stdio::StdioCredentials;
use super::stream_guard::{Permission, StreamGuard};
use crate::telemetry::{Quoted, Verdict};

/// A handler whose callers are known; made by [`Mcp`](super::Mcp).
///
/// It passes everything on to the handler within. The lists of tools and prompts can leave out
/// what the caller has no scopes for, and reading, completing and subscribing to a declared resource, or
/// completing a prompt, asks for its scopes.
pub struct McpHandler<H> {
    pub(super) handler: H,
    pub(super) factory: Arc<HandlerFactory<H>>,
    /// On stdio, where the caller's token comes from.
    pub(super) credentials: Option<Box<StdioCredentials>>,
}

type Request = RequestContext<RoleServer>;
type Notified = NotificationContext<RoleServer>;

impl<H: ServerHandler> McpHandler<H> {
    fn state(&self) -> &Arc<McpState> {
        &self.factory.state
    }

    /// On stdio no layer has resolved a token for this request, so it is done here. A layer that has
    /// must be one of the same server.
    async fn enter(&self, context: &mut Request) -> Result<(), ErrorData> {
        if let Some(credentials) = &self.credentials {
            let authenticated = credentials.authenticated_caller(self.state()).await?;
            context.extensions.insert(authenticated);
        }
        AuthenticatedRequest::check_layer(context, self.state())
    }

    /// Enters, and decides about what no function guards.
    async fn decide(&self, context: &mut Request, asked: Operation) -> Result<(), ErrorData> {
        self.enter(context).await?;
        self.state().decide_within(&asked, AuthenticatedRequest::of(context)?)
    }

    /// Decides about a tool or a prompt that the layer has not seen in the request, as on stdio, and
    /// refuses one that had to declare a policy and did not.
    fn decide_named(&self, context: &Request, asked: &Operation) -> Result<(), ErrorData> {
        if let Operation::Tool(name) | Operation::Prompt(name) = asked
            && !self.state().registry.allows(asked)
        {
            // Callers choose the name, and there may be no such tool at all.
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
                     `tool_router`, `declare_tools` or `declare_prompts`, or name it in `public_tool` or \
                     `public_prompt`"
                );
            }
            let kind = if matches!(asked, Operation::Tool(_)) { "tool" } else { "prompt" };
            return Err(ErrorData::invalid_params(format!("{kind} not found"), None));
        }
        match AuthenticatedRequest::find(context) {
            Some(authenticated) if authenticated.was_decided_by_layer(asked, self.state()) => {
                Ok(())
            }
            Some(authenticated) => self.state().decide_within(asked, authenticated),
            None if self.state().registry.requirements(asked).next().is_none() => Ok(()),
            // There is no layer, and perhaps no function that refuses the request for that.
            None => AuthenticatedRequest::of(context).map(drop),
        }
    }

    /// Decides about a task as about a call of the tool that began it.
    async fn decide_task(&self, context: &mut Request, task: &str) -> Result<(), ErrorData> {
        self.enter(context).await?;
        let Some(tasks) = &self.state().tasks else { return Ok(()) };
        let authenticated = AuthenticatedRequest::of(context)?;
        let tool = tasks.tool(task, self.state().seal.principal(authenticated.caller.as_ref()));
        let tool = tool.ok_or_else(|| ErrorData::invalid_params("there is no such task", None))?;
        let asked = Operation::Tool(tool);
        self.state().decide_within(&asked, authenticated)?;
        authenticated.set_resolved_operation(asked);
        Ok(())
    }

    /// Whether a request names more resources than one may; over HTTP the layer has refused it.
    fn too_many(&self, requested: &SubscriptionFilter) -> bool {
        let uris = requested.resource_subscriptions.as_ref();
        uris.is_some_and(|uris| uris.len() > self.state().max_resources)
    }

    /// Takes out of a list what the caller may not use, and says that it is the caller's own.
    fn filter<T>(
        &self,
        context: &Request,
        listed: &mut Vec<T>,
        cache_scope: &mut Option<CacheScope>,
        meta: impl Fn(&T) -> Option<&MetaObject>,
    ) -> Result<(), ErrorData> {
        if !self.state().filter_lists {
            return Ok(());
        }
        let caller = AuthenticatedRequest::of(context)?.caller.as_ref();
        listed.retain(|one| is_met(meta(one), caller));
        let hints = |version: ProtocolVersion| version >= ProtocolVersion::V_2026_07_28;
        if cache_scope.is_some() || context.protocol_version().is_some_and(hints) {
            *cache_scope = Some(CacheScope::Private);
        }
        Ok(())
    }
}

fn uri(uri: &str) -> Operation {
    Operation::Resources(vec![uri.to_owned()])
}

/// Requests that the guards in the functions decide about, or that a valid token is enough for.
macro_rules! pass_on {
    ($($method:ident($parameter:ident: $request:ty) -> $result:ty;)*) => {$(
        async fn $method(
            &self,
            $parameter: $request,
            mut context: Request,
        ) -> Result<$result, ErrorData> {
            self.enter(&mut context).await?;
            self.handler.$method($parameter, context).await
        }
    )*};
}

#[expect(deprecated, reason = "earlier revisions have them")]
impl<H: ServerHandler> ServerHandler for McpHandler<H> {
    pass_on! {
        initialize(request: InitializeRequestParams) -> InitializeResult;
        set_level(request: ::rmcp::model::SetLevelRequestParams) -> ();
        list_resources(request: Option<PaginatedRequestParams>) -> ListResourcesResult;
        list_resource_templates(request: Option<PaginatedRequestParams>)
            -> ListResourceTemplatesResult;
        list_skills(request: Option<PaginatedRequestParams>) -> ListSkillsResult;
    }

    /// Takes what is no method of the protocol. The SDK also brings a method of the protocol here whose
    /// parameters it cannot read, or that the revision does not have, and of that one no other method
    /// here has decided. It gets the answer that the SDK gives by default.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        mut context: Request,
    ) -> Result<CustomResult, ErrorData> {
        self.enter(&mut context).await?;
        if MethodKind::of(&request.method) != MethodKind::Unknown {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None));
        }
        self.handler.on_custom_request(request, context).await
    }

    async fn ping(&self, mut context: Request) -> Result<(), ErrorData> {
        self.enter(&mut context).await?;
        self.handler.ping(context).await
    }

    async fn discover(&self, mut context: Request) -> Result<DiscoverResult, ErrorData> {
        self.enter(&mut context).await?;
        self.handler.discover(context).await
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        mut context: Request,
    ) -> Result<CallToolResponse, ErrorData> {
        self.enter(&mut context).await?;
        let decided = AuthenticatedRequest::find(&context)
            .and_then(|authenticated| authenticated.tool_decided_by_layer(self.state()));
        if decided != Some(&*request.name) || !self.state().registry.allows_tool(&request.name) {
            self.decide_named(&context, &Operation::Tool(request.name.to_string()))?;
        }
        let tasks = match &self.state().tasks {
            None => None,
            Some(tasks) => {
                let authenticated = Arc::clone(AuthenticatedRequest::of(&context)?);
                // Hardly any call begins a task, so its name is only copied if nobody else keeps it.
                let kept = authenticated.operation.tool() == Some(&*request.name);
                Some((tasks, authenticated, (!kept).then(|| request.name.to_string())))
            }
        };
        // Here and not in a function of its own, which would move all of the context once more.
        let router = &self.factory.tools;
        let response = if router.map.contains_key(&request.name) {
            // A tool that is switched off is the router's to refuse.
            router.call(ToolCallContext::new(&self.handler, request, context)).await?
        } else {
            self.handler.call_tool(request, context).await?
        };
        if let (Some((tasks, authenticated, other)), CallToolResponse::Task(begun)) =
            (tasks, &response)
        {
            let tool = other.as_deref().or(authenticated.operation.tool()).unwrap_or_default();
            let owner = self.state().seal.principal(authenticated.caller.as_ref());
            let now = self.state().server.instant();
            tasks
                .begin(&begun.task.task_id, tool.to_owned(), owner, now)
                .map_err(|full| ErrorData::internal_error(full.to_string(), None))?;
        }
        Ok(response)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        mut context: Request,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.enter(&mut context).await?;
        self.decide_named(&context, &Operation::Prompt(request.name.clone()))?;
        self.handler.get_prompt(request, context).await
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        mut context: Request,
    ) -> Result<GetTaskResult, ErrorData> {
        self.decide_task(&mut context, &request.task_id).await?;
        self.handler.get_task(request, context).await
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        mut context: Request,
    ) -> Result<(), ErrorData> {
        self.decide_task(&mut context, &request.task_id).await?;
        self.handler.update_task(request, context).await
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        mut context: Request,
    ) -> Result<(), ErrorData> {
        self.decide_task(&mut context, &request.task_id).await?;
        self.handler.cancel_task(request, context).await
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        mut context: Request,
    ) -> Result<ListToolsResult, ErrorData> {
        self.enter(&mut context).await?;
        let mut list = self.handler.list_tools(request, context.clone()).await?;
        list.tools.iter_mut().for_each(|tool| without_declaration(&mut tool.meta));
        self.filter(&context, &mut list.tools, &mut list.cache_scope, |tool| tool.meta.as_ref())?;
        Ok(list)
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        mut context: Request,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.enter(&mut context).await?;
        let mut list = self.handler.list_prompts(request, context.clone()).await?;
        list.prompts.iter_mut().for_each(|prompt| without_declaration(&mut prompt.meta));
        self.filter(&context, &mut list.prompts, &mut list.cache_scope, |prompt| {
            prompt.meta.as_ref()
        })?;
        Ok(list)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        mut context: Request,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.decide(&mut context, uri(&request.uri)).await?;
        self.handler.read_resource(request, context).await
    }

    async fn read_resource_directory(
        &self,
        request: ReadResourceDirectoryRequestParams,
        mut context: Request,
    ) -> Result<ReadResourceDirectoryResult, ErrorData> {
        self.decide(&mut context, uri(&request.uri)).await?;
        self.handler.read_resource_directory(request, context).await
    }

    async fn get_skill(
        &self,
        request: GetSkillRequestParams,
        mut context: Request,
    ) -> Result<GetSkillResult, ErrorData> {
        self.decide(&mut context, uri(&request.uri)).await?;
        self.handler.get_skill(request, context).await
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        mut context: Request,
    ) -> Result<(), ErrorData> {
        self.decide(&mut context, uri(&request.uri)).await?;
        self.handler.subscribe(request, context).await
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        mut context: Request,
    ) -> Result<(), ErrorData> {
        self.decide(&mut context, uri(&request.uri)).await?;
        self.handler.unsubscribe(request, context).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        mut context: Request,
    ) -> Result<CompleteResult, ErrorData> {
        let asked = match (request.r#ref.as_prompt_name(), request.r#ref.as_resource_uri()) {
            (Some(name), _) => Operation::Prompt(name.to_owned()),
            (None, Some(template)) => uri(template),
            (None, None) => Operation::Other,
        };
        self.decide(&mut context, asked).await?;
        self.handler.complete(request, context).await
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        if self.too_many(context.requested()) {
            return Err(ErrorData::invalid_params(
                MessageError::TooManyResources.to_string(),
                None,
            ));
        }
        let uris = context.accepted().resource_subscriptions.clone().unwrap_or_default();
        AuthenticatedRequest::check_layer(context.request_context(), self.state())?;
        let authenticated = match &self.credentials {
            Some(credentials) => credentials.authenticated_caller(self.state()).await?,
            None => Arc::clone(AuthenticatedRequest::of(context.request_context())?),
        };
        let asked = Operation::Resources(uris);
        self.state().decide_within(&asked, &authenticated)?;
        match (&self.credentials, &authenticated.caller) {
            (Some(credentials), Some(caller)) => {
                let scopes = self.state().scopes(&asked);
                let mut guard = StreamGuard::new(&self.state().server, caller.clone(), scopes);
                let mut listening = std::pin::pin!(self.handler.listen(context));
                let ended = poll_fn(|context| match guard.poll(context) {
                    Permission::Continue => listening.as_mut().poll(context).map(Some),
                    Permission::Wait => Poll::Pending,
                    Permission::End => Poll::Ready(None),
                });
                if let Some(ended) = ended.await {
                    return ended;
                }
                let authenticated = credentials.authenticated_caller(self.state()).await?;
                self.state().decide_within(&asked, &authenticated)?;
                Err(ErrorData::internal_error("the access token cannot be checked", None))
            }
            // Over HTTP the layer ends the stream.
            _ => self.handler.listen(context).await,
        }
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        let mut accepted = self.handler.accepted_subscription_filter(requested)?;
        if self.too_many(requested) {
            // `listen` refuses it. Until then the SDK compares each with each.
            accepted.resource_subscriptions = None;
        }
        Some(accepted)
    }

    fn negotiate_initialize(
        &self,
        request: &InitializeRequestParams,
    ) -> Result<InitializeResult, ErrorData> {
        self.handler.negotiate_initialize(request)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.handler.supported_protocol_versions()
    }

    /// The SDK asks at each call what arguments the tool takes. Most handlers would make all their
    /// tools anew to answer that.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        let known = self.state().registry.tool(name).cloned();
        known.or_else(|| {
            let mut tool = self.handler.get_tool(name)?;
            without_declaration(&mut tool.meta);
            Some(tool)
        })
    }

    fn get_info(&self) -> ServerConfig {
        self.handler.get_info()
    }

    async fn on_cancelled(&self, notified: CancelledNotificationParam, context: Notified) {
        self.handler.on_cancelled(notified, context).await;
    }

    async fn on_progress(&self, notified: ProgressNotificationParam, context: Notified) {
        self.handler.on_progress(notified, context).await;
    }

    async fn on_initialized(&self, context: Notified) {
        self.handler.on_initialized(context).await;
    }

    async fn on_roots_list_changed(&self, context: Notified) {
        self.handler.on_roots_list_changed(context).await;
    }

    async fn on_custom_notification(&self, notified: CustomNotification, context: Notified) {
        self.handler.on_custom_notification(notified, context).await;
    }
}

impl<H> fmt::Debug for McpHandler<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpHandler").field("state", &self.factory.state).finish_non_exhaustive()
    }
}
