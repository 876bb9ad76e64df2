//! The settings of [`ResourceServerConfig`] in environment variables.

#[cfg(test)]
mod tests;

use std::ffi::OsString;

use super::variables::{Variables, variable};
use super::{ResourceServerConfig, SETTINGS};
use crate::{ResourceServer, SetupError};

impl ResourceServer {
    /// Builds the server from the settings of [`ResourceServerConfig`] in the environment. A setting
    /// is the variable `REQUIRES_AUTH_` with its name in capitals, such as `REQUIRES_AUTH_RESOURCE`,
    /// `REQUIRES_AUTH_INTROSPECTION_URL` and `REQUIRES_AUTH_CLIENT_SECRET`. The elements of a list are
    /// separated by spaces, and a `bool` is `true` or `false`. The prefix is reserved: any other
    /// variable with it is an error.
    ///
    /// An empty variable counts as unset. Where that would accept more tokens than intended, it is an
    /// error: an empty `REQUIRES_AUTH_ISSUER` beside a `REQUIRES_AUTH_INTROSPECTION_URL`, without
    /// which `iss` is not checked, and an empty `REQUIRES_AUTH_CACHE_STALE_SCOPES` beside a
    /// `REQUIRES_AUTH_CACHE_STALE_IF_ERROR_S`, without which stale claims may be used for all scopes. So it is for
    /// JWTs: an empty `REQUIRES_AUTH_ALGORITHMS` or `REQUIRES_AUTH_SIGNED_RESPONSE` beside a `REQUIRES_AUTH_ISSUER`,
    /// and an empty `REQUIRES_AUTH_INTROSPECT_JWTS` beside a `REQUIRES_AUTH_MODE`.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), requires_auth::SetupError> {
    /// let server = requires_auth::ResourceServer::from_env().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// For settings that only code has, such as [`scopes`](crate::ResourceServerBuilder::scopes), continue with
    /// [`ResourceServerConfig::into_builder`].
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
    let variables = Variables::read(environment, SETTINGS)?;
    variables.check_empty()?;
    let config = ResourceServerConfig::from_variables(&variables)?;
    if config.resource.is_empty() {
        return Err(SetupError::Variable {
            variable: variable("resource"),
            expected: "set to the resource identifier, such as https://journal.example/mcp",
        });
    }
    Ok(config)
}
