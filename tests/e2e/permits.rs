//! Functions that take the evidence of a check.

use axum::extract::Path;
use axum::routing::{Router, get};
use fixtures::http_server::serve;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Caller};
use requires_auth::{
    AuthInfo, Introspection, Permit, Reason, Rejection, ResourceServer, Scope, requires_auth,
};

use crate::{assert_challenged, assert_denied, assert_ran};

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
    #[scope("admin", implies = [EntriesWrite])]
    Admin,
}

fn show(permit: &Permit<scopes::EntriesRead>, id: u64) -> String {
    format!("{id} with {permit:?}")
}

fn change(permit: &Permit<scopes::EntriesWrite>, id: u64) -> String {
    show(permit.implied(), id)
}

#[requires_auth(scopes = JournalScope::EntriesWrite)]
async fn guarded(
    permit: &Permit<scopes::EntriesWrite>,
    Path(id): Path<u64>,
    auth: AuthInfo,
) -> String {
    format!("{:?} changes {}", auth.subject(), change(permit, id))
}

#[requires_auth(scopes = JournalScope::EntriesWrite, when = id < 9)]
async fn conditional(
    Path(id): Path<u64>,
    permit: &Permit<scopes::EntriesRead>,
) -> Result<String, Rejection> {
    Ok(show(permit, id))
}

#[requires_auth(scopes = "entries:read")]
async fn dynamic(Path(id): Path<u64>, auth: AuthInfo) -> Result<String, Rejection> {
    Ok(if id > 8 { change(auth.permit()?, id) } else { show(auth.permit()?, id) })
}

#[tokio::test]
async fn a_permit_reaches_the_function_only_behind_its_check() {
    // R-K21
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build().unwrap();
    let server = ResourceServer::builder("https://api.example/v1")
        .issuer(authorization_server.issuer())
        .resolver(client)
        .scopes::<JournalScope>()
        .build()
        .unwrap();
    let routes = Router::new()
        .route("/guarded/{id}", get(guarded))
        .route("/conditional/{id}", get(conditional))
        .route("/dynamic/{id}", get(dynamic))
        .with_state(server);
    let address = serve(routes).await;
    let token = |scopes: &str| {
        let mint = authorization_server.mint().subject("alice").audience("https://api.example/v1");
        mint.scopes(scopes).issue()
    };

    for (path, scopes, answer) in [
        ("/guarded/7", "entries:write", r#"Some("alice") changes 7 with Permit("entries:read")"#),
        ("/guarded/7", "admin", r#"Some("alice") changes 7 with Permit("entries:read")"#),
        ("/conditional/7", "entries:write", r#"7 with Permit("entries:read")"#),
        ("/dynamic/7", "entries:read", r#"7 with Permit("entries:read")"#),
        ("/dynamic/9", "entries:read admin", r#"9 with Permit("entries:read")"#),
    ] {
        let response = Request::get(path).bearer(&token(scopes)).send(address).await;
        assert_ran(&response, answer);
    }
    for (path, scopes, challenge) in [
        ("/guarded/7", "entries:read", "entries:write"),
        ("/conditional/7", "entries:read", "entries:write"),
        ("/dynamic/9", "entries:read", "entries:write"),
    ] {
        let response = Request::get(path).bearer(&token(scopes)).send(address).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, challenge);
    }
    let response = Request::get("/guarded/7").send(address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "entries:write");
    let denied = Request::get("/conditional/9").bearer(&token("admin")).send(address).await;
    assert_denied(&denied);
}

#[test]
fn a_caller_gives_a_permit_for_a_scope_that_it_has() {
    // R-K21
    let of = |scopes: &str| Caller::new("alice", scopes).auth_info();
    assert!(of("admin").permit::<scopes::EntriesRead>().is_ok());
    let writer = of("entries:write");
    assert_eq!(change(writer.permit().unwrap(), 1), r#"1 with Permit("entries:read")"#);
    let rejection = writer.permit::<scopes::Admin>().unwrap_err();
    assert_eq!(rejection.status(), 403);
    assert_eq!(rejection.reason(), Reason::InsufficientScope);
}
