//! The client authentication of a configuration.

use std::path::PathBuf;

use super::super::{ClientAuthenticationMethod, ResourceServerConfig};
use crate::resource_server::SettingName;
use crate::telemetry::Quoted;
use crate::{
    ClientAuthentication, ClientCredentialsGrant, IntrospectionBuilder, Secret, SecretSource,
    SetupError,
};

pub(super) const CLIENT_ID: SettingName = SettingName::of_configuration("client_id");
pub(super) const CLIENT_SECRET: SettingName = SettingName::of_configuration("client_secret");
pub(super) const CLIENT_SECRET_FILE: SettingName =
    SettingName::of_configuration("client_secret_file");
pub(super) const BEARER_TOKEN: SettingName = SettingName::of_both("bearer_token");
const TOKEN_URL: SettingName = SettingName::of_both("token_url");
const TOKEN_SCOPES: SettingName = SettingName::of_configuration("token_scopes");
pub(super) const CLIENT_CREDENTIALS_GRANT: SettingName =
    SettingName::of_both("client_credentials_grant");
pub(super) const CLIENT_CERTIFICATE_FILE: SettingName =
    SettingName::of_configuration("client_certificate_file");
pub(super) const CLIENT_CERTIFICATE_KEY_FILE: SettingName =
    SettingName::of_configuration("client_certificate_key_file");
pub(super) const BEARER_TOKEN_FILE: SettingName =
    SettingName::of_configuration("bearer_token_file");
pub(super) const CLIENT_AUTHENTICATION: SettingName = SettingName::of_both("client_authentication");

impl ResourceServerConfig {
    pub(super) fn client_authentication(&self) -> Result<ClientAuthentication, SetupError> {
        let client = self.client_credentials()?;
        if !self.client_credentials_grant {
            let unused = [
                (TOKEN_URL, self.token_url.is_some()),
                (TOKEN_SCOPES, self.token_scopes.is_some()),
            ];
            return match unused.into_iter().find(|(_, is_set)| *is_set) {
                Some((setting, _)) => Err(SetupError::Requires {
                    setting,
                    required: CLIENT_CREDENTIALS_GRANT,
                    reason: "only a token that is obtained there needs it",
                }),
                None => Ok(client),
            };
        }
        let mut grant = ClientCredentialsGrant::new(client);
        if let Some(url) = &self.token_url {
            grant = grant.token_url(url);
        }
        if let Some(scopes) = &self.token_scopes {
            grant = grant.scopes(scopes.join(" "));
        }
        if let Some(issuer) = &self.issuer {
            grant = grant.issuer(issuer);
        }
        Ok(ClientAuthentication::ClientCredentials(Box::new(grant)))
    }

    fn client_credentials(&self) -> Result<ClientAuthentication, SetupError> {
        use ClientAuthenticationMethod::{
            ClientSecretBasic, ClientSecretPost, None as Nothing, SelfSignedTlsClientAuth,
            TlsClientAuth,
        };
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
            (Some(TlsClientAuth | SelfSignedTlsClientAuth), (Some(id), None, None)) => {
                Ok(ClientAuthentication::TlsClient { id: id.clone() })
            }
            _ => Err(SetupError::Contradiction {
                settings: vec![CLIENT_ID, CLIENT_SECRET, BEARER_TOKEN, CLIENT_AUTHENTICATION],
                reason: "set `client_id` and `client_secret`, or `bearer_token` alone, or none of \
                         them; with the `client_authentication` `none`, at most `client_id`, and with \
                         `tls_client_auth`, `client_id` alone",
            }),
        }
    }

    /// Sets the client certificate.
    pub(super) fn with_client_certificate(
        &self,
        builder: IntrospectionBuilder,
    ) -> Result<IntrospectionBuilder, SetupError> {
        match (&self.client_certificate_file, &self.client_certificate_key_file) {
            (Some(chain), Some(key)) => Ok(builder.client_certificate_files(chain, key)),
            (None, None) => Ok(builder),
            (Some(_), None) => Err(SetupError::Requires {
                setting: CLIENT_CERTIFICATE_FILE,
                required: CLIENT_CERTIFICATE_KEY_FILE,
                reason: "a certificate is presented with its private key",
            }),
            (None, Some(_)) => Err(SetupError::Requires {
                setting: CLIENT_CERTIFICATE_KEY_FILE,
                required: CLIENT_CERTIFICATE_FILE,
                reason: "a certificate is presented with its private key",
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
