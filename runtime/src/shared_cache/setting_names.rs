//! The names of the settings, for errors.

use crate::SettingName;

pub(crate) const REDIS_URLS: SettingName = SettingName::of_configuration("redis_urls");
pub(crate) const REDIS_SECRET: SettingName = SettingName::of_configuration("redis_secret");
pub(crate) const ROOT_CERTIFICATES: SettingName =
    SettingName::with_key("root_certificates", "redis_root_certificates");
pub(super) const CLIENT_CERTIFICATE: SettingName = SettingName::of_builder("client_certificate");
pub(super) const TIMEOUT: SettingName = SettingName::with_key("timeout", "redis_timeout_ms");
pub(super) const PREFIX: SettingName = SettingName::with_key("prefix", "redis_prefix");
