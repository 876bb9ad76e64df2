//! A task is authorized like the call that started it.

use fixtures::raw_http::Response;
use requires_auth::mcp::{Mcp, McpBuilder};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Condition, requires_auth};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResponse, CancelTaskParams, CreateTaskResult, DetailedTask, GetTaskParams,
    GetTaskResult, ServerCapabilities, ServerConfig, Task, TaskPayload, TaskStatus,
    UpdateTaskParams,
};
use rmcp::schemars;
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use serde_json::{Value, json};

use super::test_server::{MODES, RESOURCE, message, meta, post, reply, resource_server, serve_mcp};

/// Starts one task, and returns a task for every id.
struct TaskServer;

fn task(id: &str) -> Task {
    Task::new(id, TaskStatus::Working, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
}

#[tool_router]
impl TaskServer {
    /// Begin something that takes long
    #[requires_auth(scopes = "write")]
    #[tool]
    async fn begin(&self) -> CallToolResponse {
        CallToolResponse::Task(CreateTaskResult::new(task("the-task")))
    }

    /// Begin something that takes long, with scopes that depend on the arguments
    #[requires_auth(scopes = "write", scopes_from = scopes_of)]
    #[tool]
    async fn begin_with(
        &self,
        Parameters(begin): Parameters<Begin>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResponse::Task(CreateTaskResult::new(task(&begin.id))))
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Begin {
    id: String,
}

fn scopes_of(begin: &Begin) -> Condition {
    if begin.id == "private" { "private".into() } else { Condition::NONE }
}

#[tool_handler]
impl ServerHandler for TaskServer {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder().enable_tools().build();
        capabilities.extensions = Some(
            [("io.modelcontextprotocol/tasks".to_owned(), serde_json::Map::new())]
                .into_iter()
                .collect(),
        );
        ServerConfig::new(capabilities)
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let task = DetailedTask::new(task(&request.task_id), TaskPayload::Working);
        Ok(GetTaskResult::new(task))
    }

    async fn update_task(
        &self,
        _: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn cancel_task(
        &self,
        _: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }
}

struct RunningTaskServer {
    address: std::net::SocketAddr,
    authorization_server: AuthorizationServer,
}

impl RunningTaskServer {
    async fn start(
        settings: impl FnOnce(McpBuilder<TaskServer>) -> McpBuilder<TaskServer>,
    ) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let server = resource_server(&authorization_server);
        let builder =
            Mcp::builder(&server, || Ok(TaskServer)).declare_tools(&TaskServer::tool_router());
        let mcp = settings(builder).build().unwrap();
        let address = serve_mcp(&mcp).await;
        Self { address, authorization_server }
    }

    fn token(&self, subject: &str, scopes: &str) -> String {
        let mint = self.authorization_server.mint();
        mint.subject(subject).audience(RESOURCE).scopes(scopes).issue()
    }

    async fn send(&self, token: &str, method: &str, name: &str, mut params: Value) -> Response {
        params["_meta"] = meta(MODES[0]);
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
        let request = post().header("mcp-protocol-version", "2026-07-28");
        let request = request.header("mcp-method", method).header("mcp-name", name);
        request.json(&message(method, &params)).bearer(token).send(self.address).await
    }

    async fn begin(&self, token: &str) {
        let started_task =
            self.send(token, "tools/call", "begin", json!({ "name": "begin" })).await;
        assert_eq!(reply(&started_task)["result"]["taskId"], "the-task");
    }

    async fn task(&self, token: &str, method: &str, id: &str) -> Response {
        let params = match method {
            "tasks/update" => json!({ "taskId": id, "inputResponses": {} }),
            _ => json!({ "taskId": id }),
        };
        self.send(token, method, id, params).await
    }
}

const METHODS: [&str; 3] = ["tasks/get", "tasks/update", "tasks/cancel"];

#[tokio::test]
async fn a_task_is_accessible_only_to_its_caller() {
    // R-I10, R-I3
    let task_server = RunningTaskServer::start(|mcp| mcp).await;
    let alice = task_server.token("alice", "write");
    for method in METHODS {
        let unknown = reply(&task_server.task(&alice, method, "the-task").await);
        assert_eq!(unknown["error"]["message"], "there is no such task", "{method}");
    }
    task_server.begin(&alice).await;
    let (bob, poor) = (task_server.token("bob", "write"), task_server.token("alice", "read"));
    for method in METHODS {
        let response = reply(&task_server.task(&alice, method, "the-task").await);
        assert!(response["result"].is_object(), "{method}: {response}");
        let others = reply(&task_server.task(&bob, method, "the-task").await);
        assert_eq!(others["error"]["message"], "there is no such task", "{method}");
        let without = task_server.task(&poor, method, "the-task").await;
        crate::assert_challenged(
            &without,
            403,
            fixtures::rejection_body::INSUFFICIENT_SCOPE,
            "write",
        );
        let unknown = reply(&task_server.task(&alice, method, "another").await);
        assert_eq!(unknown["error"]["message"], "there is no such task", "{method}");
    }
}

#[tokio::test]
async fn a_task_requires_the_scopes_of_the_arguments_that_began_it() {
    // R-I20, R-I10
    let task_server = RunningTaskServer::start(|mcp| mcp).await;
    let (rich, poor) =
        (task_server.token("alice", "write private"), task_server.token("alice", "write"));
    let begin = async |id: &str| {
        let params = json!({ "name": "begin_with", "arguments": { "id": id } });
        let begun = task_server.send(&rich, "tools/call", "begin_with", params).await;
        assert_eq!(reply(&begun)["result"]["taskId"], id);
    };
    begin("private").await;
    begin("public").await;
    for method in METHODS {
        let without = task_server.task(&poor, method, "private").await;
        crate::assert_challenged(
            &without,
            403,
            fixtures::rejection_body::INSUFFICIENT_SCOPE,
            "write private",
        );
        for (token, id) in [(&rich, "private"), (&poor, "public")] {
            let response = reply(&task_server.task(token, method, id).await);
            assert!(response["result"].is_object(), "{method}: {response}");
        }
    }
}

#[tokio::test]
async fn a_handler_can_authorize_its_tasks_itself() {
    let task_server = RunningTaskServer::start(McpBuilder::tasks_by_handler).await;
    let alice = task_server.token("alice", "write");
    let response = reply(&task_server.task(&alice, "tasks/get", "kept-elsewhere").await);
    assert_eq!(response["result"]["taskId"], "kept-elsewhere");
    let poor = task_server.token("alice", "read");
    let rejected = task_server.send(&poor, "tools/call", "begin", json!({ "name": "begin" })).await;
    crate::assert_challenged(&rejected, 403, fixtures::rejection_body::INSUFFICIENT_SCOPE, "write");
}
