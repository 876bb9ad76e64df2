//! The settings of [`ResourceServerConfig`] in environment variables.

use std::env::VarError;

use serde_json::{Map, Value};

use super::{ResourceServer, ResourceServerConfig, SetupError};

/// How the text of a variable becomes a setting.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Number,
    Switch,
    /// Pieces between white space.
    List,
}

use Form::{List, Number, Switch, Text};

const VARIABLES: &[(&str, &str, Form)] = &[
    ("REQUIRES_AUTH_RESOURCE", "resource", Text),
    ("REQUIRES_AUTH_ISSUER", "issuer", Text),
    ("REQUIRES_AUTH_INTROSPECTION_URL", "introspection_url", Text),
    ("REQUIRES_AUTH_AUTHORIZATION_SERVERS", "authorization_servers", List),
    ("REQUIRES_AUTH_CLIENT_ID", "client_id", Text),
    ("REQUIRES_AUTH_CLIENT_SECRET", "client_secret", Text),
    ("REQUIRES_AUTH_BEARER_TOKEN", "bearer_token", Text),
    ("REQUIRES_AUTH_CLIENT_AUTHENTICATION", "client_authentication", Text),
    ("REQUIRES_AUTH_AUDIENCE", "audience", Text),
    ("REQUIRES_AUTH_ACCEPTED_AUDIENCES", "accepted_audiences", List),
    ("REQUIRES_AUTH_SCOPE_CLAIMS", "scope_claims", List),
    ("REQUIRES_AUTH_SCOPES_SUPPORTED", "scopes_supported", List),
    ("REQUIRES_AUTH_REALM", "realm", Text),
    ("REQUIRES_AUTH_RESOURCE_NAME", "resource_name", Text),
    ("REQUIRES_AUTH_RESOURCE_DOCUMENTATION", "resource_documentation", Text),
    ("REQUIRES_AUTH_CONNECT_TIMEOUT_MS", "connect_timeout_ms", Number),
    ("REQUIRES_AUTH_DEADLINE_MS", "deadline_ms", Number),
    ("REQUIRES_AUTH_LONGEST_ANSWER", "longest_answer", Number),
    ("REQUIRES_AUTH_MAX_IN_FLIGHT", "max_in_flight", Number),
    ("REQUIRES_AUTH_LONGEST_PAUSE_S", "longest_pause_s", Number),
    ("REQUIRES_AUTH_WITHOUT_RETRY", "without_retry", Switch),
    ("REQUIRES_AUTH_BREAKER_FAILURES", "breaker_failures", Number),
    ("REQUIRES_AUTH_BREAKER_PERIOD_MS", "breaker_period_ms", Number),
    ("REQUIRES_AUTH_WITHOUT_BREAKER", "without_breaker", Switch),
    ("REQUIRES_AUTH_CACHE_TTL_S", "cache_ttl_s", Number),
    ("REQUIRES_AUTH_STALE_IF_ERROR_S", "stale_if_error_s", Number),
    ("REQUIRES_AUTH_STALE_SCOPES", "stale_scopes", List),
    #[cfg(feature = "redis")]
    ("REQUIRES_AUTH_REDIS_URLS", "redis_urls", List),
    #[cfg(feature = "redis")]
    ("REQUIRES_AUTH_REDIS_CLUSTER", "redis_cluster", Switch),
    #[cfg(feature = "redis")]
    ("REQUIRES_AUTH_REDIS_SECRET", "redis_secret", Text),
    #[cfg(feature = "redis")]
    ("REQUIRES_AUTH_REDIS_PREFIX", "redis_prefix", Text),
    #[cfg(feature = "redis")]
    ("REQUIRES_AUTH_REDIS_DEADLINE_MS", "redis_deadline_ms", Number),
    #[cfg(feature = "redis")]
    ("REQUIRES_AUTH_REDIS_ROOT_CERTIFICATES", "redis_root_certificates", Text),
    ("REQUIRES_AUTH_LONGEST_TOKEN", "longest_token", Number),
    ("REQUIRES_AUTH_LEEWAY_S", "leeway_s", Number),
    ("REQUIRES_AUTH_DANGEROUSLY_ALLOW_HTTP", "dangerously_allow_http", Switch),
];

