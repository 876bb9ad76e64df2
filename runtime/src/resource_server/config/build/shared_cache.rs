//! The settings of a shared cache.

use std::time::Duration;

use crate::resolve::cache::TTL;
use crate::resource_server::SettingName;
use crate::shared_cache::{
    REDIS_SECRET, REDIS_URLS, ROOT_CERTIFICATES, SharedCache, SharedCacheBuilder,
};
use crate::{ResourceServerConfig, SetupError};

impl ResourceServerConfig {
    pub(super) fn shared_cache(&self) -> Result<Option<SharedCache>, SetupError> {
        let Some(builder) = self.store()? else {
            return match self.other_setting() {
                Some(key) => Err(SetupError::Requires {
                    setting: SettingName::of_configuration(key),
                    required: REDIS_URLS,
                    reason: "without it, the cache is not shared",
                }),
                None => Ok(None),
            };
        };
        if self.cache_ttl_s == Some(0) {
            return Err(SetupError::Contradiction {
                settings: vec![REDIS_URLS, TTL],
                reason: "a `cache_ttl_s` of 0 disables the cache, so there is nothing to share",
            });
        }
        let mut builder = builder;
        if let Some(prefix) = &self.redis_prefix {
            builder = builder.prefix(prefix);
        }
        if let Some(millis) = self.redis_timeout_ms {
            builder = builder.timeout(Duration::from_millis(millis));
        }
        if let Some(file) = &self.redis_root_certificates {
            let pem = std::fs::read(file)
                .map_err(|source| SetupError::File { setting: ROOT_CERTIFICATES, source })?;
            builder = builder.root_certificates(pem);
        }
        builder.build().map(Some)
    }

    fn store(&self) -> Result<Option<SharedCacheBuilder>, SetupError> {
        if self.redis_urls.is_empty() {
            return Ok(None);
        }
        let secret = self.redis_secret.as_ref().ok_or(SetupError::Requires {
            setting: REDIS_URLS,
            required: REDIS_SECRET,
            reason: "draw 32 bytes at random, and give them to all instances",
        })?;
        let secret = secret.expose().as_bytes();
        let urls = self.redis_urls.iter().cloned();
        match (self.redis_cluster, self.redis_urls.as_slice()) {
            (true, _) => Ok(Some(SharedCache::cluster(urls, secret))),
            (false, [url]) => Ok(Some(SharedCache::single(url.clone(), secret))),
            (false, _) => Err(SetupError::Requires {
                setting: REDIS_URLS,
                required: SettingName::of_configuration("redis_cluster"),
                reason: "several URLs are the nodes of a cluster",
            }),
        }
    }

    /// The first setting of the shared cache that is set, besides its URLs.
    fn other_setting(&self) -> Option<&'static str> {
        let settings = [
            ("redis_cluster", self.redis_cluster),
            ("redis_secret", self.redis_secret.is_some()),
            ("redis_prefix", self.redis_prefix.is_some()),
            ("redis_timeout_ms", self.redis_timeout_ms.is_some()),
            ("redis_root_certificates", self.redis_root_certificates.is_some()),
        ];
        settings.into_iter().find(|(_, is_set)| *is_set).map(|(key, _)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = r#""redis_secret":"0123456789abcdef0123456789abcdef""#;

    fn shared_cache(settings: &str) -> Result<Option<SharedCache>, String> {
        let json = format!(r#"{{"resource":"https://api.example",{settings}}}"#);
        let config: ResourceServerConfig = serde_json::from_str(&json).unwrap();
        config.shared_cache().map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_shared_cache_is_set_up_as_the_settings_say() {
        // R-E9
        assert!(shared_cache(r#""cache_ttl_s":0"#).unwrap().is_none());
        let single = r#""redis_urls":["redis://a"],"redis_prefix":"p","redis_timeout_ms":5"#;
        let single = shared_cache(&format!("{single},{SECRET}")).unwrap().unwrap();
        assert!(format!("{single:?}").contains("5ms"), "{single:?}");
        let cluster = r#""redis_urls":["redis://a","redis://b"],"redis_cluster":true"#;
        assert!(shared_cache(&format!("{cluster},{SECRET}")).unwrap().is_some());
    }

    #[test]
    fn settings_that_contradict_each_other_are_rejected() {
        // R-E9
        for (settings, word) in [
            (r#""redis_urls":["redis://a"]"#.to_owned(), "without `redis_secret`"),
            (SECRET.to_owned(), "without `redis_urls`"),
            (r#""redis_cluster":true"#.to_owned(), "without `redis_urls`"),
            (r#""redis_prefix":"p""#.to_owned(), "without `redis_urls`"),
            (r#""redis_timeout_ms":5"#.to_owned(), "without `redis_urls`"),
            (r#""redis_root_certificates":"x""#.to_owned(), "without `redis_urls`"),
            (format!(r#""redis_urls":["redis://a","redis://b"],{SECRET}"#), "`redis_cluster`"),
            (format!(r#""redis_urls":["redis://a"],"cache_ttl_s":0,{SECRET}"#), "`cache_ttl_s`"),
            (
                format!(
                    r#""redis_urls":["rediss://a"],"redis_root_certificates":"/none",{SECRET}"#
                ),
                "cannot be read",
            ),
            (format!(r#""redis_urls":["http://s3cret"],{SECRET}"#), "of the form"),
        ] {
            let message = shared_cache(&settings).unwrap_err();
            assert!(message.contains(word) && !message.contains("s3cret"), "{settings}: {message}");
        }
    }

    #[test]
    fn the_settings_do_not_show_a_secret() {
        // R-C3
        let json = format!(
            r#"{{"resource":"https://api.example","redis_urls":["redis://u:s3cret@a"],{SECRET}}}"#
        );
        let config: ResourceServerConfig = serde_json::from_str(&json).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("0123"), "{shown}");
    }
}
