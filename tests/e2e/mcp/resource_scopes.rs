//! `resource_with_scopes_from`: scopes that depend on the variables of a resource's URI, in every mode.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::{Mcp, McpBuilder, UriVariables};
use requires_auth::testing::{AuthorizationServer, Caller};
use requires_auth::{Condition, Rejection, Scope};
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ReadResourceRequestParams,
    ReadResourceResponse, ReadResourceResult, ResourceContents, ServerCapabilities, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use super::test_server::{MODES, Mode, RESOURCE, RunningServer, reply, resource_server};
use crate::{assert_challenged, assert_denied, assert_server_error};

/// It decides nothing itself, and counts its calls.
#[derive(Clone, Default)]
struct Library {
    runs: Arc<AtomicUsize>,
}

impl ServerHandler for Library {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_completions();
        ServerConfig::new(capabilities.build())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Ok(ReadResourceResult::new(vec![ResourceContents::text("read", request.uri)]).into())
    }

    async fn subscribe(
        &self,
        _: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Ok(CompleteResult::new(CompletionInfo::default()))
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, _: SubscriptionContext) -> Result<(), ErrorData> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[derive(Scope)]
enum BookScope {
    #[scope("books:private")]
    Private,
    #[scope("admin", implies = [Private])]
    Admin,
}

fn scopes_of(book: &UriVariables) -> Result<Condition, Rejection> {
    const EITHER: Condition = Condition::Any(&[Condition::Scope("x"), Condition::Scope("y")]);
    Ok(match book.get("id") {
        Some("private") => BookScope::Private.into(),
        Some("root") => BookScope::Admin.into(),
        Some("choice") => EITHER,
        Some("never") => Condition::Any(&[]),
        Some("malformed") => Condition::Scope("not a scope"),
        Some("broken") => panic!("a mistake in the application"),
        Some("reserved") => return Err(Caller::new("nobody", "").auth_info().access_denied()),
        Some(_) => Condition::NONE,
        None => Condition::Scope("books:list"),
    })
}

/// A literal and another template match before the template.
fn library(builder: McpBuilder<Library>) -> McpBuilder<Library> {
    builder
        .resource("lib://books/public/data", Condition::NONE)
        .resource_with_scopes_from("lib://books/{id}/data", "books:read", scopes_of)
        .resource("lib://books/{id}", "cards:read")
        .resource("lib://{+any}", "library")
        .resource_with_scopes_from("lib://books/{+path}", Condition::NONE, |book: &UriVariables| {
            let is_secret = book.get("path").is_some_and(|path| path.starts_with("secret/"));
            if is_secret { "secrets".into() } else { Condition::NONE }
        })
}

async fn start(mode: Mode) -> (RunningServer, Arc<AtomicUsize>) {
    let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
    let server = resource_server(&authorization_server);
    let handler = Library::default();
    let runs = Arc::clone(&handler.runs);
    let mcp = library(Mcp::builder(&server, move || Ok(handler.clone()))).build().unwrap();
    (RunningServer::of(authorization_server, &mcp, mode).await, runs)
}

#[track_caller]
fn assert_insufficient(response: &Response, scope: &str) {
    assert_challenged(response, 403, body::INSUFFICIENT_SCOPE, scope);
}

fn book(id: &str) -> Value {
    json!({ "uri": format!("lib://books/{id}/data") })
}

fn subscription(ids: &[&str]) -> Value {
    let uris: Vec<String> = ids.iter().map(|id| format!("lib://books/{id}/data")).collect();
    json!({ "notifications": { "resourceSubscriptions": uris } })
}

#[tokio::test]
async fn a_request_without_the_scopes_of_its_variables_is_a_403_in_every_mode() {
    // R-I20, R-I16: before anything is sent, with event streams and sessions.
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let read = async |scopes: &str, id: &str| {
            server.send(&server.token(scopes), "resources/read", book(id)).await
        };
        for (scopes, id, challenge) in [
            // The declared condition comes first.
            ("", "broken", "books:read"),
            // The challenge names both all the same.
            ("", "private", "books:read books:private"),
            ("books:private", "private", "books:read books:private"),
            ("books:read", "private", "books:read books:private"),
            ("books:read", "%70rivate", "books:read books:private"),
            ("books:read books:private", "root", "books:read admin"),
            ("books:read", "choice", "books:read x"),
            ("books:read", "never", "books:read"),
            // Of a literal and a template, and of two templates, both apply.
            ("", "public", "books:read"),
            ("books:read", "secret", "secrets"),
            ("secrets", "secret", "books:read"),
        ] {
            assert_insufficient(&read(scopes, id).await, challenge);
        }
        for method in [
            "resources/subscribe",
            "resources/unsubscribe",
            "resources/directory/read",
            "skills/get",
        ] {
            let refused = server.send(&server.token("books:read"), method, book("private")).await;
            assert_insufficient(&refused, "books:read books:private");
        }
        let listen = subscription(&["a", "private"]);
        let refused =
            server.send(&server.token("books:read"), "subscriptions/listen", listen).await;
        assert_insufficient(&refused, "books:read books:private");
        assert_denied(&read("books:read", "reserved").await);
        let panicked = read("books:read", "broken").await;
        assert_server_error(&panicked, 500, body::CONDITION_PANICKED, None);
        assert_eq!(read("books:read", "malformed").await.status, 500, "{mode:?}");
        let missing = server.request("resources/read", book("private")).send(server.address).await;
        assert_eq!(missing.status, 401, "{mode:?}");
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");

        for (nth, (scopes, id)) in [
            ("books:read", "public"),
            ("books:read", "Private"),
            ("books:read books:private", "private"),
            ("books:read admin", "private"),
            ("books:read y", "choice"),
            ("books:read secrets", "secret"),
        ]
        .into_iter()
        .enumerate()
        {
            let contents = &reply(&read(scopes, id).await)["result"]["contents"];
            assert_eq!(contents[0]["text"], "read", "{mode:?} {id}");
            assert_eq!(runs.load(Ordering::SeqCst), nth + 1, "{mode:?}");
        }
        // Only the templates that match.
        for (uri, scopes) in [("lib://books/private", "cards:read"), ("lib://a", "library")] {
            let token = server.token(scopes);
            let read = server.send(&token, "resources/read", json!({ "uri": uri })).await;
            assert!(reply(&read)["result"].is_object(), "{mode:?} {uri}");
        }
    }
}

