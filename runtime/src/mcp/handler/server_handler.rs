//! The methods of the protocol: each is authorized and then passed to the application's handler.

use std::borrow::Cow;

use ::rmcp::handler::server::tool::ToolCallContext;
use ::rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CancelledNotificationParam,
    CompleteRequestParams, CompleteResult, CustomNotification, CustomRequest, CustomResult,
    DiscoverResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, GetSkillRequestParams,
    GetSkillResult, GetTaskParams, GetTaskResult, InitializeRequestParams, InitializeResult,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult,
    ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion,
    ReadResourceDirectoryRequestParams, ReadResourceDirectoryResult, ReadResourceRequestParams,
    ReadResourceResponse, ServerConfig, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams, UpdateTaskParams,
};
use ::rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use ::rmcp::{ErrorData, RoleServer, ServerHandler};

use super::McpHandler;
use crate::mcp::meta::{MetaPolicy, name_requested_scopes, remove_internal};
use crate::mcp::operation::{MethodKind, Operation};
use crate::mcp::security_schemes::add_security_schemes;
use crate::mcp::task_owners::BeginningCall;

type Request = RequestContext<RoleServer>;
type Notification = NotificationContext<RoleServer>;

fn uri(uri: &str) -> Operation {
    Operation::Resources(vec![uri.to_owned()])
}

