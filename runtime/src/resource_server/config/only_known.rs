//! Refuses settings that do not exist.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::env;
use crate::resource_server::unknown_setting::{List, UnknownSettingError};

/// Reads what is left when all settings are read: nothing. Like serde's `deny_unknown_fields`, but
/// for all of them at once, and with what may have been meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnlyKnown;

impl<'de> Deserialize<'de> for OnlyKnown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Rest)
    }
}

struct Rest;

impl<'de> Visitor<'de> for Rest {
    type Value = OnlyKnown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no further settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut rest: A) -> Result<OnlyKnown, A::Error> {
        let mut unknown = Vec::new();
        while let Some((name, IgnoredAny)) = rest.next_entry::<String, IgnoredAny>()? {
            let all = env::settings().map(|setting| (setting, setting));
            unknown.extend(UnknownSettingError::find(&name, all));
        }
        if unknown.is_empty() {
            return Ok(OnlyKnown);
        }
        Err(A::Error::custom(format_args!("unknown settings: {}", List(&unknown))))
    }
}
