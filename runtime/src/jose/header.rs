//! The header of a JWS (RFC 7515 §4).

use serde_json::{Map, Value};

use super::{CompactJws, base64url};
use crate::claims::parse_object;
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

impl JwsHeader {
    /// Reads the header of a JWS.
    ///
    /// No extension is understood, so one that is critical is an error (RFC 7515 §4.1.11). `zip` and `enc` are
    /// those of encrypted tokens.
    pub(crate) fn read(jws: &CompactJws<'_>) -> Result<Self, JwtError> {
        let json = base64url::decode(jws.header).ok_or(JwtError::Encoding)?;
        let mut parameters = parse_object(&json).ok_or(JwtError::Header)?;
        let algorithm = text(&mut parameters, "alg", MAX_NAME_LENGTH)?.ok_or(JwtError::Header)?;
        let media_type = text(&mut parameters, "typ", MAX_NAME_LENGTH)?;
        let key_id = text(&mut parameters, "kid", MAX_KEY_ID_LENGTH)?;
        if parameters.contains_key("zip") || parameters.contains_key("enc") {
            return Err(JwtError::Header);
        }
        if parameters.contains_key("crit") {
            return Err(JwtError::CriticalHeader);
        }
        Ok(Self { algorithm, media_type, key_id })
    }
}

/// A parameter, which must be a text of bounded length if it is there: `null` is none.
fn text(
    parameters: &mut Map<String, Value>,
    name: &str,
    max_length: usize,
) -> Result<Option<String>, JwtError> {
    match parameters.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= max_length => Ok(Some(text)),
        Some(_) => Err(JwtError::Header),
    }
}
