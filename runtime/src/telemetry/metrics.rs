//! The metrics: their names, which stay, and what they mean.
//!
//! They go through the facade of the `metrics` crate: install a recorder of your choice, such as
//! `metrics-exporter-prometheus`, and call [`describe`] once after that. Without a recorder nothing is
//! counted. No label ever holds anything of a token, of a caller or of an answer, and the number of
//! series is bounded by the program's own code.
//!
//! | name | kind | labels | counts |
//! |---|---|---|---|
//! | [`requires_auth_introspection_requests_total`](INTROSPECTION_REQUESTS) | counter | `outcome`: `active`, `inactive`, `token_refused`, `unavailable`, `invalid_response`, `credentials_refused` | exchanges with the authorization server that have ended |
//! | [`requires_auth_introspection_request_duration_seconds`](INTROSPECTION_REQUEST_DURATION) | histogram | | how long each of them took, with its retry |
//! | [`requires_auth_introspection_requests_not_sent_total`](INTROSPECTION_REQUESTS_NOT_SENT) | counter | `cause`: `retry_after` (`Retry-After`), `concurrency_limit` (too many in flight), `discovery` (the endpoint is not discovered yet), `circuit_breaker` | exchanges that were not begun |
//! | [`requires_auth_control_requests_total`](CONTROL_REQUESTS) | counter | `outcome`: `usable`, `failed` | introspections of a token that no caller chose, sent where exchanges have failed in a row, where one named a `Retry-After`, and while a circuit breaker is open |
//! | [`requires_auth_circuit_breakers_open`](CIRCUIT_BREAKERS_OPEN) | gauge | | circuit breakers that are open |
//! | [`requires_auth_cache_lookups_total`](CACHE_LOOKUPS) | counter | `result`: `hit`, `miss`, `coalesced` (waited for an exchange that was under way) | questions to the cache |
//! | [`requires_auth_cache_entries`](CACHE_ENTRIES) | gauge | `kind`: `active`, `inactive` | tokens that are remembered, by the cache that changed last |
//! | [`requires_auth_cache_evictions_total`](CACHE_EVICTIONS) | counter | `kind`: `active`, `inactive` | tokens that were forgotten for lack of room |
//! | [`requires_auth_shared_cache_lookups_total`](SHARED_CACHE_LOOKUPS) | counter | `result`: `hit`, `miss`, `unreadable` (not sealed by one of us for this place), `unavailable` (lost, late, or left alone) | questions to the shared cache (feature `redis`) |
//! | [`requires_auth_shared_cache_writes_total`](SHARED_CACHE_WRITES) | counter | `result`: `stored`, `failed`, `skipped` (not there, or too long) | claims for the shared cache |
//! | [`requires_auth_shared_cache_invalidations_total`](SHARED_CACHE_INVALIDATIONS) | counter | | tokens that this or another instance has forgotten, as the shared cache told |
//! | [`requires_auth_shared_caches_connected`](SHARED_CACHES_CONNECTED) | gauge | | shared caches that are in use |
//! | [`requires_auth_stale_claims_total`](STALE_CLAIMS) | counter | | exchanges that failed, and remembered claims stood in |
//! | [`requires_auth_rejections_total`](REJECTIONS) | counter | `reason`: `missing_token`, `invalid_request`, `invalid_token`, `insufficient_scope`, `unavailable`, `misconfigured`; `function`: the guarded function, where there is one; `scopes`: what it needs | refused requests |
//!
//! An exchange whose caller goes away is not counted; behind a [`Cached`](crate::Cached) none is broken
//! off. Which check a refused token failed is in the event `request refused` of the target
//! `requires_auth`, through the `tracing` crate: see [`Rejection`](crate::Rejection).

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Exchanges with the authorization server, by `outcome`.
pub const INTROSPECTION_REQUESTS: &str = "requires_auth_introspection_requests_total";

/// How long exchanges took, in seconds.
pub const INTROSPECTION_REQUEST_DURATION: &str =
    "requires_auth_introspection_request_duration_seconds";

/// Exchanges that were not begun, by `cause`.
pub const INTROSPECTION_REQUESTS_NOT_SENT: &str =
    "requires_auth_introspection_requests_not_sent_total";

/// Introspections of a token that no caller chose, by `outcome`.
pub const CONTROL_REQUESTS: &str = "requires_auth_control_requests_total";

/// Circuit breakers that are open.
pub const CIRCUIT_BREAKERS_OPEN: &str = "requires_auth_circuit_breakers_open";

/// Questions to the cache, by `result`.
pub const CACHE_LOOKUPS: &str = "requires_auth_cache_lookups_total";

/// Tokens that are remembered, by `kind`.
pub const CACHE_ENTRIES: &str = "requires_auth_cache_entries";

/// Tokens that were forgotten for lack of room, by `kind`.
pub const CACHE_EVICTIONS: &str = "requires_auth_cache_evictions_total";

/// Questions to the shared cache, by `result`.
pub const SHARED_CACHE_LOOKUPS: &str = "requires_auth_shared_cache_lookups_total";

/// Claims for the shared cache, by `result`.
pub const SHARED_CACHE_WRITES: &str = "requires_auth_shared_cache_writes_total";

/// Tokens that some instance has forgotten, as the shared cache told.
pub const SHARED_CACHE_INVALIDATIONS: &str = "requires_auth_shared_cache_invalidations_total";

/// Shared caches that are in use.
pub const SHARED_CACHES_CONNECTED: &str = "requires_auth_shared_caches_connected";

/// Failed exchanges for which remembered claims stood in.
pub const STALE_CLAIMS: &str = "requires_auth_stale_claims_total";

/// Refused requests, by `reason`, the guarded `function` and the `scopes` that it needs.
pub const REJECTIONS: &str = "requires_auth_rejections_total";

/// Tells the recorder what each metric means. Call it once, after the recorder is installed.
pub fn describe() {
    let counters = [
        (INTROSPECTION_REQUESTS, "Exchanges with the authorization server"),
        (
            INTROSPECTION_REQUESTS_NOT_SENT,
            "Exchanges with the authorization server that were not begun",
        ),
        (CONTROL_REQUESTS, "Introspections of a token that no caller chose"),
        (CACHE_LOOKUPS, "Questions to the cache of claims"),
        (CACHE_EVICTIONS, "Tokens forgotten for lack of room"),
        (SHARED_CACHE_LOOKUPS, "Questions to the shared cache of claims"),
        (SHARED_CACHE_WRITES, "Claims for the shared cache"),
        (SHARED_CACHE_INVALIDATIONS, "Tokens that some instance has forgotten"),
        (STALE_CLAIMS, "Failed exchanges for which remembered claims stood in"),
        (REJECTIONS, "Refused requests"),
    ];
    for (name, meaning) in counters {
        describe_counter!(name, Unit::Count, meaning);
    }
    describe_gauge!(CIRCUIT_BREAKERS_OPEN, Unit::Count, "Circuit breakers that are open");
    describe_gauge!(SHARED_CACHES_CONNECTED, Unit::Count, "Shared caches that are in use");
    describe_gauge!(CACHE_ENTRIES, Unit::Count, "Tokens that are remembered");
    describe_histogram!(INTROSPECTION_REQUEST_DURATION, Unit::Seconds, "How long exchanges took");
}
