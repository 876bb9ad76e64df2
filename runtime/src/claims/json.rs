//! JSON whose repeated member names are noticed: a parser keeps the last one and another the
//! first, so a repeated name means something else to everyone who reads it (RFC 8259 §4).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The member names that occur more than once in an object or anywhere below it.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    /// Names repeated in the object itself.
    pub(super) own: BTreeSet<String>,
    /// Whether a name is repeated in an object further down.
    pub(super) below: bool,
}

impl Repeated {
    pub(super) fn any(&self) -> bool {
        self.below || !self.own.is_empty()
    }
}

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Repeated;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Repeated, A::Error> {
        let mut names = BTreeSet::new();
        let mut repeated = Repeated::default();
        while let Some(name) = map.next_key::<String>()? {
            repeated.below |= map.next_value::<Repeated>()?.any();
            if let Some(name) = names.replace(name) {
                repeated.own.insert(name);
            }
        }
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
    fn a_repeated_name_is_noticed_at_any_depth() {
        // R-D11
        let read = |json: &str| serde_json::from_str::<Repeated>(json).unwrap();
        assert!(!read(r#"{"a":1,"b":[{"a":null},{"a":-1.5}],"c":{"a":"x"},"d":true}"#).any());
        assert!(read(r#"{"a":1,"\u0061":2}"#).own.contains("a"), "an escape is the same name");
        for below in [r#"{"a":{"b":1,"b":1}}"#, r#"{"a":[[{"b":1,"b":2}]]}"#] {
            assert!(read(below).below && read(below).own.is_empty(), "{below}");
        }
    }
}
