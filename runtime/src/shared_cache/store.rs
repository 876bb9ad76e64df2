//! Entries in the store: looking them up, and writing them.

use std::time::Duration;

use ::redis::RedisResult;
use tokio::time::timeout;

use super::commands::{self, StoredEntry};
use super::connection::Address;
use super::encryption::Encryption;
use super::health::{Health, Live};
use super::keys::Keys;
use super::pending_invalidations::PendingInvalidations;
use crate::AccessToken;
use crate::claims::SerializedClaims;
use crate::second_level::{FirstLevel, ResolvedClaims};
use crate::telemetry::count;

/// The store, as one cache uses it.
pub(super) struct Store {
    pub(super) address: Address,
    pub(super) keys: Keys,
    pub(super) encryption: Encryption,
    pub(super) timeout: Duration,
    pub(super) first_level: FirstLevel,
    pub(super) health: Health,
    pub(super) pending: PendingInvalidations,
}

/// No resolution takes longer.
const MAX_RESOLUTION_TIME: Duration = Duration::from_secs(60);

impl Store {
    /// The claims of a token; `None` within the timeout, whatever the store does or answers.
    pub(super) async fn look_up(&self, token: &AccessToken) -> Option<ResolvedClaims> {
        let found = timeout(self.timeout, self.read_entry(token)).await;
        let (result, claims) = found.unwrap_or_else(|_| {
            self.record_failure("no answer in time");
            ("unavailable", None)
        });
        count!(SHARED_CACHE_LOOKUPS, "result" => result);
        claims
    }

    /// The entry of a token, and the result as the metric names it.
    async fn read_entry(&self, token: &AccessToken) -> (&'static str, Option<ResolvedClaims>) {
        let (locator, cipher) = self.encryption.derive(token);
        let Some(Live { mut connection, generation }) = self.health.live() else {
            return ("unavailable", None);
        };
        if self.pending.contains(&locator) {
            return ("miss", None);
        }
        let reply = commands::look_up(&mut connection, &self.keys, &locator, generation).await;
        let Some(entry) = self.check(reply) else { return ("unavailable", None) };
        // No request waits for a write, so only a read shows that the store is fast enough.
        self.health.record_success();
        let entry = match entry {
            StoredEntry::Absent | StoredEntry::Invalidated => return ("miss", None),
            StoredEntry::Encrypted(entry) => entry,
        };
        let decrypted = cipher
            .decrypt(&self.keys.claims(&locator, generation), &entry)
            .and_then(|text| SerializedClaims::from_json(&text));
        let Some(serialized) = decrypted else { return ("unreadable", None) };
        let resolved_at = serialized.resolved_at;
        match self.first_level.age(resolved_at) {
            Some(_) => {
                let claims = serialized.into_claims();
                ("hit", Some(ResolvedClaims { claims, resolved_at }))
            }
            None => ("miss", None),
        }
    }

    /// Writes the claims of a token for the other instances.
    pub(super) async fn store(&self, token: &AccessToken, claims: &ResolvedClaims, ttl: Duration) {
        let written = timeout(self.timeout, self.write_entry(token, claims, ttl)).await;
        let result = written.unwrap_or_else(|_| {
            self.record_failure("no answer in time");
            "failed"
        });
        count!(SHARED_CACHE_WRITES, "result" => result);
    }

    /// Returns the result as the metric names it.
    async fn write_entry(
        &self,
        token: &AccessToken,
        ResolvedClaims { claims, resolved_at }: &ResolvedClaims,
        ttl: Duration,
    ) -> &'static str {
        let Some(Live { mut connection, generation }) = self.health.live() else {
            return "skipped";
        };
        let (locator, cipher) = self.encryption.derive(token);
        let entry = SerializedClaims::to_json(claims, *resolved_at)
            .and_then(|text| cipher.encrypt(&self.keys.claims(&locator, generation), &text))
            .filter(|entry| entry.len() <= commands::MAX_ENTRY_LENGTH);
        let Some(entry) = entry else { return "skipped" };
        let reply =
            commands::store(&mut connection, &self.keys, &locator, generation, &entry, ttl).await;
        self.check(reply).map_or("failed", |()| "stored")
    }

    /// How long the tombstone of an invalidated token stays: an instance that began to resolve the token
    /// before may write its claims afterwards, and they live for `ttl`.
    pub(super) fn tombstone_ttl(&self) -> Duration {
        self.first_level.ttl().saturating_add(MAX_RESOLUTION_TIME)
    }

    /// The reply of the store. An error reply (out of memory, read-only, no permission) counts as a failure
    /// as well, so that the next requests do not wait for another one.
    fn check<T>(&self, reply: RedisResult<T>) -> Option<T> {
        reply.inspect_err(|error| self.record_failure(error.category())).ok()
    }

    fn record_failure(&self, cause: &str) {
        if self.health.record_failure() {
            log_lost(cause);
        }
    }
}

/// Logs that the store is not used from now on.
pub(super) fn log_lost(cause: &str) {
    tracing::warn!(target: "requires_auth", cause, "shared cache lost");
}
