//! The tokens of callers that a control request may be about.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::{AccessToken, Claims, Clock};

/// Up to three tokens that were active recently, of different principals where possible, so that the
/// owner of one account cannot make requests about all of them fail.
pub(super) struct RecentlyActiveTokens {
    tokens: Mutex<Vec<RecentlyActiveToken>>,
    hasher: RandomState,
    clock: Arc<dyn Clock>,
}

struct RecentlyActiveToken {
    token: AccessToken,
    /// The hash of the principal.
    principal: u64,
    active_at: Instant,
    /// Whether the last request about it failed.
    has_failed: bool,
}

impl RecentlyActiveTokens {
    /// More tokens would be more load for a server that fails.
    const MAX_TOKENS: usize = 3;

    /// From this age on, a newer token replaces one: it may be about to expire.
    const MIN_AGE_TO_REPLACE: Duration = Duration::from_secs(30);

    const MAX_AGE_AS_EVIDENCE: Duration = Duration::from_secs(60);

    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { tokens: Mutex::default(), hasher: RandomState::new(), clock }
    }

    /// Adds a token that is active, if it may replace another one.
    pub(super) fn insert(&self, token: &AccessToken, claims: &Claims) {
        let principal = self.principal(token, claims);
        let now = self.clock.instant();
        let mut tokens = self.tokens();
        if let Some(same) = tokens.iter_mut().find(|it| it.is(token)) {
            (same.active_at, same.has_failed) = (now, false);
            return;
        }
        let Some(index) = index_to_replace(&tokens, principal, now) else { return };
        let Ok(token) = token.expose().parse::<AccessToken>() else { return };
        let new = RecentlyActiveToken { token, principal, active_at: now, has_failed: false };
        match tokens.get_mut(index) {
            Some(old) => *old = new,
            None => tokens.push(new),
        }
    }

    /// Sets whether the last request about a token failed.
    ///
    /// A token that fails is reset by a later response. Otherwise, if the server fails for tokens that it
    /// did not issue, and requests about all of these failed in an outage, the circuit would open again
    /// right after a probe has closed it.
    pub(super) fn set_failed(&self, token: &AccessToken, has_failed: bool) {
        for same in self.tokens().iter_mut().filter(|it| it.is(token)) {
            same.has_failed = has_failed;
        }
    }

    pub(super) fn all(&self) -> Vec<AccessToken> {
        self.tokens().iter().map(|it| it.token.clone()).collect()
    }

    pub(super) fn without_failure(&self) -> Vec<AccessToken> {
        let tokens = self.tokens();
        tokens.iter().filter(|it| !it.has_failed).map(|it| it.token.clone()).collect()
    }

    /// Whether the last request about a token failed that was active in the last minute. An older token may have
    /// expired since.
    pub(super) fn has_active_token_failed(&self) -> bool {
        let now = self.clock.instant();
        let is_recent = |it: &RecentlyActiveToken| {
            now.saturating_duration_since(it.active_at) <= Self::MAX_AGE_AS_EVIDENCE
        };
        self.tokens().iter().any(|it| it.has_failed && is_recent(it))
    }

    /// The principal of the token, or the token itself where no claim names one.
    fn principal(&self, token: &AccessToken, claims: &Claims) -> u64 {
        let names = [claims.subject(), claims.username(), claims.client_id()];
        match names.into_iter().flatten().next() {
            Some(name) => self.hasher.hash_one((claims.issuer(), name)),
            None => self.hasher.hash_one(token.expose()),
        }
    }

    /// Never held across an `await`.
    fn tokens(&self) -> MutexGuard<'_, Vec<RecentlyActiveToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecentlyActiveToken {
    fn is(&self, token: &AccessToken) -> bool {
        self.token.expose() == token.expose()
    }
}

fn index_to_replace(tokens: &[RecentlyActiveToken], principal: u64, now: Instant) -> Option<usize> {
    if tokens.len() < RecentlyActiveTokens::MAX_TOKENS {
        return Some(tokens.len());
    }
    let is_old = |it: &RecentlyActiveToken| {
        now.saturating_duration_since(it.active_at) >= RecentlyActiveTokens::MIN_AGE_TO_REPLACE
    };
    // A principal replaces its own token only.
    if let Some(own) = tokens.iter().position(|it| it.principal == principal) {
        return tokens.get(own).is_some_and(|it| it.has_failed || is_old(it)).then_some(own);
    }
    let shares_principal = |it: &RecentlyActiveToken| {
        tokens.iter().filter(|other| other.principal == it.principal).count() > 1
    };
    tokens.iter().position(|it| it.has_failed || shares_principal(it) || is_old(it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn insert(tokens: &RecentlyActiveTokens, token: &str, subject: &str) {
        let json = format!(r#"{{"active": true, "sub": "{subject}"}}"#);
        let claims = Claims::from_introspection(json.as_bytes()).unwrap();
        tokens.insert(&token.parse::<AccessToken>().unwrap(), &claims);
    }

    fn all(tokens: &RecentlyActiveTokens) -> Vec<String> {
        tokens.all().iter().map(|token| token.expose().to_owned()).collect()
    }

    #[test]
    fn three_tokens_of_different_principals_are_kept() {
        // R-C10
        let clock = ManualClock::new();
        let tokens = RecentlyActiveTokens::new(Arc::new(clock.clone()));
        for (token, subject) in [("a1", "a"), ("a2", "a"), ("a3", "a"), ("a4", "a")] {
            insert(&tokens, token, subject);
        }
        assert_eq!(all(&tokens), ["a1", "a2", "a3"], "one principal does not replace its tokens");
        for (token, subject) in [("b1", "b"), ("c1", "c"), ("d1", "d"), ("c2", "c")] {
            insert(&tokens, token, subject);
        }
        assert_eq!(all(&tokens), ["b1", "c1", "a3"], "one token for each principal");

        clock.advance(Duration::from_secs(30));
        insert(&tokens, "c2", "c");
        insert(&tokens, "d2", "d");
        assert_eq!(all(&tokens), ["d2", "c2", "a3"], "an old token is replaced");
    }

    #[test]
    fn a_token_is_not_used_after_a_failure_until_the_server_responds_to_it() {
        // R-C10
        let tokens = RecentlyActiveTokens::new(Arc::new(ManualClock::new()));
        insert(&tokens, "a", "a");
        insert(&tokens, "b", "b");
        tokens.set_failed(&"a".parse::<AccessToken>().unwrap(), true);
        let usable = || tokens.without_failure().len();
        assert_eq!((usable(), all(&tokens).len()), (1, 2));
        insert(&tokens, "a", "a");
        assert_eq!(usable(), 2);
    }

    #[test]
    fn the_failure_of_a_token_that_was_active_a_moment_ago_is_evidence() {
        // R-C10
        let clock = ManualClock::new();
        let tokens = RecentlyActiveTokens::new(Arc::new(clock.clone()));
        assert!(!tokens.has_active_token_failed());
        insert(&tokens, "a", "a");
        assert!(!tokens.has_active_token_failed());
        tokens.set_failed(&"a".parse::<AccessToken>().unwrap(), true);
        assert!(tokens.has_active_token_failed());
        clock.advance(Duration::from_secs(61));
        assert!(!tokens.has_active_token_failed(), "the token may have expired");
    }
}
