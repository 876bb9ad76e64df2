//! Tools that go on as tasks after they have answered.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::model::*;
use rmcp::service::RequestContext;
use rmcp::task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions};
use serde_json::{Value, json};

use super::Answer;
use super::answers::{answered, ask, content, elicitation, from, result, text};

/// Long enough to be seen at work.
pub const SHORT: Duration = Duration::from_millis(500);

/// How a tool ends, as a task or at once.
#[derive(Debug, Clone, Copy)]
pub enum Ending {
    Well,
    ToolError,
    ProtocolError,
}

impl Ending {
    fn result(self) -> Result<CallToolResult, ErrorData> {
        match self {
            Self::Well => result(json!({ "content": [text("done")] })),
            Self::ToolError => result(json!({ "content": [text("no")], "isError": true })),
            Self::ProtocolError => Err(ErrorData::internal_error("it does not work", None)),
        }
    }
}

/// Goes on as a task for this time, or until it is cancelled, where the client knows tasks.
pub async fn work(
    tasks: &TaskManager,
    context: &RequestContext<RoleServer>,
    time: Duration,
    ending: Ending,
) -> Answer {
    if !knows_tasks(context) {
        tokio::time::sleep(time).await;
        return ending.result().map(Into::into);
    }
    let task = tasks.spawn(TaskOptions::default(), move |task| {
        Box::pin(async move {
            tokio::select! {
                () = task.cancelled() => Err(TaskExit::Cancelled),
                () = tokio::time::sleep(time) => Ok(ending.result()?),
            }
        })
    });
    Ok(CreateTaskResult::new(task).into())
}

/// Asks for these inputs as a task, both at the same time if there are two, and tells what was said.
pub fn input(
    tasks: &TaskManager,
    first: &'static str,
    second: Option<&'static str>,
) -> CallToolResponse {
    let task = tasks.spawn(TaskOptions::default(), move |task| {
        Box::pin(async move {
            let said = match second {
                None => say(&task, first).await?,
                Some(second) => {
                    let (first, second) = tokio::join!(say(&task, first), say(&task, second));
                    json!([first?, second?])
                }
            };
            Ok(result(json!({ "content": [text(&said.to_string())] }))?)
        })
    });
    CreateTaskResult::new(task).into()
}

async fn say(task: &TaskContext, key: &str) -> Result<Value, TaskExit> {
    task.request_input(key, from(elicitation(key))?).await
}

/// Asks for a name, and goes on as a task when it is there.
pub fn name_then_task(tasks: &TaskManager, given: Option<&InputResponses>) -> Answer {
    let Some(user) = answered(given, "user_name") else {
        return ask(&json!({ "user_name": elicitation("name") }), None);
    };
    let greeting = text(&format!("Hello, {user}"));
    let task = tasks.spawn(TaskOptions::default(), move |_| {
        Box::pin(async move { Ok(result(json!({ "content": [greeting] }))?) })
    });
    Ok(CreateTaskResult::new(task).into())
}

/// For tools that can do nothing for a client without tasks.
pub fn needed(context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    let needed = || ClientCapabilities::builder().enable_tasks().build();
    let refused = || ErrorData::missing_required_client_capability(needed());
    knows_tasks(context).then_some(()).ok_or_else(refused)
}

fn knows_tasks(context: &RequestContext<RoleServer>) -> bool {
    context.client_capabilities().is_some_and(|capable| capable.supports_tasks())
}

pub fn greeting(arguments: &JsonObject) -> Answer {
    let name = arguments.get("name").and_then(Value::as_str).unwrap_or("friend");
    content(&json!([text(&format!("Hello, {name}!"))]))
}

pub fn seconds(arguments: &JsonObject) -> Duration {
    Duration::from_secs_f64(arguments.get("seconds").and_then(Value::as_f64).unwrap_or(1.0))
}
