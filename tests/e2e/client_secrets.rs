//! R-C11: secrets of the client in files.

use std::time::Duration;

use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use fixtures::test_file::TestFile;
use requires_auth::testing::{AuthorizationServer, Fault, ManualClock};
use requires_auth::{Introspection, IntrospectionBuilder, ResourceServerConfig, SecretSource};
use serde_json::json;

use crate::service::{RESOURCE, Service};
use crate::{assert_ran, assert_server_error};

const SECRETS: [&str; 2] = ["the old s3cret", "the new s3cret"];

/// A server that accepts both secrets, and both as bearer tokens.
async fn service(
    clock: &ManualClock,
    client: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
) -> Service {
    let [old, new] = SECRETS;
    let server = AuthorizationServer::builder()
        .client("journal", old)
        .client("journal", new)
        .introspection_bearer(old)
        .introspection_bearer(new);
    let server = server.start().await.unwrap();
    let clock = clock.clone();
    Service::with_authorization_server(server, |it| client(it).clock(clock), |it| it).await
}

/// The secret that the last introspection request contains, as it is sent.
fn sent(service: &Service) -> String {
    let request = service.authorization_server.last_introspection().unwrap();
    let header = request.header("authorization").map(str::to_owned);
    header.or_else(|| request.param("client_secret")).expect("the client is authenticated")
}

#[tokio::test]
async fn a_secret_in_a_file_is_replaced_while_the_server_runs() {
    // R-C11
    let [old, new] = SECRETS;
    let file = TestFile::new(&format!("{old}\n"));
    let source = || SecretSource::file(file.path());
    let clock = ManualClock::new();
    for (service, expected) in [
        (
            service(&clock, |it| it.client_secret_basic("journal", source())).await,
            ["Basic am91cm5hbDp0aGUrb2xkK3MzY3JldA==", "Basic am91cm5hbDp0aGUrbmV3K3MzY3JldA=="],
        ),
        (service(&clock, |it| it.client_secret_post("journal", source())).await, SECRETS),
        (
            service(&clock, |it| it.bearer_token(source())).await,
            ["Bearer the old s3cret", "Bearer the new s3cret"],
        ),
    ] {
        let token = service.token("read");
        let send = || Request::get("/read").bearer(&token).send(service.address);
        file.write(&format!("{old}\n"));
        clock.advance(Duration::from_secs(10));
        assert_ran(&send().await, "alice may");
        assert_eq!(sent(&service), expected[0]);

        file.write(new);
        assert_ran(&send().await, "alice may");
        assert_eq!(sent(&service), expected[0], "not read yet");
        clock.advance(Duration::from_secs(10));
        assert_ran(&send().await, "alice may");
        assert_eq!(sent(&service), expected[1]);
        assert_eq!(service.introspection_requests(), 3);
    }
}

#[tokio::test]
async fn a_request_with_a_rejected_secret_is_sent_again_with_the_one_that_replaced_it() {
    // R-C11
    let log = LogCapture::default();
    let _guard = log.start();
    let file = TestFile::new("rejected s3cret");
    let clock = ManualClock::new();
    let source = SecretSource::file(file.path());
    let service = service(&clock, |it| it.client_secret_post("journal", source)).await;
    let token = service.token("read");
    let send = || Request::get("/read").bearer(&token).send(service.address);
    assert_server_error(&send().await, 500, body::SERVER_ERROR, None);
    assert_eq!(service.introspection_requests(), 1, "the file has not changed");

    file.write(SECRETS[1]);
    clock.advance(Duration::from_secs(1));
    assert_ran(&send().await, "alice may");
    assert_eq!(service.introspection_requests(), 3);
    assert_eq!(sent(&service), SECRETS[1]);

    // Once only: the new one may be wrong as well.
    file.write("also a rejected s3cret");
    clock.advance(Duration::from_secs(1));
    service.authorization_server.fault(Fault::status(401));
    assert_server_error(&send().await, 500, body::SERVER_ERROR, None);
    assert_eq!(service.introspection_requests(), 5);
    let lines = log.lines();
    assert!(lines.iter().any(|line| line.contains("the content of the file was replaced")));
    assert!(!lines.iter().any(|line| line.contains("s3cret")), "{lines:#?}");
}

#[tokio::test]
async fn the_settings_name_files_with_secrets() {
    // R-C11, R-C13
    let server = AuthorizationServer::builder()
        .client("journal", "s3cret")
        .introspection_bearer("s3cret")
        .start()
        .await
        .unwrap();
    let url = server.introspection_url().to_owned();
    let file = TestFile::new("s3cret\n");
    let build = |settings: serde_json::Value| {
        let mut config = json!({ "resource": RESOURCE, "introspection_url": url });
        config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let config: ResourceServerConfig = serde_json::from_value(config).unwrap();
        async move { config.build().await.map_err(|error| format!("{error:?}")) }
    };
    let by_id = json!({ "client_id": "journal", "client_secret_file": file.path() });
    let service = Service::with_server(server, build(by_id).await.unwrap()).await;
    let token = service.token("read");
    assert_ran(&Request::get("/read").bearer(&token).send(service.address).await, "alice may");
    assert_eq!(sent(&service), "Basic am91cm5hbDpzM2NyZXQ=");
    assert!(build(json!({ "bearer_token_file": file.path() })).await.is_ok());

    let empty = TestFile::new("\n");
    for (settings, message) in [
        (
            json!({ "client_id": "journal", "client_secret": "a", "client_secret_file": "b" }),
            "the settings `client_secret` (REQUIRES_AUTH_CLIENT_SECRET) and `client_secret_file` \
             (REQUIRES_AUTH_CLIENT_SECRET_FILE) cannot be used together as they are set: set the secret, or \
             the file that contains it",
        ),
        (
            json!({ "bearer_token": "a", "bearer_token_file": "b" }),
            "the settings `bearer_token` (REQUIRES_AUTH_BEARER_TOKEN) and `bearer_token_file` \
             (REQUIRES_AUTH_BEARER_TOKEN_FILE) cannot be used together as they are set: set the secret, or \
             the file that contains it",
        ),
        (
            json!({ "client_id": "journal", "client_secret_file": empty.path() }),
            "the content of the setting `client_secret` (`client_secret_file`, \
             REQUIRES_AUTH_CLIENT_SECRET_FILE) cannot be used: expected a text that is not empty",
        ),
        (
            json!({ "bearer_token_file": empty.path() }),
            "the content of the setting `bearer_token` (`bearer_token_file`, \
             REQUIRES_AUTH_BEARER_TOKEN_FILE) cannot be used: expected a text that is not empty",
        ),
    ] {
        assert_eq!(build(settings).await.map(drop).unwrap_err(), message);
    }
    let missing = SecretSource::file("/nonexistent/secret");
    let missing = Introspection::builder("https://auth.example/introspect").bearer_token(missing);
    let missing = format!("{:?}", missing.build().unwrap_err());
    let expected = "the file of the setting `bearer_token` (`bearer_token_file`, \
                    REQUIRES_AUTH_BEARER_TOKEN_FILE) cannot be read: ";
    assert!(missing.starts_with(expected), "{missing}");
}
