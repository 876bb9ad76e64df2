//! The client assertion of a configuration.

use super::super::{ClientAuthenticationMethod, ResourceServerConfig};
use super::client_authentication::{BEARER_TOKEN, CLIENT_AUTHENTICATION, CLIENT_ID, CLIENT_SECRET};
use crate::resource_server::SettingName;
use crate::{ClientAssertion, SecretSource, SetupError};

pub(super) const CLIENT_PRIVATE_KEY_FILE: SettingName =
    SettingName::of_configuration("client_private_key_file");
pub(super) const CLIENT_KEY_ID: SettingName = SettingName::of_configuration("client_key_id");
pub(super) const CLIENT_ASSERTION_ALGORITHM: SettingName =
    SettingName::of_configuration("client_assertion_algorithm");
pub(super) const CLIENT_ASSERTION_AUDIENCE: SettingName =
    SettingName::of_configuration("client_assertion_audience");

impl ResourceServerConfig {
    /// The assertion, if the client authenticates with one.
    pub(super) fn client_assertion(&self) -> Result<Option<ClientAssertion>, SetupError> {
        use ClientAuthenticationMethod::{ClientSecretJwt, PrivateKeyJwt};
        let key = self.client_private_key_file.as_ref();
        let method = match (self.client_authentication, key) {
            (None, Some(_)) => PrivateKeyJwt,
            (Some(method @ (PrivateKeyJwt | ClientSecretJwt)), _) => method,
            _ => return self.check_without_assertion().map(|()| None),
        };
        let mut assertion = match (method, (&self.client_id, self.secret()?, self.bearer()?, key)) {
            (PrivateKeyJwt, (Some(id), None, None, Some(path))) => {
                ClientAssertion::private_key_jwt(id, SecretSource::file(path))
            }
            (ClientSecretJwt, (Some(id), Some(secret), None, None)) => {
                ClientAssertion::client_secret_jwt(id, secret)
            }
            _ => {
                return Err(SetupError::Contradiction {
                    settings: vec![
                        CLIENT_ID,
                        CLIENT_PRIVATE_KEY_FILE,
                        CLIENT_SECRET,
                        BEARER_TOKEN,
                        CLIENT_AUTHENTICATION,
                    ],
                    reason: "set `client_id` and `client_private_key_file` for `private_key_jwt`, or \
                             `client_id` and `client_secret` for `client_secret_jwt`",
                });
            }
        };
        if let Some(id) = &self.client_key_id {
            assertion = assertion.key_id(id);
        }
        if let Some(algorithm) = self.client_assertion_algorithm {
            assertion = assertion.algorithm(algorithm);
        }
        if let Some(audience) = self.client_assertion_audience.as_ref().or(self.issuer.as_ref()) {
            assertion = assertion.audience(audience);
        }
        Ok(Some(assertion))
    }

    /// A setting without effect is a mistake.
    fn check_without_assertion(&self) -> Result<(), SetupError> {
        let settings = [
            (CLIENT_PRIVATE_KEY_FILE, self.client_private_key_file.is_some()),
            (CLIENT_KEY_ID, self.client_key_id.is_some()),
            (CLIENT_ASSERTION_ALGORITHM, self.client_assertion_algorithm.is_some()),
            (CLIENT_ASSERTION_AUDIENCE, self.client_assertion_audience.is_some()),
        ];
        match settings.into_iter().find(|(_, is_set)| *is_set) {
            Some((setting, _)) => Err(SetupError::Requires {
                setting,
                required: CLIENT_AUTHENTICATION,
                reason: "only `private_key_jwt` and `client_secret_jwt` use it",
            }),
            None => Ok(()),
        }
    }
}
