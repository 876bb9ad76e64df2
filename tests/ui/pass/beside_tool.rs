// R-K2, R-A8, R-I6: above `#[tool]`: every kind of function, and what a tool tells in its `_meta`.
use requires_auth::{AuthInfo, Authorized, requires_auth};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ErrorData, MetaObject};
use rmcp::schemars::{self, JsonSchema};
use rmcp::{Json, tool, tool_router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize, Serialize, JsonSchema)]
struct Entry {
    title: String,
}

fn own<A, B>() -> MetaObject {
    MetaObject([("own".to_owned(), json!(["kept", 1]))].into_iter().collect())
}

#[derive(Clone)]
struct Journal;

#[tool_router]
impl Journal {
    /// Create an entry.
    ///
    /// It is yours.
    #[requires_auth(scopes = "entries:write")]
    #[tool]
    async fn create(
        &self,
        Parameters(entry): Parameters<Entry>,
        auth: AuthInfo,
    ) -> Result<Json<Entry>, ErrorData> {
        auth.require("entries:publish")?;
        Ok(Json(entry))
    }

    #[requires_auth(scopes = any("admin", "entries:read"))]
    #[tool()]
    async fn list(&self, auth: AuthInfo) -> String {
        format!("{auth:?}")
    }

    #[requires_auth]
    #[rmcp::tool(name = "who-am-i", description = "Who asks", annotations(read_only_hint = true),)]
    fn whoami(&self, auth: AuthInfo) -> Result<String, requires_auth::Rejection> {
        auth.require("user:read")?;
        Ok(auth.subject().unwrap_or_default().to_owned())
    }

    #[requires_auth(scopes = "user:read", optional)]
    #[tool(meta = own::<(), ()>(), description = concat!("Greet", " politely"))]
    async fn greet(auth: Option<AuthInfo>) -> CallToolResult {
        drop(auth);
        CallToolResult::default()
    }

    #[requires_auth(scopes = "entries:read")]
    #[tool(title = "Count", meta = "MetaObject::new()")]
    fn count(Parameters(entry): Parameters<Entry>) -> String {
        entry.title
    }

    #[requires_auth(scopes = "entries:read", crate = requires_auth)]
    #[cfg(all())]
    #[r#tool(description = "Receives the caller where it is compiled so")]
    async fn configured(&self, #[cfg(any())] auth: AuthInfo) -> String {
        String::new()
    }

    #[tool(description = "Open to all")]
    fn health(&self) -> String {
        String::from("well")
    }
}

fn told(tools: &ToolRouter<Journal>, name: &str) -> Value {
    json!(tools.get(name).unwrap().meta)
}

fn main() {
    let tools = Journal::tool_router();
    let told = |name| told(&tools, name);
    let ask = |scopes: Value| json!({ "requires-auth/authorization": { "scopes": scopes } });

    assert_eq!(told("create"), ask(json!(["entries:write"])));
    assert_eq!(told("list"), ask(json!([{ "any": ["admin", "entries:read"] }])));
    assert_eq!(told("who-am-i"), ask(json!([])));
    assert_eq!(
        told("greet"),
        json!({
            "own": ["kept", 1],
            "requires-auth/authorization": { "scopes": ["user:read"], "optional": true },
        })
    );
    assert_eq!(told("count"), ask(json!(["entries:read"])));
    assert_eq!(json!(Journal::configured_tool_attr().meta), ask(json!(["entries:read"])));
    assert_eq!(told("health"), Value::Null);

    // The guard stands in front of the arguments that are parsed.
    let _: fn(&'static Journal, Authorized<_>, Parameters<Entry>) -> _ = Journal::create;

    let create = tools.get("create").unwrap();
    assert_eq!(create.description.as_deref(), Some("Create an entry.\nIt is yours."));
    assert!(create.input_schema["properties"].get("title").is_some());
    assert!(create.output_schema.is_some());
    let greet = tools.get("greet").unwrap();
    assert_eq!(greet.description.as_deref(), Some("Greet politely"));
}
