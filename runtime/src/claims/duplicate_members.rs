//! Parses JSON and detects repeated member names. Some parsers keep the first member and some the last, so that they
//! read different values from the same document (RFC 8259 §4).
//!
//! Detects member names that `serde_json` reserves as well. With its feature `raw_value`, `serde_json::Value` reads
//! the object `{"$serde_json::private::RawValue": "true"}` as the boolean `true`; with `arbitrary_precision` it
//! does the same with `$serde_json::private::Number`. Cargo enables a feature for the whole program if one crate
//! needs it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::json_value::{JsonString, JsonValue, Members};

/// A JSON value, and its repeated members, of which it has the last one.
///
/// The value and the names come from one pass over the text: the tokens of callers are read like this.
pub(super) struct ParsedValue<'a> {
    pub(super) value: JsonValue<'a>,
    pub(super) repeated: Repeated,
}

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

/// A JSON value without a repeated member name at any depth.
#[cfg(feature = "jwt")]
pub(crate) struct UnambiguousValue;

#[cfg(feature = "jwt")]
impl<'de> Deserialize<'de> for UnambiguousValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let parsed = ParsedValue::deserialize(deserializer)?;
        let repeated = || D::Error::custom("a member that is there twice");
        if parsed.repeated.any() { Err(repeated()) } else { Ok(Self) }
    }
}

impl<'de> Deserialize<'de> for ParsedValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

/// The name of the only member of a number that `serde_json` passes to a visitor with `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = ParsedValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ParsedValue<'de>, A::Error> {
        let mut members = Vec::new();
        let mut repeated = Repeated::default();
        while let Some(JsonString(name)) = map.next_key()? {
            let ParsedValue { value, repeated: below } = map.next_value()?;
            repeated.below |= below.any();
            members.push((name, value));
        }
        // A text that has this name itself is rejected because of it.
        if let [(Cow::Borrowed(NUMBER), JsonValue::String(number))] = &*members
            && let Ok(number) = number.parse()
        {
            return Ok(JsonValue::Number(number).into());
        }
        let members = Members::new(members, |name| {
            repeated.own.insert(name.to_owned());
        });
        Ok(ParsedValue { value: JsonValue::Object(members), repeated })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ParsedValue<'de>, A::Error> {
        let mut elements = Vec::new();
        let mut repeated = Repeated::default();
        while let Some(element) = seq.next_element::<ParsedValue<'de>>()? {
            repeated.below |= element.repeated.any();
            elements.push(element.value);
        }
        Ok(ParsedValue { value: JsonValue::Array(elements), repeated })
    }

    fn visit_bool<E>(self, value: bool) -> Result<ParsedValue<'de>, E> {
        Ok(JsonValue::Bool(value).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<ParsedValue<'de>, E> {
        Ok(JsonValue::Number(value.into()).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<ParsedValue<'de>, E> {
        Ok(JsonValue::Number(value.into()).into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<ParsedValue<'de>, E> {
        // The same as `serde_json::Value`.
        Ok(Number::from_f64(value).map_or(JsonValue::Null, JsonValue::Number).into())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<ParsedValue<'de>, E> {
        Ok(JsonValue::String(Cow::Borrowed(value)).into())
    }

    fn visit_str<E>(self, value: &str) -> Result<ParsedValue<'de>, E> {
        Ok(JsonValue::String(Cow::Owned(value.to_owned())).into())
    }

    fn visit_string<E>(self, value: String) -> Result<ParsedValue<'de>, E> {
        Ok(JsonValue::String(Cow::Owned(value)).into())
    }

    fn visit_unit<E>(self) -> Result<ParsedValue<'de>, E> {
        Ok(JsonValue::Null.into())
    }
}

/// A value without members.
impl<'a> From<JsonValue<'a>> for ParsedValue<'a> {
    fn from(value: JsonValue<'a>) -> Self {
        Self { value, repeated: Repeated::default() }
    }
}

/// The prefix of the member names that `serde_json` reserves.
const RESERVED: &str = "$serde_json::private::";

/// Whether `serde_json` reserves a member name of the JSON text, at any depth. `json` is valid.
///
/// It reads the text instead of using the parser: with `arbitrary_precision`, `serde_json` passes every number to a
/// visitor as an object with such a name.
pub(super) fn has_reserved_name(json: &str) -> bool {
    // In most texts there is none of the two, and finding that out is fast.
    if !json.as_bytes().contains(&b'$') && !json.as_bytes().contains(&b'\\') {
        return false;
    }
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

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
                assert!(serde_json::from_str::<ParsedValue<'_>>(&json).is_ok(), "{json}");
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
    fn the_value_is_the_one_that_serde_json_reads() {
        // R-D11
        for json in [
            r#"{"a":[1,-2,3.5,1e400,18446744073709551615,18446744073709551616,true,null],"b":{}}"#,
            r#"{"a":"\u00e4\ud83d\ude00\n","\"":[[],[[]]],"":0}"#,
            "[]",
            "null",
            "-0",
            r#""text""#,
            r#"{"a":1,"a":{"b":2,"b":3}}"#,
            r#"{"b":1,"aa":2,"\u0062":3,"":4,"aa":5,"b":6,"c":7,"b":8}"#,
        ] {
            let expected: Option<Value> = serde_json::from_str(json).ok();
            let parsed: Option<ParsedValue<'_>> = serde_json::from_str(json).ok();
            assert_eq!(parsed.map(|parsed| Value::from(parsed.value)), expected, "{json}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(serde_json::from_str::<ParsedValue<'_>>(&deep).is_err());
    }

    #[test]
    fn a_repeated_name_is_found_at_any_depth() {
        // R-D11
        let read = |json: &str| serde_json::from_str::<ParsedValue<'_>>(json).unwrap().repeated;
        assert!(!read(r#"{"a":1,"b":[{"a":null},{"a":-1.5}],"c":{"a":"x"},"d":true}"#).any());
        assert!(read(r#"{"a":1,"\u0061":2}"#).own.contains("a"), "an escape is the same name");
        for below in [r#"{"a":{"b":1,"b":1}}"#, r#"{"a":[[{"b":1,"b":2}]]}"#] {
            assert!(read(below).below && read(below).own.is_empty(), "{below}");
        }
    }
}
