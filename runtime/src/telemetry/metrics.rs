//! The metrics that this crate records. Their names and labels are stable.
//!
//! They are recorded through the facade of the `metrics` crate: install a recorder, such as
//! `metrics-exporter-prometheus`, and then call [`describe`] once. Without a recorder nothing is recorded.
//! No label contains any part of a token, of a request or of a response, so the number of time series has
//! a bound that depends on the program's code alone.
//!
//! ```no_run
//! # fn install_recorder() {}
//! install_recorder();
//! requires_auth::telemetry::metrics::describe();
//! ```
//!
//! | name | kind | labels | meaning |
//! |---|---|---|---|
//! | [`requires_auth_introspection_requests_total`](INTROSPECTION_REQUESTS) | counter | `outcome`: `active`, `inactive`, `token_rejected`, `unavailable`, `invalid_response`, `client_rejected` | introspection requests that have ended; a request with its retry counts once |
//! | [`requires_auth_introspection_request_duration_seconds`](INTROSPECTION_REQUEST_DURATION) | histogram | | duration of each of them, with its retry |
//! | [`requires_auth_introspection_requests_not_sent_total`](INTROSPECTION_REQUESTS_NOT_SENT) | counter | `cause`: `retry_after` (the authorization server named a later time), `concurrency_limit` (too many requests in flight), `discovery` (the endpoint is not discovered yet), `circuit_breaker` (it is open, or has just closed) | introspection requests that were not sent |
//! | [`requires_auth_control_requests_total`](CONTROL_REQUESTS) | counter | `outcome`: `usable`, `failed` | control requests: introspection requests about a token that no caller chose, sent before the circuit breaker opens, as every other probe while it is open, and after a `Retry-After` |
//! | [`requires_auth_circuit_breakers_open`](CIRCUIT_BREAKERS_OPEN) | gauge | | open circuit breakers |
//! | [`requires_auth_cache_lookups_total`](CACHE_LOOKUPS) | counter | `result`: `hit`, `miss`, `coalesced` (joined an introspection request in progress) | lookups in the cache |
//! | [`requires_auth_cache_entries`](CACHE_ENTRIES) | gauge | `kind`: `active`, `inactive` | entries of the cache; with several caches, of the one that changed last |
//! | [`requires_auth_cache_evictions_total`](CACHE_EVICTIONS) | counter | `kind`: `active`, `inactive` | entries that were evicted because the cache was full |
//! | [`requires_auth_shared_cache_lookups_total`](SHARED_CACHE_LOOKUPS) | counter | `result`: `hit`, `miss`, `unreadable` (not encrypted by an instance with the same key for this entry), `unavailable` (disconnected, too slow, or not used after failures) | lookups in the shared cache (feature `redis`) |
//! | [`requires_auth_shared_cache_writes_total`](SHARED_CACHE_WRITES) | counter | `result`: `stored`, `failed`, `skipped` (disconnected, or the claims are too long) | writes to the shared cache |
//! | [`requires_auth_shared_cache_invalidations_total`](SHARED_CACHE_INVALIDATIONS) | counter | | invalidations received from the shared cache, of this instance and of others |
//! | [`requires_auth_shared_caches_connected`](SHARED_CACHES_CONNECTED) | gauge | | connected shared caches |
//! | [`requires_auth_stale_claims_total`](STALE_CLAIMS) | counter | | failed introspection requests in whose place stale claims were used |
//! | [`requires_auth_token_exchanges_total`](TOKEN_EXCHANGES) | counter | `outcome`: `issued`, `token_rejected`, `denied`, `client_rejected`, `unavailable`, `invalid_response` | token exchanges that have ended (feature `token-exchange`); one that the cache answers is not counted |
//! | [`requires_auth_rejections_total`](REJECTIONS) | counter | `reason`: `missing_token`, `invalid_request`, `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, `insufficient_user_authentication`, `insufficient_scope`, `insufficient_authorization_details`, `access_denied`, `unavailable`, `misconfigured`, `condition_panicked`; `function`: the [guarded function](#the-label-function), or empty; `scopes`: the scopes that it requires | rejected requests |
//!
//! The page `recipes::observing` has a dashboard for Grafana that shows all of them.
//!
//! # The label `function`
//!
//! It names the guarded function that rejected the request, as the field `function` in the log does:
//!
//! | the feature `manifest` | value | example |
//! |---|---|---|
//! | off | the name | `list_entries` |
//! | on | the path in the manifest | `journal::rest::handlers::list_entries`, `journal::mcp::Journal::list_entries` |
//!
//! The feature is on if any package of the program turns it on; the values change with it. The path is searched for only
//! when a request is rejected. With the feature on, the value is still the name if functions with different paths, and the
//! same name, come from one call of a macro.
//!
//! Where the layer in front of an MCP server rejects a call, the value is the same if the tool has the name of its function;
//! for another tool it is the tool's name, and for a resource the name that the builder gives it. If several tools of the
//! program have functions with the same name and the same policy, it is the name.
//! The label is empty for a rejection that no guarded function has declared, such as that of a layer in front of a router.
//!
//! An introspection request that is cancelled because its caller disconnects is not counted; a
//! [`Cached`](crate::Cached) resolver cancels none. The event `request rejected` of the target
//! `requires_auth`, through the `tracing` crate, says which check a token failed: see
//! [`Rejection`](crate::Rejection).

