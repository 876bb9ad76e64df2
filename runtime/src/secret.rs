//! A secret of this server, with a `Debug` that redacts it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A secret of this server: its client secret, a token that it sends, or a URL that contains a password.
///
/// `Debug` redacts it, it has no `Display` and no `Serialize`, and its memory is overwritten with zeros when it
/// is dropped. Only [`expose`](Self::expose) returns its text, so that a search finds every use.
///
/// ```
/// use requires_auth::Secret;
///
/// let secret = Secret::from("correct horse");
/// assert_eq!(secret.expose(), "correct horse");
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The text of the secret: do not put it into logs, responses or keys.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// From a string.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error of the deserializer can contain the value: "invalid type: integer `53027`".
        SecretString::deserialize(deserializer)
            .map(Self)
            .map_err(|_| D::Error::custom("expected a secret, as a string"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn only_expose_shows_the_text() {
        // R-C3
        let from_json: Secret = serde_json::from_str(r#""s3cret""#).unwrap();
        for secret in [Secret::from("s3cret"), Secret::from("s3cret".to_owned()), from_json] {
            assert_eq!(secret.expose(), "s3cret");
            assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(..) Secret(..)");
        }
    }

    #[test]
    fn an_error_of_deserialization_does_not_contain_the_value() {
        // R-C3
        for json in ["53027", "-53027", "53027.5", r#"["53027"]"#, r#"{"53027":1}"#] {
            let error = serde_json::from_str::<Secret>(json).unwrap_err();
            assert_eq!(error.to_string(), "expected a secret, as a string", "{json}");
        }
        // In a configuration, the error has the place.
        let error = serde_json::from_str::<BTreeMap<String, Secret>>(r#"{"secret":53027}"#);
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "expected a secret, as a string at line 1 column 16");
    }
}