/// Requests that need a valid token and nothing else here.
macro_rules! pass_on {
    ($($method:ident($parameter:ident: $request:ty) -> $result:ty;)*) => {$(
        async fn $method(
            &self,
            $parameter: $request,
            mut context: Request,
        ) -> Result<$result, ErrorData> {
            let entered = self.enter(&mut context).await?;
            entered.conclude(self.handler.$method($parameter, context).await)
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

    /// The SDK calls this for the application's own methods, and also for a method of the protocol whose
    /// parameters it cannot parse or that the revision lacks. The latter has not been authorized by any
    /// other function here, so it gets the SDK's default answer.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        mut context: Request,
    ) -> Result<CustomResult, ErrorData> {
        let entered = self.enter(&mut context).await?;
        if MethodKind::of(&request.method) != MethodKind::Unknown {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None));
        }
        entered.conclude(self.handler.on_custom_request(request, context).await)
    }

    async fn ping(&self, mut context: Request) -> Result<(), ErrorData> {
        let entered = self.enter(&mut context).await?;
        entered.conclude(self.handler.ping(context).await)
    }

    async fn discover(&self, mut context: Request) -> Result<DiscoverResult, ErrorData> {
        let entered = self.enter(&mut context).await?;
        entered.conclude(self.handler.discover(context).await)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        mut context: Request,
    ) -> Result<CallToolResponse, ErrorData> {
        let entered = self.enter(&mut context).await?;
        let decided = entered.0.as_ref();
        let decided = decided.and_then(|request| request.tool_decided_by_layer(self.state()));
        if decided != Some(&*request.name) || !self.state().registry.allows_tool(&request.name) {
            self.decide_named(&context, &Operation::Tool(request.name.to_string()))?;
        }
        let tasks = match &self.state().tasks {
            None => None,
            Some(tasks) => {
                let authenticated = entered.request()?;
                // Few calls begin a task, so the name is copied only if the operation does not hold it.
                let is_held = authenticated.operation.tool() == Some(&*request.name);
                Some((tasks, authenticated, (!is_held).then(|| request.name.to_string())))
            }
        };
        // Inline: a function of its own would move the whole context once more.
        let router = &self.context.tools;
        let result = if router.map.contains_key(&request.name) {
            // The router itself rejects a disabled tool.
            router.call(ToolCallContext::new(&self.handler, request, context)).await
        } else {
            self.handler.call_tool(request, context).await
        };
        let response = entered.conclude(result)?;
        if let (Some((tasks, authenticated, other)), CallToolResponse::Task(task)) =
            (tasks, &response)
        {
            let tool = other.as_deref().or(authenticated.operation.tool()).unwrap_or_default();
            let owner = self.state().ids.principal(authenticated.caller.as_ref());
            let now = self.state().server.instant();
            let call = BeginningCall { tool: tool.to_owned(), further: authenticated.further };
            tasks
                .insert(&task.task.task_id, call, owner, now)
                .map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        }
        Ok(response)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        mut context: Request,
    ) -> Result<GetPromptResponse, ErrorData> {
        let entered = self.enter(&mut context).await?;
        self.decide_named(&context, &Operation::Prompt(request.name.clone()))?;
        entered.conclude(self.handler.get_prompt(request, context).await)
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        mut context: Request,
    ) -> Result<GetTaskResult, ErrorData> {
        let entered = self.decide_task(&mut context, &request.task_id).await?;
        entered.conclude(self.handler.get_task(request, context).await)
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        mut context: Request,
    ) -> Result<(), ErrorData> {
        let entered = self.decide_task(&mut context, &request.task_id).await?;
        entered.conclude(self.handler.update_task(request, context).await)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        mut context: Request,
    ) -> Result<(), ErrorData> {
        let entered = self.decide_task(&mut context, &request.task_id).await?;
        entered.conclude(self.handler.cancel_task(request, context).await)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        mut context: Request,
    ) -> Result<ListToolsResult, ErrorData> {
        let entered = self.enter(&mut context).await?;
        let list = self.handler.list_tools(request, context.clone()).await;
        let mut list = entered.conclude(list)?;
        self.filter(&context, &mut list.tools, &mut list.cache_scope, |tool| {
            (tool.meta.as_ref(), &*tool.name)
        })?;
        let requested = self.state().server.requested_scopes();
        for tool in &mut list.tools {
            let operation = Operation::Tool(tool.name.clone().into_owned());
            let policy = self.state().registry.policies(&operation).next();
            let policy = policy.or_else(|| MetaPolicy::of(tool.meta.as_ref(), &tool.name).policy());
            name_requested_scopes(tool.meta.as_mut(), &tool.name, requested);
            remove_internal(&mut tool.meta);
            add_security_schemes(&mut tool.meta, policy, self.state().anonymous, requested);
        }
        Ok(list)
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        mut context: Request,
    ) -> Result<ListPromptsResult, ErrorData> {
        let entered = self.enter(&mut context).await?;
        let list = self.handler.list_prompts(request, context.clone()).await;
        let mut list = entered.conclude(list)?;
        self.filter(&context, &mut list.prompts, &mut list.cache_scope, |prompt| {
            (prompt.meta.as_ref(), &*prompt.name)
        })?;
        let requested = self.state().server.requested_scopes();
        for prompt in &mut list.prompts {
            name_requested_scopes(prompt.meta.as_mut(), &prompt.name, requested);
            remove_internal(&mut prompt.meta);
        }
        Ok(list)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        mut context: Request,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let entered = self.decide(&mut context, uri(&request.uri)).await?;
        entered.conclude(self.handler.read_resource(request, context).await)
    }

    async fn read_resource_directory(
        &self,
        request: ReadResourceDirectoryRequestParams,
        mut context: Request,
    ) -> Result<ReadResourceDirectoryResult, ErrorData> {
        let entered = self.decide(&mut context, uri(&request.uri)).await?;
        entered.conclude(self.handler.read_resource_directory(request, context).await)
    }

    async fn get_skill(
        &self,
        request: GetSkillRequestParams,
        mut context: Request,
    ) -> Result<GetSkillResult, ErrorData> {
        let entered = self.decide(&mut context, uri(&request.uri)).await?;
        entered.conclude(self.handler.get_skill(request, context).await)
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        mut context: Request,
    ) -> Result<(), ErrorData> {
        let entered = self.decide(&mut context, uri(&request.uri)).await?;
        entered.conclude(self.handler.subscribe(request, context).await)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        mut context: Request,
    ) -> Result<(), ErrorData> {
        let entered = self.decide(&mut context, uri(&request.uri)).await?;
        entered.conclude(self.handler.unsubscribe(request, context).await)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        mut context: Request,
    ) -> Result<CompleteResult, ErrorData> {
        let operation = match (request.r#ref.as_prompt_name(), request.r#ref.as_resource_uri()) {
            (Some(name), _) => Operation::Prompt(name.to_owned()),
            (None, Some(template)) => Operation::ResourceCompletion(template.to_owned()),
            (None, None) => Operation::Other,
        };
        let entered = self.decide(&mut context, operation).await?;
        entered.conclude(self.handler.complete(request, context).await)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.listen_authorized(context).await
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        let mut accepted = self.handler.accepted_subscription_filter(requested)?;
        if self.too_many(requested) {
            // `listen` rejects the request. Before that, the SDK compares each URI with each other.
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

    /// The SDK calls this for each tool call. Most handlers would build all their tools for it, so the
    /// registry answers where it can.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        let registered = self.state().registry.tool(name).cloned();
        registered.or_else(|| {
            let mut tool = self.handler.get_tool(name)?;
            remove_internal(&mut tool.meta);
            Some(tool)
        })
    }

    fn get_info(&self) -> ServerConfig {
        self.handler.get_info()
    }

    async fn on_cancelled(&self, notification: CancelledNotificationParam, context: Notification) {
        self.handler.on_cancelled(notification, context).await;
    }

    async fn on_progress(&self, notification: ProgressNotificationParam, context: Notification) {
        self.handler.on_progress(notification, context).await;
    }

    async fn on_initialized(&self, context: Notification) {
        self.handler.on_initialized(context).await;
    }

    async fn on_roots_list_changed(&self, context: Notification) {
        self.handler.on_roots_list_changed(context).await;
    }

    async fn on_custom_notification(
        &self,
        notification: CustomNotification,
        context: Notification,
    ) {
        self.handler.on_custom_notification(notification, context).await;
    }
}
