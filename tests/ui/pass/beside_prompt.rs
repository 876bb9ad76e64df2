// R-K2, R-A8, R-I6: above `#[prompt]`: every kind of function, and what a prompt tells in its `_meta`.
use requires_auth::{AuthInfo, Authorized, requires_auth};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ErrorData, GetPromptResult, MetaObject, PromptMessage};
use rmcp::schemars::{self, JsonSchema};
use rmcp::{prompt, prompt_router};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
struct Topic {
    title: String,
}

struct Journal;

#[prompt_router]
impl Journal {
    /// Suggest tags.
    #[requires_auth(scopes = "entries:read tags:read")]
    #[prompt]
    async fn suggest_tags(
        &self,
        Parameters(topic): Parameters<Topic>,
        auth: AuthInfo,
    ) -> Result<GetPromptResult, ErrorData> {
        auth.require("tags:write")?;
        drop(topic.title);
        Ok(GetPromptResult::new(Vec::new()))
    }

    #[requires_auth(optional)]
    #[rmcp::prompt(name = "greet", meta = MetaObject::new())]
    async fn greeting(auth: Option<AuthInfo>) -> Result<GetPromptResult, ErrorData> {
        drop(auth);
        Ok(GetPromptResult::new(Vec::new()))
    }

    #[requires_auth(scopes = "entries:read")]
    #[prompt(description = "Summarise")]
    fn summarise(&self) -> Vec<PromptMessage> {
        Vec::new()
    }
}

fn main() {
    let prompts = Journal::prompt_router();
    let told = |name: &str| {
        let found = prompts.list_all().into_iter().find(|prompt| prompt.name == name);
        json!(found.unwrap().meta)["requires-auth/authorization"].take()
    };
    assert_eq!(told("suggest_tags"), json!({ "scopes": ["entries:read", "tags:read"] }));
    assert_eq!(told("greet"), json!({ "scopes": [], "optional": true }));
    assert_eq!(told("summarise"), json!({ "scopes": ["entries:read"] }));
    let _: fn(&'static Journal, Authorized<_>, Parameters<Topic>) -> _ = Journal::suggest_tags;
    let tags: Value = json!(Journal::suggest_tags_prompt_attr());
    assert_eq!(tags["description"], "Suggest tags.");
    assert_eq!(tags["arguments"][0]["name"], "title");
}
