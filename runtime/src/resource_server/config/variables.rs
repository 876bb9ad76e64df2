//! The environment variables that are settings.

use std::ffi::{OsStr, OsString};

use super::from_text::FromText;
use crate::SetupError;
use crate::resource_server::unknown_setting::{Setting, UnknownSettingError};

const PREFIX: &str = "REQUIRES_AUTH_";

/// The texts of the variables, by the key of the setting.
pub(super) struct Variables(Vec<(&'static str, OsString)>);

impl Variables {
    /// Fails for variables with the prefix that are no setting, unless they are empty.
    pub(super) fn read(
        environment: impl Iterator<Item = (OsString, OsString)>,
        settings: &[Setting],
    ) -> Result<Self, SetupError> {
        let find = |name: &str| settings.iter().find(|setting| variable(setting.key) == name);
        let mut texts = Vec::new();
        let mut unknown = Vec::new();
        for (name, text) in environment {
            let name = name.to_string_lossy();
            let capitals = name.to_ascii_uppercase();
            // Windows ignores the case of the names of variables.
            let name = if cfg!(windows) { &*capitals } else { &*name };
            match find(name) {
                Some(setting) if setting.missing_feature.is_none() => {
                    texts.push((setting.key, text));
                }
                None if !name.starts_with(PREFIX) && find(&capitals).is_none() => {}
                _ if is_blank(&text) => {}
                _ => unknown.extend(UnknownSettingError::find(name, settings, variable)),
            }
        }
        if unknown.is_empty() {
            return Ok(Self(texts));
        }
        // An environment has no defined order.
        unknown.sort_by(|one, other| one.name.cmp(&other.name));
        Err(SetupError::UnknownVariables(unknown))
    }

    /// The value of a setting, or its default if its variable is unset or empty.
    pub(super) fn value<T: FromText + Default>(&self, key: &str) -> Result<T, SetupError> {
        let Some(text) = self.text(key).filter(|text| !is_blank(text)) else {
            return Ok(T::default());
        };
        let invalid = |expected| SetupError::Variable { variable: variable(key), expected };
        let text = text.to_str().ok_or_else(|| invalid("valid Unicode"))?;
        T::from_text(text).ok_or_else(|| invalid(T::EXPECTED))
    }

    fn text(&self, key: &str) -> Option<&OsStr> {
        self.0.iter().find(|(own, _)| *own == key).map(|(_, text)| text.as_os_str())
    }

    /// Fails for an empty variable if more tokens are accepted without it than with it.
    pub(super) fn check_empty(&self) -> Result<(), SetupError> {
        for (key, beside, missing) in [
            (
                "issuer",
                "introspection_url",
                "set it to the issuer that `iss` must name; without an issuer, `iss` is not checked",
            ),
            (
                "cache_stale_scopes",
                "cache_stale_if_error_s",
                "set it to the scopes that stale claims may be used for; without it, they may be \
                 used for all",
            ),
            (
                "algorithms",
                "issuer",
                "set it to the algorithms of the issuer; without it, the default ones are accepted",
            ),
            (
                "introspect_jwts",
                "mode",
                "set it to `true` or `false`; without it, a revoked JWT is accepted until it expires",
            ),
            (
                "signed_response",
                "issuer",
                "set it to `required` or `not-requested`; without it, responses need no signature",
            ),
        ] {
            let is_empty = self.text(key).is_some_and(is_blank);
            if is_empty && self.text(beside).is_some_and(|text| !is_blank(text)) {
                return Err(SetupError::EmptyVariable { variable: variable(key), missing });
            }
        }
        Ok(())
    }
}

/// The variable of a setting.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

fn is_blank(text: &OsStr) -> bool {
    text.to_str().is_some_and(|text| text.trim().is_empty())
}
