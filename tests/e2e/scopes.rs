//! R-J: which scopes satisfy a condition.

use axum::Router;
use axum::routing::get;
use fixtures::http_server::HttpServer;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Caller};
use requires_auth::{AuthInfo, Cached, Introspection, Rejection, ResourceServer, requires_auth};

use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran};

#[tokio::test]
async fn only_the_exact_scope_satisfies_the_condition() {
    // R-J1
    let service = Service::start().await;
    for other in [
        "",
        "readonly",
        "read:all",
        "WRITE",
        "READ",
        "Read",
        "*",
        "rea",
        "read,write",
        "\"read\"",
        "read\twrite",
        "read\u{a0}",
        "xread",
        "read.",
        "write",
    ] {
        let token = service.token(other);
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read");
    }
    assert_eq!(service.runs(), 0);
    for enough in ["read", " read ", "other read", "write  read other"] {
        let token = service.token(enough);
        assert_ran(&Request::get("/read").bearer(&token).send(service.address).await, "alice may");
    }
}

#[tokio::test]
async fn a_nested_condition_is_evaluated_as_written() {
    // R-J3
    let service = Service::start().await;
    for granted in subsets(&["a", "b", "c", "d"]) {
        let has = |scope: &str| granted.split(' ').any(|own| own == scope);
        let expected = has("a") && (has("b") || (has("c") && has("d")));
        let token = service.token(&granted);
        let response = Request::get("/nested").bearer(&token).send(service.address).await;
        assert_eq!(response.status, if expected { 200 } else { 403 }, "{granted:?}");
    }
}

#[tokio::test]
async fn an_any_condition_is_challenged_with_the_alternative_nearest_to_the_token() {
    // R-B4: the condition is `any("admin", all("read", "write"))`.
    let service = Service::start().await;
    for (granted, challenged) in [
        ("", "admin"),
        ("other", "admin"),
        ("read", "read write"),
        ("write", "read write"),
        ("other write", "read write"),
    ] {
        let token = service.token(granted);
        let response = Request::get("/choice").bearer(&token).send(service.address).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, challenged);
    }
    assert_eq!(service.runs(), 0);
    for enough in ["admin", "write read"] {
        let token = service.token(enough);
        let response = Request::get("/choice").bearer(&token).send(service.address).await;
        assert_ran(&response, "alice may");
    }
    // Of whose scopes nothing is known, the first written.
    let response = Request::get("/choice").send(service.address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "admin");
    let response = Request::get("/choice").bearer("unknown").send(service.address).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "admin");
    let response = Request::get("/list-first").send(service.address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "read write");
    let response = Request::get("/list-first").bearer("unknown").send(service.address).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read write");
    let token = service.token("");
    let response = Request::get("/list-first").bearer(&token).send(service.address).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "admin");
}

/// Defines a guarded function with a condition and compares it, for every set of scopes, with the
/// same condition in plain Rust.
macro_rules! truth_table {
    ($(($($condition:tt)*) => |$has:ident| $expected:expr;)*) => {$({
        #[requires_auth(scopes = $($condition)*)]
        fn guarded(_: AuthInfo) -> bool {
            true
        }
        let mut decided = [0, 0];
        for granted in subsets(&["a", "b", "c", "d", "e"]) {
            let $has = |scope: &str| granted.split(' ').any(|own| own == scope);
            let expected: bool = $expected;
            let auth = Caller::new("alice", &granted).auth_info();
            let allowed = auth.try_into().is_ok_and(guarded);
            assert_eq!(allowed, expected, "{} with {granted:?}", stringify!($($condition)*));
            decided[usize::from(expected)] += 1;
        }
        assert!(decided.iter().all(|count| *count > 0), "a table that decides both ways");
    })*};
}

#[test]
fn conditions_nest_with_their_written_precedence() {
    // R-J3
    truth_table! {
        ("a") => |has| has("a");
        ("a b") => |has| has("a") && has("b");
        (["a", "b", "c"]) => |has| has("a") && has("b") && has("c");
        (all("a", "b")) => |has| has("a") && has("b");
        (any("a", "b")) => |has| has("a") || has("b");
        (any("a", "b", "c", "d", "e")) => |has| ["a", "b", "c", "d", "e"].iter().any(|s| has(s));
        (all("a", any("b", all("c", "d")))) => |has| has("a") && (has("b") || (has("c") && has("d")));
        (any("a", all("b", any("c", "d")))) => |has| has("a") || (has("b") && (has("c") || has("d")));
        (any(all("a", "b"), all("c", "d"))) => |has| (has("a") && has("b")) || (has("c") && has("d"));
        (all(any("a", "b"), any("c", "d"))) => |has| (has("a") || has("b")) && (has("c") || has("d"));
        (all(any("a", "b"), any("b", "c"), "e"))
            => |has| (has("a") || has("b")) && (has("b") || has("c")) && has("e");
        (any(all("a", any("b", "c")), all("d", any("e", "b"))))
            => |has| (has("a") && (has("b") || has("c"))) || (has("d") && (has("e") || has("b")));
        (all(all(all("a", "b"), "c"), "d")) => |has| has("a") && has("b") && has("c") && has("d");
        (any(any(any("a", "b"), "c"), "d")) => |has| has("a") || has("b") || has("c") || has("d");
        (any("a")) => |has| has("a");
    }
}

