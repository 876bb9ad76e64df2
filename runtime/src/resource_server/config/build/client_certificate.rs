//! The source of the certificates of clients, from a configuration.

use crate::resource_server::SettingName;
use crate::{ClientCertificateLocation, ClientCertificateSource, ResourceServerConfig, SetupError};

const SOURCE: SettingName = SettingName::of_both("client_certificate_source");
const PROXIES: SettingName =
    SettingName::with_key("ClientCertificateSource::proxy", "client_certificate_proxies");
const HEADER: SettingName =
    SettingName::with_key("ClientCertificateSource::header_name", "client_certificate_header");

impl ResourceServerConfig {
    /// `None` if it is not configured.
    pub(super) fn client_certificate_source(
        &self,
    ) -> Result<Option<ClientCertificateSource>, SetupError> {
        let header =
            self.client_certificate_source.and_then(ClientCertificateLocation::proxy_header);
        let Some(header) = header else {
            let unused = [
                (PROXIES, !self.client_certificate_proxies.is_empty()),
                (HEADER, self.client_certificate_header.is_some()),
            ];
            for (setting, is_set) in unused {
                if is_set {
                    let reason = "it is for the header of a proxy: `client-cert`, `nginx`, `envoy` or `traefik`";
                    return Err(SetupError::Requires { setting, required: SOURCE, reason });
                }
            }
            let connection = |_| ClientCertificateSource::connection();
            return Ok(self.client_certificate_source.map(connection));
        };
        let source = ClientCertificateSource::proxy(header, &self.client_certificate_proxies);
        Ok(Some(match &self.client_certificate_header {
            Some(name) => source.header_name(name),
            None => source,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceServer;

    async fn server(settings: &str) -> Result<ResourceServer, String> {
        let json = format!(
            r#"{{"resource":"https://api.example","introspection_url":"https://auth.example/introspect"{settings}}}"#
        );
        let config: ResourceServerConfig =
            serde_json::from_str(&json).map_err(|it| it.to_string())?;
        config.build().await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_settings_reach_the_server() {
        // R-C13, R-H2
        for (settings, parts) in [
            ("", &["Connection"][..]),
            (r#","client_certificate_source":"connection""#, &["Connection"]),
            (
                r#","client_certificate_source":"client-cert","client_certificate_proxies":["10.0.0.0/8","::1"]"#,
                &["ClientCert", "\"client-cert\"", "10.0.0.0", "::1"],
            ),
            (
                r#","client_certificate_source":"nginx","client_certificate_proxies":["::1"],
                    "client_certificate_header":"X-Certificate""#,
                &["Nginx", "\"x-certificate\""],
            ),
            (
                r#","client_certificate_source":"envoy","client_certificate_proxies":["::1"]"#,
                &["Envoy", "\"x-forwarded-client-cert\""],
            ),
            (
                r#","client_certificate_source":"traefik","client_certificate_proxies":["::1"]"#,
                &["Traefik", "\"x-forwarded-tls-client-cert\""],
            ),
        ] {
            let server = server(settings).await.unwrap();
            let shown = format!("{:?}", server.client_certificates());
            for part in parts {
                assert!(shown.contains(part), "{part}: {shown}");
            }
            let supported = server.metadata().tls_client_certificate_bound_access_tokens;
            assert_eq!(supported, (!settings.is_empty()).then_some(true), "{settings}");
        }
    }

    #[tokio::test]
    async fn a_setting_that_cannot_be_used_is_named() {
        // R-C13, R-H2
        for (settings, words) in [
            (r#","client_certificate_source":"apache""#, "unknown variant"),
            (r#","client_certificate_source":"nginx""#, "client_certificate_proxies"),
            (
                r#","client_certificate_source":"nginx","client_certificate_proxies":["10.0.0.1/8"]"#,
                "`client_certificate_proxies`, REQUIRES_AUTH_CLIENT_CERTIFICATE_PROXIES) must be",
            ),
            (
                r#","client_certificate_source":"nginx","client_certificate_proxies":["::1"],
                    "client_certificate_header":"a b""#,
                "`client_certificate_header`, REQUIRES_AUTH_CLIENT_CERTIFICATE_HEADER) must be",
            ),
            (
                r#","client_certificate_proxies":["::1"]"#,
                "is set without `client_certificate_source`",
            ),
            (r#","client_certificate_header":"a""#, "is set without `client_certificate_source`"),
            (
                r#","client_certificate_source":"connection","client_certificate_proxies":["::1"]"#,
                "it is for the header of a proxy",
            ),
        ] {
            let message = server(settings).await.unwrap_err();
            assert!(message.contains(words), "{settings}: {message}");
        }
    }
}
