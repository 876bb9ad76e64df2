//! R-F13: API keys beside access tokens.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{ApiKeys, Introspection, ResourceServer, ResourceServerConfig};
use serde_json::{Value, json};

use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran};

const KEY: &str = "jrn_0123456789abcdef0123456789abcdef";
/// Of `printf %s KEY | sha256sum`.
const SHA256: &str = "5b87420577df2e2cdffb49cc228ba8c6bb4e53e657b60fa67eb49b4e101941a2";

struct KeyFile(PathBuf);

impl KeyFile {
    fn new(name: &str, entries: &Value) -> Self {
        let name = format!("requires-auth-{name}-{}.json", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        file.replace(entries);
        file
    }

    fn replace(&self, entries: &Value) {
        let new = self.0.with_extension("new");
        fs::write(&new, json!({ "keys": entries }).to_string()).unwrap();
        fs::rename(new, &self.0).unwrap();
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn entries() -> Value {
    json!([{ "id": "monitoring", "sha256": SHA256, "scopes": ["read"], "subject": "bob" }])
}

async fn send(service: &Service, path: &'static str, key: &str) -> Response {
    Request::get(path).bearer(key).send(service.address).await
}

async fn service(file: &KeyFile) -> (Service, ApiKeys) {
    let server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(server.introspection_url()).build().unwrap();
    let keys = ApiKeys::from_file(&file.0).unwrap();
    let builder = ResourceServer::builder(RESOURCE)
        .issuer(server.issuer())
        .resolver(client)
        .api_keys("jrn_", keys.clone());
    (Service::from_builder(server, builder).await, keys)
}

#[tokio::test]
async fn a_key_is_accepted_beside_access_tokens_without_a_request() {
    // R-F13
    let file = KeyFile::new("accepted", &entries());
    let (service, _) = service(&file).await;
    assert_ran(&send(&service, "/read", KEY).await, "bob may");
    let response = send(&service, "/read-write", KEY).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read write");
    let unknown = "jrn_00000000000000000000000000000000";
    for invalid in [unknown, "jrn_", "jrn_short", &format!("{KEY}0"), &KEY.replace("jrn_", "jrn_x")]
    {
        let response = send(&service, "/read", invalid).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(service.introspection_requests(), 0);

    // Every other token is one of the issuer.
    assert_ran(&send(&service, "/read", &service.token("read")).await, "alice may");
    let without_prefix = KEY.trim_start_matches("jrn_");
    let response = send(&service, "/read", without_prefix).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    assert_eq!(service.introspection_requests(), 2);
    let metadata = Request::get("/.well-known/oauth-protected-resource/v1");
    let metadata: Value = serde_json::from_str(&metadata.send(service.address).await.body).unwrap();
    let issuer = service.authorization_server.issuer();
    assert_eq!(metadata["authorization_servers"], json!([issuer]));
}

#[tokio::test]
async fn an_expired_key_is_rejected() {
    // R-F13
    let mut expired = entries();
    expired[0]["expires_at"] = json!(1_000_000_000);
    let file = KeyFile::new("expired", &expired);
    let (service, keys) = service(&file).await;
    let response = send(&service, "/read", KEY).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    expired[0]["expires_at"] = json!(4_000_000_000_u64);
    file.replace(&expired);
    keys.reload().await.unwrap();
    assert_ran(&send(&service, "/read", KEY).await, "bob may");
}

#[tokio::test]
async fn the_file_is_replaced_while_the_server_runs() {
    // R-F13
    let file = KeyFile::new("rotated", &json!([]));
    let (service, _) = service(&file).await;
    let response = send(&service, "/read", KEY).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    for (entries, status) in [(entries(), 200), (json!([]), 401)] {
        file.replace(&entries);
        let begun = Instant::now();
        while send(&service, "/read", KEY).await.status != status {
            assert!(begun.elapsed() < Duration::from_secs(20), "{entries}");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn the_keys_are_configured_by_their_file_and_prefix() {
    // R-F13, R-C13
    let file = KeyFile::new("configured", &entries());
    let config = |file: Option<&str>, prefix: Option<&str>| -> ResourceServerConfig {
        serde_json::from_value(json!({
            "resource": RESOURCE, "introspection_url": "http://127.0.0.1:1/introspect",
            "api_keys_file": file, "api_keys_prefix": prefix,
        }))
        .unwrap()
    };
    let path = file.0.to_str().unwrap();
    let server = config(Some(path), Some("jrn_")).build().await.unwrap();
    let condition = requires_auth::Condition::Scope("read");
    let caller = server.authorize(&mut crate::head(KEY), condition).await.unwrap();
    assert_eq!((caller.client_id(), caller.subject()), (Some("monitoring"), Some("bob")));
    for (file, prefix, expected) in [
        (Some(path), None, "`api_keys_prefix`"),
        (None, Some("jrn_"), "`api_keys_file`"),
        (Some(path), Some(""), "`token_prefix`"),
        (Some("/nonexistent.json"), Some("jrn_"), "\"/nonexistent.json\" cannot be read"),
    ] {
        let error = config(file, prefix).build().await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
