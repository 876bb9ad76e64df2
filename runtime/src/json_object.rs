//! JSON objects from outside, read into structs.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

/// A value that is read from a JSON object alone. A derived `Deserialize` also reads an array of the members' values.
#[derive(Debug, Default)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Members<'a> {
        a: &'a str,
        b: Option<Object<Inner>>,
    }

    #[derive(Deserialize)]
    struct Inner {
        c: u8,
    }

    #[test]
    fn an_array_is_no_object() {
        // R-F2, R-H9: nor is one in a member.
        let read = |json| serde_json::from_str::<Object<Members<'_>>>(json).ok();
        let Object(members) = read(r#"{"a":"x","b":{"c":1}}"#).unwrap();
        assert_eq!((members.a, members.b.map(|b| b.0.c)), ("x", Some(1)));
        assert!(read(r#"{"a":"x","b":null}"#).is_some());
        for other in [
            r#"["x",null]"#,
            r#"["x",{"c":1}]"#,
            r#"{"a":"x","b":[1]}"#,
            r#"{"a":"x","a":"y"}"#,
            r#"{"a":"x"}x"#,
            "null",
            r#""x""#,
        ] {
            assert!(read(other).is_none(), "{other}");
        }
    }
}
