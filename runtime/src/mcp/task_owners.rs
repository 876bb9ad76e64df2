//! TaskOwners, which belong to the caller of the tool that began them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::authenticated_id::Principal;

/// Who began which task, and with which tool.
///
/// It is bounded. What a caller begins beyond [`MOST_OF_ONE`] displaces its own oldest task, never
/// one of another caller: where there are [`MOST_TASKS`] in all, a caller without any can begin none.
/// Only tasks that are older than [`KEPT_FOR`] make room then.
#[derive(Debug, Default)]
pub(super) struct TaskOwners(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    owners: HashMap<Principal, Own>,
    /// Of all owners.
    count: usize,
    /// When the tasks were last looked through for old ones.
    swept: Option<Instant>,
}

/// The tasks of one caller.
#[derive(Debug, Default)]
struct Own {
    begun: HashMap<String, Begun>,
    /// From the oldest on.
    order: VecDeque<String>,
}

#[derive(Debug)]
struct Begun {
    tool: String,
    at: Instant,
}

/// At some 200 bytes each, twenty megabytes.
const MOST_TASKS: usize = 100_000;
const MOST_OF_ONE: usize = 1_000;
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How often all tasks are looked through at most.
const SWEEP_AGAIN: Duration = Duration::from_secs(60);

/// There is no room for the task of a caller who has none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this server keeps too many tasks of other callers")]
pub(super) struct TooManyTasks;

impl TaskOwners {
    pub(super) fn begin(
        &self,
        task: &str,
        tool: String,
        owner: Principal,
        now: Instant,
    ) -> Result<(), TooManyTasks> {
        let mut known = self.known();
        let own = known.owners.get(&owner);
        let anew = own.is_none_or(|own| !own.begun.contains_key(task));
        if anew && own.is_some_and(|own| own.order.len() >= MOST_OF_ONE) {
            known.displace_oldest(owner);
        } else if anew && known.count >= MOST_TASKS {
            known.sweep(now);
            if known.count >= MOST_TASKS && !known.displace_oldest(owner) {
                return Err(TooManyTasks);
            }
        }
        let own = known.owners.entry(owner).or_default();
        own.begun.insert(task.to_owned(), Begun { tool, at: now });
        if anew {
            own.order.push_back(task.to_owned());
            known.count += 1;
        }
        Ok(())
    }

    /// The tool that began a task of this caller; `None` if it is somebody else's, or unknown.
    pub(super) fn tool(&self, task: &str, owner: Principal) -> Option<String> {
        let known = self.known();
        let begun = known.owners.get(&owner)?.begun.get(task)?;
        Some(begun.tool.clone())
    }

    /// Never held across an `await`.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Removes the oldest task of this owner; `false` if it has none.
    fn displace_oldest(&mut self, owner: Principal) -> bool {
        let Some(own) = self.owners.get_mut(&owner) else { return false };
        let Some(oldest) = own.order.pop_front() else { return false };
        own.begun.remove(&oldest);
        self.count -= 1;
        true
    }

