//! R-I21: several tenants in one process, by path and by host.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use fixtures::http_server::HttpServer;
use fixtures::raw_http::{Request, Response};
use requires_auth::mcp::Mcp;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AuthInfo, Cached, HostRouter, Introspection, ResourceServer, SetupError, requires_auth,
};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{tool, tool_router};
use serde_json::{Value, json};

/// The requests of a test, and the authorization server that the tenants share.
struct Tenants {
    authorization_server: AuthorizationServer,
    server: HttpServer,
}

#[requires_auth(scopes = "read")]
async fn read(auth: AuthInfo) -> String {
    auth.audience().collect::<Vec<_>>().join(" ")
}

#[derive(Debug, Clone)]
struct Tools;

#[tool_router(server_handler)]
impl Tools {
    /// Reads
    #[requires_auth(scopes = "read")]
    #[tool]
    async fn read(&self, auth: AuthInfo) -> String {
        auth.audience().collect::<Vec<_>>().join(" ")
    }
}

type Resolver = Cached<Introspection>;

fn tenant(resource: &str, issuer: &str, resolver: &Resolver) -> ResourceServer {
    let server = ResourceServer::builder(resource).issuer(issuer).resolver(resolver.clone());
    server.build().unwrap()
}

impl Tenants {
    async fn start(router: impl FnOnce(&dyn Fn(&str) -> ResourceServer) -> Router) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let client = Introspection::builder(authorization_server.introspection_url());
        let resolver = Cached::new(client.build().unwrap());
        let issuer = authorization_server.issuer();
        let app = router(&|resource| tenant(resource, issuer, &resolver));
        Self { server: HttpServer::start(app).await, authorization_server }
    }

    fn token(&self, resource: &str) -> String {
        let mint = self.authorization_server.mint();
        mint.subject("alice").audience(resource).scopes("read").issue()
    }

    async fn send(&self, host: &str, path: &str, token: &str) -> Response {
        let request = Request::new_to(host, "GET", path).bearer(token);
        request.send(self.server.address()).await
    }

    async fn metadata(&self, host: &str, path: &str) -> Value {
        let path = format!("/.well-known/oauth-protected-resource{path}");
        let response = Request::new_to(host, "GET", &path).send(self.server.address()).await;
        assert_eq!(response.status, 200, "{response:?}");
        serde_json::from_str(&response.body).unwrap()
    }
}

/// A 401 with the challenge of this tenant.
#[track_caller]
fn assert_invalid(response: &Response, metadata: &str) {
    let expected = format!(
        "Bearer error=\"invalid_token\", error_description=\"The access token is malformed, expired, \
         revoked or not meant for this resource\", scope=\"read\", resource_metadata=\"{metadata}\""
    );
    let found = (response.status, response.challenge());
    assert_eq!(found, (401, Some(&*expected)));
}

#[tokio::test]
async fn a_token_for_one_path_is_rejected_at_another() {
    // R-I21
    let tenants = Tenants::start(|tenant| {
        let mut app = Router::new();
        for name in ["acme", "globex"] {
            let server = tenant(&format!("https://journal.example/{name}"));
            let router = Router::new().route("/entries", get(read)).with_state(server.clone());
            app = app.nest(&format!("/{name}"), router).merge(server.metadata_routes());
        }
        app
    })
    .await;
    for (own, other) in [("acme", "globex"), ("globex", "acme")] {
        let resource = format!("https://journal.example/{own}");
        let token = tenants.token(&resource);
        let response = tenants.send("journal.example", &format!("/{own}/entries"), &token).await;
        assert_eq!((response.status, &*response.body), (200, &*resource));
        let response = tenants.send("journal.example", &format!("/{other}/entries"), &token).await;
        assert_invalid(
            &response,
            &format!("https://journal.example/.well-known/oauth-protected-resource/{other}"),
        );
        let metadata = tenants.metadata("journal.example", &format!("/{own}")).await;
        assert_eq!(metadata["resource"], resource);
    }
    let token = tenants.token("https://journal.example/acme");
    assert_eq!(tenants.send("journal.example", "/other/entries", &token).await.status, 404);
    assert_eq!(tenants.authorization_server.introspections(), 2, "they share the cache");
}

