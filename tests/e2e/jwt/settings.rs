//! The settings of the verification of JWTs.

use std::collections::BTreeSet;
use std::time::Duration;

use requires_auth::testing::{AuthorizationServer, TokenFormat};
use requires_auth::{
    JwtVerifier, JwtVerifierBuilder, Resolver, ResourceServerConfig, SetupError, SigningAlgorithm,
};
use serde_json::{Value, json};

use super::read;
use crate::assert_ran;
use crate::service::{RESOURCE, Service};

const ISSUER: &str = "http://127.0.0.1:1";

/// The error of a configuration with these members.
async fn error(members: Value) -> String {
    let mut config = json!({ "resource": RESOURCE, "issuer": ISSUER });
    for (name, value) in members.as_object().unwrap() {
        config[name] = value.clone();
    }
    config.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    match serde_json::from_value::<ResourceServerConfig>(config) {
        Ok(config) => config.build().await.expect_err("a mistake").to_string(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_setting_without_effect_is_rejected() {
    // R-C13
    for (members, words) in [
        (json!({"jwks_uri": ISSUER}), "`jwks_uri`"),
        (json!({"algorithms": ["ES256"]}), "`algorithms`"),
        (json!({"accept_generic_type": true}), "`accept_generic_type`"),
        (json!({"optional_claims": ["jti"]}), "`optional_claims`"),
        (json!({"introspect_jwts": true}), "`introspect_jwts`"),
        (json!({"mode": "jwt", "introspect_jwts": true}), "`introspect_jwts`"),
        (json!({"mode": "jwt", "introspection_url": ISSUER}), "`introspection_url`"),
        (json!({"mode": "jwt", "client_id": "a", "client_secret": "b"}), "`client_id`"),
        (json!({"mode": "jwt", "client_secret": "b"}), "`client_secret`"),
        (json!({"mode": "jwt", "bearer_token": "b"}), "`bearer_token`"),
        (json!({"mode": "jwt", "client_authentication": "none"}), "`client_authentication`"),
        (json!({"mode": "jwt", "max_response_length": 1}), "`max_response_length`"),
        (json!({"mode": "jwt", "max_in_flight": 1}), "`max_in_flight`"),
        (json!({"mode": "jwt", "max_retry_after_s": 1}), "`max_retry_after_s`"),
        (json!({"mode": "jwt", "without_retry": true}), "`without_retry`"),
        (json!({"mode": "jwt", "circuit_breaker_failures": 1}), "`circuit_breaker_failures`"),
        (
            json!({"mode": "jwt", "circuit_breaker_probe_interval_ms": 1}),
            "`circuit_breaker_probe_interval_ms`",
        ),
        (json!({"mode": "jwt", "without_circuit_breaker": true}), "`without_circuit_breaker`"),
    ] {
        let error = error(members.clone()).await;
        assert!(error.contains(words) && error.contains("without `mode`"), "{members}: {error}");
    }
    for (members, words) in [
        (json!({"mode": "jwt", "issuer": null}), "`issuer`"),
        (json!({"mode": "hybrid", "issuer": null, "introspection_url": ISSUER}), "`issuer`"),
        (json!({"mode": "jwt", "algorithms": []}), "at least one algorithm"),
        (json!({"mode": "jwt", "algorithms": ["HS256"]}), "`RS256`"),
        (json!({"mode": "jwt", "optional_claims": ["exp"]}), "`client_id`"),
        (json!({"mode": "jwt", "jwks_uri": "http://keys.example"}), "`jwks_uri`"),
        (json!({"mode": "local"}), "`hybrid`"),
    ] {
        let error = error(members.clone()).await;
        assert!(error.contains(words), "{members}: {error}");
    }
}

#[tokio::test]
async fn each_mode_is_configured_by_its_name() {
    // R-F1, R-F10
    for (mode, introspections) in [("jwt", 0), ("hybrid", 0), ("introspection", 1)] {
        let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt);
        let server = server.start().await.unwrap();
        let config = json!({"resource": RESOURCE, "issuer": server.issuer(), "mode": mode});
        let config: ResourceServerConfig = serde_json::from_value(config).unwrap();
        let built = config.build().await.unwrap();
        let service = Service::with_server(server, built).await;
        assert_ran(&read(&service, &service.token("read")).await, "alice may");
        assert_eq!(service.introspection_requests(), introspections, "{mode}");
    }
}

#[test]
fn a_setting_of_the_builder_that_is_out_of_range_is_rejected() {
    // R-C13
    type Setting = fn(JwtVerifierBuilder) -> JwtVerifierBuilder;
    let second = Duration::from_secs(1);
    assert!(JwtVerifier::from_issuer("https://as.example").leeway(300 * second).build().is_ok());
    let invalid: [(&str, Setting); 9] = [
        ("algorithms", |it| it.algorithms([])),
        ("leeway", |it| it.leeway(Duration::from_secs(301))),
        ("connect_timeout", |it| it.connect_timeout(Duration::ZERO)),
        ("request_timeout", |it| it.request_timeout(Duration::ZERO)),
        ("refresh_interval", |it| it.refresh_interval(Duration::ZERO)),
        ("max_response_length", |it| it.max_response_length(0)),
        ("max_key_set_age", |it| it.max_key_set_age(Duration::from_secs(599))),
        ("unknown_key_cooldown", |it| it.unknown_key_cooldown(Duration::from_secs(3601))),
        ("unknown_key_cooldown", |it| it.unknown_key_cooldown(Duration::from_millis(999))),
    ];
    for (name, setting) in invalid {
        let error = setting(JwtVerifier::from_issuer("https://as.example")).build().unwrap_err();
        let SetupError::Invalid { setting, .. } = &error else { panic!("{name}: {error}") };
        assert_eq!(setting.method(), Some(name));
    }
    let twice = JwtVerifier::from_issuer("https://as.example")
        .algorithms([SigningAlgorithm::Es256])
        .algorithms([SigningAlgorithm::Rs256]);
    assert!(matches!(twice.build(), Err(SetupError::SetTwice { .. })));
    for issuer in ["", "as.example", "http://as.example", "https://user@as.example"] {
        let error = JwtVerifier::from_issuer(issuer).build().unwrap_err();
        assert!(matches!(error, SetupError::Url { .. }), "{issuer}: {error}");
    }
}

#[test]
fn verifiers_that_accept_other_tokens_share_no_cache_entries() {
    // R-E2: behind a `Hybrid` that introspects JWTs, a shared cache holds the claims of JWTs.
    type Setting = fn(JwtVerifierBuilder) -> JwtVerifierBuilder;
    let namespace = |setting: Setting| {
        setting(JwtVerifier::from_issuer("https://as.example")).build().unwrap().cache_namespace()
    };
    let settings: [Setting; 6] = [
        |it| it,
        |it| it.algorithms([SigningAlgorithm::Es256]),
        |it| it.accept_generic_type(),
        |it| it.leeway(Duration::ZERO),
        |it| it.jwks_uri("https://as.example/keys"),
        |it| it.scope_claims(["scp".parse().unwrap()]),
    ];
    let namespaces: BTreeSet<_> = settings.into_iter().map(namespace).collect();
    assert_eq!(namespaces.len(), settings.len(), "{namespaces:#?}");
    assert_eq!(namespace(|it| it), namespace(|it| it));
}
