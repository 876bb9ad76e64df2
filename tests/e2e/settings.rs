//! R-C3 and the settings: what is rejected before the first request.

use std::time::Duration;

use requires_auth::testing::{AuthorizationServer, Fault};
use requires_auth::{
    AudienceCheck, Condition, Introspection, ResourceServer, ResourceServerBuilder,
    ResourceServerConfig, SetupError, SystemClock, UrlError,
};

use crate::head;
use crate::service::RESOURCE;

#[track_caller]
fn url_problem<T: std::fmt::Debug>(result: Result<T, SetupError>) -> UrlError {
    match result {
        Err(SetupError::Url { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_http_is_rejected_for_tokens_and_secrets() {
    // R-C3
    let endpoint = |url: &str| Introspection::builder(url).build();
    for fine in [
        "https://as.example/introspect",
        "http://127.0.0.1:9/",
        "http://[::1]:9/",
        "http://localhost/",
    ] {
        assert!(endpoint(fine).is_ok(), "{fine}");
    }
    assert_eq!(url_problem(endpoint("http://as.example/introspect")), UrlError::PlainHttp);
    assert_eq!(url_problem(endpoint("http://127.0.0.1.as.example/")), UrlError::PlainHttp);
    assert_eq!(url_problem(endpoint("https://id:secret@as.example/")), UrlError::UserInfo);
    assert_eq!(url_problem(endpoint("https://as.example/#x")), UrlError::Fragment);
    assert_eq!(url_problem(endpoint("ftp://as.example/")), UrlError::Scheme);
    assert_eq!(url_problem(endpoint("/introspect")), UrlError::NotAbsolute);
    let opted = Introspection::builder("http://as.example/introspect").dangerously_allow_http();
    assert!(opted.build().is_ok());

    let issuer = |url: &str| server().issuer(url).build();
    assert_eq!(url_problem(issuer("http://as.example")), UrlError::PlainHttp);
    let resource = |url: &str| ResourceServer::builder(url).resolver(resolver()).issuer(AS).build();
    assert_eq!(url_problem(resource("http://api.example")), UrlError::PlainHttp);
    assert_eq!(url_problem(resource("https://api.example/\"x")), UrlError::Characters);
}

#[test]
fn secrets_are_not_in_debug_or_errors() {
    // R-C3
    let builder = Introspection::builder("https://user:canary@as.example/?key=canary");
    let texts = [
        format!("{builder:?}"),
        format!("{:?}", builder.client_secret_basic("journal", "canary")),
        format!("{:?}", Introspection::builder(AS).client_secret_post("journal", "canary")),
        format!("{:?}", Introspection::builder(AS).bearer_token("canary").build()),
        format!("{:?}", Introspection::builder("https://a:canary@as.example/").build()),
        format!("{:?}", config(r#""client_id": "journal", "client_secret": "canary""#)),
        format!("{:?}", config(r#""bearer_token": "canary""#)),
    ];
    for text in texts {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_missing_or_invalid_setting_is_named() {
    let message = |result: Result<ResourceServer, SetupError>| result.unwrap_err().to_string();
    let nothing = ResourceServer::builder(RESOURCE).issuer(AS).build();
    assert!(message(nothing).contains("`resolver`"));
    let nobody = ResourceServer::builder(RESOURCE).resolver(resolver()).build();
    assert!(message(nobody).contains("`issuer`"));
    let realm = server().issuer(AS).realm("a\"b").build();
    assert!(message(realm).contains("`realm`"));
    let scopes = server().issuer(AS).scopes_supported(["a b"]).build();
    assert!(message(scopes).contains("`scopes_supported`"));
    let leeway = server().issuer(AS).leeway(std::time::Duration::from_secs(61)).build();
    assert!(message(leeway).contains("60 seconds"));
    let audience = server().issuer(AS).accepted_audiences([""]).build();
    assert!(message(audience).contains("`accepted_audiences`"));
    let named = server().issuer(AS).authorization_servers(["as.example"]).build();
    assert!(message(named).contains("REQUIRES_AUTH_AUTHORIZATION_SERVERS"));
}

#[test]
fn a_setting_with_one_value_is_set_once() {
    // R-C13
    let twice =
        |set: fn(ResourceServerBuilder) -> ResourceServerBuilder| match set(server().issuer(AS))
            .build()
        {
            Err(SetupError::SetTwice { setting }) => setting.method().unwrap(),
            other => panic!("{other:?}"),
        };
    assert_eq!(twice(|it| it.issuer("https://other.example")), "issuer");
    assert_eq!(twice(|it| it.resolver(resolver())), "resolver");
    let checks = |it: ResourceServerBuilder| {
        it.audience_check(AudienceCheck::Required).audience_check(AudienceCheck::Unchecked)
    };
    assert_eq!(twice(checks), "audience_check");
    assert_eq!(twice(|it| it.leeway(Duration::ZERO).leeway(Duration::from_secs(1))), "leeway");
    assert_eq!(twice(|it| it.realm("a").realm("b")), "realm");
    assert_eq!(twice(|it| it.max_token_length(1).max_token_length(2)), "max_token_length");
    assert_eq!(twice(|it| it.resource_name("a").resource_name("b")), "resource_name");
    assert_eq!(
        twice(|it| it.resource_documentation("a").resource_documentation("b")),
        "resource_documentation"
    );
    assert_eq!(twice(|it| it.clock(SystemClock).clock(SystemClock)), "clock");

    let message = server().issuer(AS).issuer("https://other.example").build().unwrap_err();
    assert!(message.to_string().contains("`authorization_servers`"), "{message}");
    let repeated = server().issuer(AS).issuer(AS).realm("a").realm("a").build();
    assert!(repeated.is_ok(), "the same value again");
    let added = server().authorization_servers([AS]).authorization_servers(["https://b.example"]);
    let added = added.scopes_supported(["a"]).scopes_supported(["b", "a"]).build().unwrap();
    assert_eq!(added.metadata().authorization_servers, [AS, "https://b.example"]);
    assert_eq!(added.metadata().scopes_supported, ["a", "b"]);
}

#[tokio::test]
async fn a_server_can_be_configured_from_any_serde_source() {
    let url = r#""introspection_url": "https://as.example/oauth2/introspect""#;
    let server = config(url).unwrap().build().await.unwrap();
    assert_eq!(server.metadata().authorization_servers, ["https://as.example"]);
    let named = config(&format!(r#"{url}, "issuer": "https://as.example/realm""#)).unwrap();
    let server = named.build().await.unwrap();
    assert_eq!(server.metadata().authorization_servers, ["https://as.example/realm"]);
    let documented = config(&format!(r#"{url}, "resource_documentation": "https://docs.example""#));
    let server = documented.unwrap().build().await.unwrap();
    let documentation = server.metadata().resource_documentation.as_deref();
    assert_eq!(documentation, Some("https://docs.example"));

    assert!(config(r#""resorce": "x""#).unwrap_err().to_string().contains("resorce"));
    let message = |settings: &str| config(settings).unwrap_err().to_string();
    // R-C13: all at once, whatever they hold.
    let unknown = message(r#""cache_ttl": "s3cret", "audiences": {"a": ["s3cret"]}, "realm": "r""#);
    let expected = "unknown settings: \"cache_ttl\" (the nearest is `cache_ttl_s`), \
        \"audiences\" (the nearest is `accepted_audiences`)";
    assert!(unknown.starts_with(expected) && !unknown.contains("s3cret"), "{unknown}");
    let audience = message(r#""audience_check": "https://api.example""#);
    for part in ["`required`, `if-present` and `unchecked`", "`resource`", "`accepted_audiences`"] {
        assert!(audience.contains(part), "{audience}");
    }
    assert!(config(r#""audience_check": 5"#).is_err());
    for check in ["required", "if-present", "unchecked"] {
        assert!(config(&format!(r#""audience_check": "{check}""#)).is_ok());
    }
    let repeated = message(r#""realm": "a", "realm": "b""#);
    assert!(repeated.contains("duplicate field `realm`"), "{repeated}");
    for contradiction in [
        r#""client_id": "a""#,
        r#""client_secret": "a""#,
        r#""client_id": "a", "client_secret": "b", "bearer_token": "c""#,
        r#""client_authentication": "client_secret_post""#,
        r#""client_id": "", "client_secret": "b""#,
        r#""client_id": "a", "client_secret": """#,
        r#""bearer_token": """#,
    ] {
        // R-C2
        let built = config(&format!("{url}, {contradiction}")).unwrap().build().await;
        assert!(built.is_err(), "{contradiction}");
    }
    let useless =
        config(&format!(r#"{url}, "cache_stale_scopes": ["read"]"#)).unwrap().build().await;
    assert!(useless.unwrap_err().to_string().contains("`cache_stale_if_error_s`"));
    let meant = format!(r#"{url}, "client_id": "a", "client_authentication": "none""#);
    assert!(config(&meant).unwrap().build().await.is_ok());
    let message = config(r#""realm": "x""#).unwrap().build().await.unwrap_err().to_string();
    assert!(message.contains("`issuer`") && message.contains("`introspection_url`"), "{message}");
}

#[tokio::test]
async fn plain_http_to_an_issuer_requires_a_setting() {
    // R-C3: an address that is not a loopback one, where nobody answers.
    let issuer = r#""issuer": "http://0.0.0.0:1""#;
    let rejected = config(issuer).unwrap().build().await.unwrap_err();
    assert!(matches!(rejected, SetupError::Url { problem: UrlError::PlainHttp, .. }));
    let chosen = config(&format!(r#"{issuer}, "dangerously_allow_http": true"#)).unwrap();
    // R-C12: that nobody answers is no error at start.
    chosen.build().await.unwrap();
}

#[tokio::test]
async fn the_behaviour_in_an_outage_is_configurable() {
    // R-C6, R-C7, R-C10, R-E3
    let start = async |settings: &str| {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let url = authorization_server.introspection_url().to_owned();
        let config = config(&format!(r#""introspection_url": "{url}", {settings}"#)).unwrap();
        (config.build().await.unwrap(), authorization_server)
    };
    let authorize = async |server: &ResourceServer, token: &str| {
        server.authorize(&mut head(token), Condition::Scope("read")).await
    };
    let token = |authorization_server: &AuthorizationServer| {
        authorization_server.mint().audience(RESOURCE).scopes("read write").issue()
    };

    let (server, authorization_server) =
        start(r#""without_retry": true, "circuit_breaker_failures": 2, "circuit_breaker_probe_interval_ms": 30000"#).await;
    authorization_server.fault(Fault::status(502));
    for (introspection_requests, seconds) in [(1, 5), (2, 5), (2, 30)] {
        let rejected = authorize(&server, "token").await.unwrap_err();
        assert_eq!(rejected.retry_after(), Some(Duration::from_secs(seconds)));
        assert_eq!(authorization_server.introspections(), introspection_requests);
    }

    let (server, authorization_server) =
        start(r#""without_circuit_breaker": true, "max_retry_after_s": 9"#).await;
    authorization_server.fault(Fault::status(500));
    for _ in 0..20 {
        authorize(&server, "token").await.unwrap_err();
    }
    assert_eq!(authorization_server.introspections(), 20);
    authorization_server.fault(Fault::status(503).header("retry-after", "100"));
    let rejected = authorize(&server, "token").await.unwrap_err();
    assert_eq!(rejected.retry_after(), Some(Duration::from_secs(9)));

    for (scopes, satisfied) in [("read", true), ("write", false)] {
        let stale = format!(r#""cache_stale_if_error_s": 60, "cache_stale_scopes": ["{scopes}"]"#);
        let (server, authorization_server) = start(&format!(r#""cache_ttl_s": 0, {stale}"#)).await;
        let token = token(&authorization_server);
        for expected_requests in 1..3 {
            assert!(!authorize(&server, &token).await.unwrap().is_stale());
            assert_eq!(authorization_server.introspections(), expected_requests, "no lifetime");
        }
        authorization_server.fault(Fault::status(500));
        let response = authorize(&server, &token).await;
        assert_eq!(response.is_ok_and(|auth| auth.is_stale()), satisfied, "{scopes}");
    }
}

#[tokio::test]
async fn a_circuit_breaker_with_unusable_settings_is_rejected() {
    let url = r#""introspection_url": "https://as.example/introspect""#;
    for (setting, name) in [
        (r#""circuit_breaker_failures": 0"#, "`circuit_breaker_failures`"),
        (r#""circuit_breaker_probe_interval_ms": 0"#, "`circuit_breaker_probe_interval`"),
        (r#""circuit_breaker_probe_interval_ms": 60001"#, "`circuit_breaker_probe_interval`"),
    ] {
        let built = config(&format!("{url}, {setting}")).unwrap().build().await;
        assert!(built.unwrap_err().to_string().contains(name), "{setting}");
    }
}

const AS: &str = "https://as.example";

fn resolver() -> Introspection {
    Introspection::builder("https://as.example/introspect").build().unwrap()
}

fn server() -> ResourceServerBuilder {
    ResourceServer::builder(RESOURCE).resolver(resolver())
}

fn config(settings: &str) -> serde_json::Result<ResourceServerConfig> {
    serde_json::from_str(&format!(r#"{{"resource": "{RESOURCE}", {settings}}}"#))
}

#[tokio::test]
async fn plain_http_is_sent_through_no_proxy() {
    // R-C3, R-C4: in a process of its own, whose environment names a proxy.
    const INSIDE: &str = "REQUIRES_AUTH_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        let client = Introspection::builder("http://authorization-server.invalid/introspect")
            .dangerously_allow_http()
            .client_secret_basic("journal", "secret")
            .request_timeout(std::time::Duration::from_secs(2))
            .build()
            .unwrap();
        let token = "token".parse::<requires_auth::AccessToken>().unwrap();
        assert!(requires_auth::Resolver::resolve(&client, &token).await.is_err());
        return;
    }
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let inside = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "settings::plain_http_is_sent_through_no_proxy"])
        .envs([(INSIDE, "1"), ("HTTP_PROXY", &url), ("http_proxy", &url), ("ALL_PROXY", &url)])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(inside.status.success(), "{}", String::from_utf8_lossy(&inside.stdout));
    proxy.set_nonblocking(true).unwrap();
    assert!(proxy.accept().is_err(), "nothing was sent to the proxy");
}
