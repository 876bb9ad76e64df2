//! Interoperability with an independent authorization server, oidc-provider.
//!
//! `tests/interop/run` installs it and runs these tests. Each starts its own server, so that it
//! can set the clock of the server or stop it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper of tests, too, stops at what it does not expect"
)]

mod authorization_server;
mod journal;
use authorization_server::{AuthorizationServer, Client};
use fixtures::rejection_body;
use journal::{Journal, Response};
use requires_auth::{Introspection, IntrospectionBuilder};
use serde_json::{Value, json};

#[tokio::test]
async fn a_caller_without_a_token_is_challenged_without_an_error() {
    // R-A2, R-B1, R-B2, R-B3, R-B5, R-B6
    let (_server, journal) = start().await;
    let challenge =
        format!(r#"Bearer scope="entries:write", resource_metadata="{}""#, journal.metadata_url);
    assert_eq!(
        journal.rejection(None).await,
        Journal::rejected(
            401,
            Some(("www-authenticate", &challenge)),
            rejection_body::UNAUTHORIZED
        )
    );
}

#[tokio::test]
async fn the_challenge_for_a_token_without_the_scope_names_the_scope() {
    // R-A8, R-B1, R-B2, R-B3, R-D4 (the server leaves `scope` out when there is none), R-J1
    let (server, journal) = start().await;
    let challenge = format!(
        "Bearer error=\"insufficient_scope\", error_description=\"The access token does not carry \
         the scopes that this operation needs\", scope=\"entries:write\", resource_metadata=\"{}\"",
        journal.metadata_url
    );
    for scope in ["entries:read", "entries:read tags:write user:read", ""] {
        let token = server.token(scope, Some(&journal.resource)).await;
        assert_eq!(
            journal.rejection(Some(&token)).await,
            Journal::rejected(
                403,
                Some(("www-authenticate", &challenge)),
                rejection_body::INSUFFICIENT_SCOPE
            ),
            "{scope}"
        );
    }
}

#[tokio::test]
async fn a_token_with_the_scope_reaches_the_handler() {
    // R-A1, R-C1, R-D1, R-D4, R-D6 to R-D10
    let (server, journal) = start().await;
    let token = server.token("entries:read entries:write", Some(&journal.resource)).await;
    assert_created(&journal.create(&token).await, &server, &journal);
}

#[tokio::test]
async fn ids_and_secrets_of_any_characters_authenticate_either_way() {
    // R-C2: oidc-provider decodes the two before it compares them
    let server = AuthorizationServer::start().await;
    let clients = &server.facts.clients;
    let introspection = introspection(&server);
    let basic = introspection.client_secret_basic(&clients.basic.id, clients.basic.secret.as_str());
    let introspection = self::introspection(&server);
    let post = introspection.client_secret_post(&clients.post.id, clients.post.secret.as_str());
    for client in [basic, post] {
        let journal = Journal::start(&server.facts.issuer, client.build().unwrap()).await;
        let token = server.token("entries:read entries:write", Some(&journal.resource)).await;
        assert_created(&journal.create(&token).await, &server, &journal);
    }
}

#[tokio::test]
async fn an_expired_token_is_rejected() {
    // R-B1, R-D3
    let (mut server, journal) = start().await;
    let token = server.token("entries:write", Some(&journal.resource)).await;
    let lifetime = i64::try_from(server.facts.lifetime).unwrap();
    server.set_clock(lifetime - 60).await;
    assert_created_by(&journal.create(&token).await, "caller");
    server.set_clock(lifetime).await;
    assert_invalid_token(&journal, &token).await;
}

#[tokio::test]
async fn a_token_expired_by_the_local_clock_is_rejected_although_active() {
    // R-D5
    let (mut server, journal) = start().await;
    let lifetime = i64::try_from(server.facts.lifetime).unwrap();
    server.set_clock(-lifetime).await;
    let token = server.token("entries:write", Some(&journal.resource)).await;
    assert_invalid_token(&journal, &token).await;
}

#[tokio::test]
async fn a_revoked_token_is_rejected() {
    // R-B1, R-D3
    let (server, journal) = start().await;
    let token = server.token("entries:write", Some(&journal.resource)).await;
    assert_created_by(&journal.create(&token).await, "caller");
    server.revoke(&token).await;
    assert_invalid_token(&journal, &token).await;
}

#[tokio::test]
async fn an_unknown_token_is_rejected() {
    // R-B1, R-D3
    let (_server, journal) = start().await;
    assert_invalid_token(&journal, "EtcFe2cqpHklh2cho4Cu9w_Hpv-6IOfpFNDH-hKum67").await;
}

#[tokio::test]
async fn a_token_of_an_unsupported_type_is_rejected() {
    // R-B1, R-C10: oidc-provider answers whatever has the shape of a JWT with
    // `400 unsupported_token_type`, which concerns this token and is no outage.
    let (_server, journal) = start().await;
    assert_invalid_token(&journal, "eyJhbGciOiJub25lIn0.e30.").await;
}

#[tokio::test]
async fn a_token_for_another_audience_or_none_is_rejected() {
    // R-D6
    let (server, journal) = start().await;
    let root = journal.resource.trim_end_matches("/api");
    for resource in [Some("https://neighbour.example/"), Some(root), None] {
        let token = server.token("entries:write", resource).await;
        assert_invalid_token(&journal, &token).await;
    }
}

#[tokio::test]
async fn a_wrong_client_secret_is_a_500() {
    // R-B1, R-B5, R-D1
    let server = AuthorizationServer::start().await;
    let id = &server.facts.clients.basic.id;
    let client = introspection(&server).client_secret_basic(id, "wrong");
    let journal = Journal::start(&server.facts.issuer, client.build().unwrap()).await;
    let token = server.token("entries:write", Some(&journal.resource)).await;
    assert_eq!(
        journal.rejection(Some(&token)).await,
        Journal::rejected(500, None, rejection_body::SERVER_ERROR)
    );
}

#[tokio::test]
async fn a_stopped_server_is_a_503() {
    // R-B1, R-L2
    let (mut server, journal) = start().await;
    let token = server.token("entries:write", Some(&journal.resource)).await;
    assert_created_by(&journal.create(&token).await, "caller");
    server.stop().await;
    assert_eq!(
        journal.rejection(Some(&token)).await,
        Journal::rejected(503, Some(("retry-after", "5")), rejection_body::UNAVAILABLE)
    );
}

#[tokio::test]
async fn the_endpoint_is_discovered_from_the_issuer() {
    // R-C8: from RFC 8414's place, and from OpenID Connect's where the former has nothing
    for path in ["", "/realms/journal"] {
        let server = AuthorizationServer::start_at(path).await;
        assert!(server.facts.issuer.ends_with(path));
        let client = Introspection::discover(&server.facts.issuer).await.unwrap();
        let Client { id, secret } = &server.facts.clients.basic;
        let client = client.client_secret_basic(id, secret.as_str()).build().unwrap();
        let journal = Journal::start(&server.facts.issuer, client).await;
        let token = server.token("entries:read entries:write", Some(&journal.resource)).await;
        assert_created(&journal.create(&token).await, &server, &journal);
    }
}

#[tokio::test]
async fn metadata_with_another_spelling_of_the_issuer_is_rejected() {
    // R-C8
    let server = AuthorizationServer::start().await;
    let issuer = &server.facts.issuer;
    let error = Introspection::discover(&format!("{issuer}/")).await.unwrap_err().to_string();
    // R-C12: both values.
    assert!(error.contains("that of another issuer"), "{error}");
    assert!(error.contains(&format!("\"{issuer}\"")) && error.contains(&format!("\"{issuer}/\"")));
}

#[tokio::test]
async fn a_client_discovers_the_authorization_server_from_the_challenge() {
    // R-B3, R-I1
    let (server, journal) = start().await;
    let challenge = journal.rejection(None).await.headers.remove("www-authenticate").unwrap();
    let metadata = challenge.split_once("resource_metadata=\"").unwrap().1.trim_end_matches('"');
    let resource = document(metadata).await;
    assert_eq!(
        resource,
        json!({
            "resource": journal.resource,
            "authorization_servers": [server.facts.issuer],
            "scopes_supported": ["entries:write"],
            "bearer_methods_supported": ["header"],
            "dpop_bound_access_tokens_required": false,
            "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "ES384", "PS256", "RS256"],
        })
    );
    for well_known in ["oauth-authorization-server", "openid-configuration"] {
        let issuer = resource["authorization_servers"][0].as_str().unwrap();
        let authorization_server = document(&format!("{issuer}/.well-known/{well_known}")).await;
        assert_eq!(authorization_server["issuer"], issuer);
        assert_eq!(authorization_server["token_endpoint"], server.facts.token_endpoint);
        assert_eq!(
            authorization_server["introspection_endpoint"],
            server.facts.introspection_endpoint
        );
    }
    let token = server.token("entries:write", resource["resource"].as_str()).await;
    assert_created_by(&journal.create(&token).await, "caller");
}

/// A journal that introspects at a server of its own.
async fn start() -> (AuthorizationServer, Journal) {
    let server = AuthorizationServer::start().await;
    let client = &server.facts.clients.basic;
    let client = introspection(&server).client_secret_basic(&client.id, client.secret.as_str());
    let journal = Journal::start(&server.facts.issuer, client.build().unwrap()).await;
    (server, journal)
}

fn introspection(server: &AuthorizationServer) -> IntrospectionBuilder {
    Introspection::builder(&server.facts.introspection_endpoint)
}

async fn document(url: &str) -> Value {
    let response = reqwest::get(url).await.unwrap().error_for_status().unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "*", "{url}");
    response.json().await.unwrap()
}

fn assert_created(response: &Response, server: &AuthorizationServer, journal: &Journal) {
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&response.body).unwrap(),
        json!({
            "title": "first",
            "subject": null, // R-D9
            "client": server.facts.clients.caller.id,
            "issuer": server.facts.issuer, // R-D7
            "audience": [journal.resource], // R-D6
            "scopes": ["entries:read", "entries:write"], // R-D4
            "token_type": "Bearer", // R-D8, R-D10
        })
    );
}

fn assert_created_by(response: &Response, client: &str) {
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(serde_json::from_str::<Value>(&response.body).unwrap()["client"], client);
}

async fn assert_invalid_token(journal: &Journal, token: &str) {
    let challenge = format!(
        "Bearer error=\"invalid_token\", error_description=\"The access token is malformed, \
         expired, revoked or not meant for this resource\", scope=\"entries:write\", \
         resource_metadata=\"{}\"",
        journal.metadata_url
    );
    assert_eq!(
        journal.rejection(Some(token)).await,
        Journal::rejected(
            401,
            Some(("www-authenticate", &challenge)),
            rejection_body::INVALID_TOKEN
        )
    );
}
