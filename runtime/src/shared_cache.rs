//! A second level of the cache, on Redis or Valkey, that several processes share.
//!
//! ```no_run
//! use requires_auth::shared_cache::SharedCache;
//! use requires_auth::{Cached, Introspection, ResourceServer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = std::env::var("CACHE_SECRET")?;
//! let shared = SharedCache::single("redis://cache.example", secret).build()?;
//! let introspection = Introspection::builder("https://auth.example/introspect").build()?;
//! let cached = Cached::builder(introspection).shared(shared).build()?;
//! let server = ResourceServer::builder("https://journal.example/")
//!     .issuer("https://auth.example")
//!     .resolver(cached.clone())
//!     .build()?;
//! # Ok(()) }
//! ```
//!
//! In a configuration these are the settings `redis_urls`, `redis_cluster`, `redis_secret`, `redis_prefix`,
//! `redis_timeout_ms` and `redis_root_certificates` of [`ResourceServerConfig`](crate::ResourceServerConfig).
//! It is one implementation of [`SecondLevel`](crate::second_level::SecondLevel).
//!
//! # What is shared
//!
//! The claims of active tokens, with the time at which they were resolved. Their age counts from that time
//! in every instance, and no instance uses claims that are older than its `ttl`. Give all instances the same
//! [`ttl`](crate::CachedBuilder::ttl), and synchronise the clocks of the machines: claims from more than a
//! second in the future are not used. Inactive tokens and failures are not shared, so that nobody can fill
//! the store with made-up tokens.
//!
//! # What a failing or hostile store can cause
//!
//! At worst, each request waits for the [`timeout`](SharedCacheBuilder::timeout), and each instance sends as
//! many introspection requests as without the store. A store that is lost, slow or returns errors is not
//! used: after a failure for 250 ms, after each further one for twice as long, up to 8 s.
//!
//! All entries are encrypted with XChaCha20-Poly1305. The key is derived from the token and the secret with
//! HKDF (RFC 5869). So a dump of the store reveals nothing, and whoever can write to the store cannot grant a
//! scope: an entry that was changed, truncated, or moved to another key is a miss. A store that returns old
//! entries is limited by their age.
//!
//! No command reads more than can be used: 256 KiB of an entry, 17 bytes of the generation, 500 messages of
//! the stream at a time and 10 000 in a row. A reply of more than 512 KiB or 8192 values closes the
//! connection as soon as its length is announced. This limit holds for `redis://` and `unix://`. With TLS or
//! a cluster the client library owns the connection and has no such limit: a hostile server can then
//! send whatever the network carries until the connection is closed, about a second later. Authenticate
//! the store by its certificate. A client that can write to the store, but cannot answer in its place, is
//! limited in every case, except in the length of the stream's messages, which no command can limit.
//!
//! # Invalidation
//!
//! [`Cached::invalidate`](crate::Cached::invalidate) reaches every instance. Each reads the stream of
//! invalidations four times a second, from the position where it stopped, so that it misses none while the
//! store cannot be reached. Its own invalidations are sent when the store can be reached again: each
//! token once, and more than 10 000 tokens as an invalidation of all entries.
//! [`invalidate_everywhere`](crate::Cached::invalidate_everywhere) waits until the store has the invalidation.
//!
//! All instances drop all entries when the store comes back empty, and when there are more messages than the
//! stream keeps. A store that is restored from a snapshot may have lost invalidations: keep no snapshots,
//! or accept that a revoked token is used until the `ttl` ends.
//!
//! # Proofs of possession
//!
//! With the feature `dpop`, [`Dpop::shared`](crate::Dpop::shared) records the DPoP proofs that were used in the same
//! store, so that a proof that one instance has accepted is rejected by the others: one `SET` with `NX` for each
//! request with a proof. The keys are digests, and expire with their proofs. A store that loses or deletes them lets a
//! stolen proof be used once more at each other instance, within the `proof_window`; so the policy for its memory limit
//! must not evict them.
//!
//! # TLS
//!
//! With a `rediss://` URL, the process needs a default crypto provider of rustls, which is the application's
//! choice. Install one at the start of `main`, with the crate `rustls` 0.23:
//!
//! ```
//! rustls::crypto::aws_lc_rs::default_provider().install_default().expect("none is installed yet");
//! ```
//!
//! Without one, [`SharedCacheBuilder::build`] returns an error. The client library takes no provider of its
//! own.
//!
//! # Which stores
//!
//! Redis from 6.2 and Valkey, as one server or as a cluster, with and without TLS. It uses the commands
//! `GETRANGE`, `EXISTS`, `SET`, `DEL`, `XADD` and `XRANGE`, on keys that begin with `requires-auth:` or
//! `{requires-auth}:`. Set a memory limit (`maxmemory`) with the policy `volatile-ttl`, which evicts
//! tombstones, the markers of invalidated tokens, last. An entry with 400 bytes of claims takes 1.4 KiB, its
//! key included (`tests/redis/run entry_takes --nocapture`).

mod bounded_reader;
mod builder;
mod commands;
mod connection;
mod encryption;
#[cfg(any(test, requires_auth_fuzz))]
mod fuzz;
mod health;
mod invalidation_listener;
mod keys;
mod pending_invalidations;
#[cfg(feature = "dpop")]
mod replay_store;
mod second_level;
mod setting_names;
mod store;

pub use builder::{SharedCache, SharedCacheBuilder};
#[cfg(any(test, requires_auth_fuzz))]
pub(crate) use fuzz::run as fuzz_store_entry;
pub(crate) use setting_names::{REDIS_SECRET, REDIS_URLS, ROOT_CERTIFICATES};
