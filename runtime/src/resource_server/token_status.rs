//! What has become of a token that was let in: for answers that go on while time passes.

use std::time::{Duration, Instant, SystemTime};

use super::ResourceServer;
use crate::authenticate::Scheme;
use crate::rejection::Challenge;
use crate::{AccessToken, AuthInfo, Claims, Reason, Rejection, ResolveError};

/// Whether a token that was valid when a request came is valid still.
#[derive(Debug)]
pub(crate) enum TokenStatus {
    /// It is, with these claims.
    Valid(AuthInfo),
    /// It has expired, or was revoked.
    Invalid,
    /// This cannot be found out at the moment.
    Unknown,
}

impl ResourceServer {
    /// What can be said of a caller's token without a request to the authorization server; `None` if it takes
    /// one. With the same claims as before, it is the same caller.
    pub(crate) fn cached_status(&self, caller: &AuthInfo) -> Option<TokenStatus> {
        let token = caller.token();
        let trusted = self.inner().trusted_issuers.of_token(token)?;
        let known = trusted.resolver.cached(token)?;
        Some(match known {
            Ok(claims) if claims.is_same(caller.resolved()) => {
                match self.inner().validation.validate(&claims, trusted) {
                    Ok(()) => TokenStatus::Valid(caller.clone()),
                    Err(_) => TokenStatus::Invalid,
                }
            }
            known => self.status_of(known, token),
        })
    }

    /// The status of a token, resolved as for a new request.
    pub(crate) async fn status(&self, token: &AccessToken) -> TokenStatus {
        let resolved = self.resolve_token(token).await;
        self.status_of(resolved, token)
    }

    /// Whether the claims of a caller are still acceptable at this time.
    pub(crate) fn is_current(&self, caller: &AuthInfo) -> bool {
        self.is_valid(caller.resolved(), caller.token())
    }

    /// How long the claims of a caller can be acceptable; `None` without a limit.
    pub(crate) fn time_left(&self, caller: &AuthInfo) -> Option<Duration> {
        let end = caller
            .expires_at()?
            .checked_add(self.inner().validation.leeway_for(caller.resolved()))?;
        Some(end.duration_since(self.now()).unwrap_or_default())
    }

    fn is_valid(&self, claims: &Claims, token: &AccessToken) -> bool {
        let trusted = self.inner().trusted_issuers.of_token(token);
        trusted.is_some_and(|trusted| self.inner().validation.validate(claims, trusted).is_ok())
    }

    /// The monotonic time.
    pub(crate) fn instant(&self) -> Instant {
        self.inner().validation.clock.instant()
    }

    fn now(&self) -> SystemTime {
        self.inner().validation.clock.now()
    }

    /// Nothing is recorded: no request is rejected, and an open stream repeats the check.
    fn status_of(
        &self,
        resolved: Result<Claims, ResolveError>,
        token: &AccessToken,
    ) -> TokenStatus {
        match resolved {
            Ok(claims) if self.is_valid(&claims, token) => {
                TokenStatus::Valid(AuthInfo::new(claims, token.clone(), self.of_this_thread()))
            }
            Ok(_) => TokenStatus::Invalid,
            Err(error) => {
                let challenge: Challenge<'_> = self.challenge(Scheme::Bearer, Vec::new());
                match Rejection::unresolved(error, &challenge).reason() {
                    Reason::InvalidToken => TokenStatus::Invalid,
                    _ => TokenStatus::Unknown,
                }
            }
        }
    }
}
