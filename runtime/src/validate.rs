//! Whether an active token is acceptable here and now.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::clock::COARSENESS;
use crate::rejection::TokenError;
use crate::telemetry::Quoted;
use crate::{Claims, Clock};

/// Whether a token must name this resource as its audience.
///
/// In a configuration: `required`, `if-present` or `unchecked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AudienceCheck {
    /// It must: the default. A token that names no audience is refused.
    #[default]
    Required,
    /// It must if it names any. For servers that leave the audience out; then every token that
    /// such a server issues without one is accepted, for whatever it was meant.
    IfPresent,
    /// The audience is not looked at: tokens that were issued for any other service are accepted
    /// too. Only where the authorization server serves this resource alone.
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

/// The checks that every token passes on every request, whoever resolved it. They are cheap and
/// depend on the time, so that nothing remembered can outlive its token.
#[derive(Debug)]
pub(crate) struct Validation {
    pub(crate) audience_check: AudienceCheck,
    pub(crate) audiences: Vec<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) leeway: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Validation {
    pub(crate) fn validate(&self, claims: &Claims) -> Result<(), TokenError> {
        self.check_time(claims)?;
        self.check_audience(claims)?;
        if let (Some(expected), Some(issuer)) = (&self.issuer, claims.issuer()) {
            require(expected == issuer, TokenError::Issuer)?;
        }
        require(!claims.is_other_kind(), TokenError::Kind)?;
        require(!claims.is_sender_constrained(), TokenError::SenderConstrained)
    }

    fn check_time(&self, claims: &Claims) -> Result<(), TokenError> {
        let coarse = self.clock.coarse_now();
        let around = (coarse.checked_sub(COARSENESS), coarse.checked_add(COARSENESS));
        // As it is with nearly all tokens, whose life neither begins nor ends just now.
        if let (Some(from), Some(to)) = around
            && self.check_span(claims, from, to).is_ok()
        {
            return Ok(());
        }
        let now = self.clock.now();
        self.check_span(claims, now, now)
    }

    /// Whether the token is valid all the time between these two.
    fn check_span(
        &self,
        claims: &Claims,
        from: SystemTime,
        to: SystemTime,
    ) -> Result<(), TokenError> {
        let expired = |at| to.checked_sub(self.leeway).is_none_or(|to| to >= at);
        require(!claims.expires_at().is_some_and(expired), TokenError::Expired)?;
        let early = |at| from.checked_add(self.leeway).is_none_or(|from| from < at);
        require(!claims.not_before().is_some_and(early), TokenError::NotYetValid)
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), TokenError> {
        let named = claims.audience().next().is_some();
        let meant = || claims.audience().any(|one| self.audiences.iter().any(|own| own == one));
        let fine = match self.audience_check {
            AudienceCheck::Required => meant(),
            AudienceCheck::IfPresent => !named || meant(),
            AudienceCheck::Unchecked => true,
        };
        require(fine, TokenError::Audience)
    }
}

