//! OpenAPI documents whose security requirements come from the attribute.

use axum::extract::{Path, State};
use axum::routing::{Router, get};
use axum::{Json, debug_handler};
use fixtures::http_server::serve;
use fixtures::raw_http::Request;
use requires_auth::openapi::OpenApiSecurity;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{AuthInfo, Introspection, ResourceServer, Scope, requires_auth};
use serde_json::{Value, json};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{OpenIdConnect, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::requested_scopes::PREFIX;

#[requires_auth]
#[utoipa::path(get, path = "/any-token", responses((status = 200, description = "ok")))]
async fn any_token() -> &'static str {
    "ok"
}

#[requires_auth(scopes = any("admin", all("read", any("write", "read"))))]
#[utoipa::path(
    post,
    path = "/choice",
    responses((status = 200, description = "ok"), (status = 403, description = "own text")),
    security(("other" = [])),
    extensions(("x-own" = json!({ "extensions": 1 }))),
)]
#[debug_handler(state = ResourceServer)]
async fn choice(auth: AuthInfo) -> String {
    auth.subject().unwrap_or_default().to_owned()
}

#[requires_auth(scopes = "read write", optional)]
#[utoipa::path(delete, path = "/optional/{id}", responses((status = 200, description = "ok")))]
async fn optional(Path(id): Path<u64>, _auth: Option<AuthInfo>) -> String {
    id.to_string()
}

#[utoipa::path(get, path = "/open", responses((status = 200, description = "ok")))]
async fn open() -> &'static str {
    "ok"
}

#[derive(OpenApi)]
#[openapi(paths(any_token, choice, optional, open))]
struct Documentation;

async fn document(State(server): State<ResourceServer>) -> Json<Document> {
    let mut document = Documentation::openapi();
    OpenApiSecurity::new(&server).modify(&mut document);
    Json(document)
}

/// The security, the extension and the responses of an operation, without the one for 200.
fn operation(document: &Value, path: &str, method: &str) -> (Value, Value, Value) {
    let operation = &document["paths"][path][method];
    let mut responses = operation["responses"].clone();
    assert_eq!(responses.as_object_mut().unwrap().remove("200").unwrap()["description"], "ok");
    let extensions = operation.as_object().unwrap().iter();
    let extensions = extensions.filter(|(name, _)| name.starts_with("x-"));
    (
        operation["security"].clone(),
        extensions.map(|(k, v)| (k.clone(), v.clone())).collect(),
        responses,
    )
}

fn rejection(description: &str, header: &str, header_description: &str) -> Value {
    let header_value = json!({ "description": header_description, "schema": { "type": "string" } });
    json!({
        "description": description,
        "headers": { header: header_value },
        "content": { "application/json": { "schema": {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {
                "error": { "type": "string", "description": "An error code, such as those of RFC 6750 §3.1" },
                "error_description": { "type": "string", "description": "A text for developers" },
            },
        } } },
    })
}

