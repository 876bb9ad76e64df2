//! The settings of [`ResourceServerConfig`] in environment variables.

use std::ffi::OsString;

use serde_json::{Map, Value};

use super::ResourceServerConfig;
use crate::resource_server::unknown_setting::{UnknownSettingError, feature_of};
use crate::{ResourceServer, SetupError};

/// How the text of a variable becomes a setting.
#[derive(Clone, Copy)]
enum Form {
    Text,
    /// One of some texts, which are named here.
    Choice(&'static str),
    Number,
    Switch,
    /// Pieces between white space.
    List,
    /// The same, each of a form that is named here.
    ListOf(&'static str),
}

use Form::{Choice, List, ListOf, Number, Switch, Text};

const AUDIENCE: &str = "one of `required`, `if-present` or `unchecked`: it decides whether the \
    audience of a token is checked; the resource identifier is REQUIRES_AUTH_RESOURCE, and further \
    audiences are REQUIRES_AUTH_ACCEPTED_AUDIENCES";

const CLIENT_AUTHENTICATION: &str = "one of `none`, `client_secret_basic` or `client_secret_post`";

const SCOPE_CLAIMS: &str = "a list of places such as `scope`, `permissions[]` or \
    `/realm_access/roles[]`, with spaces between them";

const PREFIX: &str = "REQUIRES_AUTH_";

/// Those of features that are not compiled in, too.
const VARIABLES: &[(&str, &str, Form)] = &[
    ("REQUIRES_AUTH_RESOURCE", "resource", Text),
    ("REQUIRES_AUTH_ISSUER", "issuer", Text),
    ("REQUIRES_AUTH_INTROSPECTION_URL", "introspection_url", Text),
    ("REQUIRES_AUTH_AUTHORIZATION_SERVERS", "authorization_servers", List),
    ("REQUIRES_AUTH_CLIENT_ID", "client_id", Text),
    ("REQUIRES_AUTH_CLIENT_SECRET", "client_secret", Text),
    ("REQUIRES_AUTH_BEARER_TOKEN", "bearer_token", Text),
    ("REQUIRES_AUTH_CLIENT_AUTHENTICATION", "client_authentication", Choice(CLIENT_AUTHENTICATION)),
    ("REQUIRES_AUTH_AUDIENCE_CHECK", "audience_check", Choice(AUDIENCE)),
    ("REQUIRES_AUTH_ACCEPTED_AUDIENCES", "accepted_audiences", List),
    ("REQUIRES_AUTH_SCOPE_CLAIMS", "scope_claims", ListOf(SCOPE_CLAIMS)),
    ("REQUIRES_AUTH_SCOPES_SUPPORTED", "scopes_supported", List),
    ("REQUIRES_AUTH_REALM", "realm", Text),
    ("REQUIRES_AUTH_RESOURCE_NAME", "resource_name", Text),
    ("REQUIRES_AUTH_RESOURCE_DOCUMENTATION", "resource_documentation", Text),
    ("REQUIRES_AUTH_CONNECT_TIMEOUT_MS", "connect_timeout_ms", Number),
    ("REQUIRES_AUTH_REQUEST_TIMEOUT_MS", "request_timeout_ms", Number),
    ("REQUIRES_AUTH_MAX_RESPONSE_LENGTH", "max_response_length", Number),
    ("REQUIRES_AUTH_MAX_IN_FLIGHT", "max_in_flight", Number),
    ("REQUIRES_AUTH_MAX_RETRY_AFTER_S", "max_retry_after_s", Number),
    ("REQUIRES_AUTH_WITHOUT_RETRY", "without_retry", Switch),
    ("REQUIRES_AUTH_CIRCUIT_BREAKER_FAILURES", "circuit_breaker_failures", Number),
    (
        "REQUIRES_AUTH_CIRCUIT_BREAKER_PROBE_INTERVAL_MS",
        "circuit_breaker_probe_interval_ms",
        Number,
    ),
    ("REQUIRES_AUTH_WITHOUT_CIRCUIT_BREAKER", "without_circuit_breaker", Switch),
    ("REQUIRES_AUTH_CACHE_TTL_S", "cache_ttl_s", Number),
    ("REQUIRES_AUTH_CACHE_STALE_IF_ERROR_S", "cache_stale_if_error_s", Number),
    ("REQUIRES_AUTH_CACHE_STALE_SCOPES", "cache_stale_scopes", List),
    ("REQUIRES_AUTH_REDIS_URLS", "redis_urls", List),
    ("REQUIRES_AUTH_REDIS_CLUSTER", "redis_cluster", Switch),
    ("REQUIRES_AUTH_REDIS_SECRET", "redis_secret", Text),
    ("REQUIRES_AUTH_REDIS_PREFIX", "redis_prefix", Text),
    ("REQUIRES_AUTH_REDIS_TIMEOUT_MS", "redis_timeout_ms", Number),
    ("REQUIRES_AUTH_REDIS_ROOT_CERTIFICATES", "redis_root_certificates", Text),
    ("REQUIRES_AUTH_MAX_TOKEN_LENGTH", "max_token_length", Number),
    ("REQUIRES_AUTH_LEEWAY_S", "leeway_s", Number),
    ("REQUIRES_AUTH_DANGEROUSLY_ALLOW_HTTP", "dangerously_allow_http", Switch),
];

impl ResourceServer {
    /// Reads the settings of [`ResourceServerConfig`] from the environment: `REQUIRES_AUTH_` and
    /// the name of the setting in capitals, as in `REQUIRES_AUTH_RESOURCE`,
    /// `REQUIRES_AUTH_INTROSPECTION_URL`, `REQUIRES_AUTH_CLIENT_SECRET`. Lists are separated by
    /// spaces, switches are `true` or `false`. The prefix is reserved: any other variable with it is an
    /// error.
    ///
    /// An empty variable is an unset one. Where that would accept more tokens than was meant, it is an
    /// error: an empty `REQUIRES_AUTH_ISSUER` beside a `REQUIRES_AUTH_INTROSPECTION_URL`, without
    /// which `iss` is not checked, and an empty `REQUIRES_AUTH_CACHE_STALE_SCOPES` beside a
    /// `REQUIRES_AUTH_CACHE_STALE_IF_ERROR_S`, without which stale claims may be used for all scopes.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), requires_auth::SetupError> {
    /// let server = requires_auth::ResourceServer::from_env().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`ResourceServerConfig::build`], and as [`ResourceServerConfig::from_env`].
    pub async fn from_env() -> Result<Self, SetupError> {
        ResourceServerConfig::from_env()?.build().await
    }
}

impl ResourceServerConfig {
    /// Reads the settings from the environment, as [`ResourceServer::from_env`] does.
    ///
    /// # Errors
    /// [`SetupError::UnknownVariables`] for variables that begin with `REQUIRES_AUTH_` and are no
    /// setting, or that of a feature that is not compiled in: all of them at once.
    /// [`SetupError::Variable`] and [`SetupError::EmptyVariable`] for one that is missing or cannot be
    /// read.
    pub fn from_env() -> Result<Self, SetupError> {
        config(std::env::vars_os())
    }
}

fn config(
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<ResourceServerConfig, SetupError> {
    let variables = Variables::read(environment)?;
    variables.check_empty()?;
    let mut settings = Map::new();
    settings.insert("resource".to_owned(), Value::from(""));
    for (name, setting, form) in VARIABLES {
        let Some(text) = variables.get(name) else { continue };
        let mistake = |expected| SetupError::Variable { variable: name, expected };
        let text = text.to_str().ok_or_else(|| mistake("valid Unicode"))?;
        let value = form.read(text).ok_or_else(|| mistake(form.expected()))?;
        settings.insert((*setting).to_owned(), value);
        // Each is tried as it is read, so that the message can name the variable.
        if serde_json::from_value::<ResourceServerConfig>(settings.clone().into()).is_err() {
            return Err(mistake(form.expected()));
        }
    }
    if settings.get("resource").and_then(Value::as_str) == Some("") {
        return Err(SetupError::Variable {
            variable: "REQUIRES_AUTH_RESOURCE",
            expected: "set to the resource identifier, such as https://journal.example/mcp",
        });
    }
    serde_json::from_value(settings.into())
        .map_err(|_| SetupError::Setting("the environment's settings cannot be used together"))
}

/// The names of all settings, those of features that are not compiled in, too.
pub(super) fn settings() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().map(|(_, setting, _)| *setting)
}

/// The variables that are settings.
struct Variables(Vec<(&'static str, OsString)>);

impl Variables {
    /// An empty variable that is no setting does no harm.
    fn read(environment: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, SetupError> {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for (name, text) in environment {
            let name = name.to_string_lossy();
            let capitals = name.to_ascii_uppercase();
            // Where the operating system tells capitals from small letters, the latter are a mistake.
            let spelled = if cfg!(windows) { &*capitals } else { &*name };
            match setting_of(spelled) {
                Some((name, setting)) if is_available(setting) => known.push((name, text)),
                None if !spelled.starts_with(PREFIX) && setting_of(&capitals).is_none() => {}
                _ if is_blank(&text) => {}
                _ => {
                    let all = VARIABLES.iter().map(|(name, setting, _)| (*name, *setting));
                    unknown.extend(UnknownSettingError::find(spelled, all));
                }
            }
        }
        if unknown.is_empty() {
            return Ok(Self(known));
        }
        // The order of an environment means nothing.
        unknown.sort_by(|one, other| one.name.cmp(&other.name));
        Err(SetupError::UnknownVariables(unknown))
    }

    fn get(&self, name: &str) -> Option<&OsString> {
        self.even_empty(name).filter(|text| !is_blank(text))
    }

    fn even_empty(&self, name: &str) -> Option<&OsString> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, text)| text)
    }

    /// Refuses the empty variables whose absence accepts more than their presence.
    fn check_empty(&self) -> Result<(), SetupError> {
        for (variable, beside, missing) in [
            (
                "REQUIRES_AUTH_ISSUER",
                "REQUIRES_AUTH_INTROSPECTION_URL",
                "set it to the issuer that `iss` must name; without an issuer, `iss` is not checked",
            ),
            (
                "REQUIRES_AUTH_CACHE_STALE_SCOPES",
                "REQUIRES_AUTH_CACHE_STALE_IF_ERROR_S",
                "set it to the scopes that stale claims may be used for; without it, they may be \
                 used for all",
            ),
        ] {
            let is_empty = self.even_empty(variable).is_some_and(is_blank);
            if is_empty && self.get(beside).is_some() {
                return Err(SetupError::EmptyVariable { variable, missing });
            }
        }
        Ok(())
    }
}

fn setting_of(variable: &str) -> Option<(&'static str, &'static str)> {
    let found = VARIABLES.iter().find(|(name, ..)| *name == variable)?;
    Some((found.0, found.1))
}

fn is_available(setting: &str) -> bool {
    feature_of(setting).is_none()
}

fn is_blank(text: &OsString) -> bool {
    text.to_str().is_some_and(|text| text.trim().is_empty())
}

impl Form {
    fn read(self, text: &str) -> Option<Value> {
        match self {
            Text | Choice(_) => Some(Value::from(text)),
            Number => text.trim().parse::<u64>().map(Value::from).ok(),
            Switch => text.trim().parse::<bool>().map(Value::from).ok(),
            List | ListOf(_) => Some(text.split_whitespace().collect()),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Choice(texts) | ListOf(texts) => texts,
            Number => "a whole number in the range of this setting",
            Switch => "`true` or `false`",
            Text => "a text",
            List => "a list of texts with spaces between them",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<ResourceServerConfig, SetupError> {
        let all = variables.iter().map(|&(name, text)| (name.into(), text.into()));
        config(all)
    }

    fn message(variables: &[(&str, &str)]) -> String {
        read(variables).unwrap_err().to_string()
    }

    const RESOURCE: (&str, &str) = ("REQUIRES_AUTH_RESOURCE", "https://api.example");

    #[test]
    fn every_setting_has_a_variable() {
        let available = VARIABLES.iter().filter(|(_, setting, _)| is_available(setting));
        let all: Vec<(&str, &str)> = available
            .map(|(name, setting, form)| {
                let text = match (form, *setting) {
                    (_, "client_authentication") => "client_secret_post",
                    (_, "audience_check") => "if-present",
                    (_, "scope_claims") => "a[] b[]",
                    (Number, _) => "7",
                    (Switch, _) => "true",
                    _ => "a b",
                };
                (*name, text)
            })
            .collect();
        let config = read(&all).unwrap();
        assert_eq!(
            config.request_timeout_ms.map(Duration::from_millis),
            Some(Duration::from_millis(7))
        );
        assert_eq!(config.scopes_supported, ["a", "b"]);
        let debug = format!("{config:?}");
        // A setting without a variable would still have its default.
        for unset in ["None", "[]", "false"] {
            assert!(!debug.contains(unset), "{debug}");
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
        assert!(
            read(&[resource, ("REQUIRES_AUTH_REQUEST_TIMEOUT_MS", " ")]).is_ok(),
            "empty is unset"
        );
    }

    #[test]
    fn every_field_of_the_configuration_is_a_variable() {
        // R-C13. A file's unknown keys are compared with these names, too.
        for (name, setting, _) in VARIABLES {
            assert_eq!(*name, format!("{PREFIX}{}", setting.to_ascii_uppercase()));
        }
    }

    #[test]
    fn unknown_variables_are_refused_all_at_once_with_the_nearest_setting() {
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
    fn a_variable_of_a_feature_that_is_not_compiled_in_is_refused() {
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
    fn a_value_that_cannot_be_read_is_refused_with_what_is_accepted() {
        // R-C13
        let refused = |name, text| message(&[RESOURCE, (name, text)]);
        let audience = refused("REQUIRES_AUTH_AUDIENCE_CHECK", "https://api.example");
        for part in [
            "`REQUIRES_AUTH_AUDIENCE_CHECK` is not one of `required`, `if-present` or `unchecked`",
            "REQUIRES_AUTH_RESOURCE",
            "REQUIRES_AUTH_ACCEPTED_AUDIENCES",
        ] {
            assert!(audience.contains(part), "{audience}");
        }
        let method = refused("REQUIRES_AUTH_CLIENT_AUTHENTICATION", "basic");
        assert!(
            method.contains("`none`, `client_secret_basic` or `client_secret_post`"),
            "{method}"
        );
        let claims = refused("REQUIRES_AUTH_SCOPE_CLAIMS", "/roles/");
        assert!(claims.contains("`/realm_access/roles[]`"), "{claims}");
        for (name, text) in [
            ("REQUIRES_AUTH_REQUEST_TIMEOUT_MS", "5s"),
            ("REQUIRES_AUTH_CIRCUIT_BREAKER_FAILURES", "4294967296"),
            ("REQUIRES_AUTH_CACHE_TTL_S", "-1"),
        ] {
            assert!(
                refused(name, text).ends_with("is not a whole number in the range of this setting")
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
                    matches!(error, SetupError::EmptyVariable { variable, .. } if variable == name);
                assert!(named, "{error}");
                assert!(read(&[RESOURCE, (name, empty)]).is_ok(), "alone it is an unset one");
            }
        };
        with("REQUIRES_AUTH_CACHE_STALE_SCOPES", ("REQUIRES_AUTH_CACHE_STALE_IF_ERROR_S", "60"));
        with("REQUIRES_AUTH_ISSUER", ("REQUIRES_AUTH_INTROSPECTION_URL", "https://as.example/i"));
    }
}
