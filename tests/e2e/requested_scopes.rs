//! R-B10: scopes whose name in a token is not the one that a client requests.

use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::{Condition, ResourceServerBuilder};
use serde_json::Value;

use crate::service::{METADATA, Service};
use crate::{assert_challenged, assert_ran};

pub const PREFIX: &str = "api://app-id/";

/// The scopes of the token are `read` and `write`, as with Entra ID.
async fn service() -> Service {
    let prefixed = |server: ResourceServerBuilder| {
        let scopes = ["openid", "write", "api://app-id/read", "offline_access"];
        server.requested_scope_prefix(PREFIX).scopes_supported(scopes)
    };
    Service::with(|client| client, prefixed).await
}

#[tokio::test]
async fn challenges_and_metadata_name_scopes_as_clients_request_them() {
    // R-B10
    let service = service().await;
    let anonymous = Request::get("/read-write").send(service.address).await;
    let requested = "api://app-id/read api://app-id/write";
    assert_challenged(&anonymous, 401, body::UNAUTHORIZED, requested);
    let send = async |path: &'static str, scopes: &str| {
        let token = service.token(scopes);
        Request::get(path).bearer(&token).send(service.address).await
    };
    let response = send("/read-write", "read").await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, requested);
    let response = send("/read", "api://app-id/read").await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "api://app-id/read");
    assert_ran(&send("/read", "read").await, "alice may");
    let token = service.token("read");
    let further = Request::post("/further").json(r#""write""#).bearer(&token);
    let further = further.send(service.address).await;
    assert!(further.challenge().unwrap().contains("api://app-id/"), "{further:?}");
    let response =
        Request::get("/read").header("authorization", "Bearer ?").send(service.address).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "api://app-id/read");

    let document = Request::get("/.well-known/oauth-protected-resource/v1");
    let document: Value = serde_json::from_str(&document.send(service.address).await.body).unwrap();
    let supported = ["openid", "api://app-id/write", "api://app-id/read"];
    assert_eq!(document["scopes_supported"], serde_json::json!(supported));
}

#[tokio::test]
async fn rejections_of_the_application_name_scopes_as_clients_request_them() {
    // R-B10, R-B8
    let authorization_server = requires_auth::testing::AuthorizationServer::start().await.unwrap();
    let client = requires_auth::Introspection::builder(authorization_server.introspection_url());
    let server = requires_auth::ResourceServer::builder(crate::service::RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client.build().unwrap())
        .requested_scope_prefix(PREFIX)
        .build()
        .unwrap();
    let rejection = server.unauthorized(Condition::Scope("read"));
    assert_eq!(rejection.scope(), Some("api://app-id/read"));
    let challenge = format!("Bearer scope=\"api://app-id/read\", {METADATA}");
    assert_eq!(rejection.challenge().unwrap(), &challenge);
}

#[test]
fn a_prefix_outside_the_grammar_is_an_error() {
    // R-B10
    for prefix in ["", "a b", "a\""] {
        let server = requires_auth::ResourceServer::builder(crate::service::RESOURCE)
            .issuer("https://as.example")
            .resolver(
                requires_auth::Introspection::builder("https://as.example/i").build().unwrap(),
            )
            .requested_scope_prefix(prefix);
        let error = server.build().unwrap_err().to_string();
        assert!(error.contains("`requested_scope_prefix`"), "{error}");
    }
}
