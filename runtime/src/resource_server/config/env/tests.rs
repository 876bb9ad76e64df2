use super::*;
use crate::AudienceCheck;
use crate::resource_server::config::ClientAuthenticationMethod;

fn read(variables: &[(&str, &str)]) -> Result<ResourceServerConfig, SetupError> {
    let all = variables.iter().map(|&(name, text)| (name.into(), text.into()));
    config(all)
}

#[cfg(unix)]
fn config_of(name: &str, text: OsString) -> Result<ResourceServerConfig, SetupError> {
    config([(name.into(), text)].into_iter())
}

fn message(variables: &[(&str, &str)]) -> String {
    read(variables).unwrap_err().to_string()
}

const RESOURCE: (&str, &str) = ("REQUIRES_AUTH_RESOURCE", "https://api.example");

#[test]
fn every_setting_is_read_from_its_variable() {
    // R-C13
    let config = read(&[
        RESOURCE,
        ("REQUIRES_AUTH_CLIENT_AUTHENTICATION", "client_secret_post"),
        ("REQUIRES_AUTH_CLIENT_SECRET", " a b "),
        ("REQUIRES_AUTH_AUDIENCE_CHECK", "if-present"),
        ("REQUIRES_AUTH_SCOPE_CLAIMS", "a[] b[]"),
        ("REQUIRES_AUTH_SCOPES_SUPPORTED", " a  b "),
        ("REQUIRES_AUTH_REQUEST_TIMEOUT_MS", " 7 "),
        ("REQUIRES_AUTH_LEEWAY_S", "7"),
        ("REQUIRES_AUTH_WITHOUT_RETRY", "true"),
    ])
    .unwrap();
    assert_eq!(config.resource, "https://api.example");
    assert_eq!(config.client_authentication, Some(ClientAuthenticationMethod::ClientSecretPost));
    assert_eq!(config.client_secret.unwrap().expose(), " a b ");
    assert_eq!(config.audience_check, AudienceCheck::IfPresent);
    let claims: Vec<String> =
        config.scope_claims.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(claims, ["a[]", "b[]"]);
    assert_eq!(config.scopes_supported, ["a", "b"]);
    assert_eq!((config.request_timeout_ms, config.leeway_s), (Some(7), 7));
    assert!(config.without_retry && !config.dangerously_allow_http);
    assert_eq!(config.cache_ttl_s, None);

    // Each variable is read: no setting accepts what is not Unicode.
    #[cfg(unix)]
    for setting in SETTINGS.iter().filter(|setting| setting.missing_feature.is_none()) {
        let text = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff]);
        let name = variable(setting.key);
        let message = config_of(&name, text).unwrap_err().to_string();
        assert_eq!(message, format!("the environment variable `{name}` is not valid Unicode"));
    }
}

#[test]
fn a_mistake_names_the_variable_and_not_its_value() {
    let resource = ("REQUIRES_AUTH_RESOURCE", "https://api.example");
    for (name, text) in [
        ("REQUIRES_AUTH_REQUEST_TIMEOUT_MS", "s3cret"),
        ("REQUIRES_AUTH_AUDIENCE_CHECK", "s3cret"),
        ("REQUIRES_AUTH_SCOPE_CLAIMS", "/s3cret/"),
        ("REQUIRES_AUTH_DANGEROUSLY_ALLOW_HTTP", "s3cret"),
    ] {
        let message = read(&[resource, (name, text)]).unwrap_err().to_string();
        assert!(message.contains(name) && !message.contains("s3cret"), "{message}");
    }
    let message = read(&[]).unwrap_err().to_string();
    assert!(message.contains("REQUIRES_AUTH_RESOURCE"), "{message}");
    assert!(read(&[resource, ("REQUIRES_AUTH_REQUEST_TIMEOUT_MS", " ")]).is_ok(), "empty is unset");
}

