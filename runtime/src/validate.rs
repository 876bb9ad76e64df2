//! The stage *validate*: checks the claims of a token against the time and this resource server (RFC 9068 §4).

pub(crate) mod binding;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::TokenError;
use crate::clock::COARSENESS;
use crate::trust::TrustedIssuer;
use crate::{Claims, Clock};

/// The checks of the claims, on every request and for every resolver. Cached claims are checked as well: `exp`
/// may pass while they are in the cache.
#[derive(Debug)]
pub(crate) struct Validation {
    pub(crate) leeway: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Validation {
    /// Whether the claims are of an access token of this issuer, for this server, that is valid now. Whether the caller
    /// is the holder of the token is not established: [`binding`] checks it, for each request.
    pub(crate) fn validate(
        &self,
        claims: &Claims,
        trusted: &TrustedIssuer,
    ) -> Result<(), TokenError> {
        self.check_time(claims)?;
        require(trusted.accepts_audience(claims), TokenError::Audience)?;
        require(trusted.accepts_issuer(claims), TokenError::Issuer)?;
        require(!claims.is_other_kind(), TokenError::Kind)
    }

    fn check_time(&self, claims: &Claims) -> Result<(), TokenError> {
        let coarse = self.clock.coarse_now();
        let around = (coarse.checked_sub(COARSENESS), coarse.checked_add(COARSENESS));
        // Enough for nearly all tokens: `nbf` and `exp` are far from the current time. The exact clock is slower.
        if let (Some(from), Some(to)) = around
            && self.check_span(claims, from, to).is_ok()
        {
            return Ok(());
        }
        let now = self.clock.now();
        self.check_span(claims, now, now)
    }

    /// The longer one of the leeway of this server and that of the claims.
    pub(crate) fn leeway_for(&self, claims: &Claims) -> Duration {
        self.leeway.max(claims.leeway())
    }

    /// Whether the token is valid from `from` to `to`.
    fn check_span(
        &self,
        claims: &Claims,
        from: SystemTime,
        to: SystemTime,
    ) -> Result<(), TokenError> {
        let leeway = self.leeway_for(claims);
        let expired = |at| to.checked_sub(leeway).is_none_or(|to| to >= at);
        require(!claims.expires_at().is_some_and(expired), TokenError::Expired)?;
        let early = |at| from.checked_add(leeway).is_none_or(|from| from < at);
        require(!claims.not_before().is_some_and(early), TokenError::NotYetValid)
    }
}

fn require(condition: bool, otherwise: TokenError) -> Result<(), TokenError> {
    if condition { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn validation(now: u64) -> Validation {
        validation_at(ManualClock::at(unix_time(now)))
    }

    fn unix_time(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn validation_at(clock: ManualClock) -> Validation {
        Validation { leeway: Duration::ZERO, clock: Arc::new(clock) }
    }

    fn validate(validation: &Validation, members: &str) -> Result<(), TokenError> {
        let json = format!(r#"{{"active":true{members}}}"#);
        let claims = Claims::from_introspection(json.as_bytes()).unwrap();
        validation.validate(&claims, &TrustedIssuer::example())
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
            for clock in ManualClock::with_each_coarse_error(unix_time(now)) {
                let validation = validation_at(clock);
                assert_eq!(validate(&validation, &members), expected, "{validation:?}");
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
    fn only_access_tokens_are_accepted() {
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
            ] {
                assert_eq!(with(name, kind), Err(TokenError::Kind), "{kind}");
            }
        }
    }
}
