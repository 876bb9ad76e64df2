//! Tasks are authorized like the calls that began them.

use std::sync::Arc;

use fixtures::http_server::serve;
use fixtures::raw_http::Response;
use requires_auth::mcp::{Mcp, McpBuilder};
use requires_auth::requires_auth;
use requires_auth::testing::AuthorizationServer;
use rmcp::model::{
    CallToolResponse, CancelTaskParams, CreateTaskResult, DetailedTask, GetTaskParams,
    GetTaskResult, ServerCapabilities, ServerConfig, Task, TaskPayload, TaskStatus,
    UpdateTaskParams,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use serde_json::{Value, json};

use super::test_server::{MODES, RESOURCE, message, meta, post, reply, resource_server};

/// Begins one task, and knows every task.
struct Clerk;

fn task(id: &str) -> Task {
    Task::new(id, TaskStatus::Working, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
}

#[tool_router]
impl Clerk {
    /// Begin something that takes long
    #[requires_auth(scopes = "write")]
    #[tool]
    async fn begin(&self) -> CallToolResponse {
        CallToolResponse::Task(CreateTaskResult::new(task("the-task")))
    }
}

#[tool_handler]
impl ServerHandler for Clerk {
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

struct Office {
    address: std::net::SocketAddr,
    authorization_server: AuthorizationServer,
}

impl Office {
    async fn open(settings: impl FnOnce(McpBuilder<Clerk>) -> McpBuilder<Clerk>) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let server = resource_server(&authorization_server);
        let builder = Mcp::builder(&server, || Ok(Clerk)).declare_tools(&Clerk::tool_router());
        let mcp = settings(builder).build().unwrap();
        let sessions = Arc::new(LocalSessionManager::default());
        let address = serve(mcp.routes(sessions, StreamableHttpServerConfig::default())).await;
        Self { address, authorization_server }
    }

    fn token(&self, subject: &str, scopes: &str) -> String {
        let mint = self.authorization_server.mint();
        mint.subject(subject).audience(RESOURCE).scopes(scopes).issue()
    }

    async fn ask(&self, token: &str, method: &str, name: &str, mut params: Value) -> Response {
        params["_meta"] = meta(MODES[0]);
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
        let request = post().header("mcp-protocol-version", "2026-07-28");
        let request = request.header("mcp-method", method).header("mcp-name", name);
        request.json(&message(method, &params)).bearer(token).send(self.address).await
    }

    async fn begin(&self, token: &str) {
        let begun = self.ask(token, "tools/call", "begin", json!({ "name": "begin" })).await;
        assert_eq!(reply(&begun)["result"]["taskId"], "the-task");
    }

    async fn task(&self, token: &str, method: &str, id: &str) -> Response {
        let params = match method {
            "tasks/update" => json!({ "taskId": id, "inputResponses": {} }),
            _ => json!({ "taskId": id }),
        };
        self.ask(token, method, id, params).await
    }
}

const METHODS: [&str; 3] = ["tasks/get", "tasks/update", "tasks/cancel"];

#[tokio::test]
async fn a_task_is_there_for_the_caller_who_began_it() {
    // R-I10, R-I3
    let office = Office::open(|mcp| mcp).await;
    let alice = office.token("alice", "write");
    for method in METHODS {
        let unknown = reply(&office.task(&alice, method, "the-task").await);
        assert_eq!(unknown["error"]["message"], "there is no such task", "{method}");
    }
    office.begin(&alice).await;
    let (bob, poor) = (office.token("bob", "write"), office.token("alice", "read"));
    for method in METHODS {
        let answer = reply(&office.task(&alice, method, "the-task").await);
        assert!(answer["result"].is_object(), "{method}: {answer}");
        let others = reply(&office.task(&bob, method, "the-task").await);
        assert_eq!(others["error"]["message"], "there is no such task", "{method}");
        let without = office.task(&poor, method, "the-task").await;
        crate::assert_challenged(
            &without,
            403,
            fixtures::rejection_body::INSUFFICIENT_SCOPE,
            "write",
        );
        let unknown = reply(&office.task(&alice, method, "another").await);
        assert_eq!(unknown["error"]["message"], "there is no such task", "{method}");
    }
}

#[tokio::test]
async fn a_handler_can_decide_about_its_tasks_itself() {
    let office = Office::open(McpBuilder::tasks_by_handler).await;
    let alice = office.token("alice", "write");
    let answer = reply(&office.task(&alice, "tasks/get", "kept-elsewhere").await);
    assert_eq!(answer["result"]["taskId"], "kept-elsewhere");
    let poor = office.token("alice", "read");
    let refused = office.ask(&poor, "tools/call", "begin", json!({ "name": "begin" })).await;
    crate::assert_challenged(&refused, 403, fixtures::rejection_body::INSUFFICIENT_SCOPE, "write");
}
