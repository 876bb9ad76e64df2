//! JSON documents that every parser reads alike.

use super::duplicate_members::{ParsedValue, Repeated, has_reserved_name};
use super::json_value::JsonValue;
use crate::resolve::ResponseError;

/// A JSON document without reserved member names, and its repeated members.
pub(super) struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) value: JsonValue<'a>,
    pub(super) repeated: Repeated,
}

impl<'a> Document<'a> {
    pub(super) fn parse(json: &'a [u8]) -> Result<Self, ResponseError> {
        let unreadable = || unreadable(json);
        let text = str::from_utf8(json).map_err(|_| unreadable())?;
        let parsed = serde_json::from_str(text).map_err(|_| unreadable())?;
        let ParsedValue { value, repeated } = parsed;
        // Before the application parses the text as a `Value`.
        if has_reserved_name(text) {
            return Err(ResponseError::ReservedMember);
        }
        Ok(Self { text, value, repeated })
    }
}

/// The value of a JSON text without a repeated or reserved member name, at any depth.
#[cfg(feature = "jwt")]
pub(crate) fn parse_unambiguous(json: &[u8]) -> Result<serde_json::Value, ResponseError> {
    let Document { value, repeated, .. } = Document::parse(json)?;
    if repeated.any() { Err(ResponseError::RepeatedMember) } else { Ok(value.into()) }
}

/// A text that begins an object may be invalid because of one member, whose value the holder of the token may have
/// chosen. Any other text is not from an introspection endpoint.
fn unreadable(json: &[u8]) -> ResponseError {
    let text = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
    if text.trim_ascii_start().starts_with(b"{") {
        ResponseError::UnreadableObject
    } else {
        ResponseError::NotJson
    }
}
