//! What a token permits in detail: `authorization_details` (RFC 9396 §9).

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Claims;
use crate::json_object::Object;

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
            let detail: Result<Object<Detail>, _> = serde_json::from_str(detail.get());
            detail.is_ok_and(|Object(detail)| {
                let is_here =
                    |locations: Vec<String>| locations.iter().any(|it| is_own_location(it));
                detail.name == name && detail.locations.is_none_or(is_here)
            })
        };
        authorization_details.into_iter().filter(is_granted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_of_another_form_grants_nothing() {
        // R-H9
        let granted = |details: &str| {
            let json = format!(r#"{{"authorization_details":{details}}}"#);
            let claims = Claims::from_json(json.as_bytes()).unwrap();
            claims.authorization_details("payment", |location| location == "here").len()
        };
        assert_eq!(granted(r#"[{"type":"payment"},{"type":"payment","locations":["here"]}]"#), 2);
        for other in [
            r#"[["payment"]]"#,
            r#"[["payment",["here"]]]"#,
            r#"["payment"]"#,
            r#"[{"type":"payment","locations":null}]"#,
            r#"[{"type":"payment","locations":["there"]}]"#,
            r#"[{"type":["payment"]}]"#,
            r#"{"type":"payment"}"#,
            "null",
        ] {
            assert_eq!(granted(other), 0, "{other}");
        }
    }
}
