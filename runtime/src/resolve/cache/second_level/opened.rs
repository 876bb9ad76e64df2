//! A second level in use by one cache, whatever its type.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use super::{Acknowledgement, FirstLevel, ResolvedClaims, SecondLevel};
use crate::resolve::cache::key::CacheKey;
use crate::{AccessToken, Claims};

/// Opens a second level for the cache that is being built.
pub(in crate::resolve::cache) struct Opener(
    Box<dyn FnOnce(FirstLevel) -> Box<dyn Erased> + Send + Sync>,
);

/// Enforces the side of the contract that is the cache's.
pub(in crate::resolve::cache) struct OpenedSecondLevel {
    level: Box<dyn Erased>,
    first_level: FirstLevel,
}

impl Opener {
    pub(in crate::resolve::cache) fn new<L: SecondLevel>(
        open: impl FnOnce(FirstLevel) -> L + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(|first_level| Box::new(open(first_level))))
    }

    pub(in crate::resolve::cache) fn open(self, first_level: FirstLevel) -> OpenedSecondLevel {
        OpenedSecondLevel { level: (self.0)(first_level.clone()), first_level }
    }
}

impl OpenedSecondLevel {
    pub(in crate::resolve::cache) fn start(&self) {
        self.level.start_erased();
    }

    pub(in crate::resolve::cache) async fn ready(&self) {
        self.level.ready_boxed().await;
    }

    pub(in crate::resolve::cache) fn now(&self) -> SystemTime {
        self.first_level.now()
    }

    /// The claims of a token, and their age; `None` if they are too old to be used.
    pub(in crate::resolve::cache) async fn look_up(
        &self,
        token: &AccessToken,
        key: CacheKey,
    ) -> Option<(Claims, Duration)> {
        let found = self.level.look_up_boxed(token, key).await?;
        let age = self.first_level.age(found.resolved_at)?;
        Some((found.claims, age))
    }

    pub(in crate::resolve::cache) async fn store(
        &self,
        token: &AccessToken,
        key: CacheKey,
        claims: Claims,
        resolved_at: SystemTime,
    ) {
        let left = claims
            .expires_at()
            .map(|expires| expires.duration_since(resolved_at).unwrap_or_default());
        let ttl = left.unwrap_or(Duration::MAX).min(self.first_level.ttl());
        // The wrapped resolver may be a cache that returns stale claims.
        if !ttl.is_zero() && !claims.is_stale() {
            self.level.store_boxed(token, key, ResolvedClaims { claims, resolved_at }, ttl).await;
        }
    }

    pub(in crate::resolve::cache) fn invalidate(
        &self,
        token: &AccessToken,
        key: CacheKey,
    ) -> Acknowledgement {
        self.level.invalidate_erased(token, key)
    }

    pub(in crate::resolve::cache) fn invalidate_all(&self) -> Acknowledgement {
        self.level.invalidate_all_erased()
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait Erased: Send + Sync {
    fn start_erased(&self);

    fn ready_boxed(&self) -> BoxFuture<'_, ()>;

    fn look_up_boxed<'a>(
        &'a self,
        token: &'a AccessToken,
        key: CacheKey,
    ) -> BoxFuture<'a, Option<ResolvedClaims>>;

    fn store_boxed<'a>(
        &'a self,
        token: &'a AccessToken,
        key: CacheKey,
        claims: ResolvedClaims,
        ttl: Duration,
    ) -> BoxFuture<'a, ()>;

    fn invalidate_erased(&self, token: &AccessToken, key: CacheKey) -> Acknowledgement;

    fn invalidate_all_erased(&self) -> Acknowledgement;
}

impl<L: SecondLevel> Erased for L {
    fn start_erased(&self) {
        self.start();
    }

    fn ready_boxed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.ready())
    }

    fn look_up_boxed<'a>(
        &'a self,
        token: &'a AccessToken,
        key: CacheKey,
    ) -> BoxFuture<'a, Option<ResolvedClaims>> {
        Box::pin(self.look_up(token, key))
    }

    fn store_boxed<'a>(
        &'a self,
        token: &'a AccessToken,
        key: CacheKey,
        claims: ResolvedClaims,
        ttl: Duration,
    ) -> BoxFuture<'a, ()> {
        Box::pin(self.store(token, key, claims, ttl))
    }

    fn invalidate_erased(&self, token: &AccessToken, key: CacheKey) -> Acknowledgement {
        self.invalidate(token, key)
    }

    fn invalidate_all_erased(&self) -> Acknowledgement {
        self.invalidate_all()
    }
}
