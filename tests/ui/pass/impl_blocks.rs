// R-K2, R-K6, R-I6: `#[requires_auth]` on an `impl` block, above `#[tool_router]` and below.
use requires_auth::{AuthInfo, requires_auth};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::PromptMessage;
use rmcp::{ServerHandler, prompt, prompt_router, tool, tool_handler, tool_router};
use serde_json::{Value, json};

trait Store: Clone + Send + Sync + 'static {
    const NAME: &'static str;
}

#[derive(Clone)]
struct Memory;

impl Store for Memory {
    const NAME: &'static str = "memory";
}

#[derive(Clone)]
struct Journal<S, const N: usize>(S);

#[requires_auth(scopes = "entries:read")]
#[tool_router(router = reading)]
impl<S, const N: usize> Journal<S, { N }>
where
    S: Store,
{
    #![allow(clippy::unused_self)]

    const LIMITS: [usize; 2] = [{ N }, { 1 }];

    /// List the entries.
    #[tool]
    async fn list(&self, auth: AuthInfo) -> String {
        self.describe(&auth)
    }

    #[cfg(all())]
    #[tool]
    fn count(&self) -> String {
        Self::LIMITS[0].to_string()
    }

    #[requires_auth(scopes = "entries:write")]
    #[tool]
    async fn create(&self, caller: AuthInfo) -> String {
        self.describe(&caller)
    }

    #[public]
    #[tool]
    async fn health(&self) -> String {
        String::from("well")
    }

    fn describe(&self, auth: &AuthInfo) -> String {
        format!("{} {auth:?}", S::NAME)
    }
}

#[tool_router(router = tagging)]
#[requires_auth(scopes = "tags:read", optional, crate = requires_auth)]
impl Journal<Memory, 1> {
    #[tool]
    async fn tags(&self, caller: Option<AuthInfo>) -> String {
        format!("{caller:?}")
    }

    #[tool]
    #[public]
    fn version(&self) -> String {
        String::from("1")
    }
}

// Without scopes, each tool and prompt says itself who may call it.
#[requires_auth]
#[prompt_router]
impl Journal<Memory, 1> {
    #[requires_auth(scopes = "entries:read tags:read")]
    #[prompt]
    async fn suggest_tags(&self) -> Vec<PromptMessage> {
        Vec::new()
    }

    #[prompt]
    #[public]
    async fn help(&self) -> Vec<PromptMessage> {
        Vec::new()
    }
}

#[tool_handler(router = (Self::reading() + Self::tagging()))]
impl ServerHandler for Journal<Memory, 1> {}

// In a macro, whose captures reach the attribute in groups.
macro_rules! server {
    ($name:ident, $(#[$mark:meta])* $vis:vis fn $tool:ident() $body:block $further:item) => {
        #[derive(Clone)]
        struct $name;

        #[requires_auth(scopes = "admin")]
        #[tool_router(server_handler)]
        impl $name {
            $(#[$mark])*
            $vis fn $tool(&self) -> String $body

            #[tool]
            async fn written_here() -> String {
                String::new()
            }
        }

        #[requires_auth(scopes = "admin")]
        #[tool_router(router = further, vis = "pub(crate)")]
        impl $name {
            $further
        }
    };
}

server! {
    Admin,
    #[tool(title = "Reset")] #[inline] pub(crate) fn reset() { String::new() }
    #[tool] pub(crate) async fn captured() -> String { String::new() }
}

fn asks<S: Send + Sync + 'static>(tools: &ToolRouter<S>, name: &str) -> Value {
    json!(tools.get(name).unwrap().meta)["requires-auth/authorization"].take()
}

fn main() {
    let reading = Journal::<Memory, 1>::reading();
    assert_eq!(reading.list_all().len(), 4);
    assert_eq!(asks(&reading, "list"), json!({ "scopes": ["entries:read"] }));
    assert_eq!(asks(&reading, "count"), json!({ "scopes": ["entries:read"] }));
    assert_eq!(asks(&reading, "create"), json!({ "scopes": ["entries:write"] }));
    assert_eq!(asks(&reading, "health"), Value::Null);
    assert_eq!(reading.get("list").unwrap().description.as_deref(), Some("List the entries."));

    let tagging = Journal::<Memory, 1>::tagging();
    assert_eq!(asks(&tagging, "tags"), json!({ "scopes": ["tags:read"], "optional": true }));
    assert_eq!(asks(&tagging, "version"), Value::Null);

    let suggest = json!(Journal::suggest_tags_prompt_attr().meta);
    assert!(suggest["requires-auth/authorization"].is_object());
    assert!(Journal::<Memory, 1>::prompt_router().has_route("help"));

    let admin = Admin::tool_router();
    assert_eq!(asks(&admin, "reset"), json!({ "scopes": ["admin"] }));
    assert_eq!(asks(&admin, "written_here"), json!({ "scopes": ["admin"] }));
    assert_eq!(asks(&Admin::further(), "captured"), json!({ "scopes": ["admin"] }));
}
