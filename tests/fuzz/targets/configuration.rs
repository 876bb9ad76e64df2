//! Configurations in JSON: which are read, what `Debug` shows of them, and the server that is built.

use http::{HeaderMap, Uri};
use requires_auth::{Condition, ResourceServer, ResourceServerConfig};

use crate::challenge_parser::Challenge;
use crate::json::Json;
use crate::runtime::block_on;
use crate::server::ready;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Secret,
    /// A path, or a setting with which the server opens a connection or a file when it is built.
    Outside,
    Number,
    Boolean,
    List,
}

/// The documented settings, by their types.
const SETTINGS: &[(Kind, &str)] = &[
    (
        Kind::Text,
        "resource issuer introspection_url client_id client_key_id client_assertion_algorithm \
         client_assertion_audience token_url client_authentication audience_check api_keys_prefix \
         requested_scope_prefix realm resource_name resource_documentation signed_response \
         signed_response_audience dpop dpop_on_replay_store_failure external_base_url \
         client_certificate_source client_certificate_header",
    ),
    (Kind::Secret, "client_secret bearer_token dpop_nonce_key"),
    (
        Kind::Outside,
        "provider mode jwks_uri client_secret_file bearer_token_file client_private_key_file \
         client_certificate_file client_certificate_key_file api_keys_file trust_anchors_file redis_urls \
         redis_cluster redis_secret redis_prefix redis_timeout_ms redis_root_certificates",
    ),
    (
        Kind::Number,
        "connect_timeout_ms request_timeout_ms max_response_length max_in_flight max_retry_after_s \
         circuit_breaker_failures circuit_breaker_probe_interval_ms cache_ttl_s cache_stale_if_error_s \
         dpop_proof_window_s dpop_nonce_lifetime_s max_token_length leeway_s",
    ),
    (
        Kind::Boolean,
        "accept_generic_type introspect_jwts client_credentials_grant without_retry \
         without_circuit_breaker dpop_require_nonces dangerously_allow_http",
    ),
    (
        Kind::List,
        "algorithms optional_claims client_id_claims authorization_servers token_scopes \
         accepted_audiences accepted_clients scope_claims scopes_supported cache_stale_scopes \
         dpop_algorithms client_certificate_proxies",
    ),
];

// R-C3
pub fn run(data: &[u8]) {
    let Ok(config) = serde_json::from_slice::<ResourceServerConfig>(data) else { return };
    let document = Json::parse(data).expect("it is JSON");
    let Json::Object(members) = &document else { panic!("it is no object") };
    assert!(!document.repeats(), "a setting is given twice");
    assert!(document.get("resource").is_some(), "`resource` is required");
    for (name, value) in members {
        let kind = kind(name).unwrap_or_else(|| panic!("the setting `{name}` does not exist"));
        assert!(fits(kind, value), "{name}: {value:?}");
    }
    check_debug(&config, members);
    let is_inside = |name: &str| kind(name) != Some(Kind::Outside);
    let is_discovered = document.get("introspection_url").is_none_or(|url| *url == Json::Null);
    if is_discovered || !members.iter().all(|(name, _)| is_inside(name)) {
        return;
    }
    let allows_http = config.dangerously_allow_http;
    let urls = [Some(&config.resource), config.issuer.as_ref(), config.introspection_url.as_ref()];
    let plain = urls.into_iter().flatten().any(|url| is_plain_to_another_host(url));
    let leeway = config.leeway_s;
    let expected = config.resource.clone();
    if let Ok(server) = block_on(config.build()) {
        assert!(allows_http || !plain, "plain http to another host");
        assert!(leeway <= 60, "{leeway}");
        check_server(&server, &expected);
    }
}

/// `http` to a host that is not this one. A spelling that only URL parsers resolve counts as this one.
fn is_plain_to_another_host(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else { return false };
    let host = url.host().unwrap_or_default().to_ascii_lowercase();
    let is_number = host.bytes().all(|byte| b"0123456789abcdefx.:[]".contains(&byte));
    let name = host.trim_end_matches('.');
    let is_local = name == "localhost" || name.ends_with(".localhost");
    url.scheme_str() == Some("http") && !is_number && !is_local && !host.contains('%')
}

fn kind(name: &str) -> Option<Kind> {
    let has = |names: &str| names.split_ascii_whitespace().any(|other| other == name);
    SETTINGS.iter().find(|(_, names)| has(names)).map(|(kind, _)| *kind)
}

fn fits(kind: Kind, value: &Json) -> bool {
    match (kind, value) {
        // An optional setting without a value.
        (_, Json::Null)
        | (Kind::Outside, _)
        | (Kind::Text | Kind::Secret, Json::String(_))
        | (Kind::Boolean, Json::Bool(_)) => true,
        (Kind::Number, Json::Number(text)) => text.bytes().all(|byte| byte.is_ascii_digit()),
        (Kind::List, Json::Array(elements)) => {
            elements.iter().all(|element| element.as_str().is_some())
        }
        _ => false,
    }
}

/// A secret is in no `Debug`, unless another setting has the same text.
fn check_debug(config: &ResourceServerConfig, members: &[(String, Json)]) {
    let shown = format!("{config:?}");
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    for (name, secret) in members.iter().filter(|(name, _)| kind(name) == Some(Kind::Secret)) {
        let secret = text(secret);
        let others = members.iter().filter(|(other, _)| other != name);
        let is_shown_by_another =
            others.map(|(_, it)| format!("{it:?}")).any(|it| it.contains(&*secret));
        // A short one may be in the name of a setting.
        let is_shown = secret.len() > 24 && !is_shown_by_another && shown.contains(&*secret);
        assert!(!is_shown, "{name} is shown");
    }
}

fn check_server(server: &ResourceServer, resource: &str) {
    assert_eq!(server.metadata().resource, resource);
    let rejection =
        ready(server.authorize(&HeaderMap::new(), Condition::Scope("read"))).unwrap_err();
    assert_eq!(rejection.status().as_u16(), 401);
    for challenge in rejection.challenges() {
        let text = challenge.to_str().unwrap();
        assert!(Challenge::parse(text).is_some(), "{text}");
    }
}
