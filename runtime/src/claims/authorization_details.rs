//! What a token permits in detail: `authorization_details` (RFC 9396 §9).

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Claims;

/// The claims that have authorization details.
#[derive(Deserialize)]
struct WithDetails<'a> {
    #[serde(borrow, default)]
    authorization_details: Vec<&'a RawValue>,
}

/// The members that every type of authorization details has (RFC 9396 §2).
#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "type")]
    name: String,
    #[serde(default, deserialize_with = "present")]
    locations: Option<Vec<String>>,
}

/// Also `null` is a value of another form.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(deserializer).map(Some)
}

impl Claims {
    /// The authorization details of a type, as JSON. Those with `locations` need one that is a location of this resource
    /// server. A claim or an element of another form than RFC 9396 §2 defines grants nothing.
    ///
    /// No member is repeated in it: such claims are rejected when they are read.
    pub(crate) fn authorization_details(
        &self,
        name: &str,
        is_own_location: impl Fn(&str) -> bool,
    ) -> Vec<&RawValue> {
        let Ok(WithDetails { authorization_details }) = serde_json::from_str(self.as_json()) else {
            return Vec::new();
        };
        let is_granted = |detail: &&RawValue| {
            serde_json::from_str::<Detail>(detail.get()).is_ok_and(|detail| {
                let is_here =
                    |locations: Vec<String>| locations.iter().any(|it| is_own_location(it));
                detail.name == name && detail.locations.is_none_or(is_here)
            })
        };
        authorization_details.into_iter().filter(is_granted).collect()
    }
}