#[tokio::test]
async fn a_token_for_one_host_is_rejected_at_another() {
    // R-I21
    let tenants = Tenants::start(|tenant| {
        let mut hosts = HostRouter::new();
        for name in ["acme", "globex"] {
            let server = tenant(&format!("https://{name}.example"));
            let router = Router::new().route("/entries", get(read)).merge(server.metadata_routes());
            hosts = hosts.host(&server, router.with_state(server.clone()));
        }
        hosts.build().unwrap()
    })
    .await;
    for (own, other) in [("acme", "globex"), ("globex", "acme")] {
        let resource = format!("https://{own}.example");
        let token = tenants.token(&resource);
        for host in
            [format!("{own}.example"), format!("{own}.EXAMPLE"), format!("{own}.example:443")]
        {
            let response = tenants.send(&host, "/entries", &token).await;
            assert_eq!((response.status, &*response.body), (200, &*resource), "{host}");
        }
        let response = tenants.send(&format!("{other}.example"), "/entries", &token).await;
        let metadata = format!("https://{other}.example/.well-known/oauth-protected-resource");
        assert_invalid(&response, &metadata);
        let metadata = tenants.metadata(&format!("{own}.example"), "").await;
        assert_eq!(metadata["resource"], resource);

        // The host of an absolute URI has precedence (RFC 9112 §3.2.2), and no other header counts.
        let absolute = format!("http://{own}.example/entries");
        let response = tenants.send(&format!("{other}.example"), &absolute, &token).await;
        assert_eq!((response.status, &*response.body), (200, &*resource));
        let request = Request::new_to(&format!("{own}.example"), "GET", "/entries").bearer(&token);
        let request = request.header("x-forwarded-host", format!("{other}.example"));
        assert_eq!(request.send(tenants.server.address()).await.status, 200);
    }

    let token = tenants.token("https://acme.example");
    let unknown = r#"{"error":"invalid_request","error_description":"This server does not serve the host of the request"}"#;
    for host in
        ["other.example", "acme.example:8443", "acme.example.", "xacme.example", "", "127.0.0.1"]
    {
        let response = tenants.send(host, "/entries", &token).await;
        assert_eq!((response.status, &*response.body), (421, unknown), "{host:?}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.challenge(), None);
    }
    let no_host = r#"{"error":"invalid_request","error_description":"The request must name exactly one host"}"#;
    let two = Request::new_to("acme.example", "GET", "/entries").header("host", "globex.example");
    let response = two.bearer(&token).send(tenants.server.address()).await;
    assert_eq!((response.status, &*response.body), (400, no_host));
}

#[tokio::test]
async fn mcp_servers_are_tenants_by_path_and_by_host() {
    // R-I21
    let mcp = |server: &ResourceServer| -> Router {
        let mcp = Mcp::builder(server, || Ok(Tools)).tool_router(Tools::tool_router());
        let mut config = StreamableHttpServerConfig::default();
        config.json_response = true;
        mcp.build().unwrap().routes(Arc::new(LocalSessionManager::default()), config)
    };
    let tenants = Tenants::start(|tenant| {
        let mut app = Router::new();
        for name in ["acme", "globex"] {
            app = app.merge(mcp(&tenant(&format!("https://journal.example/{name}"))));
        }
        let journal = tenant("https://journal.example");
        let other = tenant("https://initech.example/mcp");
        HostRouter::new().host(&journal, app).host(&other, mcp(&other)).build().unwrap()
    })
    .await;
    let all =
        [("journal.example", "/acme"), ("journal.example", "/globex"), ("initech.example", "/mcp")];
    for (own_host, own_path) in all {
        let resource = format!("https://{own_host}{own_path}");
        let token = tenants.token(&resource);
        for (host, path) in all {
            let message = json!({
                "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": { "name": "read", "arguments": {}, "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                    "io.modelcontextprotocol/clientCapabilities": {},
                } },
            });
            let request = Request::new_to(host, "POST", path)
                .header("accept", "application/json, text/event-stream")
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/call")
                .header("mcp-name", "read")
                .bearer(&token)
                .json(&message.to_string());
            let response = request.send(tenants.server.address()).await;
            if (host, path) == (own_host, own_path) {
                assert_eq!(response.status, 200, "{response:?}");
                assert!(response.body.contains(&resource), "{response:?}");
            } else {
                let metadata = format!("https://{host}/.well-known/oauth-protected-resource{path}");
                assert_invalid(&response, &metadata);
            }
        }
        let metadata = tenants.metadata(own_host, own_path).await;
        assert_eq!(metadata["resource"], resource);
        assert_eq!(metadata["scopes_supported"], json!(["read"]));
    }
}

#[tokio::test]
async fn two_servers_with_one_host_are_an_error() {
    // R-I21, R-C13
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url());
    let resolver = Cached::new(client.build().unwrap());
    let tenant = |resource| tenant(resource, authorization_server.issuer(), &resolver);
    let hosts = HostRouter::new()
        .host(&tenant("https://acme.example/a"), Router::new())
        .host(&tenant("https://ACME.example:443/b"), Router::new());
    assert!(matches!(hosts.build(), Err(SetupError::Contradiction { .. })));
}
