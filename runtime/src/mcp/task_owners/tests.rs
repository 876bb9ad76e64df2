//! Tasks of one owner, of many, and of a running server.

use ::rmcp::model::{
    CallToolRequestParams, CallToolResponse, CreateTaskResult, ServerCapabilities, ServerConfig,
    Task, TaskStatus,
};
use ::rmcp::service::RequestContext;
use ::rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::*;
use crate::mcp::Mcp;
use crate::mcp::authenticated_id::IdAuthenticator;
use crate::testing::Caller;
use crate::{AccessToken, Claims, ResolveError, Resolver, ResourceServer};

fn owner(subject: &str) -> PrincipalHash {
    let ids = IdAuthenticator::new(&[1; 32], "").unwrap();
    ids.principal(Some(&Caller::new(subject, "").auth_info()))
}

fn begun_by(tool: &str) -> BeginningCall {
    BeginningCall { tool: tool.to_owned(), further: None }
}

fn tool(tasks: &TaskOwners, id: &str, owner: PrincipalHash) -> Option<String> {
    tasks.beginning_call(id, owner).map(|call| call.tool)
}

#[test]
fn a_new_task_replaces_the_oldest_of_the_same_owner() {
    // R-I14
    let (tasks, now) = (TaskOwners::default(), Instant::now());
    let (alice, bob) = (owner("alice"), owner("bob"));
    let insert =
        |task: &str, owner| tasks.insert(task, begun_by(&format!("of {task}")), owner, now);
    insert("0", alice).unwrap();
    for number in 0..20_000 {
        insert(&number.to_string(), bob).unwrap();
    }
    assert_eq!(tasks.entries().count, MAX_TASKS_PER_OWNER + 1);
    assert_eq!(tool(&tasks, "0", alice).as_deref(), Some("of 0"), "ids are per owner");
    assert_eq!(tool(&tasks, "0", bob), None, "the oldest is removed");
    assert_eq!(tool(&tasks, "19999", bob).as_deref(), Some("of 19999"));
    assert_eq!(tool(&tasks, "19999", alice), None);
    insert("19999", bob).unwrap();
    insert("0", alice).unwrap();
    assert_eq!(tasks.entries().count, MAX_TASKS_PER_OWNER + 1, "an id counts once");
    let oldest = 20_000 - MAX_TASKS_PER_OWNER;
    assert_eq!(tool(&tasks, &oldest.to_string(), bob), Some(format!("of {oldest}")));
    tasks.insert("0", begun_by("mine"), bob, now).unwrap();
    assert_eq!(
        tool(&tasks, "0", alice).as_deref(),
        Some("of 0"),
        "an equal id of another owner changes nothing"
    );
}

#[test]
fn a_full_table_rejects_an_owner_without_tasks() {
    // R-I14
    let (tasks, start) = (TaskOwners::default(), Instant::now());
    let alice = owner("alice");
    tasks.insert("a", begun_by("tool"), alice, start).unwrap();
    let others: Vec<PrincipalHash> =
        (0..=MAX_TASKS / MAX_TASKS_PER_OWNER).map(|number| owner(&number.to_string())).collect();
    for owner in &others {
        for number in 0..MAX_TASKS_PER_OWNER {
            let _ = tasks.insert(&number.to_string(), begun_by("tool"), *owner, start);
        }
    }
    assert_eq!(tasks.entries().count, MAX_TASKS);
    assert_eq!(tool(&tasks, "a", alice).as_deref(), Some("tool"));
    tasks.insert("b", begun_by("tool"), alice, start).unwrap();
    assert_eq!(tool(&tasks, "a", alice), None, "an owner can still replace its own task");
    assert_eq!(tool(&tasks, "b", alice).as_deref(), Some("tool"));
    let late = owner("late");
    let second = Duration::from_secs(1);
    let insert = |now| tasks.insert("c", begun_by("tool"), late, now);
    let almost = MAX_AGE.saturating_sub(second);
    for now in [MAX_AGE / 2, almost] {
        assert_eq!(insert(start + now), Err(TooManyTasks), "{now:?}");
        assert_eq!(tool(&tasks, "c", late), None);
    }
    // R-I13: a sweep visits all entries, so it runs once in an interval at most, whatever callers do.
    for later in [second, SWEEP_INTERVAL.saturating_sub(second)] {
        assert_eq!(insert(start + almost + later), Err(TooManyTasks), "{later:?}");
    }
    insert(start + almost + SWEEP_INTERVAL).unwrap();
    assert_eq!(tool(&tasks, "c", late).as_deref(), Some("tool"));
    assert_eq!(tasks.entries().count, 1, "the old tasks are removed");
}

struct AnyToken;

impl Resolver for AnyToken {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        Claims::from_introspection(br#"{"active":true,"sub":"a","aud":"https://a.example/"}"#)
    }
    fn cache_namespace(&self) -> String {
        String::new()
    }
}

/// Begins a task at each call of a tool.
struct Handler;

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder().enable_tools().build();
        let tasks = ("io.modelcontextprotocol/tasks".to_owned(), serde_json::Map::new());
        capabilities.extensions = Some([tasks].into_iter().collect());
        ServerConfig::new(capabilities)
    }

    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let at = "2026-01-01T00:00:00Z";
        let task = Task::new("the-task", TaskStatus::Working, at, at);
        Ok(CallToolResponse::Task(CreateTaskResult::new(task)))
    }
}

#[tokio::test]
async fn a_call_whose_task_has_no_room_gets_an_error() {
    // R-I14: otherwise the caller would get the id of a task that it cannot use.
    let server = ResourceServer::builder("https://a.example/")
        .authorization_servers(["https://as.example"])
        .resolver(AnyToken)
        .build()
        .unwrap();
    let mcp = Mcp::builder(&server, || Ok(Handler)).build().unwrap();
    let handler = mcp.with_token("token".to_owned()).await.unwrap();
    let (client, transport) = tokio::io::duplex(64 * 1024);
    let state = std::sync::Arc::clone(mcp.state());
    tokio::spawn(async move { handler.serve(transport).await.unwrap().waiting().await });
    let (reader, mut writer) = tokio::io::split(client);
    let mut lines = BufReader::new(reader).lines();
    let mut call = async || {
        let tasks = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": tasks,
        });
        let params = json!({ "name": "begin", "_meta": meta });
        let request =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        writer.write_all(format!("{request}\n").as_bytes()).await.unwrap();
        let line = lines.next_line().await.unwrap().unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };
    let tasks = state.tasks.as_ref().unwrap();
    for caller in 0..MAX_TASKS / MAX_TASKS_PER_OWNER {
        let owner = owner(&caller.to_string());
        for task in 0..MAX_TASKS_PER_OWNER {
            tasks.insert(&task.to_string(), begun_by(""), owner, Instant::now()).unwrap();
        }
    }
    let full = "this server keeps too many tasks of other callers";
    assert_eq!(
        call().await,
        json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32603, "message": full } })
    );
    tasks.entries().remove_oldest(owner("0"));
    assert_eq!(call().await["result"]["taskId"], "the-task");
}
