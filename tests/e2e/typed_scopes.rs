//! Scopes of a vocabulary in the attribute, in a layer and in functions.

use axum::routing::{Router, get};
use fixtures::http_server::serve;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AuthInfo, Condition, Introspection, Rejection, ResourceServer, ResourceServerBuilder, Scope,
    requires_auth,
};

use crate::{assert_challenged, assert_ran};

#[derive(Debug, Clone, Copy, Scope)]
pub enum JournalScope {
    /// Read your entries
    #[scope("entries:read")]
    EntriesRead,
    /// Create and delete your entries
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
    #[scope("tags:read")]
    TagsRead,
    #[scope("admin", implies = [EntriesWrite, TagsRead])]
    Admin,
}

#[requires_auth(scopes = JournalScope::EntriesRead)]
async fn read() -> &'static str {
    "ran"
}

#[requires_auth(scopes = "entries:read")]
async fn literal() -> &'static str {
    "ran"
}

#[requires_auth(scopes = any("tags:read", "entries:read"), vocabulary = JournalScope)]
async fn checked() -> &'static str {
    "ran"
}

#[requires_auth(scopes = [JournalScope::TagsRead, any("other", self::JournalScope::EntriesWrite)])]
async fn mixed() -> &'static str {
    "ran"
}

#[requires_auth]
async fn inside(auth: AuthInfo) -> Result<&'static str, Rejection> {
    assert_eq!(
        auth.meets(JournalScope::EntriesRead),
        auth.require_condition(JournalScope::EntriesRead).is_ok()
    );
    auth.require_condition(JournalScope::EntriesRead)?;
    Ok("ran")
}

async fn layered() -> &'static str {
    "ran"
}

#[requires_auth(scopes = all("entries:read", "entries:write"))]
async fn both(auth: AuthInfo) -> String {
    let held = ["entries:read", "tags:read", "admin", "other"].map(|it| auth.has_scope(it));
    format!("{} {held:?}", auth.scopes())
}

#[requires_auth(scopes = any("other", "tags:read"))]
async fn further(auth: AuthInfo) -> Result<&'static str, Rejection> {
    auth.require("tags:read")?;
    auth.require([JournalScope::EntriesRead, JournalScope::TagsRead])?;
    auth.require("entries:read entries:write")?;
    Ok("ran")
}

fn resource_server(authorization_server: &AuthorizationServer) -> ResourceServerBuilder {
    let client = Introspection::builder(authorization_server.introspection_url()).build().unwrap();
    ResourceServer::builder("https://api.example/v1")
        .issuer(authorization_server.issuer())
        .resolver(client)
}

fn issue(authorization_server: &AuthorizationServer, scopes: &str) -> String {
    let mint = authorization_server.mint().subject("alice").audience("https://api.example/v1");
    mint.scopes(scopes).issue()
}

