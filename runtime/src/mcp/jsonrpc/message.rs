//! The members of a message that name its operation, read in one pass: a message can be long.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::Read;
use serde_json::value::RawValue;

/// The members that are read from a message.
pub(super) struct Message<'a> {
    pub(super) method: Option<JsonString<'a>>,
    pub(super) params: Params<'a>,
}

/// The members of `params` that name the operation of some method. The method decides which of them
/// counts, and it may follow them in the text.
#[derive(Default)]
pub(super) struct Params<'a> {
    pub(super) name: Member<'a>,
    pub(super) uri: Member<'a>,
    pub(super) reference: Member<'a>,
    pub(super) notifications: Member<'a>,
}

/// A member of `params`.
#[derive(Default, Clone, Copy)]
pub(super) enum Member<'a> {
    #[default]
    Absent,
    Once(&'a RawValue),
    /// It occurs more than once, or `params` is no object.
    Ambiguous,
}

impl<'a> Message<'a> {
    /// Reads a whole text; anything after the message is an error.
    pub(super) fn read(json: impl Read<'a>) -> serde_json::Result<Self> {
        let mut deserializer = serde_json::Deserializer::new(json);
        let message = deserializer.deserialize_map(MessageVisitor)?;
        deserializer.end()?;
        Ok(message)
    }
}

impl<'a> Member<'a> {
    pub(super) fn value(self) -> serde_json::Result<Option<&'a RawValue>> {
        match self {
            Self::Absent => Ok(None),
            Self::Once(value) => Ok(Some(value)),
            Self::Ambiguous => Err(de::Error::custom("a member is ambiguous")),
        }
    }

    pub(super) fn text(self) -> serde_json::Result<Option<String>> {
        self.value()?.map(string).transpose()
    }

    fn add(&mut self, value: &'a RawValue) {
        *self = match self {
            Self::Absent => Self::Once(value),
            Self::Once(_) | Self::Ambiguous => Self::Ambiguous,
        };
    }
}

pub(super) fn string(value: &RawValue) -> serde_json::Result<String> {
    serde_json::from_str(value.get())
}

/// A string with its escapes decoded.
#[derive(Deserialize)]
pub(super) struct JsonString<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

struct MessageVisitor;

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum MessageMember {
    Method,
    Params,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = Message<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message<'de>, A::Error> {
        let (mut method, mut params) = (None, None);
        while let Some(member) = map.next_key()? {
            match member {
                MessageMember::Method if method.is_some() => {
                    return Err(de::Error::duplicate_field("method"));
                }
                MessageMember::Params if params.is_some() => {
                    return Err(de::Error::duplicate_field("params"));
                }
                MessageMember::Method => method = Some(map.next_value()?),
                MessageMember::Params => params = Some(map.next_value()?),
                MessageMember::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Message { method, params: params.unwrap_or_default() })
    }
}

impl Params<'_> {
    /// `params` is no object, which no method expects.
    const NO_OBJECT: Self = Self {
        name: Member::Ambiguous,
        uri: Member::Ambiguous,
        reference: Member::Ambiguous,
        notifications: Member::Ambiguous,
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Params<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParamsVisitor)
    }
}

struct ParamsVisitor;

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum ParamsMember {
    Name,
    Uri,
    Ref,
    Notifications,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for ParamsVisitor {
    type Value = Params<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Params<'de>, A::Error> {
        let mut params = Params::default();
        while let Some(member) = map.next_key()? {
            match member {
                ParamsMember::Name => params.name.add(map.next_value()?),
                ParamsMember::Uri => params.uri.add(map.next_value()?),
                ParamsMember::Ref => params.reference.add(map.next_value()?),
                ParamsMember::Notifications => params.notifications.add(map.next_value()?),
                ParamsMember::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(params)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Params<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Params::NO_OBJECT)
    }

    /// `null` counts as absent.
    fn visit_unit<E>(self) -> Result<Params<'de>, E> {
        Ok(Params::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Params<'de>, E> {
        Ok(Params::NO_OBJECT)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Params<'de>, E> {
        Ok(Params::NO_OBJECT)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Params<'de>, E> {
        Ok(Params::NO_OBJECT)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Params<'de>, E> {
        Ok(Params::NO_OBJECT)
    }

    fn visit_str<E>(self, _: &str) -> Result<Params<'de>, E> {
        Ok(Params::NO_OBJECT)
    }
}

/// Reads these members of an object. Anything else is an error: a derived `Deserialize` would also accept
/// an array.
pub(super) struct ObjectMembers<const N: usize>(pub(super) [&'static str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for ObjectMembers<N> {
    type Value = [Option<&'de RawValue>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for ObjectMembers<N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; N];
        while let Some(JsonString(name)) = map.next_key::<JsonString<'de>>()? {
            let member = self.0.iter().zip(&mut values).find(|(member, _)| **member == name);
            match member {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some((name, Some(_))) => return Err(de::Error::duplicate_field(name)),
                Some((_, value)) => *value = Some(map.next_value()?),
            }
        }
        Ok(values)
    }
}

/// Reads a list of at most this many strings, or `null`; `None` if there are more.
pub(super) struct BoundedList(pub(super) usize);

impl<'de> DeserializeSeed<'de> for BoundedList {
    type Value = Option<Option<Vec<String>>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BoundedList {
    type Value = Option<Option<Vec<String>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut strings = Vec::new();
        while strings.len() < self.0 {
            match seq.next_element()? {
                Some(string) => strings.push(string),
                None => return Ok(Some(Some(strings))),
            }
        }
        let mut has_more = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            has_more = true;
        }
        Ok((!has_more).then_some(Some(strings)))
    }
}
