//! A JSON document, with the names that are repeated in it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::claims::UnambiguousValue;

/// A JSON value. Of a member that is repeated it has the last one.
#[derive(Debug)]
pub(crate) struct Document {
    value: Value,
    /// The names of the members of the outermost object, in their order.
    names: Vec<String>,
    repeats_any: bool,
}

impl Document {
    /// `None` for what is no JSON.
    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        let value = serde_json::from_slice(data).ok()?;
        let names = serde_json::from_slice::<Names>(data).map(|Names(names)| names);
        let repeats_any = serde_json::from_slice::<UnambiguousValue>(data).is_err();
        Some(Self { value, names: names.unwrap_or_default(), repeats_any })
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    pub(crate) fn object(&self) -> Option<&serde_json::Map<String, Value>> {
        self.value.as_object()
    }

    /// Whether one of these is a member of the outermost object twice.
    pub(crate) fn repeats(&self, members: &[&str]) -> bool {
        members.iter().any(|member| self.names.iter().filter(|name| name == member).count() > 1)
    }

    /// Whether an object at any depth has a member twice.
    pub(crate) fn repeats_any(&self) -> bool {
        self.repeats_any
    }
}

struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some((name, _)) = map.next_entry::<String, Value>()? {
            names.push(name);
        }
        Ok(Names(names))
    }
}
