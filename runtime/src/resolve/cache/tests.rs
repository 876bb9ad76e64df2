//! Tests of the whole cache, with a resolver and a clock that the test controls.

mod entries;
mod invalidation;
mod second_level;
mod single_flight;
mod stale;
mod thread_entries;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;

use super::*;
use crate::clock::ManualClock;
use crate::{AccessToken, Claims, Clock, ResolveError, Resolver, TokenError, UnavailableError};

/// The time at which every test starts.
fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn manual_clock() -> ManualClock {
    ManualClock::at(start())
}

/// A resolver whose answer depends on the first part of the token.
struct Script {
    resolutions: AtomicUsize,
    /// Each permit lets one resolution complete.
    gate: Semaphore,
}

impl Script {
    fn open() -> Arc<Self> {
        Self::with_permits(Semaphore::MAX_PERMITS)
    }

    fn closed() -> Arc<Self> {
        Self::with_permits(0)
    }

    fn with_permits(permits: usize) -> Arc<Self> {
        Arc::new(Self { resolutions: AtomicUsize::new(0), gate: Semaphore::new(permits) })
    }

    fn resolutions(&self) -> usize {
        self.resolutions.load(Ordering::SeqCst)
    }
}

impl Resolver for Script {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let count = self.resolutions.fetch_add(1, Ordering::SeqCst) + 1;
        self.gate.acquire().await.unwrap().forget();
        let claims = |more: &str| {
            let json = format!(r#"{{"active":true,"sub":"answer {count}"{more}}}"#);
            Claims::from_introspection(json.as_bytes())
        };
        match token.expose().split('.').next().unwrap() {
            "inactive" => Err(ResolveError::InvalidToken(TokenError::Inactive)),
            "outage" => Err(UnavailableError::new("out").into()),
            "panic" => panic!("a resolver that breaks"),
            "short" => claims(r#","exp":1000010"#),
            "expired" => claims(r#","exp":1000000"#),
            "big" => claims(&format!(r#","x":"{}""#, "x".repeat(10_000))),
            _ => claims(""),
        }
    }

    fn cache_namespace(&self) -> String {
        "script".to_owned()
    }
}

fn token(text: &str) -> AccessToken {
    text.parse::<AccessToken>().unwrap()
}

async fn subject(cached: &Cached<Arc<Script>>, text: &str) -> String {
    cached.resolve(&token(text)).await.unwrap().subject().unwrap().to_owned()
}
