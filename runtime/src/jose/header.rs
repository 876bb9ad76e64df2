//! The header of a JWS (RFC 7515 §4).

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{CompactJws, base64url};
use crate::claims::has_repeated_members;
use crate::token_error::JwtError;

/// The longest `kid`, in bytes.
pub(crate) const MAX_KEY_ID_LENGTH: usize = 256;

/// The longest `alg` and `typ`, in bytes.
const MAX_NAME_LENGTH: usize = 64;

/// The parameters of the header that are used. All others are ignored, above all those that name a key or
/// where to get one (`jwk`, `jku`, `x5c`, `x5u`): keys are those of the issuer (RFC 8725 §3.10).
#[derive(Debug)]
pub(crate) struct JwsHeader {
    pub(crate) algorithm: String,
    pub(crate) media_type: Option<String>,
    pub(crate) key_id: Option<String>,
}

#[derive(Deserialize)]
struct Parameters {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    crit: Option<IgnoredAny>,
    zip: Option<IgnoredAny>,
    enc: Option<IgnoredAny>,
}

/// A parameter that is there must have its type: `null` is none.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl JwsHeader {
    /// Reads the header of a JWS.
    ///
    /// No extension is understood, so one that is critical is an error (RFC 7515 §4.1.11). `zip` and `enc` are
    /// those of encrypted tokens.
    pub(crate) fn read(jws: &CompactJws<'_>) -> Result<Self, JwtError> {
        let json = base64url::decode(jws.header).ok_or(JwtError::Encoding)?;
        let repeated = has_repeated_members(&json).ok_or(JwtError::Header)?;
        let parameters: Parameters = serde_json::from_slice(&json).map_err(|_| JwtError::Header)?;
        let Parameters { alg, typ, kid, crit, zip, enc } = parameters;
        let too_long = |name: &Option<String>, max| name.as_ref().is_some_and(|it| it.len() > max);
        if repeated
            || zip.is_some()
            || enc.is_some()
            || alg.len() > MAX_NAME_LENGTH
            || too_long(&typ, MAX_NAME_LENGTH)
            || too_long(&kid, MAX_KEY_ID_LENGTH)
        {
            return Err(JwtError::Header);
        }
        if crit.is_some() {
            return Err(JwtError::CriticalHeader);
        }
        Ok(Self { algorithm: alg, media_type: typ, key_id: kid })
    }
}