#[cfg(test)]
mod tests;

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Introspection requests that have ended, by `outcome`.
pub const INTROSPECTION_REQUESTS: &str = "requires_auth_introspection_requests_total";

/// Duration of introspection requests, in seconds.
pub const INTROSPECTION_REQUEST_DURATION: &str =
    "requires_auth_introspection_request_duration_seconds";

/// Introspection requests that were not sent, by `cause`.
pub const INTROSPECTION_REQUESTS_NOT_SENT: &str =
    "requires_auth_introspection_requests_not_sent_total";

/// Introspection requests about a token that no caller chose, by `outcome`.
pub const CONTROL_REQUESTS: &str = "requires_auth_control_requests_total";

/// Open circuit breakers.
pub const CIRCUIT_BREAKERS_OPEN: &str = "requires_auth_circuit_breakers_open";

/// Lookups in the cache, by `result`.
pub const CACHE_LOOKUPS: &str = "requires_auth_cache_lookups_total";

/// Entries of the cache, by `kind`.
pub const CACHE_ENTRIES: &str = "requires_auth_cache_entries";

/// Entries that were evicted because the cache was full, by `kind`.
pub const CACHE_EVICTIONS: &str = "requires_auth_cache_evictions_total";

/// Lookups in the shared cache, by `result`.
pub const SHARED_CACHE_LOOKUPS: &str = "requires_auth_shared_cache_lookups_total";

/// Writes to the shared cache, by `result`.
pub const SHARED_CACHE_WRITES: &str = "requires_auth_shared_cache_writes_total";

/// Invalidations received from the shared cache.
pub const SHARED_CACHE_INVALIDATIONS: &str = "requires_auth_shared_cache_invalidations_total";

/// Connected shared caches.
pub const SHARED_CACHES_CONNECTED: &str = "requires_auth_shared_caches_connected";

/// Failed introspection requests in whose place stale claims were used.
pub const STALE_CLAIMS: &str = "requires_auth_stale_claims_total";

/// Token exchanges that have ended, by `outcome`.
pub const TOKEN_EXCHANGES: &str = "requires_auth_token_exchanges_total";

/// Rejected requests, by `reason`, the guarded `function` and the `scopes` that it requires.
pub const REJECTIONS: &str = "requires_auth_rejections_total";

/// Registers the unit and the meaning of each metric with the recorder. Call it once, after the recorder is
/// installed.
pub fn describe() {
    let counters = [
        (INTROSPECTION_REQUESTS, "Introspection requests that have ended"),
        (INTROSPECTION_REQUESTS_NOT_SENT, "Introspection requests that were not sent"),
        (CONTROL_REQUESTS, "Introspection requests about a token that no caller chose"),
        (CACHE_LOOKUPS, "Lookups in the cache of claims"),
        (CACHE_EVICTIONS, "Cache entries evicted because the cache was full"),
        (SHARED_CACHE_LOOKUPS, "Lookups in the shared cache of claims"),
        (SHARED_CACHE_WRITES, "Writes to the shared cache of claims"),
        (SHARED_CACHE_INVALIDATIONS, "Invalidations received from the shared cache"),
        (STALE_CLAIMS, "Failed introspection requests in whose place stale claims were used"),
        (TOKEN_EXCHANGES, "Token exchanges that have ended"),
        (REJECTIONS, "Rejected requests"),
    ];
    for (name, meaning) in counters {
        describe_counter!(name, Unit::Count, meaning);
    }
    describe_gauge!(CIRCUIT_BREAKERS_OPEN, Unit::Count, "Open circuit breakers");
    describe_gauge!(SHARED_CACHES_CONNECTED, Unit::Count, "Connected shared caches");
    describe_gauge!(CACHE_ENTRIES, Unit::Count, "Entries of the cache of claims");
    describe_histogram!(
        INTROSPECTION_REQUEST_DURATION,
        Unit::Seconds,
        "Duration of introspection requests"
    );
}
