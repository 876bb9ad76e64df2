//! R-C3 and the settings: what is refused before the first request.

use requires_auth::{Introspection, ResourceServer, ResourceServerConfig, SetupError, UrlProblem};

use crate::service::RESOURCE;

#[track_caller]
fn url_problem<T: std::fmt::Debug>(result: Result<T, SetupError>) -> UrlProblem {
    match result {
        Err(SetupError::Url { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tokens_and_secrets_travel_by_https_or_not_at_all() {
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
    assert_eq!(url_problem(endpoint("http://as.example/introspect")), UrlProblem::PlainHttp);
    assert_eq!(url_problem(endpoint("http://127.0.0.1.as.example/")), UrlProblem::PlainHttp);
    assert_eq!(url_problem(endpoint("https://id:secret@as.example/")), UrlProblem::UserInfo);
    assert_eq!(url_problem(endpoint("https://as.example/#x")), UrlProblem::Fragment);
    assert_eq!(url_problem(endpoint("ftp://as.example/")), UrlProblem::Scheme);
    assert_eq!(url_problem(endpoint("/introspect")), UrlProblem::NotAbsolute);
    let opted = Introspection::builder("http://as.example/introspect").dangerously_allow_http();
    assert!(opted.build().is_ok());

    let issuer = |url: &str| server().issuer(url).build();
    assert_eq!(url_problem(issuer("http://as.example")), UrlProblem::PlainHttp);
    let resource = |url: &str| ResourceServer::builder(url).resolver(resolver()).issuer(AS).build();
    assert_eq!(url_problem(resource("http://api.example")), UrlProblem::PlainHttp);
    assert_eq!(url_problem(resource("https://api.example/\"x")), UrlProblem::Characters);
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
fn what_is_missing_is_named() {
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
}

#[tokio::test]
async fn a_server_can_be_set_up_from_any_serde_source() {
    let url = r#""introspection_url": "https://as.example/oauth2/introspect""#;
    let server = config(url).unwrap().build().await.unwrap();
    assert_eq!(server.metadata().authorization_servers, ["https://as.example"]);
    let named = config(&format!(r#"{url}, "issuer": "https://as.example/realm""#)).unwrap();
    let server = named.build().await.unwrap();
    assert_eq!(server.metadata().authorization_servers, ["https://as.example/realm"]);

    assert!(config(r#""resorce": "x""#).unwrap_err().to_string().contains("resorce"));
    assert!(config(r#""audience": "maybe""#).is_err());
    for contradiction in [
        r#""client_id": "a""#,
        r#""client_secret": "a""#,
        r#""client_id": "a", "client_secret": "b", "bearer_token": "c""#,
        r#""client_authentication": "client_secret_post""#,
    ] {
        // R-C2
        let built = config(&format!("{url}, {contradiction}")).unwrap().build().await;
        assert!(built.is_err(), "{contradiction}");
    }
    let useless = config(&format!(r#"{url}, "stale_scopes": ["read"]"#)).unwrap().build().await;
    assert!(useless.unwrap_err().to_string().contains("`stale_if_error_s`"));
    let meant = format!(r#"{url}, "client_id": "a", "client_authentication": "none""#);
    assert!(config(&meant).unwrap().build().await.is_ok());
    let message = config(r#""realm": "x""#).unwrap().build().await.unwrap_err().to_string();
    assert!(message.contains("`issuer`") && message.contains("`introspection_url`"), "{message}");
}

#[tokio::test]
async fn plain_http_to_an_issuer_is_a_named_choice() {
    // R-C3: an address that is not a loopback one, where nobody answers.
    let issuer = r#""issuer": "http://0.0.0.0:1""#;
    let refused = config(issuer).unwrap().build().await.unwrap_err();
    assert!(matches!(refused, SetupError::Url { problem: UrlProblem::PlainHttp, .. }));
    let chosen = config(&format!(r#"{issuer}, "dangerously_allow_http": true"#)).unwrap();
    let unreachable = chosen.build().await.unwrap_err();
    assert!(matches!(unreachable, SetupError::Discovery(..)), "{unreachable}");
}

const AS: &str = "https://as.example";

fn resolver() -> Introspection {
    Introspection::builder("https://as.example/introspect").build().unwrap()
}

fn server() -> requires_auth::ResourceServerBuilder {
    ResourceServer::builder(RESOURCE).resolver(resolver())
}

fn config(settings: &str) -> serde_json::Result<ResourceServerConfig> {
    serde_json::from_str(&format!(r#"{{"resource": "{RESOURCE}", {settings}}}"#))
}
