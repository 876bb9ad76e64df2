//! Rejects settings that do not exist.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};

use crate::resource_server::unknown_setting::{List, Setting, UnknownSettingError};

/// Reads the keys that no field has, and fails if there is one. Unlike serde's `deny_unknown_fields`, the
/// error names all of them, each with the nearest of these settings.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
    settings: &'static [Setting],
) -> Result<(), D::Error> {
    deserializer.deserialize_map(Rest(settings))
}

struct Rest(&'static [Setting]);

impl<'de> Visitor<'de> for Rest {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no further settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut rest: A) -> Result<(), A::Error> {
        let mut unknown = Vec::new();
        while let Some((name, IgnoredAny)) = rest.next_entry::<String, IgnoredAny>()? {
            unknown.extend(UnknownSettingError::find(&name, self.0, str::to_owned));
        }
        if unknown.is_empty() {
            return Ok(());
        }
        Err(A::Error::custom(format_args!("unknown settings: {}", List(&unknown))))
    }
}
