//! R-H1: the URI of a proof is the one by which the client knows the service.

use axum::Router;
use axum::routing::get;
use fixtures::http_server::serve;
use fixtures::raw_http::Request;
use requires_auth::testing::DpopKey;
use requires_auth::{AuthInfo, Condition, requires_auth};

use super::{Bound, assert_invalid_proof, dpop, token};
use crate::assert_ran;
use crate::service::Service;

#[tokio::test]
async fn behind_a_proxy_that_removes_a_prefix_a_base_url_is_configured() {
    // R-H1
    let url = "https://www.example/journal/";
    let service = Service::with(|it| it, |server| server.external_base_url(url)).await;
    let bound = Bound::of(service);
    let proof = |uri: &str| bound.key.proof("GET", uri).access_token(&bound.token).sign();
    assert_ran(&bound.call(proof("https://www.example/journal/read")).await, "alice may");
    for uri in [
        "https://www.example/read",
        "https://api.example/read",
        "https://www.example/journal/../read",
        "https://www.example/other/read",
    ] {
        assert_invalid_proof(&bound.call(proof(uri)).await);
    }
}

#[tokio::test]
async fn a_nested_router_does_not_hide_its_prefix() {
    // R-H1
    #[requires_auth(scopes = "read")]
    async fn read(auth: AuthInfo) -> String {
        format!("{} may", auth.subject().unwrap_or_default())
    }
    let service = Service::start().await;
    let endpoint = service.authorization_server.introspection_url();
    let server = requires_auth::ResourceServer::builder(crate::service::RESOURCE)
        .issuer(service.authorization_server.issuer())
        .resolver(requires_auth::Introspection::builder(endpoint).build().unwrap())
        .build()
        .unwrap();
    let inner = Router::new().route("/read", get(read));
    let guarded = Router::new().nest("/guarded", inner.clone());
    let layered = Router::new()
        .nest("/layered", inner.route_layer(server.layer().require(Condition::Scope("read"))));
    let address = serve(guarded.merge(layered).with_state(server)).await;
    let key = DpopKey::generate();
    let token = token(&service.authorization_server, &key);
    for path in ["/guarded/read", "/layered/read"] {
        let send = |uri: String| {
            let proof = key.proof("GET", uri).access_token(&token).sign();
            dpop(Request::get(path), &token, proof).send(address)
        };
        assert_ran(&send(format!("https://api.example{path}")).await, "alice may");
        assert_invalid_proof(&send("https://api.example/read".to_owned()).await);
    }
}

#[test]
fn a_base_url_is_a_secure_one_without_query() {
    // R-C2
    let build = |url: &str| {
        requires_auth::ResourceServer::builder(crate::service::RESOURCE)
            .issuer("https://auth.example")
            .resolver(
                requires_auth::Introspection::builder("https://auth.example/x").build().unwrap(),
            )
            .external_base_url(url)
            .build()
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert_eq!(build("https://www.example/journal"), Ok(()));
    for url in
        ["", "journal", "http://www.example", "https://www.example?x", "https://u:p@www.example"]
    {
        let message = build(url).unwrap_err();
        assert!(message.contains("`external_base_url`"), "{url}: {message}");
    }
}
