//! When and how the user of a grant logged in: `auth_time` and `acr` (RFC 9470 §5, OpenID Connect Core 1.0 §3.1.2.1).

use std::time::{Duration, SystemTime};

use super::oauth_error::OAuthError;
use super::params::Params;
use super::settings::Settings;

/// A login of a user. The server has one session for each user, which begins with the first login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) time: SystemTime,
    /// The authentication context class.
    pub(super) acr: Option<String>,
}

/// What an authorization request demands of the login.
#[derive(Debug, Default)]
pub(super) struct LoginRequirements {
    /// Any of them, the preferred one first. Empty for any class.
    acr_values: Vec<String>,
    max_age: Option<Duration>,
}

impl LoginRequirements {
    /// Reads `acr_values` and `max_age`. Classes that the server does not support are left out.
    pub(super) fn requested(settings: &Settings, params: &Params) -> Result<Self, OAuthError> {
        let supported = &settings.acr_values_supported;
        let requested = params.one("acr_values").unwrap_or_default();
        let mut acr_values: Vec<String> =
            requested.split(' ').filter(|value| !value.is_empty()).map(str::to_owned).collect();
        if !acr_values.is_empty() && !supported.is_empty() {
            acr_values.retain(|value| supported.contains(value));
            if acr_values.is_empty() {
                return Err(OAuthError::new(
                    "unmet_authentication_requirements",
                    "none of the acr_values is supported",
                ));
            }
        }
        let max_age =
            params.one("max_age").map(|text| {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse().ok().filter(|_| is_number).map(Duration::from_secs).ok_or_else(|| {
                    OAuthError::invalid_request("max_age is not a number of seconds")
                })
            });
        Ok(Self { acr_values, max_age: max_age.transpose()? })
    }

    /// The login of the session if it meets the requirements, and a new one otherwise.
    pub(super) fn login(&self, session: Option<&Login>, now: SystemTime) -> Login {
        if let Some(login) = session.filter(|login| self.are_met_by(login, now)) {
            return login.clone();
        }
        let prior = session.and_then(|login| login.acr.as_ref());
        Login { time: now, acr: self.acr_values.first().or(prior).cloned() }
    }

    fn are_met_by(&self, login: &Login, now: SystemTime) -> bool {
        let age = now.duration_since(login.time).unwrap_or_default();
        let has_class = |acr: &String| self.acr_values.contains(acr);
        self.max_age.is_none_or(|max_age| age <= max_age)
            && (self.acr_values.is_empty() || login.acr.as_ref().is_some_and(has_class))
    }
}
