//! R-B: the exact response of each rejection.

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
async fn every_rejection_has_its_status_and_challenge() {
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
        let response = request.send(service.address).await;
        assert_challenged(&response, status, body, scope);
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
    let response = Request::get("/read").bearer(&token).send(service.address).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
}

#[tokio::test]
async fn an_any_condition_is_challenged_with_one_alternative() {
    // R-B4
    let service = Service::start().await;
    for (granted, scope) in [("", "admin"), ("read", "read write"), ("other", "admin")] {
        let token = service.token(granted);
        let response = Request::get("/choice").bearer(&token).send(service.address).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, scope);
    }
    for (granted, scope) in [("", "a b"), ("c", "a c d"), ("c d", "a c d"), ("a c", "a c d")] {
        let token = service.token(granted);
        let response = Request::get("/nested").bearer(&token).send(service.address).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, scope);
    }
    let response = Request::get("/nested").send(service.address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "a b");
}

#[tokio::test]
async fn a_further_condition_is_challenged_with_all_required_scopes() {
    // R-B3: the scopes of the attribute and those of `require`.
    let service = Service::start().await;
    let token = service.token("write repo:public");
    let send = |scopes: &str| Request::post("/further").bearer(&token).body("text/plain", scopes);
    let response = send("repo:private audit").send(service.address).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "write repo:private audit");
    let response = send("write repo:private").send(service.address).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "write repo:private");
    assert_eq!(service.runs(), 0);
    assert_ran(&send("repo:public").send(service.address).await, "alice may");
    for misuse in ["", " ", "repo\"private", "répo"] {
        let response = send(misuse).send(service.address).await;
        assert_server_error(&response, 500, body::SERVER_ERROR, None);
    }
    assert_eq!(service.runs(), 1);
}

#[tokio::test]
async fn optional_rejects_an_invalid_token() {
    // R-K11
    let service = Service::start().await;
    for path in ["/optional", "/unmarked-optional"] {
        assert_ran(&Request::get(path).send(service.address).await, "anybody may");
        let basic = Request::get(path).header("authorization", "Basic dTpw");
        assert_ran(&basic.send(service.address).await, "anybody may");
        let token = service.token("read");
        assert_ran(&Request::get(path).bearer(&token).send(service.address).await, "alice may");
    }
    let response = Request::get("/optional").bearer("bad").send(service.address).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    let response = Request::get("/optional").bearer(&service.token("")).send(service.address).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read");
    let response = Request::get("/unmarked-optional").bearer("bad").send(service.address).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "");
    let response = Request::get("/unmarked").send(service.address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "");
}

#[tokio::test]
async fn the_realm_is_in_the_challenge_when_configured() {
    // R-B3
    let service = Service::with(|it| it, |server| server.realm("the journal")).await;
    let response = Request::get("/read").send(service.address).await;
    let expected = format!("Bearer realm=\"the journal\", scope=\"read\", {METADATA}");
    let dpop =
        format!("DPoP realm=\"the journal\", algs=\"ES256 EdDSA ES384 PS256 RS256\", {METADATA}");
    assert_eq!(response.all("www-authenticate"), [expected, dpop]);
}

#[tokio::test]
async fn an_application_can_replace_the_body_and_keep_the_challenge() {
    // R-B7
    async fn own_page(response: Response) -> Response {
        match response.extensions().get::<Rejection>() {
            None => response,
            Some(rejected) => {
                let page = Html("<h1>Please sign in</h1>");
                (rejected.status(), rejected.headers(), page).into_response()
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

    let response = Request::get("/").header("origin", "https://app.example").send(address).await;
    // R-B6: by the one line that the documentation names, a browser's script sees the challenge.
    assert_eq!(response.header("access-control-expose-headers"), Some("www-authenticate"));
    assert_eq!((response.status, response.body.as_str()), (401, "<h1>Please sign in</h1>"));
    let challenge = format!("Bearer scope=\"read\", {METADATA}");
    assert_eq!(response.challenge(), Some(challenge.as_str()));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
}
