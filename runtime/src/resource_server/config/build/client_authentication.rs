//! The client authentication of a configuration.

use std::path::PathBuf;

use super::super::{ClientAuthenticationMethod, ResourceServerConfig};
use crate::resource_server::SettingName;
use crate::telemetry::Quoted;
use crate::{ClientAuthentication, Secret, SecretSource, SetupError};

pub(super) const CLIENT_ID: SettingName = SettingName::of_configuration("client_id");
pub(super) const CLIENT_SECRET: SettingName = SettingName::of_configuration("client_secret");
const CLIENT_SECRET_FILE: SettingName = SettingName::of_configuration("client_secret_file");
pub(super) const BEARER_TOKEN: SettingName = SettingName::of_both("bearer_token");
const BEARER_TOKEN_FILE: SettingName = SettingName::of_configuration("bearer_token_file");
pub(super) const CLIENT_AUTHENTICATION: SettingName = SettingName::of_both("client_authentication");

impl ResourceServerConfig {
    pub(super) fn client_authentication(&self) -> Result<ClientAuthentication, SetupError> {
        use ClientAuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None as Nothing};
        if self.client_id.as_deref() == Some("") {
            return Err(SetupError::invalid(CLIENT_ID, NOT_EMPTY, Quoted("")));
        }
        #[cfg(feature = "jwt")]
        if let Some(assertion) = self.client_assertion()? {
            return Ok(ClientAuthentication::Assertion(assertion));
        }
        match (self.client_authentication, (&self.client_id, self.secret()?, self.bearer()?)) {
            (None, (None, None, Some(token))) => Ok(ClientAuthentication::bearer(token)),
            // With a client id alone, the secret is probably missing, so `none` must be explicit.
            (None, (None, None, None)) | (Some(Nothing), (_, None, None)) => {
                Ok(ClientAuthentication::None)
            }
            (None | Some(ClientSecretBasic), (Some(id), Some(secret), None)) => {
                Ok(ClientAuthentication::Basic { id: id.clone(), secret })
            }
            (Some(ClientSecretPost), (Some(id), Some(secret), None)) => {
                Ok(ClientAuthentication::Post { id: id.clone(), secret })
            }
            _ => Err(SetupError::Contradiction {
                settings: vec![CLIENT_ID, CLIENT_SECRET, BEARER_TOKEN, CLIENT_AUTHENTICATION],
                reason: "set `client_id` and `client_secret`, or `bearer_token` alone, or none of \
                         them; with the `client_authentication` `none`, at most `client_id`",
            }),
        }
    }

    pub(super) fn secret(&self) -> Result<Option<SecretSource>, SetupError> {
        let secret = (&self.client_secret, &self.client_secret_file);
        source(secret, [CLIENT_SECRET, CLIENT_SECRET_FILE])
    }

    pub(super) fn bearer(&self) -> Result<Option<SecretSource>, SetupError> {
        let bearer = (&self.bearer_token, &self.bearer_token_file);
        source(bearer, [BEARER_TOKEN, BEARER_TOKEN_FILE])
    }
}

const NOT_EMPTY: &str = "a text that is not empty";

/// The secret of a setting, or of the setting that names its file.
fn source(
    (secret, file): (&Option<Secret>, &Option<PathBuf>),
    settings: [SettingName; 2],
) -> Result<Option<SecretSource>, SetupError> {
    let [setting, _] = settings;
    match (secret, file) {
        (Some(secret), None) if secret.expose().is_empty() => {
            Err(SetupError::invalid(setting, NOT_EMPTY, Quoted("")))
        }
        (Some(secret), None) => Ok(Some(secret.clone().into())),
        (None, Some(path)) => Ok(Some(SecretSource::file(path))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(SetupError::Contradiction {
            settings: settings.to_vec(),
            reason: "set the secret, or the file that contains it",
        }),
    }
}
