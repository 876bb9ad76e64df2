//! R-C2: a bearer token that is obtained by the client credentials grant (RFC 6749 §4.4).

use std::time::Duration;

use fixtures::log_capture::LogCapture;
use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use fixtures::test_file::TestFile;
use requires_auth::testing::{AuthorizationServer, Endpoint, Fault, ManualClock, RecordedRequest};
use requires_auth::{
    ClientAuthentication, ClientCredentialsGrant, Introspection, ResourceServer,
    ResourceServerConfig, SecretSource,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::service::{RESOURCE, Service};
use crate::{assert_ran, assert_server_error};

const SECRET: &str = "s3cret";

fn grant(secret: impl Into<SecretSource>) -> ClientCredentialsGrant {
    let secret = secret.into();
    ClientCredentialsGrant::new(ClientAuthentication::Basic { id: "journal".to_owned(), secret })
}

/// A service that discovers the token endpoint, with the clock of its authorization server.
async fn service(clock: &ManualClock, grant: ClientCredentialsGrant) -> Service {
    let server = AuthorizationServer::builder().client("journal", SECRET).clock(clock.clone());
    let server = server.start().await.unwrap();
    let introspection = Introspection::from_issuer(server.issuer())
        .client_credentials_grant(grant)
        .without_circuit_breaker()
        .without_retry()
        .clock(clock.clone());
    let server_builder = ResourceServer::builder(RESOURCE)
        .issuer(server.issuer())
        .clock(clock.clone())
        .resolver(introspection.build().unwrap());
    Service::from_builder(server, server_builder).await
}

/// A token that does not expire with the clock of the test.
fn token(service: &Service) -> String {
    let mint = service.authorization_server.mint().subject("alice").audience(RESOURCE);
    mint.scopes("read").never_expires().issue()
}

fn token_requests(service: &Service) -> Vec<RecordedRequest> {
    service.authorization_server.requests(Endpoint::Token)
}

/// The bearer token of the last introspection request.
fn sent(service: &Service) -> String {
    let request = service.authorization_server.last_introspection().unwrap();
    assert_eq!(request.form().len(), 2, "no credentials in the form");
    let header = request.header("authorization").unwrap().to_owned();
    header.strip_prefix("Bearer ").expect("a bearer token").to_owned()
}

async fn read(service: &Service, token: &str) -> Response {
    Request::get("/read").bearer(token).send(service.address).await
}

#[tokio::test]
async fn the_token_is_obtained_once_and_renewed_before_it_expires() {
    // R-C2
    let clock = ManualClock::new();
    let service = service(&clock, grant(SECRET).scopes("introspection other")).await;
    let token = token(&service);
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let request = Request::get("/read").bearer(&token);
        let address = service.address;
        tasks.spawn(async move { request.send(address).await });
    }
    for response in tasks.join_all().await {
        assert_ran(&response, "alice may");
    }
    let requests = token_requests(&service);
    assert_eq!(requests.len(), 1);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("grant_type", "client_credentials"), pair("scope", "introspection other")];
    assert_eq!(requests[0].form(), expected);
    assert_eq!(requests[0].header("authorization"), Some("Basic am91cm5hbDpzM2NyZXQ="));
    let first = sent(&service);

    clock.advance(Duration::from_secs(3569));
    assert_ran(&read(&service, &token).await, "alice may");
    assert_eq!((sent(&service), token_requests(&service).len()), (first.clone(), 1));
    clock.advance(Duration::from_secs(1));
    assert_ran(&read(&service, &token).await, "alice may");
    assert_eq!(sent(&service), first, "this request has not waited");
    // A token that does not come makes the test time out.
    let renewed = async {
        while sent(&service) == first {
            assert_ran(&read(&service, &token).await, "alice may");
        }
    };
    tokio::time::timeout(Duration::from_secs(60), renewed).await.unwrap();
    assert_eq!(token_requests(&service).len(), 2);

    // An expired one is not sent.
    let second = sent(&service);
    clock.advance(Duration::from_secs(3600));
    assert_ran(&read(&service, &token).await, "alice may");
    assert_ne!(sent(&service), second);
    assert_eq!(token_requests(&service).len(), 3);
}

