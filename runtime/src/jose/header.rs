//! The header of a JWS (RFC 7515 §4).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use crate::claims::{JsonString, UnambiguousValue};
use crate::token_error::JwtError;

/// The longest `kid`, in bytes.
pub(crate) const MAX_KEY_ID_LENGTH: usize = 256;

/// The longest `alg` and `typ`, in bytes.
const MAX_NAME_LENGTH: usize = 64;

/// The parameters of the header that are used. All others are ignored, above all those that name a key or
/// where to get one (`jwk`, `jku`, `x5c`, `x5u`): keys are those of the issuer (RFC 8725 §3.10).
#[derive(Debug)]
pub(crate) struct JwsHeader<'a> {
    pub(crate) algorithm: Cow<'a, str>,
    pub(crate) media_type: Option<Cow<'a, str>>,
    pub(crate) key_id: Option<Cow<'a, str>>,
    is_critical: bool,
}

impl<'a> JwsHeader<'a> {
    /// Reads the header of a JWS, decoded.
    ///
    /// No extension is understood, so one that is critical is an error (RFC 7515 §4.1.11). `zip` and `enc` are
    /// those of encrypted tokens.
    pub(crate) fn read(json: &'a [u8]) -> Result<Self, JwtError> {
        let text = str::from_utf8(json).map_err(|_| JwtError::Header)?;
        let header: Self = serde_json::from_str(text).map_err(|_| JwtError::Header)?;
        if header.is_critical { Err(JwtError::CriticalHeader) } else { Ok(header) }
    }
}

impl<'de> Deserialize<'de> for JwsHeader<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = JwsHeader<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the header of a JWS")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JwsHeader<'de>, A::Error> {
        let (mut algorithm, mut media_type, mut key_id) = (None, None, None);
        let mut is_critical = false;
        let mut others = Vec::new();
        while let Some(JsonString(name)) = map.next_key()? {
            let (parameter, max_length) = match &*name {
                "alg" => (&mut algorithm, MAX_NAME_LENGTH),
                "typ" => (&mut media_type, MAX_NAME_LENGTH),
                "kid" => (&mut key_id, MAX_KEY_ID_LENGTH),
                "zip" | "enc" => return Err(A::Error::custom("a parameter of an encrypted token")),
                _ => {
                    is_critical |= name == "crit";
                    map.next_value::<UnambiguousValue>()?;
                    others.push(name);
                    continue;
                }
            };
            // `null` is no text.
            let JsonString(text) = map.next_value()?;
            if text.len() > max_length || parameter.replace(text).is_some() {
                return Err(A::Error::custom("a parameter that is too long, or there twice"));
            }
        }
        others.sort_unstable();
        if others.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(A::Error::custom("a parameter that is there twice"));
        }
        let algorithm = algorithm.ok_or_else(|| A::Error::missing_field("alg"))?;
        Ok(JwsHeader { algorithm, media_type, key_id, is_critical })
    }
}
