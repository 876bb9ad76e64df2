//! The server that the official conformance suite asks for, as the SDK serves it or guarded.
//!
//! usage: conformance open|guarded
//!
//! It prints where it listens and, guarded, a token that it takes. The names of the tools, prompts
//! and resources, and what they answer, are those of the suite.

#![expect(
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    reason = "what the protocol calls things is all there, and every index is into what is built here"
)]
#![allow(deprecated, reason = "earlier revisions have logging, sampling and roots")]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod answers;
mod tasks;

use std::error::Error;
use std::sync::{Arc, Mutex};

use requires_auth::mcp::{Mcp, authorize};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Condition, Introspection, ResourceServer, requires_auth};
use rmcp::handler::server::tool::{InputResponses, RequestState};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::*;
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::{Peer, RequestContext, SubscriptionContext, SubscriptionSink};
use rmcp::task_manager::TaskManager;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, prompt, prompt_router, tool, tool_handler, tool_router,
};
use serde::Deserialize;
use serde_json::{Value, json};

use tasks::Ending;

use answers::{answered, ask, content, elicitation, from, result, roots, sampling, schema, text};

const SCOPE: &str = "conformance";
const READING: Condition = Condition::Scope(SCOPE);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let sessions = Arc::new(LocalSessionManager::default());
    let kept = Kept::default();
    // Kept until the end: with it the authorization server goes away.
    let mut authorization_server = None;
    let app = if std::env::args().nth(1).as_deref() == Some("guarded") {
        let resource = format!("http://{address}/mcp");
        let issuer = AuthorizationServer::builder().resource(&resource).start().await?;
        let introspection = Introspection::builder(issuer.introspection_url()).build()?;
        let server = ResourceServer::builder(&resource)
            .authorization_servers([issuer.issuer()])
            .resolver(introspection)
            .build()?;
        println!("token {}", issuer.mint().audience(&resource).scopes(SCOPE).issue());
        authorization_server = Some(issuer);
        Mcp::builder(&server, move || Ok(guarded::Suite::new(&kept)))
            .declare_tools(&guarded::Suite::tool_router())
            .declare_prompts(&guarded::Suite::prompt_router())
            .resource("test://{+resource}", READING)
            .build()?
            .routes(sessions, StreamableHttpServerConfig::default())
    } else {
        let suite = move || Ok(open::Suite::new(&kept));
        let service =
            StreamableHttpService::new(suite, sessions, StreamableHttpServerConfig::default());
        axum::Router::new().route_service("/mcp", service)
    };
    println!("listening on http://{address}");
    axum::serve(listener, app).await?;
    drop(authorization_server);
    Ok(())
}