#[tokio::test]
async fn without_a_token_requests_get_a_503_and_the_operator_a_line() {
    // R-C2, R-C3
    let log = LogCapture::default();
    let _guard = log.start();
    for (fault, cause) in [
        (
            Fault::status(500),
            "the authorization server's response cannot be used: status 500 instead of 200",
        ),
        (
            Fault::json(json!({ "access_token": "s3cret", "token_type": "DPoP" })),
            "the authorization server's response cannot be used: the response contains no bearer token",
        ),
        (
            Fault::body("application/json", r#"{"access_token":"s3cret"}"#),
            "the authorization server's response cannot be used: the response contains no bearer token",
        ),
        (
            // No header could have it.
            Fault::json(json!({ "access_token": "s3cret\n", "token_type": "Bearer" })),
            "the authorization server's response cannot be used: the response contains no bearer token",
        ),
        (
            Fault::html(),
            "the authorization server's response cannot be used: the response contains no bearer token",
        ),
    ] {
        let clock = ManualClock::new();
        let service = service(&clock, grant(SECRET)).await;
        let token = token(&service);
        service.authorization_server.fault(fault.at(Endpoint::Token));
        assert_server_error(&read(&service, &token).await, 503, body::UNAVAILABLE, Some("1"));
        assert_server_error(&read(&service, &token).await, 503, body::UNAVAILABLE, Some("1"));
        assert_eq!(token_requests(&service).len(), 1, "the delay has not ended");
        assert_eq!(service.introspection_requests(), 0);

        service.authorization_server.clear_faults();
        clock.advance(Duration::from_secs(1));
        assert_ran(&read(&service, &token).await, "alice may");
        let lines = log.lines();
        let expected = format!(
            "ERROR requires_auth: no token for introspection requests can be obtained \
             client_id=\"journal\" cause={cause}"
        );
        assert!(lines.iter().any(|line| line.contains(&expected)), "{expected}\n{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("s3cret")), "{lines:#?}");
    }
}

#[tokio::test]
async fn a_rejected_token_is_replaced() {
    // R-C2
    let clock = ManualClock::new();
    let service = service(&clock, grant(SECRET)).await;
    let token = token(&service);
    assert_ran(&read(&service, &token).await, "alice may");
    assert!(service.authorization_server.revoke(&sent(&service)));
    // Another one would be rejected as well.
    assert_server_error(&read(&service, &token).await, 500, body::SERVER_ERROR, None);
    assert_eq!(token_requests(&service).len(), 1);
    clock.advance(Duration::from_secs(10));
    assert_ran(&read(&service, &token).await, "alice may");
    assert_eq!(token_requests(&service).len(), 2);
    assert_eq!(service.introspection_requests(), 4, "it was sent once more");
}

#[tokio::test]
async fn the_credentials_of_the_grant_are_replaced_while_the_server_runs() {
    // R-C2, R-C11
    let file = TestFile::new("a wrong s3cret");
    let clock = ManualClock::new();
    let service = service(&clock, grant(SecretSource::file(file.path()))).await;
    let token = token(&service);
    assert_server_error(&read(&service, &token).await, 503, body::UNAVAILABLE, Some("1"));
    file.write(SECRET);
    clock.advance(Duration::from_secs(1));
    assert_ran(&read(&service, &token).await, "alice may");
    assert_eq!(token_requests(&service).len(), 3);
}

#[tokio::test]
async fn the_settings_of_the_grant_are_checked_at_start() {
    // R-C2, R-C13
    let server = AuthorizationServer::builder().client("journal", SECRET).start().await.unwrap();
    let build = |settings: Value| {
        let mut config = json!({
            "resource": RESOURCE,
            "client_id": "journal",
            "client_secret": SECRET,
            "client_credentials_grant": true,
        });
        config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        config.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let config: ResourceServerConfig = serde_json::from_value(config).unwrap();
        async move { config.build().await.map_err(|error| format!("{error:?}")) }
    };
    let (issuer, url) = (server.issuer().to_owned(), server.introspection_url().to_owned());
    let token_url = server.token_url().to_owned();
    for (settings, message) in [
        (
            json!({ "introspection_url": url }),
            "a setting is missing: set `token_url` (REQUIRES_AUTH_TOKEN_URL) or `issuer` \
             (REQUIRES_AUTH_ISSUER)",
        ),
        (
            json!({ "issuer": issuer, "client_id": null, "client_secret": null }),
            "the setting `client_credentials_grant` (REQUIRES_AUTH_CLIENT_CREDENTIALS_GRANT) must be used \
             with the credentials of a client: found none",
        ),
        (
            json!({ "issuer": issuer, "client_credentials_grant": null, "token_scopes": ["a"] }),
            "the setting `token_scopes` (REQUIRES_AUTH_TOKEN_SCOPES) is set without \
             `client_credentials_grant` (REQUIRES_AUTH_CLIENT_CREDENTIALS_GRANT): only a token that is \
             obtained there needs it",
        ),
    ] {
        assert_eq!(build(settings).await.map(drop).unwrap_err(), message);
    }
    assert!(build(json!({ "issuer": issuer })).await.is_ok());
    let settings = json!({
        "introspection_url": url, "token_url": token_url, "token_scopes": ["a", "b"],
    });
    let service = Service::with_server(server, build(settings).await.unwrap()).await;
    assert_ran(&read(&service, &token(&service)).await, "alice may");
    assert_eq!(token_requests(&service).pop().unwrap().param("scope").as_deref(), Some("a b"));
}