fn require(condition: bool, otherwise: TokenError) -> Result<(), TokenError> {
    if condition { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A time, and what the coarse clock shows then.
    #[derive(Debug)]
    struct At(u64, u64);

    impl Clock for At {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.0)
        }
        fn instant(&self) -> Instant {
            Instant::now()
        }
        fn coarse_now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.1)
        }
    }

    fn validation(now: u64) -> Validation {
        admission_at(At(now, now))
    }

    fn admission_at(clock: At) -> Validation {
        Validation {
            audience_check: AudienceCheck::Required,
            audiences: vec!["https://api.example/mcp".to_owned()],
            issuer: Some("https://as.example".to_owned()),
            leeway: Duration::ZERO,
            clock: Arc::new(clock),
        }
    }

    fn validate(validation: &Validation, members: &str) -> Result<(), TokenError> {
        let json = format!(r#"{{"active":true{members}}}"#);
        let claims = Claims::from_introspection(json.as_bytes()).unwrap();
        validation.validate(&claims)
    }

    const AUD: &str = r#","aud":"https://api.example/mcp""#;

    #[test]
    fn a_token_is_valid_from_nbf_until_just_before_exp() {
        // R-D5
        let members = format!(r#"{AUD},"nbf":100,"exp":200"#);
        for (now, expected) in [
            (99, Err(TokenError::NotYetValid)),
            (100, Ok(())),
            (199, Ok(())),
            (200, Err(TokenError::Expired)),
            (201, Err(TokenError::Expired)),
        ] {
            for coarse in [now, now - 1, now + 1] {
                let validation = admission_at(At(now, coarse));
                assert_eq!(validate(&validation, &members), expected, "{now}, coarse {coarse}");
            }
        }
        assert_eq!(validate(&validation(199), &format!(r#"{AUD},"exp":199.5"#)), Ok(()));
        let lenient = |now| Validation { leeway: Duration::from_secs(10), ..validation(now) };
        for (now, expected) in [
            (89, Err(TokenError::NotYetValid)),
            (90, Ok(())),
            (209, Ok(())),
            (210, Err(TokenError::Expired)),
        ] {
            assert_eq!(validate(&lenient(now), &members), expected, "{now} with leeway");
        }
    }

    #[test]
    fn the_audience_must_name_the_resource_exactly() {
        // R-D6
        let check = |audience_check, aud: &str| {
            let members = if aud.is_empty() { String::new() } else { format!(r#","aud":{aud}"#) };
            validate(&Validation { audience_check, ..validation(0) }, &members)
        };
        let refused = Err(TokenError::Audience);
        for exact in [r#""https://api.example/mcp""#, r#"["x","https://api.example/mcp"]"#] {
            assert_eq!(check(AudienceCheck::Required, exact), Ok(()));
            assert_eq!(check(AudienceCheck::IfPresent, exact), Ok(()));
        }
        for other in [
            r#""https://api.example/mcp/""#,
            r#""https://api.example""#,
            r#""https://API.example/mcp""#,
            r#"["x"]"#,
        ] {
            assert_eq!(check(AudienceCheck::Required, other), refused, "{other}");
            assert_eq!(check(AudienceCheck::IfPresent, other), refused, "{other}");
            assert_eq!(check(AudienceCheck::Unchecked, other), Ok(()), "{other}");
        }
        for absent in ["", "[]"] {
            assert_eq!(check(AudienceCheck::Required, absent), refused);
            assert_eq!(check(AudienceCheck::IfPresent, absent), Ok(()));
        }
    }

    #[test]
    fn an_issuer_that_is_named_must_be_the_configured_one() {
        // R-D7
        let with = |issuer: &str| validate(&validation(0), &format!(r#"{AUD},"iss":"{issuer}""#));
        assert_eq!(with("https://as.example"), Ok(()));
        assert_eq!(with("https://as.example/"), Err(TokenError::Issuer));
        assert_eq!(validate(&validation(0), AUD), Ok(()));
    }

    #[test]
    fn only_access_tokens_are_admitted() {
        // R-D8
        let with = |name: &str, kind: &str| {
            validate(&validation(0), &format!(r#"{AUD},"{name}":"{kind}""#))
        };
        for name in ["token_type", "token_use"] {
            for kind in ["Bearer", "bearer", "access", "access_token", "at+jwt"] {
                assert_eq!(with(name, kind), Ok(()), "{kind}");
            }
            for kind in [
                "refresh_token",
                "Refresh",
                "REFRESH-TOKEN",
                "Offline",
                "id_token",
                "ID",
                "urn:ietf:params:oauth:token-type:refresh_token",
                "DPoP",
            ] {
                assert_eq!(with(name, kind), Err(TokenError::Kind), "{kind}");
            }
        }
    }

    #[test]
    fn a_token_bound_to_a_key_is_no_bearer_token() {
        for cnf in [r#"{"jkt":"x"}"#, r#"{"x5t#S256":"x"}"#, "{}", "null"] {
            let validated = validate(&validation(0), &format!(r#"{AUD},"cnf":{cnf}"#));
            assert_eq!(validated, Err(TokenError::SenderConstrained), "{cnf}");
        }
    }
}