#[tokio::test]
async fn a_uri_whose_variables_are_not_certain_is_a_403() {
    // R-I20, R-I13
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let token = server.token("books:read cards:read library admin secrets x y");
        let long = format!("lib://books/{}/data", "a".repeat(8 * 1024));
        for uri in [
            "lib://books/private%2Fdata/data",
            "lib://books/../data",
            "lib://books/%2e%2E/data",
            "lib://books/a/../private/data",
            "lib://books/%/data",
            "lib://books/%zz/data",
            "lib://books/%ff/data",
            "lib://books/a%00/data",
            "lib://books/private?/data",
            "lib://books/{id}/data",
            "lib://books/a b/data",
            long.as_str(),
        ] {
            let refused = server.send(&token, "resources/read", json!({ "uri": uri })).await;
            assert_denied(&refused);
        }
        // The declared condition comes first.
        let refused = server.send(&server.token(""), "resources/read", book("..")).await;
        assert_insufficient(&refused, "books:read");
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
    }
}

#[tokio::test]
async fn a_completion_names_no_variables() {
    // R-I20, R-I16
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let complete = async |scopes: &str, uri: &str| {
            let params = json!({
                "ref": { "type": "ref/resource", "uri": uri },
                "argument": { "name": "id", "value": "public" },
                "context": { "arguments": { "id": "public" } },
            });
            server.send(&server.token(scopes), "completion/complete", params).await
        };
        let template = "lib://books/{id}/data";
        assert_insufficient(&complete("", template).await, "books:read books:list");
        assert_insufficient(&complete("books:read", template).await, "books:read books:list");
        let private = complete("books:read", "lib://books/private/data").await;
        assert_insufficient(&private, "books:read books:private");
        assert_insufficient(&complete("", "lib://books/a{b}/data").await, "books:read books:list");
        assert_denied(&complete("books:read books:list", "lib://books/a}/data").await);
        assert_denied(&complete("books:read books:list", "lib://books/../data").await);
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
        let completed = reply(&complete("books:read books:list", template).await);
        assert!(completed["result"]["completion"].is_object(), "{mode:?} {completed}");
    }
}

#[tokio::test]
async fn a_stream_is_resumed_only_with_the_scopes_that_its_variables_require() {
    // R-I20, R-I12
    for mode in MODES.into_iter().filter(|mode| mode.has_sessions()) {
        let (server, _) = start(mode).await;
        let rich = server.token("books:read books:private");
        let poor = server.token("books:read");
        let read = server.assert_resumed_only_with(&rich, &poor, "resources/read", book("private"));
        let read = read.await;
        assert!(reply(&read)["result"].is_object(), "{read:?}");
    }
}

#[tokio::test]
async fn the_metadata_has_the_scopes_of_the_fixed_conditions_alone() {
    // R-I20, R-I1
    let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
    let server = resource_server(&authorization_server);
    let mcp = library(Mcp::builder(&server, || Ok(Library::default()))).build().unwrap();
    assert_eq!(mcp.metadata().scopes_supported, ["books:read", "cards:read", "library"]);
}

#[tokio::test]
async fn the_handler_decides_where_there_is_no_layer() {
    // R-I20, R-I9
    let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
    let server = resource_server(&authorization_server);
    let mcp = library(Mcp::builder(&server, || Ok(Library::default()))).build().unwrap();
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
    let handler = mcp.with_token(mint.scopes("books:read").issue()).await.unwrap();
    let mut client = super::stdio::StdioClient::to(handler).await;
    let refused = client.request("resources/read", book("private")).await;
    assert_eq!(refused["error"]["code"], -32010, "{refused}");
    assert_eq!(refused["error"]["data"]["scope"], "books:read books:private");
    let denied = client.request("resources/read", book("..")).await;
    assert_eq!(denied["error"]["data"]["error"], "access_denied", "{denied}");
    let read = client.request("resources/read", book("a")).await;
    assert_eq!(read["result"]["contents"][0]["text"], "read", "{read}");
}
