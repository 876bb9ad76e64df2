// R-K15, R-I20: `scopes_from` with each kind of function, argument and path.
#![deny(warnings)]
use std::future::{Future, ready};
use std::pin::Pin;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use requires_auth::{
    AuthInfo, Condition, Rejection, ResourceServer, Scope, TryIntoCondition, requires_auth,
};
use tracing::instrument;

#[derive(Scope)]
enum EntryScope {
    #[scope("entries:write")]
    Write,
    #[scope("entries:publish", implies = [Write])]
    Publish,
}

mod scopes {
    use requires_auth::Condition;

    pub fn of_two(owner: &String, id: &u64) -> Condition {
        if owner.is_empty() || *id > 3 { "two".into() } else { Condition::NONE }
    }
}

fn typed(id: &u64) -> EntryScope {
    if *id > 9 { EntryScope::Publish } else { EntryScope::Write }
}

fn literal(_: &u64) -> &'static str {
    "read"
}

fn fallible(text: &str) -> Result<&'static str, Rejection> {
    if text.is_empty() { Ok("empty") } else { Ok("full") }
}

fn generic<T: ?Sized + ToString>(value: &T) -> Condition {
    if value.to_string().is_empty() { Condition::Any(&[]) } else { Condition::NONE }
}

// Its own type of result.
struct Needs(&'static str);

impl TryIntoCondition for Needs {
    fn try_into_condition(self) -> Result<Condition, Rejection> {
        Ok(self.0.into())
    }
}

fn own(_: &u64) -> Needs {
    Needs("own")
}

#[requires_auth(scopes_from = typed, scopes = "read")]
async fn before_scopes(auth: AuthInfo, Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(format!("{id} {auth:?}"))
}

#[requires_auth(scopes_from = scopes::of_two)]
async fn path(Path((owner, id)): Path<(String, u64)>) -> Result<String, Response> {
    Ok(format!("{owner} {id}"))
}

#[requires_auth(scopes_from = crate::literal(id),)]
async fn named(
    State(server): State<ResourceServer>,
    Path((_, id)): Path<(String, u64)>,
    caller: AuthInfo,
) -> Response {
    format!("{server:?} {id} {caller:?}").into_response()
}

#[requires_auth(scopes_from = fallible)]
async fn deref(mut text: String) -> Result<String, Rejection> {
    text.push('!');
    Ok(text)
}

#[requires_auth(scopes_from = generic::<str>(text), when = text.len() < 3 && auth.is_none(), optional)]
async fn with_everything(
    auth: Option<AuthInfo>,
    Json(text): Json<String>,
) -> Result<String, Rejection> {
    Ok(format!("{auth:?} {text}"))
}

#[requires_auth(scopes_from = own)]
fn boxed(Path(id): Path<u64>) -> Pin<Box<dyn Future<Output = Result<String, Rejection>> + Send>> {
    Box::pin(ready(Ok(id.to_string())))
}

// Items in the body, behind the statement of the attribute.
#[deny(clippy::items_after_statements)]
#[requires_auth(scopes_from = typed)]
async fn items(Path(id): Path<u64>) -> Result<String, Rejection> {
    fn five() -> u64 {
        5
    }
    Ok((five() + id).to_string())
}

#[axum::debug_handler(state = ResourceServer)]
#[requires_auth(scopes_from = literal)]
#[instrument(skip(auth))]
async fn between(#[auth] auth: AuthInfo, Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(format!("{auth:?} {id}"))
}

// Names of the emitted code.
#[requires_auth(scopes_from = fallible(denial))]
async fn hygiene(denial: String) -> Result<String, Rejection> {
    let (rejection, arguments) = (1, 2);
    Ok(format!("{denial} {rejection} {arguments}"))
}

macro_rules! handler {
    ($name:ident, $scopes:expr, $body:block) => {
        #[requires_auth(scopes_from = $scopes)]
        async fn $name(Path(_id): Path<u64>) -> Result<&'static str, Rejection> $body
    };
}

handler!(captured, typed, { Ok("ran") });

struct Journal;

impl Journal {
    #[requires_auth(scopes_from = Self::scopes_of)]
    async fn associated(text: String) -> Result<String, Rejection> {
        Ok(text)
    }

    fn scopes_of(text: &String) -> Condition {
        generic(text)
    }
}

#[requires_auth(scopes_from = of_list::<T>)]
async fn of_a_type<T: serde::de::DeserializeOwned + Send>(
    Query(list): Query<Vec<(String, T)>>,
) -> Result<String, Rejection> {
    Ok(list.len().to_string())
}

fn of_list<T>(list: &Vec<(String, T)>) -> Condition {
    if list.is_empty() { Condition::NONE } else { "list".into() }
}

mod tools {
    use requires_auth::{AuthInfo, Condition, Rejection, requires_auth};
    use rmcp::handler::server::router::prompt::PromptRouter;
    use rmcp::handler::server::router::tool::ToolRouter;
    use rmcp::handler::server::wrapper::Parameters;
    use rmcp::model::{MetaObject, PromptMessage};
    use rmcp::schemars::{self, JsonSchema};
    use rmcp::{ErrorData, prompt, prompt_router, tool, tool_router};
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    pub struct Entry<T = u64> {
        text: String,
        value: T,
    }

    pub struct Tools<T>(pub T);

    fn scopes_of<T>(entry: &Entry<T>) -> Condition {
        if entry.text.is_empty() { "empty".into() } else { Condition::NONE }
    }

    fn own_meta() -> MetaObject {
        MetaObject::new()
    }

    #[requires_auth(scopes_from = Self::of_value(value))]
    #[tool_router(vis = "pub")]
    impl<T: JsonSchema + serde::de::DeserializeOwned + ToString + Send + Sync + 'static> Tools<T> {
        /// By the attribute of the block
        #[tool]
        async fn by_default(
            &self,
            Parameters(Entry { value, .. }): Parameters<Entry<T>>,
        ) -> Result<String, ErrorData> {
            Ok(value.to_string())
        }

        /// By its own, above a `meta`
        #[requires_auth(scopes = "read", scopes_from = scopes_of)]
        #[tool(meta = own_meta())]
        fn own(
            &self,
            Parameters(mut entry): Parameters<Entry<T>>,
            auth: AuthInfo,
        ) -> Result<String, Rejection> {
            entry.text.push('!');
            Ok(format!("{} {auth:?}", entry.text))
        }

        fn of_value(value: &T) -> Condition {
            if value.to_string().is_empty() { "empty".into() } else { Condition::NONE }
        }
    }

    #[prompt_router(vis = "pub")]
    impl<T: Send + Sync + 'static> Tools<T> {
        /// A prompt
        #[requires_auth(scopes_from = scopes_of, optional)]
        #[prompt]
        async fn summary(
            &self,
            auth: Option<AuthInfo>,
            Parameters(entry): Parameters<Entry>,
        ) -> Result<Vec<PromptMessage>, ErrorData> {
            let _ = (auth, entry.value);
            Ok(Vec::new())
        }
    }

    pub fn routers() -> (ToolRouter<Tools<String>>, PromptRouter<Tools<String>>) {
        (Tools::tool_router(), Tools::prompt_router())
    }
}

fn main() {
    let router = Router::new()
        .route("/1/{id}", get(before_scopes).post(boxed).put(items).delete(between))
        .route("/2/{owner}/{id}", get(path).post(named))
        .route("/3", post(deref).get(with_everything).put(hygiene).delete(Journal::associated))
        .route("/4/{id}", get(captured))
        .route("/5", get(of_a_type::<u64>));
    drop::<Router<ResourceServer>>(router);
    let (tools, prompts) = tools::routers();
    assert_eq!((tools.map.len(), prompts.map.len()), (2, 1));
    let _ = tools::Tools(String::new());
}
