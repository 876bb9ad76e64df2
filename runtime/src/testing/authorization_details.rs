//! Authorization details (RFC 9396).

use serde_json::{Map, Value};

use super::oauth_error::OAuthError;
use super::params::Params;
use super::settings::Settings;

/// The `authorization_details` of a request for a new grant. Their types are among the configured ones, if there are any.
pub(super) fn requested_details(
    settings: &Settings,
    params: &Params,
) -> Result<Vec<Value>, OAuthError> {
    let supported = &settings.authorization_details_types_supported;
    let details = details(params)?.unwrap_or_default();
    let is_supported = |detail: &Value| {
        let name = detail.get("type").and_then(Value::as_str);
        supported.is_empty() || supported.iter().any(|supported| Some(&**supported) == name)
    };
    if details.iter().all(is_supported) {
        Ok(details)
    } else {
        Err(invalid("a type of authorization_details is not supported"))
    }
}

/// Returns the details that a token request has, if each is among those of the grant (RFC 9396 §6.1), and those of the grant
/// otherwise.
pub(super) fn narrowed_details(
    granted: &[Value],
    params: &Params,
) -> Result<Vec<Value>, OAuthError> {
    let Some(requested) = details(params)? else { return Ok(granted.to_vec()) };
    if requested.iter().all(|detail| granted.contains(detail)) {
        Ok(requested)
    } else {
        Err(invalid("an element of authorization_details was not part of the authorization"))
    }
}

/// An array of objects, each with a `type` (RFC 9396 §2).
fn details(params: &Params) -> Result<Option<Vec<Value>>, OAuthError> {
    let Some(text) = params.one("authorization_details") else { return Ok(None) };
    let malformed =
        || invalid("authorization_details is not a JSON array of objects, each with a type");
    let details: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(|_| malformed())?;
    let has_type = |detail: &Map<String, Value>| detail.get("type").is_some_and(Value::is_string);
    if !details.iter().all(has_type) {
        return Err(malformed());
    }
    Ok(Some(details.into_iter().map(Value::Object).collect()))
}

fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new("invalid_authorization_details", description)
}
