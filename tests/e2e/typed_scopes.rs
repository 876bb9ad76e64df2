//! Scopes of a vocabulary in the attribute, in a layer and in functions.

use axum::routing::{Router, get};
use fixtures::http_server::serve;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{AuthInfo, Introspection, Rejection, ResourceServer, Scope, requires_auth};

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

#[tokio::test]
async fn a_granted_scope_satisfies_each_typed_scope_that_it_implies() {
    // R-I8, R-J9
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build().unwrap();
    let server = ResourceServer::builder("https://api.example/v1")
        .issuer(authorization_server.issuer())
        .resolver(client)
        .build()
        .unwrap();
    let layer = server.layer().require(JournalScope::EntriesRead);
    let routes = Router::new()
        .route("/layered", get(layered).layer(layer))
        .route("/read", get(read))
        .route("/literal", get(literal))
        .route("/mixed", get(mixed))
        .route("/inside", get(inside))
        .with_state(server);
    let address = serve(routes).await;

    let token = |scopes: &str| {
        let mint = authorization_server.mint().subject("alice").audience("https://api.example/v1");
        mint.scopes(scopes).issue()
    };
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