#[test]
fn unknown_variables_are_rejected_all_at_once_with_the_nearest_setting() {
    // R-C13
    let unknown = message(&[
        RESOURCE,
        ("REQUIRES_AUTH_CACHE_TTL", "s3cret"),
        ("REQUIRES_AUTH_SCOPE_CLAIM", "s3cret"),
        ("REQUIRES_AUTH_CLIENTID", "s3cret"),
        ("REQUIRES_AUTH_TTL", "s3cret"),
        ("requires_auth_audience_check", "s3cret"),
        ("OTHER_REQUIRES_AUTH_CLIENTID", "x"),
        ("requires_auth_of_another_program", "x"),
        ("REQUIRES_AUTHENTICATION", "x"),
        ("REQUIRES_AUTH_EMPTY", " "),
    ]);
    assert_eq!(
        unknown,
        "unknown settings in the environment: \"REQUIRES_AUTH_CACHE_TTL\" (the nearest is \
         `REQUIRES_AUTH_CACHE_TTL_S`), \"REQUIRES_AUTH_CLIENTID\" (the nearest is \
         `REQUIRES_AUTH_CLIENT_ID`), \"REQUIRES_AUTH_SCOPE_CLAIM\" (the nearest is \
         `REQUIRES_AUTH_SCOPE_CLAIMS`), \"REQUIRES_AUTH_TTL\" (the nearest is \
         `REQUIRES_AUTH_CACHE_TTL_S`), \"requires_auth_audience_check\" (the nearest is \
         `REQUIRES_AUTH_AUDIENCE_CHECK`)"
    );
    // Without the resource, too, which may be what was mistyped.
    let unknown = message(&[("REQUIRES_AUTH_RESSOURCE", "https://api.example")]);
    assert!(unknown.ends_with("(the nearest is `REQUIRES_AUTH_RESOURCE`)"), "{unknown}");
    let long = format!("REQUIRES_AUTH_{}\n", "X".repeat(100_000));
    let unknown = message(&[(&long, "x")]);
    assert!(unknown.len() < 500 && !unknown.contains('\n'), "{unknown}");
}

#[test]
#[cfg(not(feature = "redis"))]
fn a_variable_of_a_feature_that_is_not_compiled_in_is_rejected() {
    // R-C13
    assert_eq!(
        message(&[
            RESOURCE,
            ("REQUIRES_AUTH_REDIS_URLS", "redis://a"),
            ("REQUIRES_AUTH_REDIS_URL", "a")
        ]),
        "unknown settings in the environment: \"REQUIRES_AUTH_REDIS_URL\" (the nearest is \
         `REQUIRES_AUTH_REDIS_URLS`, which needs the feature `redis` of requires-auth), \
         \"REQUIRES_AUTH_REDIS_URLS\" (it needs the feature `redis` of requires-auth)"
    );
    assert!(read(&[RESOURCE, ("REQUIRES_AUTH_REDIS_URLS", "")]).is_ok());
}

#[test]
fn a_value_that_cannot_be_read_is_rejected_with_what_is_accepted() {
    // R-C13
    let rejected = |name, text| message(&[RESOURCE, (name, text)]);
    let audience = rejected("REQUIRES_AUTH_AUDIENCE_CHECK", "https://api.example");
    for part in [
        "`REQUIRES_AUTH_AUDIENCE_CHECK` is not one of `required`, `if-present` or `unchecked`",
        "REQUIRES_AUTH_RESOURCE",
        "REQUIRES_AUTH_ACCEPTED_AUDIENCES",
    ] {
        assert!(audience.contains(part), "{audience}");
    }
    let method = rejected("REQUIRES_AUTH_CLIENT_AUTHENTICATION", "basic");
    assert!(method.contains("`none`, `client_secret_basic`, `client_secret_post`"), "{method}");
    let claims = rejected("REQUIRES_AUTH_SCOPE_CLAIMS", "/roles/");
    assert!(claims.contains("`/realm_access/roles[]`"), "{claims}");
    for (name, text) in [
        ("REQUIRES_AUTH_REQUEST_TIMEOUT_MS", "5s"),
        ("REQUIRES_AUTH_CIRCUIT_BREAKER_FAILURES", "4294967296"),
        ("REQUIRES_AUTH_CACHE_TTL_S", "-1"),
    ] {
        assert!(
            rejected(name, text).ends_with("is not a whole number in the range of this setting")
        );
    }
}

#[test]
fn an_empty_variable_never_accepts_more() {
    // R-D7, R-E3
    let with = |name: &str, beside: (&str, &str)| {
        for empty in ["", " "] {
            let error = read(&[RESOURCE, beside, (name, empty)]).unwrap_err();
            let named =
                matches!(&error, SetupError::EmptyVariable { variable, .. } if variable == name);
            assert!(named, "{error}");
            assert!(read(&[RESOURCE, (name, empty)]).is_ok(), "alone it is an unset one");
        }
    };
    with("REQUIRES_AUTH_CACHE_STALE_SCOPES", ("REQUIRES_AUTH_CACHE_STALE_IF_ERROR_S", "60"));
    with("REQUIRES_AUTH_ISSUER", ("REQUIRES_AUTH_INTROSPECTION_URL", "https://as.example/i"));
    if cfg!(feature = "jwt") {
        let issuer = ("REQUIRES_AUTH_ISSUER", "https://as.example");
        with("REQUIRES_AUTH_ALGORITHMS", issuer);
        with("REQUIRES_AUTH_SIGNED_RESPONSE", issuer);
        with("REQUIRES_AUTH_INTROSPECT_JWTS", ("REQUIRES_AUTH_MODE", "hybrid"));
    }
}
