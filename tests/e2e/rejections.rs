//! R-B: the exact answers.

use axum::Router;
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use fixtures::http_server::serve;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::{AuthInfo, Rejection, requires_auth};
use tower_http::cors::{Any, CorsLayer};

use crate::service::{METADATA, Service};
use crate::{assert_challenged, assert_ran, assert_server_error};

#[tokio::test]
async fn every_refusal_has_its_status_and_its_challenge() {
    // R-B1, R-B2, R-B3, R-B5, R-B6
    let service = Service::start().await;
    let (reader, expired) = (service.token("read"), service.authorization_server.mint());
    let expired = expired.audience("https://api.example/v1").scopes("read").expired().issue();
    for (request, status, body, scope) in [
        (Request::get("/any-token"), 401, body::UNAUTHORIZED, ""),
        (Request::get("/read"), 401, body::UNAUTHORIZED, "read"),
        (Request::get("/read").bearer("unknown"), 401, body::INVALID_TOKEN, "read"),
        (Request::get("/read").bearer(&expired), 401, body::INVALID_TOKEN, "read"),
        (Request::get("/read-write"), 401, body::UNAUTHORIZED, "read write"),
        (Request::get("/read-write").bearer(&reader), 403, body::INSUFFICIENT_SCOPE, "read write"),
        (
            Request::get("/read").bearer("a").header("authorization", "Bearer b"),
            400,
            body::INVALID_REQUEST,
            "read",
        ),
    ] {
        let answer = request.send(service.address).await;
        assert_challenged(&answer, status, body, scope);
    }
    assert_eq!(service.runs(), 0);
    assert_ran(&Request::get("/read").bearer(&reader).send(service.address).await, "alice may");
    assert_ran(
        &Request::get("/any-token").bearer(&reader).send(service.address).await,
        "alice may",
    );
}

#[tokio::test]
async fn a_revoked_token_is_invalid() {
    // R-B1
    let service = Service::start().await;
    let token = service.token("read");
    assert_ran(&Request::get("/read").bearer(&token).send(service.address).await, "alice may");
    service.authorization_server.revoke(&token);
    let answer = Request::get("/read").bearer(&token).send(service.address).await;
    assert_challenged(&answer, 401, body::INVALID_TOKEN, "read");
}

#[tokio::test]
async fn a_choice_is_challenged_with_one_alternative() {
    // R-B4
    let service = Service::start().await;
    for (granted, scope) in [("", "admin"), ("read", "read write"), ("other", "admin")] {
        let token = service.token(granted);
        let answer = Request::get("/choice").bearer(&token).send(service.address).await;
        assert_challenged(&answer, 403, body::INSUFFICIENT_SCOPE, scope);
    }
    for (granted, scope) in [("", "a b"), ("c", "a c d"), ("c d", "a c d"), ("a c", "a c d")] {
        let token = service.token(granted);
        let answer = Request::get("/nested").bearer(&token).send(service.address).await;
        assert_challenged(&answer, 403, body::INSUFFICIENT_SCOPE, scope);
    }
    let answer = Request::get("/nested").send(service.address).await;
    assert_challenged(&answer, 401, body::UNAUTHORIZED, "a b");
}

#[tokio::test]
async fn a_function_that_asks_for_more_challenges_with_all_of_it() {
    // R-B3: the scopes of the attribute and those of `require`.
    let service = Service::start().await;
    let token = service.token("write repo:public");
    let ask = |scopes: &str| Request::post("/further").bearer(&token).body("text/plain", scopes);
    let answer = ask("repo:private audit").send(service.address).await;
    assert_challenged(&answer, 403, body::INSUFFICIENT_SCOPE, "write repo:private audit");
    let answer = ask("write repo:private").send(service.address).await;
    assert_challenged(&answer, 403, body::INSUFFICIENT_SCOPE, "write repo:private");
    assert_eq!(service.runs(), 0);
    assert_ran(&ask("repo:public").send(service.address).await, "alice may");
    for misuse in ["", " ", "repo\"private", "répo"] {
        let answer = ask(misuse).send(service.address).await;
        assert_server_error(&answer, 500, body::SERVER_ERROR, None);
    }
    assert_eq!(service.runs(), 1);
}

#[tokio::test]
async fn optional_lets_nobody_through_with_a_bad_token() {
    // R-K11
    let service = Service::start().await;
    for path in ["/optional", "/unmarked-optional"] {
        assert_ran(&Request::get(path).send(service.address).await, "anybody may");
        let basic = Request::get(path).header("authorization", "Basic dTpw");
        assert_ran(&basic.send(service.address).await, "anybody may");
        let token = service.token("read");
        assert_ran(&Request::get(path).bearer(&token).send(service.address).await, "alice may");
    }
    let answer = Request::get("/optional").bearer("bad").send(service.address).await;
    assert_challenged(&answer, 401, body::INVALID_TOKEN, "read");
    let answer = Request::get("/optional").bearer(&service.token("")).send(service.address).await;
    assert_challenged(&answer, 403, body::INSUFFICIENT_SCOPE, "read");
    let answer = Request::get("/unmarked-optional").bearer("bad").send(service.address).await;
    assert_challenged(&answer, 401, body::INVALID_TOKEN, "");
    let answer = Request::get("/unmarked").send(service.address).await;
    assert_challenged(&answer, 401, body::UNAUTHORIZED, "");
}

#[tokio::test]
async fn the_realm_is_in_the_challenge_when_configured() {
    // R-B3
    let service = Service::with(|it| it, |server| server.realm("the journal")).await;
    let answer = Request::get("/read").send(service.address).await;
    let expected = format!("Bearer realm=\"the journal\", scope=\"read\", {METADATA}");
    assert_eq!(answer.header("www-authenticate"), Some(expected.as_str()));
}

#[tokio::test]
async fn an_application_can_answer_in_its_own_words_and_keep_the_challenge() {
    // R-B7
    async fn own_page(response: Response) -> Response {
        match response.extensions().get::<Rejection>() {
            None => response,
            Some(refused) => {
                let page = Html("<h1>Please sign in</h1>");
                (refused.status(), refused.headers(), page).into_response()
            }
        }
    }
    #[requires_auth(scopes = "read")]
    async fn guarded(auth: AuthInfo) -> String {
        format!("{:?}", auth.subject())
    }
    let server = requires_auth::ResourceServer::builder("https://api.example/v1")
        .authorization_servers(["https://as.example"])
        .resolver(requires_auth::Introspection::builder("http://127.0.0.1:1/").build().unwrap())
        .build()
        .unwrap();
    let exposed =
        CorsLayer::new().allow_origin(Any).expose_headers([http::header::WWW_AUTHENTICATE]);
    let app = Router::new()
        .route("/", get(guarded))
        .layer(map_response(own_page))
        .layer(exposed)
        .with_state(server);
    let address = serve(app).await;

    let answer = Request::get("/").header("origin", "https://app.example").send(address).await;
    // R-B6: by the one line that the documentation names, a browser's script sees the challenge.
    assert_eq!(answer.header("access-control-expose-headers"), Some("www-authenticate"));
    assert_eq!((answer.status, answer.body.as_str()), (401, "<h1>Please sign in</h1>"));
    let challenge = format!("Bearer scope=\"read\", {METADATA}");
    assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}
