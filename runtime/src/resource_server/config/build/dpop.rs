//! The settings of DPoP, from a configuration.

use std::time::Duration;

use crate::{Dpop, ResourceServerConfig};

impl ResourceServerConfig {
    pub(super) fn dpop(&self) -> Dpop {
        let mut dpop =
            Dpop::with(self.dpop).on_replay_store_failure(self.dpop_on_replay_store_failure);
        if let Some(algorithms) = &self.dpop_algorithms {
            dpop = dpop.algorithms(algorithms.iter().copied());
        }
        if let Some(seconds) = self.dpop_proof_window_s {
            dpop = dpop.proof_window(Duration::from_secs(seconds));
        }
        if self.dpop_require_nonces {
            dpop = dpop.require_nonces();
        }
        if let Some(key) = &self.dpop_nonce_key {
            dpop = dpop.nonce_key(key.clone());
        }
        if let Some(seconds) = self.dpop_nonce_lifetime_s {
            dpop = dpop.nonce_lifetime(Duration::from_secs(seconds));
        }
        dpop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DpopMode, ResourceServer};

    async fn server(settings: &str) -> Result<ResourceServer, String> {
        let json = format!(
            r#"{{"resource":"https://api.example","introspection_url":"https://auth.example/introspect"{settings}}}"#
        );
        let config: ResourceServerConfig =
            serde_json::from_str(&json).map_err(|it| it.to_string())?;
        config.build().await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_settings_reach_the_verifier() {
        // R-C13, R-H1
        let default = server("").await.unwrap();
        assert!(!default.dpop().unwrap().is_required && !default.requires_nonces());
        assert!(server(r#","dpop":"off""#).await.unwrap().dpop().is_none());
        let required = server(
            r#","dpop":"required","dpop_algorithms":["ES256"],"dpop_proof_window_s":60,
                "dpop_require_nonces":true,"dpop_nonce_lifetime_s":60,
                "external_base_url":"https://www.example/api""#,
        );
        let required = required.await.unwrap();
        let shown = format!("{:?}", required.dpop().unwrap());
        for part in
            ["is_required: true", "[Es256]", "window: 60s", "lifetime: 60s", "www.example/api"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert_eq!(DpopMode::default(), DpopMode::Accepted);
    }

    #[tokio::test]
    async fn a_setting_that_cannot_be_used_is_named() {
        // R-C2, R-C13
        for (settings, words) in [
            (r#","dpop":"s3cret""#, "unknown variant"),
            (r#","dpop_proof_window_s":1"#, "dpop_proof_window_s"),
            (r#","dpop_algorithms":[]"#, "dpop_algorithms"),
            (r#","dpop_nonce_key":"s3cret""#, "dpop_nonce_key"),
            (r#","dpop_nonce_lifetime_s":60"#, "dpop_nonce_key"),
            (r#","external_base_url":"http://www.example""#, "external_base_url"),
            (r#","dpop_on_replay_store_failure":"accept""#, "unknown variant"),
        ] {
            let message = server(settings).await.unwrap_err();
            assert!(message.contains(words), "{settings}: {message}");
        }
    }
}