    /// Removes what is old, at most once in a while, since it takes time.
    fn sweep(&mut self, now: Instant) {
        let recently = |swept: Instant| now.saturating_duration_since(swept) < SWEEP_AGAIN;
        if self.swept.is_some_and(recently) {
            return;
        }
        self.swept = Some(now);
        let old = |begun: &Begun| now.saturating_duration_since(begun.at) >= KEPT_FOR;
        self.owners.retain(|_, own| {
            own.begun.retain(|_, begun| !old(begun));
            own.order.retain(|task| own.begun.contains_key(task));
            !own.order.is_empty()
        });
        self.count = self.owners.values().map(|own| own.order.len()).sum();
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use ::rmcp::model::{
        CallToolRequestParams, CallToolResponse, CreateTaskResult, ServerCapabilities,
        ServerConfig, Task, TaskStatus,
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

    fn owner(subject: &str) -> Principal {
        let seal = IdAuthenticator::new(&[1; 32], "").unwrap();
        seal.principal(Some(&Caller::new(subject, "").auth_info()))
    }

    #[test]
    fn one_callers_tasks_displace_its_own_and_nobody_elses() {
        // R-I14
        let (tasks, now) = (TaskOwners::default(), Instant::now());
        let (alice, bob) = (owner("alice"), owner("bob"));
        let begin = |task: &str, owner| tasks.begin(task, format!("of {task}"), owner, now);
        begin("0", alice).unwrap();
        for number in 0..20_000 {
            begin(&number.to_string(), bob).unwrap();
        }
        assert_eq!(tasks.known().count, MOST_OF_ONE + 1);
        assert_eq!(tasks.tool("0", alice).as_deref(), Some("of 0"), "an id of its own");
        assert_eq!(tasks.tool("0", bob), None, "its oldest");
        assert_eq!(tasks.tool("19999", bob).as_deref(), Some("of 19999"));
        assert_eq!(tasks.tool("19999", alice), None);
        begin("19999", bob).unwrap();
        begin("0", alice).unwrap();
        assert_eq!(tasks.known().count, MOST_OF_ONE + 1, "an id counts once");
        let oldest = 20_000 - MOST_OF_ONE;
        assert_eq!(tasks.tool(&oldest.to_string(), bob), Some(format!("of {oldest}")));
        tasks.begin("0", "mine".to_owned(), bob, now).unwrap();
        assert_eq!(tasks.tool("0", alice).as_deref(), Some("of 0"), "nobody takes it over");
    }

    #[test]
    fn many_callers_together_displace_nobody() {
        // R-I14
        let (tasks, start) = (TaskOwners::default(), Instant::now());
        let alice = owner("alice");
        tasks.begin("a", "tool".to_owned(), alice, start).unwrap();
        let crowd: Vec<Principal> =
            (0..=MOST_TASKS / MOST_OF_ONE).map(|number| owner(&number.to_string())).collect();
        for owner in &crowd {
            for number in 0..MOST_OF_ONE {
                let _ = tasks.begin(&number.to_string(), "tool".to_owned(), *owner, start);
            }
        }
        assert_eq!(tasks.known().count, MOST_TASKS);
        assert_eq!(tasks.tool("a", alice).as_deref(), Some("tool"));
        tasks.begin("b", "tool".to_owned(), alice, start).unwrap();
        assert_eq!(tasks.tool("a", alice), None, "a caller can still replace its own");
        assert_eq!(tasks.tool("b", alice).as_deref(), Some("tool"));
        let late = owner("late");
        let second = Duration::from_secs(1);
        let begin = |now| tasks.begin("c", "tool".to_owned(), late, now);
        let almost = KEPT_FOR.saturating_sub(second);
        for now in [KEPT_FOR / 2, almost] {
            assert_eq!(begin(start + now), Err(TooManyTasks), "{now:?}");
            assert_eq!(tasks.tool("c", late), None);
        }
        // R-I13: all of them are looked through only once in a while, however many callers come.
        for later in [second, SWEEP_AGAIN.saturating_sub(second)] {
            assert_eq!(begin(start + almost + later), Err(TooManyTasks), "{later:?}");
        }
        begin(start + almost + SWEEP_AGAIN).unwrap();
        assert_eq!(tasks.tool("c", late).as_deref(), Some("tool"));
        assert_eq!(tasks.known().count, 1, "what is old has made room");
    }

    struct Anybody;

    impl Resolver for Anybody {
        async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
            Claims::from_introspection(br#"{"active":true,"sub":"a","aud":"https://a.example/"}"#)
        }
        fn cache_namespace(&self) -> String {
            String::new()
        }
    }

    /// Each call of a tool begins a task.
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
    async fn a_call_whose_task_has_no_room_is_answered_with_an_error() {
        // R-I14: else the caller would get the id of a task that is not there for it.
        let server = ResourceServer::builder("https://a.example/")
            .authorization_server("https://as.example")
            .resolver(Anybody)
            .build()
            .unwrap();
        let mcp = Mcp::builder(&server, || Ok(Handler)).build().unwrap();
        let guarded = mcp.with_token("token".to_owned()).await.unwrap();
        let (client, transport) = tokio::io::duplex(64 * 1024);
        let state = std::sync::Arc::clone(&guarded.factory.state);
        tokio::spawn(async move { guarded.serve(transport).await.unwrap().waiting().await });
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
        for caller in 0..MOST_TASKS / MOST_OF_ONE {
            let owner = owner(&caller.to_string());
            for task in 0..MOST_OF_ONE {
                tasks.begin(&task.to_string(), String::new(), owner, Instant::now()).unwrap();
            }
        }
        let full = "this server keeps too many tasks of other callers";
        assert_eq!(
            call().await,
            json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32603, "message": full } })
        );
        tasks.known().displace_oldest(owner("0"));
        assert_eq!(call().await["result"]["taskId"], "the-task");
    }
}
