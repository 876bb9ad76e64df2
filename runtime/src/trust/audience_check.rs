//! Whether the audience of a token is checked.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::telemetry::Quoted;

/// Whether a token must name this resource server in `aud` (RFC 7519 §4.1.3, RFC 9068 §4).
///
/// The accepted audiences are the resource identifier and those that are configured in addition. They are
/// compared exactly. In a configuration the values are `required`, `if-present` and `unchecked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AudienceCheck {
    /// The token must name an accepted audience. A token without `aud` is rejected. This is the default.
    #[default]
    Required,
    /// A token without `aud` is accepted; one with `aud` must name an accepted audience. It is for authorization
    /// servers that omit `aud`. It accepts all their tokens without `aud`, also those that are meant for other
    /// services.
    IfPresent,
    /// `aud` is not checked. It accepts tokens that were issued for any other service. Use it only if the
    /// authorization server issues tokens for this resource server only.
    Unchecked,
}

impl<'de> Deserialize<'de> for AudienceCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match &*String::deserialize(deserializer)? {
            "required" => Ok(Self::Required),
            "if-present" => Ok(Self::IfPresent),
            "unchecked" => Ok(Self::Unchecked),
            other => Err(D::Error::custom(format_args!(
                "{} is none of `required`, `if-present` and `unchecked`, which decide whether the \
                 audience of a token is checked; the resource identifier is `resource`, and further \
                 audiences are `accepted_audiences`",
                Quoted(other)
            ))),
        }
    }
}
