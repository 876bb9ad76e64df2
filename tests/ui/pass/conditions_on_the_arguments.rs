// R-K13: `when` with each kind of function, argument and expression.
#![deny(warnings)]
use std::future::{Future, ready};
use std::pin::Pin;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use requires_auth::{AuthInfo, FromRejection, Rejection, ResourceServer, requires_auth};
use tracing::instrument;

const LIMIT: usize = 3;

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    owner: String,
}

impl<'de> serde::Deserialize<'de> for Entry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|owner| Self { owner })
    }
}

#[requires_auth(when = auth.subject() == Some(&*owner), scopes = "write")]
async fn before_scopes(auth: AuthInfo, Path(owner): Path<String>) -> Result<String, Rejection> {
    Ok(format!("{owner} {auth:?}"))
}

#[requires_auth(scopes = any("a", "b"), when = auth.subject() == Some(&*owner),)]
async fn without_an_argument(Path(owner): Path<String>) -> Result<String, Response> {
    Ok(owner)
}

#[requires_auth(when = caller.subject() == auth.subject())]
async fn of_another_name(caller: AuthInfo) -> Result<String, Rejection> {
    Ok(format!("{caller:?}"))
}

#[requires_auth(when = auth.subject().is_some())]
async fn that_drops_the_caller(_: AuthInfo) -> Response {
    "ran".into_response()
}

#[requires_auth(when = auth.is_none() || auth.is_some_and(|auth| auth.has_scope("x")), optional)]
async fn optional_without_an_argument_of_that_name(
    caller: Option<AuthInfo>,
) -> Result<String, Rejection> {
    Ok(format!("{caller:?}"))
}

// An argument called `auth` that is another one.
#[requires_auth(when = auth == "x" && user.subject().is_some())]
async fn with_another_argument_of_that_name(
    #[auth] user: AuthInfo,
    Path(auth): Path<String>,
) -> Result<String, Rejection> {
    Ok(format!("{user:?} {auth}"))
}

#[requires_auth(when = entry == Entry { owner: String::new() })]
async fn struct_literal(Json(entry): Json<Entry>) -> Result<String, Rejection> {
    Ok(entry.owner)
}

#[requires_auth(when = Vec::<(u8, u8)>::new().iter().all(|(a, b)| a == b))]
async fn commas() -> Result<(), Rejection> {
    Ok(())
}

#[requires_auth(when = |a: usize, b: usize| -> bool { a == b }(LIMIT, text.len()))]
async fn closure(text: String) -> Result<(), Rejection> {
    drop(text);
    Ok(())
}

#[requires_auth(when = { let limit = LIMIT; text.len() < limit })]
async fn block(mut text: String) -> Result<String, Rejection> {
    text.push('!');
    Ok(text)
}

#[requires_auth(when = matches!(auth.subject(), Some("alice" | "bob")))]
async fn macro_call() -> Result<(), Rejection> {
    Ok(())
}

#[requires_auth(when = match auth.subject() { Some(subject) => subject.len() > 3, None => false })]
async fn match_expression() -> Result<(), Rejection> {
    Ok(())
}

#[requires_auth(when = std::future::ready(auth.subject()).await.is_some())]
async fn awaiting() -> Result<(), Rejection> {
    Ok(())
}

#[requires_auth(when = text.parse::<u64>().map_err(|_| Failure)? > 3)]
async fn question_mark(text: String) -> Result<String, Failure> {
    Ok(text)
}

#[requires_auth(when = ready(text.parse::<u64>()).await.map_err(|_| Failure)? > 3)]
async fn awaiting_and_question_mark(text: String) -> Result<String, Failure> {
    Ok(text)
}

macro_rules! ready_now {
    ($value:expr) => {
        ready($value).await
    };
}

#[requires_auth(when = ready_now!(text.len() > 3))]
async fn macro_that_awaits(text: String) -> Result<String, Failure> {
    Ok(text)
}