#[test]
fn a_long_list_requires_every_element() {
    // R-J3: more elements than a type's tuple takes, and scopes longer than a number.
    #[requires_auth(
        scopes = "s01 s02 s03 s04 s05 s06 s07 s08 s09 s10 s11 s12 s13 s14 s15 s16 s17 s18 \
                              https://scopes.example/a/long/one/with/sixty/characters/or/more.read"
    )]
    fn guarded(_: AuthInfo) {}
    let all: Vec<String> = (1..=18)
        .map(|number| format!("s{number:02}"))
        .chain(["https://scopes.example/a/long/one/with/sixty/characters/or/more.read".to_owned()])
        .collect();
    let attempt = |granted: Vec<String>| {
        let auth = Caller::new("alice", &granted.join(" ")).auth_info();
        auth.try_into().map(guarded).map_err(|rejected: Rejection| rejected)
    };
    assert!(attempt(all.clone()).is_ok());
    for left_out in 0..all.len() {
        let mut granted = all.clone();
        granted.remove(left_out);
        let rejected = attempt(granted).unwrap_err();
        let challenge = rejected.challenge().unwrap().to_str().unwrap();
        assert!(challenge.contains(&format!("scope=\"{}\"", all.join(" "))), "{challenge}");
    }
}

/// Every subset, as a `scope` text.
fn subsets(scopes: &[&str]) -> Vec<String> {
    (0..1_usize << scopes.len())
        .map(|bits| {
            let chosen = scopes.iter().enumerate().filter(|(index, _)| bits & (1 << index) != 0);
            chosen.map(|(_, scope)| *scope).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[tokio::test]
async fn a_handler_whose_state_is_a_reference_to_a_server_is_guarded() {
    // R-J1
    #[requires_auth(scopes = "read")]
    async fn read(auth: AuthInfo) -> String {
        format!("{} may", auth.subject().unwrap_or_default())
    }

    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build().unwrap();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(Cached::new(client))
        .build();
    let server: &'static ResourceServer = Box::leak(Box::new(server.unwrap()));
    let app = Router::new().route("/read", get(read)).with_state(server);
    let service = HttpServer::start(app).await;
    let mint = || authorization_server.mint().subject("alice").audience(RESOURCE);
    for _ in 0..3 {
        let token = mint().scopes("read").issue();
        let response = Request::get("/read").bearer(&token).send(service.address()).await;
        assert_ran(&response, "alice may");
        let token = mint().scopes("write").issue();
        let response = Request::get("/read").bearer(&token).send(service.address()).await;
        assert_eq!((response.status, &*response.body), (403, body::INSUFFICIENT_SCOPE));
        let response = Request::get("/read").send(service.address()).await;
        assert_eq!(response.status, 401);
    }
}

/// Calls functions whose scope has each of these lengths: with it, and with one that lacks its last letter.
macro_rules! assert_scope_is_required {
    ($($name:ident: $scope:literal,)*) => {$({
        #[requires_auth(scopes = $scope)]
        fn $name(auth: AuthInfo) -> bool {
            auth.has_scope($scope)
        }
        let caller = |scope: &str| Caller::new("alice", scope).auth_info().try_into();
        assert!($name(caller($scope).unwrap()));
        let (shorter, _) = $scope.split_at($scope.len() - 1);
        let rejection = caller(shorter).map($name).unwrap_err();
        assert_eq!((rejection.status().as_u16(), rejection.scope()), (403, Some($scope)));
    })*};
}

#[test]
fn a_scope_of_each_length_is_required_as_it_is_written() {
    // R-J1: the type of a guard has its scope in numbers of 16 bytes, two in each type.
    assert_scope_is_required! {
        of_1: "a",
        of_15: "abcdefghijklmno",
        of_16: "abcdefghijklmnop",
        of_17: "abcdefghijklmnopq",
        of_32: "abcdefghijklmnopqrstuvwxyz012345",
        of_33: "abcdefghijklmnopqrstuvwxyz0123456",
        a_url: "https://www.example.com/auth/scopes/journal.entries.read.and.write",
    }
}