/// What outlives a request.
#[derive(Clone, Default)]
struct Kept {
    /// Who wants to hear of changes.
    subscribers: Arc<Mutex<Vec<SubscriptionSink>>>,
    tasks: TaskManager,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Prompt {
    prompt: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Message {
    message: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TwoArguments {
    arg1: String,
    arg2: Option<String>,
}

type Answer = Result<CallToolResponse, ErrorData>;
type Prompted = Result<GetPromptResult, ErrorData>;

/// The server, with this attribute on every tool and prompt.
macro_rules! suite {
    ($module:ident, $guarded:literal $(, $($guard:tt)*)?) => {
        mod $module {
            use super::*;

            #[derive(Clone)]
            pub struct Suite {
                kept: Kept,
            }

            #[tool_router(vis = "pub")]
            impl Suite {
                pub fn new(kept: &Kept) -> Self {
                    Self { kept: kept.clone() }
                }

                $(#[$($guard)*])?
                #[tool(description = "Returns text")]
                async fn test_simple_text(&self) -> Answer {
                    content(&json!([text("This is a simple text response for testing.")]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Returns an image")]
                async fn test_image_content(&self) -> Answer {
                    content(&json!([answers::image()]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Returns sound")]
                async fn test_audio_content(&self) -> Answer {
                    content(&json!([answers::audio()]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Returns a resource")]
                async fn test_embedded_resource(&self) -> Answer {
                    let resource = answers::resource("test://embedded-resource");
                    content(&json!([{ "type": "resource", "resource": resource }]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Returns text, an image and a resource")]
                async fn test_multiple_content_types(&self) -> Answer {
                    let resource = answers::resource("test://mixed-content-resource");
                    content(&json!([
                        text("Multiple content types test:"),
                        answers::image(),
                        { "type": "resource", "resource": resource },
                    ]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Logs while it runs")]
                async fn test_tool_with_logging(&self, peer: Peer<RoleServer>) -> Answer {
                    for said in ["started", "processing data", "completed"] {
                        let said = json!(format!("Tool execution {said}"));
                        let log = LoggingMessageNotificationParam::new(LoggingLevel::Info, said);
                        answers::sent(peer.notify_logging_message(log).await)?;
                    }
                    content(&json!([text("done")]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Logs if the request asks for it")]
                async fn test_logging_tool(&self, context: RequestContext<RoleServer>) -> Answer {
                    if let Some(level) = context.meta.log_level() {
                        let log = LoggingMessageNotificationParam::new(level, json!("asked for"));
                        answers::sent(context.peer.notify_logging_message(log).await)?;
                    }
                    content(&json!([text("done")]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Fails")]
                async fn test_error_handling(&self) -> Result<CallToolResult, ErrorData> {
                    let text = text("This tool intentionally returns an error for testing");
                    result(json!({ "content": [text], "isError": true }))
                }

                $(#[$($guard)*])?
                #[tool(description = "Reports its progress")]
                async fn test_tool_with_progress(
                    &self,
                    context: RequestContext<RoleServer>,
                ) -> Answer {
                    if let Some(token) = context.meta.get_progress_token() {
                        for progress in [0.0, 50.0, 100.0] {
                            let progress = ProgressNotificationParam::new(token.clone(), progress);
                            let progress = progress.with_total(100.0);
                            answers::sent(context.peer.notify_progress(progress).await)?;
                        }
                    }
                    content(&json!([text("done")]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Asks the client's model")]
                async fn test_sampling(
                    &self,
                    peer: Peer<RoleServer>,
                    Parameters(Prompt { prompt }): Parameters<Prompt>,
                ) -> Answer {
                    let asked = from(sampling(&prompt)["params"].take())?;
                    let said = answers::sent(peer.create_message(asked).await)?;
                    content(&json!([text(&format!("LLM response: {said:?}"))]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Asks the user")]
                async fn test_elicitation(
                    &self,
                    peer: Peer<RoleServer>,
                    Parameters(Message { message }): Parameters<Message>,
                ) -> Answer {
                    let username = json!({ "username": { "type": "string" } });
                    answers::elicit(&peer, &message, &username).await
                }

                $(#[$($guard)*])?
                #[tool(description = "Asks the user, with defaults")]
                async fn test_elicitation_sep1034_defaults(&self, peer: Peer<RoleServer>) -> Answer {
                    answers::elicit(&peer, "All have defaults", &answers::defaults()).await
                }

                $(#[$($guard)*])?
                #[tool(description = "Asks the user to choose")]
                async fn test_elicitation_sep1330_enums(&self, peer: Peer<RoleServer>) -> Answer {
                    answers::elicit(&peer, "Choose", &answers::choices()).await
                }

                $(#[$($guard)*])?
                #[tool(
                    description = "Has a schema of JSON Schema 2020-12",
                    input_schema = schema(answers::schema_2020_12())
                )]
                async fn json_schema_2020_12_tool(&self) -> Answer {
                    content(&json!([text("Hello!")]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Takes its time")]
                async fn test_reconnection(&self) -> Answer {
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    content(&json!([text("done")]))
                }

                $(#[$($guard)*])?
                #[tool(
                    description = "Has an argument in a header",
                    input_schema = schema(answers::schema_custom_header())
                )]
                async fn test_custom_header(&self, arguments: JsonObject) -> Answer {
                    let value = arguments.get("value").and_then(Value::as_str);
                    let no_text = || ErrorData::invalid_params("value must be a string", None);
                    content(&json!([text(value.ok_or_else(no_text)?)]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Tells that the tools have changed")]
                async fn test_trigger_tool_change(&self) -> Answer {
                    for sink in answers::all(&self.kept) {
                        let _ = sink.notify_tool_list_changed().await;
                    }
                    content(&json!([text("told")]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Tells that the prompts have changed")]
                async fn test_trigger_prompt_change(&self) -> Answer {
                    for sink in answers::all(&self.kept) {
                        let _ = sink.notify_prompt_list_changed().await;
                    }
                    content(&json!([text("told")]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Needs a client that can sample")]
                async fn test_missing_capability(&self, meta: RequestMetaObject) -> Answer {
                    if meta.client_capabilities().unwrap_or_default().sampling.is_none() {
                        let needed = ClientCapabilities::builder().enable_sampling().build();
                        return Err(ErrorData::missing_required_client_capability(needed));
                    }
                    content(&json!([text("it can")]))
                }

                $(#[$($guard)*])?
                #[tool(description = "Needs input")]
                async fn test_streaming_elicitation(&self) -> Answer {
                    ask(&json!({ "value": elicitation("value") }), None)
                }

                $(#[$($guard)*])?
                #[tool(description = "Needs the user's name")]
                async fn test_input_required_result_elicitation(
                    &self,
                    InputResponses(given): InputResponses,
                ) -> Answer {
                    match answered(given.as_ref(), "user_name") {
                        Some(user) => content(&json!([text(&format!("Hello, {user}"))])),
                        None => ask(&json!({ "user_name": elicitation("name") }), None),
                    }
                }

                $(#[$($guard)*])?
                #[tool(description = "Needs the client's model")]
                async fn test_input_required_result_sampling(
                    &self,
                    InputResponses(given): InputResponses,
                ) -> Answer {
                    match answered(given.as_ref(), "capital_question") {
                        Some(said) => content(&json!([text(&said.to_string())])),
                        None => {
                            let question = sampling("What is the capital of France?");
                            ask(&json!({ "capital_question": question }), None)
                        }
                    }
                }

                $(#[$($guard)*])?
                #[tool(description = "Needs the client's roots")]
                async fn test_input_required_result_list_roots(
                    &self,
                    InputResponses(given): InputResponses,
                ) -> Answer {
                    match answered(given.as_ref(), "client_roots") {
                        Some(roots) => content(&json!([text(&roots.to_string())])),
                        None => ask(&json!({ "client_roots": roots() }), None),
                    }
                }

                $(#[$($guard)*])?
                #[tool(description = "Remembers its state")]
                async fn test_input_required_result_request_state(
                    &self,
                    RequestState(state): RequestState,
                ) -> Answer {
                    answers::confirm(state.as_deref())
                }

                $(#[$($guard)*])?
                #[tool(description = "Refuses another state")]
                async fn test_input_required_result_tampered_state(
                    &self,
                    RequestState(state): RequestState,
                ) -> Answer {
                    answers::confirm(state.as_deref())
                }

                $(#[$($guard)*])?
                #[tool(description = "Needs three things at once")]
                async fn test_input_required_result_multiple_inputs(
                    &self,
                    InputResponses(given): InputResponses,
                ) -> Answer {
                    let needed = ["user_name", "greeting", "client_roots"];
                    if needed.iter().all(|key| answered(given.as_ref(), key).is_some()) {
                        return content(&json!([text("All inputs received")]));
                    }
                    let asked = json!({
                        "user_name": elicitation("name"),
                        "greeting": sampling("Generate a greeting"),
                        "client_roots": roots(),
                    });
                    ask(&asked, Some("gather"))
                }

                $(#[$($guard)*])?
                #[tool(description = "Needs one thing after another")]
                async fn test_input_required_result_multi_round(
                    &self,
                    RequestState(state): RequestState,
                ) -> Answer {
                    match state.as_deref() {
                        None => ask(&json!({ "step1": elicitation("name") }), Some("round 1")),
                        Some("round 1") => {
                            ask(&json!({ "step2": elicitation("color") }), Some("round 2"))
                        }
                        Some("round 2") => content(&json!([text("Multi-round flow complete")])),
                        Some(_) => Err(answers::another_state()),
                    }
                }

                $(#[$($guard)*])?
                #[tool(description = "Asks for what the client can do")]
                async fn test_input_required_result_capabilities(
                    &self,
                    InputResponses(given): InputResponses,
                    meta: RequestMetaObject,
                ) -> Answer {
                    let capable = meta.client_capabilities().unwrap_or_default();
                    let mut asked = JsonObject::new();
                    if capable.elicitation.is_some() {
                        asked.insert("user_name".into(), elicitation("name"));
                    }
                    if capable.sampling.is_some() {
                        asked.insert("greeting".into(), sampling("Generate a greeting"));
                    }
                    if capable.roots.is_some() {
                        asked.insert("client_roots".into(), roots());
                    }
                    if given.is_some() || asked.is_empty() {
                        return content(&json!([text("done")]));
                    }
                    ask(&Value::Object(asked), None)
                }

                $(#[$($guard)*])?
                #[tool(description = "Greets")]
                async fn greet(&self, arguments: JsonObject) -> Answer {
                    tasks::greeting(&arguments)
                }

                $(#[$($guard)*])?
                #[tool(description = "Takes as many seconds as it is told")]
                async fn slow_compute(
                    &self,
                    context: RequestContext<RoleServer>,
                    arguments: JsonObject,
                ) -> Answer {
                    let time = tasks::seconds(&arguments);
                    tasks::work(&self.kept.tasks, &context, time, Ending::Well).await
                }

                $(#[$($guard)*])?
                #[tool(description = "Fails as a tool")]
                async fn failing_job(&self, context: RequestContext<RoleServer>) -> Answer {
                    tasks::needed(&context)?;
                    tasks::work(&self.kept.tasks, &context, tasks::SHORT, Ending::ToolError).await
                }

                $(#[$($guard)*])?
                #[tool(description = "Fails as a request")]
                async fn protocol_error_job(&self, context: RequestContext<RoleServer>) -> Answer {
                    let ending = Ending::ProtocolError;
                    tasks::work(&self.kept.tasks, &context, tasks::SHORT, ending).await
                }

                $(#[$($guard)*])?
                #[tool(description = "Asks before it goes on")]
                async fn confirm_delete(&self, context: RequestContext<RoleServer>) -> Answer {
                    tasks::needed(&context)?;
                    Ok(tasks::input(&self.kept.tasks, "confirm", None))
                }

                $(#[$($guard)*])?
                #[tool(description = "Asks two things at once")]
                async fn multi_input(&self, context: RequestContext<RoleServer>) -> Answer {
                    tasks::needed(&context)?;
                    Ok(tasks::input(&self.kept.tasks, "input-a", Some("input-b")))
                }

                $(#[$($guard)*])?
                #[tool(description = "Asks, and then goes on as a task")]
                async fn test_tool_with_task(
                    &self,
                    context: RequestContext<RoleServer>,
                    InputResponses(given): InputResponses,
                ) -> Answer {
                    tasks::needed(&context)?;
                    tasks::name_then_task(&self.kept.tasks, given.as_ref())
                }
            }

            #[prompt_router(vis = "pub")]
            impl Suite {
                $(#[$($guard)*])?
                #[prompt(description = "Says something")]
                async fn test_simple_prompt(&self) -> Prompted {
                    answers::prompt(&text("This is a simple test prompt."))
                }

                $(#[$($guard)*])?
                #[prompt(description = "Says its arguments")]
                async fn test_prompt_with_arguments(
                    &self,
                    Parameters(TwoArguments { arg1, arg2 }): Parameters<TwoArguments>,
                ) -> Prompted {
                    let arg2 = arg2.unwrap_or_default();
                    answers::prompt(&text(&format!("arg1='{arg1}', arg2='{arg2}'")))
                }

                $(#[$($guard)*])?
                #[prompt(description = "Shows a resource")]
                async fn test_prompt_with_embedded_resource(&self) -> Prompted {
                    let resource = answers::resource("test://static-text");
                    answers::prompt(&json!({ "type": "resource", "resource": resource }))
                }

                $(#[$($guard)*])?
                #[prompt(description = "Shows an image")]
                async fn test_prompt_with_image(&self) -> Prompted {
                    answers::prompt(&answers::image())
                }

                /// Its second round is in `get_prompt`: functions are not told what was answered.
                $(#[$($guard)*])?
                #[prompt(description = "Needs the user's context")]
                async fn test_input_required_result_prompt(
                    &self,
                ) -> Result<InputRequiredResult, ErrorData> {
                    answers::input_required(&json!({ "user_context": elicitation("context") }), None)
                }
            }

            #[tool_handler]
            impl ServerHandler for Suite {
                fn get_info(&self) -> ServerConfig {
                    answers::info()
                }

                /// The suite takes the first one to be a tool that needs nothing.
                async fn list_tools(
                    &self,
                    _: Option<PaginatedRequestParams>,
                    _: RequestContext<RoleServer>,
                ) -> Result<ListToolsResult, ErrorData> {
                    let mut tools = Self::tool_router().list_all();
                    tools.sort_by_key(|tool| tool.name != "test_simple_text");
                    result(json!({ "tools": tools, "ttlMs": 60_000, "cacheScope": "public" }))
                }

                async fn list_prompts(
                    &self,
                    _: Option<PaginatedRequestParams>,
                    _: RequestContext<RoleServer>,
                ) -> Result<ListPromptsResult, ErrorData> {
                    let prompts = Self::prompt_router().list_all();
                    result(json!({ "prompts": prompts, "ttlMs": 60_000, "cacheScope": "public" }))
                }

                async fn get_prompt(
                    &self,
                    request: GetPromptRequestParams,
                    context: RequestContext<RoleServer>,
                ) -> Result<GetPromptResponse, ErrorData> {
                    if let Some(given) = answered(request.input_responses.as_ref(), "user_context") {
                        if $guarded {
                            authorize(&context, READING)?;
                        }
                        return answers::prompt(&text(&given.to_string())).map(Into::into);
                    }
                    let context = rmcp::handler::server::prompt::PromptContext::new(
                        self,
                        request.name,
                        request.arguments,
                        context,
                    );
                    Self::prompt_router().get_prompt(context).await
                }

                async fn list_resources(
                    &self,
                    _: Option<PaginatedRequestParams>,
                    _: RequestContext<RoleServer>,
                ) -> Result<ListResourcesResult, ErrorData> {
                    result(answers::resources())
                }

                async fn list_resource_templates(
                    &self,
                    _: Option<PaginatedRequestParams>,
                    _: RequestContext<RoleServer>,
                ) -> Result<ListResourceTemplatesResult, ErrorData> {
                    result(answers::resource_templates())
                }

                async fn read_resource(
                    &self,
                    request: ReadResourceRequestParams,
                    context: RequestContext<RoleServer>,
                ) -> Result<ReadResourceResponse, ErrorData> {
                    if $guarded {
                        authorize(&context, READING)?;
                    }
                    answers::read(&request.uri)
                }

                async fn subscribe(
                    &self,
                    _: SubscribeRequestParams,
                    _: RequestContext<RoleServer>,
                ) -> Result<(), ErrorData> {
                    Ok(())
                }

                async fn unsubscribe(
                    &self,
                    _: UnsubscribeRequestParams,
                    _: RequestContext<RoleServer>,
                ) -> Result<(), ErrorData> {
                    Ok(())
                }

                fn accepted_subscription_filter(
                    &self,
                    requested: &SubscriptionFilter,
                ) -> Option<SubscriptionFilter> {
                    Some(requested.supported_by(&self.get_info().capabilities))
                }

                async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
                    if let Ok(mut subscribers) = self.kept.subscribers.lock() {
                        subscribers.push(context.sink().clone());
                    }
                    context.cancelled().await;
                    Ok(())
                }

                async fn complete(
                    &self,
                    _: CompleteRequestParams,
                    _: RequestContext<RoleServer>,
                ) -> Result<CompleteResult, ErrorData> {
                    result(json!({ "completion": { "values": ["paris", "park"] } }))
                }

                async fn get_task(
                    &self,
                    request: GetTaskParams,
                    _: RequestContext<RoleServer>,
                ) -> Result<GetTaskResult, ErrorData> {
                    Ok(GetTaskResult::new(self.kept.tasks.get_task(&request.task_id)?))
                }

                async fn update_task(
                    &self,
                    request: UpdateTaskParams,
                    _: RequestContext<RoleServer>,
                ) -> Result<(), ErrorData> {
                    self.kept.tasks.update_task(&request.task_id, request.input_responses)
                }

                async fn cancel_task(
                    &self,
                    request: CancelTaskParams,
                    _: RequestContext<RoleServer>,
                ) -> Result<(), ErrorData> {
                    self.kept.tasks.cancel_task(&request.task_id)
                }

                async fn set_level(
                    &self,
                    _: SetLevelRequestParams,
                    _: RequestContext<RoleServer>,
                ) -> Result<(), ErrorData> {
                    Ok(())
                }
            }
        }
    };
}

suite!(open, false);
suite!(guarded, true, requires_auth(scopes = "conformance"));