#[tokio::test]
async fn an_operation_has_the_security_and_the_responses_of_its_guard() {
    // R-K23
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let server = ResourceServer::builder("https://api.example/v1")
        .issuer(authorization_server.issuer())
        .resolver(client.unwrap())
        .build()
        .unwrap();
    let app = Router::new()
        .route("/any-token", get(any_token))
        .route("/choice", get(choice))
        .route("/optional/{id}", get(optional))
        .route("/open", get(open))
        .route("/openapi.json", get(document));
    let address = serve(app.with_state(server)).await;
    let response = Request::get("/openapi.json").send(address).await;
    let document: Value = serde_json::from_str(&response.body).unwrap();

    let challenge = "The challenge, if other scopes would permit it (RFC 6750 §3.1)";
    let unauthorized = rejection(
        "The request has no valid access token",
        "WWW-Authenticate",
        "The challenge (RFC 6750 §3)",
    );
    let forbidden =
        rejection("The access token does not permit the operation", "WWW-Authenticate", challenge);
    let unavailable = rejection(
        "The access token cannot be checked at the moment",
        "Retry-After",
        "Seconds until another attempt (RFC 9110 §10.2.3)",
    );
    let responses = json!({ "401": unauthorized, "403": forbidden, "503": unavailable });
    let mut own = responses.clone();
    own["403"] = json!({ "description": "own text" });
    let oauth2 = |scopes: &[&str]| json!({ "oauth2": scopes });
    for (path, method, security, extensions, responses) in [
        ("/any-token", "get", json!([oauth2(&[])]), json!({}), &responses),
        (
            "/choice",
            "post",
            json!([oauth2(&["admin"]), oauth2(&["read", "write"]), oauth2(&["read"])]),
            json!({ "x-own": { "extensions": 1 } }),
            &own,
        ),
        (
            "/optional/{id}",
            "delete",
            json!([oauth2(&["read", "write"]), {}]),
            json!({}),
            &responses,
        ),
        ("/open", "get", Value::Null, json!({}), &json!({})),
    ] {
        let expected = (security, extensions, responses.clone());
        assert_eq!(operation(&document, path, method), expected, "{path}");
    }
    let scheme = json!({
        "type": "http",
        "scheme": "bearer",
        "description": format!("An OAuth 2.0 access token of {}", authorization_server.issuer()),
    });
    assert_eq!(document["components"]["securitySchemes"], json!({ "oauth2": scheme }));

    // utoipa finds the parameters of the function, and takes the guard for none.
    let parameters = &document["paths"]["/optional/{id}"]["delete"]["parameters"];
    assert_eq!(parameters.as_array().map(Vec::len), Some(1), "{parameters}");
    assert_eq!(parameters[0]["name"], "id");
    assert_eq!(document["paths"]["/choice"]["post"]["requestBody"], Value::Null);

    // The guard is there as well.
    let response = Request::get("/choice").send(address).await;
    crate::assert_challenged(&response, 401, fixtures::rejection_body::UNAUTHORIZED, "admin");
}

#[derive(Scope)]
enum ApiScope {
    /// Read everything
    #[scope("read")]
    Read,
    #[scope("write", implies = [Read])]
    Write,
}

#[tokio::test]
async fn the_scheme_describes_the_scopes_of_the_vocabulary() {
    // R-K23, R-I8
    let _ = (ApiScope::Read, ApiScope::Write);
    let server = ResourceServer::builder("https://api.example/v1")
        .issuer("https://auth.example")
        .resolver(Introspection::builder("https://auth.example/introspect").build().unwrap())
        .scopes::<ApiScope>()
        .build()
        .unwrap();
    let mut document = Documentation::openapi();
    OpenApiSecurity::new(&server).modify(&mut document);
    let document = serde_json::to_value(&document).unwrap();
    assert_eq!(
        document["components"]["securitySchemes"]["oauth2"]["description"],
        "An OAuth 2.0 access token of https://auth.example\n\n- `read`: Read everything\n- `write`"
    );
    let (security, ..) = operation(&document, "/optional/{id}", "delete");
    assert_eq!(security, json!([{ "oauth2": ["write"] }, {}]));
}

#[tokio::test]
async fn scheme_and_scopes_have_the_names_that_clients_use() {
    // R-K23, R-B10
    let server = ResourceServer::builder("https://api.example/v1")
        .issuer("https://auth.example")
        .resolver(Introspection::builder("https://auth.example/introspect").build().unwrap())
        .requested_scope_prefix(PREFIX)
        .build()
        .unwrap();
    let mut document = Documentation::openapi();
    let url = "https://auth.example/.well-known/openid-configuration";
    OpenApiSecurity::new(&server)
        .scheme_name("sign-in")
        .scheme(SecurityScheme::OpenIdConnect(OpenIdConnect::new(url)))
        .modify(&mut document);
    let document = serde_json::to_value(&document).unwrap();
    let scheme = json!({ "sign-in": { "type": "openIdConnect", "openIdConnectUrl": url } });
    assert_eq!(document["components"]["securitySchemes"], scheme);
    let (security, ..) = operation(&document, "/optional/{id}", "delete");
    let scopes = ["api://app-id/read", "api://app-id/write"];
    assert_eq!(security, json!([{ "sign-in": scopes }, {}]));
}
