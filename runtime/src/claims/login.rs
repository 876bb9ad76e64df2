//! The claims on how and when the user logged in: `acr`, `amr` and `auth_time` (OpenID Connect Core 1.0 §2, RFC 8176).

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::claim_set::time;
use super::json_value::JsonValue;

/// How and when the subject of a token logged in.
///
/// An application permits more after a stronger or a more recent login. So a claim of another JSON type counts as
/// absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    pub(super) acr: Option<Box<str>>,
    pub(super) amr: Vec<Box<str>>,
    pub(super) auth_time: Option<SystemTime>,
}

impl Login {
    /// `None` for a document without the three claims.
    pub(super) fn read(document: &JsonValue<'_>) -> Option<Box<Self>> {
        let acr = document.get("acr").and_then(JsonValue::as_str).map(Box::from);
        let auth_time = time(document, "auth_time").ok().flatten();
        let amr = document.get("amr").and_then(JsonValue::as_array).and_then(|methods| {
            methods.iter().map(|method| method.as_str().map(Box::from)).collect::<Option<Vec<_>>>()
        });
        let login = Self { acr, amr: amr.unwrap_or_default(), auth_time };
        let is_empty = login.acr.is_none() && login.amr.is_empty() && login.auth_time.is_none();
        (!is_empty).then(|| Box::new(login))
    }

    /// The weaker of two statements on one login: an application permits more after a stronger or a more recent one.
    #[cfg(feature = "jwt")]
    pub(super) fn restrict(&mut self, other: &Self) {
        if other.acr.is_some() && self.acr != other.acr {
            self.acr = None;
        }
        let times = [self.auth_time, other.auth_time];
        self.auth_time = self.auth_time.and(times.into_iter().flatten().min());
    }

    /// The approximate size in memory, in bytes.
    #[cfg(feature = "introspection")]
    pub(super) fn size(&self) -> usize {
        let amr: usize = self.amr.iter().map(|one| one.len() + size_of_val(one)).sum();
        size_of::<Self>() + self.acr.as_deref().map_or(0, str::len) + amr
    }
}
