//! Detects repeated member names in JSON. Some parsers keep the first member and some the last, so that they read
//! different values from the same document (RFC 8259 §4).
//!
//! Detects member names that `serde_json` reserves as well. With its feature `raw_value`, `serde_json::Value` reads
//! the object `{"$serde_json::private::RawValue": "true"}` as the boolean `true`; with `arbitrary_precision` it
//! does the same with `$serde_json::private::Number`. Cargo enables a feature for the whole program if one crate
//! needs it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The member names that occur more than once in a JSON value.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    /// The repeated names of the outermost object.
    pub(super) own: BTreeSet<String>,
    /// Whether a name is repeated in a nested object.
    pub(super) below: bool,
}

impl Repeated {
    pub(super) fn any(&self) -> bool {
        self.below || !self.own.is_empty()
    }
}

/// Whether a JSON text has a repeated member at any depth; `None` for a text that is no JSON object.
#[cfg(feature = "jwt")]
pub(crate) fn has_repeated_members(json: &[u8]) -> Option<bool> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(json).ok().map(|repeated: Repeated| repeated.any())
}

/// The prefix of the member names that `serde_json` reserves.
const RESERVED: &str = "$serde_json::private::";

/// Whether `serde_json` reserves a member name of the JSON text, at any depth. `json` is valid.
///
/// It reads the text instead of using the parser: with `arbitrary_precision`, `serde_json` passes every number to a
/// visitor as an object with such a name.
pub(super) fn has_reserved_name(json: &str) -> bool {
    let mut rest = json;
    while let Some((string, after)) = next_string(rest) {
        rest = after;
        let is_name = after.trim_start_matches([' ', '\t', '\n', '\r']).starts_with(':');
        if is_name && unescaped(string).starts_with(RESERVED) {
            return true;
        }
    }
    false
}

/// The first string of a JSON text, with its quotes, and the text after it.
fn next_string(json: &str) -> Option<(&str, &str)> {
    let from = json.get(json.find('"')?..)?;
    let mut escaped = false;
    for (at, byte) in from.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return from.split_at_checked(at + 1),
            _ => {}
        }
    }
    None
}

fn unescaped(string: &str) -> Cow<'_, str> {
    if string.contains('\\') {
        Cow::Owned(serde_json::from_str(string).unwrap_or_default())
    } else {
        Cow::Borrowed(string.trim_matches('"'))
    }
}

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

/// The name of a member, borrowed unless it has an escape.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Repeated;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Repeated, A::Error> {
        let mut names: Vec<Cow<'de, str>> = Vec::new();
        let mut repeated = Repeated::default();
        while let Some(Name(name)) = map.next_key()? {
            repeated.below |= map.next_value::<Repeated>()?.any();
            names.push(name);
        }
        // Faster than a set, also for objects with few members.
        names.sort_unstable();
        let neighbours = names.windows(2).filter_map(|pair| match pair {
            [one, other] if one == other => Some(one.clone().into_owned()),
            _ => None,
        });
        repeated.own.extend(neighbours);
        Ok(repeated)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Repeated, A::Error> {
        let mut repeated = Repeated::default();
        while let Some(element) = seq.next_element::<Repeated>()? {
            repeated.below |= element.any();
        }
        Ok(repeated)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Repeated, E> {
        Ok(Repeated::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Repeated, E> {
        Ok(Repeated::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Repeated, E> {
        Ok(Repeated::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Repeated, E> {
        Ok(Repeated::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Repeated, E> {
        Ok(Repeated::default())
    }

    fn visit_unit<E>(self) -> Result<Repeated, E> {
        Ok(Repeated::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Repeated, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Repeated::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_name_is_found_at_any_depth_and_in_any_spelling() {
        // R-D12
        for name in [
            "$serde_json::private::RawValue",
            "$serde_json::private::Number",
            "\\u0024serde_json::private::RawValue",
            "$serde_json:\\u003aprivate::RawValue",
            "$serde_json::private::",
        ] {
            for json in [
                format!(r#"{{"{name}":"true"}}"#),
                format!(r#"{{"active":true,"a":{{"{name}" : "1"}}}}"#),
                format!("{{\"active\":true,\"a\":[[{{\"b\":1,\"{name}\"\r\n\t :null}}]]}}"),
                format!(r#"{{"a":"\\\"{{","{name}":1}}"#),
            ] {
                assert!(serde_json::from_str::<Repeated>(&json).is_ok(), "{json}");
                assert!(has_reserved_name(&json), "{json}");
            }
        }
        for json in [
            "{}",
            "1",
            r#""$serde_json::private::RawValue""#,
            r#"{"a":"$serde_json::private::RawValue","b":["$serde_json::private::Number"]}"#,
            r#"{"a":"\"$serde_json::private::RawValue\":1"}"#,
            r#"{"serde_json::private::RawValue":1,"$serde_json":2," $serde_json::private::":3}"#,
            r#"{"active":true,"exp":1700000000.5,"x":-1e3,"y":18446744073709551616}"#,
        ] {
            assert!(!has_reserved_name(json), "{json}");
        }
    }

    #[test]
    fn a_repeated_name_is_found_at_any_depth() {
        // R-D11
        let read = |json: &str| serde_json::from_str::<Repeated>(json).unwrap();
        assert!(!read(r#"{"a":1,"b":[{"a":null},{"a":-1.5}],"c":{"a":"x"},"d":true}"#).any());
        assert!(read(r#"{"a":1,"\u0061":2}"#).own.contains("a"), "an escape is the same name");
        for below in [r#"{"a":{"b":1,"b":1}}"#, r#"{"a":[[{"b":1,"b":2}]]}"#] {
            assert!(read(below).below && read(below).own.is_empty(), "{below}");
        }
    }
}