// A request is not `Sync`.
#[requires_auth(when = request.method() == "GET" && matches!(request.uri().path(), "/12"))]
async fn request(request: axum::extract::Request) -> Result<String, Failure> {
    Ok(request.uri().to_string())
}

#[derive(Debug)]
struct Failure;

impl From<Rejection> for Failure {
    fn from(_: Rejection) -> Self {
        Self
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        "failed".into_response()
    }
}

#[requires_auth(when = auth.subject().is_some())]
async fn opaque() -> impl IntoResponse {
    if LIMIT > 5 {
        return Err(Failure);
    }
    Ok("ran")
}

#[requires_auth(when = auth.subject().is_some())]
fn boxed(auth: AuthInfo) -> Pin<Box<dyn Future<Output = Result<String, Rejection>> + Send>> {
    Box::pin(ready(Ok(format!("{auth:?}"))))
}

// Items in the body, behind the statement of the attribute.
#[deny(clippy::items_after_statements)]
#[requires_auth(when = limit() > 3)]
async fn items() -> Result<String, Rejection> {
    use std::cmp::min;
    fn five() -> usize {
        5
    }
    Ok(min(five(), LIMIT).to_string())
}

fn limit() -> usize {
    LIMIT
}

#[axum::debug_handler(state = ResourceServer)]
#[requires_auth(when = id > 3)]
#[instrument(skip(auth))]
async fn between(auth: AuthInfo, Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(format!("{auth:?} {id}"))
}

#[requires_auth(when = id > 3)]
#[axum::debug_handler(state = ResourceServer)]
async fn above(Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(id.to_string())
}

#[instrument(fields(subject = auth.subject()), skip_all)]
#[requires_auth(when = auth.subject().is_some())]
async fn below_instrument(auth: AuthInfo) -> Result<String, Rejection> {
    Ok(format!("{auth:?}"))
}

macro_rules! handler {
    ($name:ident, $condition:expr, $body:block) => {
        #[requires_auth(when = $condition)]
        async fn $name() -> Result<&'static str, Rejection> $body
    };
}

handler!(captured, 1 + 1 == 2, { Ok("ran") });

struct Journal;

impl Journal {
    #[requires_auth(when = text == Self::NAME)]
    async fn associated(text: String) -> Result<String, Rejection> {
        Ok(text)
    }

    const NAME: &'static str = "journal";
}

#[requires_auth(when = !list.is_empty())]
async fn generic<T: serde::de::DeserializeOwned + Send>(
    State(server): State<ResourceServer>,
    Query(list): Query<Vec<(String, T)>>,
) -> Result<String, Rejection> {
    Ok(format!("{server:?} {}", list.len()))
}

// A return type of the application.
struct Page(Result<String, Rejection>);

impl FromRejection for Page {
    fn from_rejection(rejection: Rejection) -> Self {
        Self(Err(rejection))
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

#[requires_auth(when = auth.subject().is_some())]
async fn page() -> Page {
    Page(Ok(String::new()))
}

fn main() {
    let router = Router::new()
        .route("/1/{owner}", get(before_scopes))
        .route("/2/{owner}", get(without_an_argument))
        .route("/3", get(of_another_name).post(that_drops_the_caller))
        .route("/4", get(optional_without_an_argument_of_that_name))
        .route("/5/{auth}", get(with_another_argument_of_that_name))
        .route("/6", post(struct_literal).get(commas).put(closure).delete(block))
        .route("/7", get(macro_call).post(match_expression).put(awaiting).delete(question_mark))
        .route("/8", get(opaque).post(boxed).put(items).delete(page))
        .route("/9/{id}", get(between).post(above))
        .route("/10", get(below_instrument).post(captured).put(Journal::associated))
        .route("/11", get(generic::<u64>))
        .route("/12", get(request).post(awaiting_and_question_mark).put(macro_that_awaits));
    drop::<Router<ResourceServer>>(router);
}