#[tokio::test]
async fn with_the_vocabulary_of_the_server_a_scope_satisfies_literals_that_it_implies() {
    // R-I8
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let builder = resource_server(&authorization_server).scopes_supported(["other", "tags:read"]);
    let server = builder.scopes::<JournalScope>().build().unwrap();
    let all = ["other", "tags:read", "entries:read", "entries:write", "admin"];
    assert_eq!(server.metadata().scopes_supported, all);
    let names: Vec<&str> =
        server.scope_definitions().map(requires_auth::ScopeDefinition::name).collect();
    assert_eq!(names, ["entries:read", "entries:write", "tags:read", "admin"]);
    let layer = server.layer().require(Condition::Scope("entries:read"));
    let routes = Router::new()
        .route("/layered", get(layered).layer(layer))
        .route("/literal", get(literal))
        .route("/mixed", get(mixed))
        .route("/both", get(both))
        .route("/further", get(further))
        .with_state(server);
    let address = serve(routes).await;

    for (path, scopes, answer) in [
        ("/layered", "entries:write", "ran"),
        ("/literal", "entries:write", "ran"),
        ("/literal", "admin", "ran"),
        ("/both", "entries:write", "entries:write [true, false, false, false]"),
        ("/both", "admin other", "admin other [true, true, true, true]"),
        ("/further", "admin", "ran"),
        ("/further", "tags:read entries:write", "ran"),
    ] {
        let token = issue(&authorization_server, scopes);
        assert_ran(&Request::get(path).bearer(&token).send(address).await, answer);
    }
    for (path, scopes, challenge) in [
        ("/layered", "tags:read", "entries:read"),
        ("/literal", "tags:read", "entries:read"),
        // `entries:write` implies `entries:read`, so a client needs to request only the one.
        ("/both", "", "entries:write"),
        ("/both", "entries:read", "entries:write"),
        // The granted `entries:write` implies the one scope of an alternative.
        ("/mixed", "entries:write", "tags:read entries:write"),
        ("/further", "entries:read", "other"),
        ("/further", "tags:read", "tags:read entries:read"),
        ("/further", "other", "other tags:read"),
        ("/further", "tags:read entries:read", "tags:read entries:write"),
    ] {
        let token = issue(&authorization_server, scopes);
        let response = Request::get(path).bearer(&token).send(address).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, challenge);
    }
    let response = Request::get("/both").send(address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "entries:write");
}

#[tokio::test]
async fn two_vocabularies_cannot_define_one_scope_differently() {
    // R-I8
    #[derive(Scope)]
    enum OtherScope {
        #[scope("tags:read")]
        TagsRead,
    }
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let builder = resource_server(&authorization_server);
    let error = builder.scopes::<JournalScope>().scopes::<OtherScope>().build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the scope `tags:read` has two definitions, in `e2e::typed_scopes::JournalScope` and in \
         `e2e::typed_scopes::OtherScope`: define it once"
    );
    let builder = resource_server(&authorization_server);
    builder.scopes::<JournalScope>().scopes::<JournalScope>().build().unwrap();
    let _ = OtherScope::TagsRead;
}

#[tokio::test]
async fn a_granted_scope_satisfies_each_typed_scope_that_it_implies() {
    // R-I8, R-J9, R-J10
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server).build().unwrap();
    let layer = server.layer().require(JournalScope::EntriesRead);
    let routes = Router::new()
        .route("/layered", get(layered).layer(layer))
        .route("/read", get(read))
        .route("/literal", get(literal))
        .route("/checked", get(checked))
        .route("/mixed", get(mixed))
        .route("/inside", get(inside))
        .with_state(server);
    let address = serve(routes).await;

    let token = |scopes: &str| issue(&authorization_server, scopes);
    for (path, enough, too_little, challenge) in [
        (
            "/read",
            &["entries:read", "entries:write", "admin", "tags:read admin"][..],
            &["", "tags:read", "entries", "ADMIN"][..],
            "entries:read",
        ),
        ("/layered", &["entries:read", "admin"], &["tags:read"], "entries:read"),
        ("/inside", &["entries:read", "entries:write", "admin"], &["tags:read"], "entries:read"),
        ("/literal", &["entries:read"], &["entries:write", "admin"], "entries:read"),
        ("/checked", &["tags:read", "entries:write", "admin"], &["", "other"], "tags:read"),
        (
            "/mixed",
            &["admin", "tags:read other", "tags:read entries:write"],
            &["tags:read", "tags:read entries:read"],
            "tags:read other",
        ),
        ("/mixed", &[], &["entries:write"], "tags:read entries:write"),
    ] {
        for scopes in enough {
            let token = token(scopes);
            assert_ran(&Request::get(path).bearer(&token).send(address).await, "ran");
        }
        for scopes in too_little {
            let token = token(scopes);
            let response = Request::get(path).bearer(&token).send(address).await;
            assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, challenge);
        }
    }
    let response = Request::get("/mixed").send(address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "tags:read other");
}
