//! The content of a JWT that is not verified, for the operator's log.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::AccessToken;
use crate::jose::{CompactJws, base64url};

/// The header and the claims of a token that is a signed JWT. Anybody can have made them: nothing is decided with them.
pub(crate) struct UnverifiedJwt {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl UnverifiedJwt {
    /// Decodes a token; `None` if it is no signed JWT.
    pub(crate) fn read(token: &AccessToken) -> Option<Self> {
        let jws = CompactJws::split(token.expose_bytes())?;
        let object = |part: &[u8]| serde_json::from_slice(&base64url::decode(part)?).ok();
        Some(Self { header: object(jws.header)?, claims: object(jws.payload)? })
    }

    /// A parameter of the header, if it is a string.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// `aud`, a string or an array of strings.
    pub(crate) fn audience(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => Vec::new(),
        }
    }

    pub(crate) fn claim_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.claims.keys().map(String::as_str)
    }

    /// The time until `exp`; `None` if it has passed or is absent.
    pub(crate) fn expires_in(&self, now: SystemTime) -> Option<Duration> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let rest = self.claims.get("exp")?.as_f64()? - now;
        Duration::try_from_secs_f64(rest).ok().filter(|rest| !rest.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claims: &str) -> UnverifiedJwt {
        let token = format!("e30.{}.c2ln", base64url::encode(claims));
        UnverifiedJwt::read(&token.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_claim_that_is_absent_or_of_another_type_is_none() {
        // R-B9
        assert_eq!(read(r#"{"iss":"a"}"#).issuer(), Some("a"));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let ten = Some(Duration::from_secs(10));
        assert_eq!(read(r#"{"exp":1010}"#).expires_in(now), ten);
        for claims in ["{}", r#"{"iss":1,"exp":"1010"}"#, r#"{"exp":1000}"#, r#"{"exp":1e300}"#] {
            let jwt = read(claims);
            assert_eq!((jwt.issuer(), jwt.expires_in(now)), (None, None), "{claims}");
        }
    }
}