impl ResourceServer {
    /// Reads the settings of [`ResourceServerConfig`] from the environment: `REQUIRES_AUTH_` and
    /// the name of the setting in capitals, as in `REQUIRES_AUTH_RESOURCE`,
    /// `REQUIRES_AUTH_INTROSPECTION_URL`, `REQUIRES_AUTH_CLIENT_SECRET`. Lists are separated by
    /// spaces, switches are `true` or `false`, an empty variable is an unset one.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), requires_auth::SetupError> {
    /// let server = requires_auth::ResourceServer::from_env().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`ResourceServerConfig::build`], and for a variable that cannot be read.
    pub async fn from_env() -> Result<Self, SetupError> {
        config(|name| std::env::var(name))?.build().await
    }
}

impl ResourceServerConfig {
    /// Reads the settings from the environment, as [`ResourceServer::from_env`] does.
    ///
    /// # Errors
    /// For a variable that is missing or cannot be read.
    pub fn from_env() -> Result<Self, SetupError> {
        config(|name| std::env::var(name))
    }
}

fn config(
    variable: impl Fn(&str) -> Result<String, VarError>,
) -> Result<ResourceServerConfig, SetupError> {
    let mut settings = Map::new();
    settings.insert("resource".to_owned(), Value::from(""));
    for (name, setting, form) in VARIABLES {
        let text = match variable(name) {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => text,
            Err(VarError::NotPresent) => continue,
            Err(VarError::NotUnicode(_)) => {
                return Err(SetupError::Variable { variable: name, expected: "valid Unicode" });
            }
        };
        let value = form
            .read(text)
            .map_err(|expected| SetupError::Variable { variable: name, expected })?;
        settings.insert((*setting).to_owned(), value);
        // Each is tried as it is read, so that the message can name the variable.
        if serde_json::from_value::<ResourceServerConfig>(settings.clone().into()).is_err() {
            return Err(SetupError::Variable {
                variable: name,
                expected: "one of the values that are documented for it",
            });
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

impl Form {
    fn read(self, text: String) -> Result<Value, &'static str> {
        match self {
            Text => Ok(Value::from(text)),
            Number => text.trim().parse::<u64>().map(Value::from).map_err(|_| "a whole number"),
            Switch => text.trim().parse::<bool>().map(Value::from).map_err(|_| "`true` or `false`"),
            List => Ok(text.split_whitespace().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<ResourceServerConfig, SetupError> {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        config(|name| variables.get(name).map(|&text| text.to_owned()).ok_or(VarError::NotPresent))
    }

    #[test]
    fn every_setting_has_a_variable() {
        let all: Vec<(&str, &str)> = VARIABLES
            .iter()
            .map(|(name, setting, form)| {
                let text = match (form, *setting) {
                    (_, "client_authentication") => "client_secret_post",
                    (_, "audience") => "if-present",
                    (_, "scope_claims") => "a[] b[]",
                    (Number, _) => "7",
                    (Switch, _) => "true",
                    (Text | List, _) => "a b",
                };
                (*name, text)
            })
            .collect();
        let config = read(&all).unwrap();
        assert_eq!(config.deadline_ms.map(Duration::from_millis), Some(Duration::from_millis(7)));
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
            ("REQUIRES_AUTH_DEADLINE_MS", "s3cret"),
            ("REQUIRES_AUTH_AUDIENCE", "s3cret"),
            ("REQUIRES_AUTH_SCOPE_CLAIMS", "/s3cret/"),
            ("REQUIRES_AUTH_DANGEROUSLY_ALLOW_HTTP", "s3cret"),
        ] {
            let message = read(&[resource, (name, text)]).unwrap_err().to_string();
            assert!(message.contains(name) && !message.contains("s3cret"), "{message}");
        }
        let message = read(&[]).unwrap_err().to_string();
        assert!(message.contains("REQUIRES_AUTH_RESOURCE"), "{message}");
        assert!(read(&[resource, ("REQUIRES_AUTH_DEADLINE_MS", " ")]).is_ok(), "empty is unset");
    }
}
