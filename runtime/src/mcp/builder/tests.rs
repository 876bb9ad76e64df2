//! What the builder rejects.

use ::rmcp::handler::server::router::tool::ToolRoute;
use ::rmcp::model::{CallToolResult, Tool};

use super::*;
use crate::Condition;
use crate::mcp::meta;
use crate::policy::type_level::OAuthScope;
use crate::{AccessToken, Claims, ResolveError, Resolver};

struct Handler;

impl ServerHandler for Handler {}

struct NoToken;

impl Resolver for NoToken {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        Err(crate::TokenError::Inactive.into())
    }

    fn cache_namespace(&self) -> String {
        String::new()
    }
}

fn error(setting: impl FnOnce(McpBuilder<Handler>) -> McpBuilder<Handler>) -> SetupError {
    let server = ResourceServer::builder("https://a.example/mcp").issuer("https://as.example");
    let server = server.resolver(NoToken).build().unwrap();
    setting(Mcp::builder(&server, || Ok(Handler))).build().unwrap_err()
}

#[test]
fn a_setting_is_not_overwritten() {
    // R-C13
    let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
    let key = |byte| vec![byte; 32];
    for (setting, error) in [
        ("initial_scopes", error(|it| it.initial_scopes("a").initial_scopes("b"))),
        ("max_body_length", error(|it| it.max_body_length(1).max_body_length(2))),
        ("body_timeout", error(|it| it.body_timeout(one).body_timeout(two))),
        ("max_resources", error(|it| it.max_resources(1).max_resources(2))),
        ("session_key", error(|it| it.session_key(key(1)).session_key(key(2)))),
    ] {
        let SetupError::SetTwice { setting: twice } = &error else { panic!("{error}") };
        assert_eq!(twice.method(), Some(setting));
    }
    let short = error(|it| it.session_key("s3cret")).to_string();
    assert_eq!(short, "the setting `session_key` must be at least 32 bytes: found 6 bytes");
    let scopes = error(|it| it.initial_scopes("a ä")).to_string();
    assert!(scopes.contains("`initial_scopes`") && scopes.contains(r#""a \u{e4}""#), "{scopes}");
}

fn router(meta: ::rmcp::model::MetaObject) -> ToolRouter<Handler> {
    let tool = Tool::new("tool", "", Arc::default()).with_meta(meta);
    ToolRouter::new().with_route(ToolRoute::new_dyn(tool, |_| {
        Box::pin(async { Ok(CallToolResult::success(Vec::new()).into()) })
    }))
}

#[test]
fn a_declaration_is_not_overwritten() {
    // R-C13, R-I4
    let (a, b) = (
        || router(meta::<OAuthScope<{ b'a' as u128 }>>(None)),
        || router(meta::<OAuthScope<{ b'b' as u128 }>>(None)),
    );
    let policies = error(|it| it.declare_tools(&a()).declare_tools(&b())).to_string();
    assert_eq!(policies, "the tool `tool` is declared with two different policies: declare one");
    let routes = error(|it| it.tool_router(a()).tool_router(a())).to_string();
    assert_eq!(routes, "the tool `tool` is in two routers: pass one of them to `tool_router`");
    let conditions = (Condition::Scope("a"), Condition::Scope("b"));
    let resource = error(|it| it.resource("a:{x}", conditions.0).resource("a:{y}", conditions.1));
    let message = "the resource `a:{y}` is declared with two different policies: declare one";
    assert_eq!(resource.to_string(), message);
    // The same policy again is no contradiction: this error is about something else.
    let same = error(|it| it.declare_tools(&a()).tool_router(a()).session_key("")).to_string();
    assert!(same.contains("`session_key`"), "{same}");
}
