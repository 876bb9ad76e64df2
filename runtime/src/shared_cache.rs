//! A second level of the cache, on Redis or Valkey, that several processes share.
//!
//! ```no_run
//! use requires_auth::shared_cache::SharedCache;
//! use requires_auth::{Cached, Introspection, ResourceServer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = std::env::var("CACHE_SECRET")?;
//! let shared = SharedCache::single("rediss://cache.example", secret).build()?;
//! let introspection = Introspection::builder("https://auth.example/introspect").build()?;
//! let cached = Cached::builder(introspection).shared(shared).build()?;
//! let server = ResourceServer::builder("https://journal.example/")
//!     .issuer("https://auth.example")
//!     .resolver(cached.clone())
//!     .build()?;
//! # Ok(()) }
//! ```
//!
//! From configuration it is the settings `redis_urls`, `redis_cluster`, `redis_secret` and
//! `redis_timeout_ms` of [`ResourceServerConfig`](crate::ResourceServerConfig).
//!
//! # What is shared
//!
//! The claims of active tokens, with the time at which they were asked for: wherever they are found,
//! they are as old as they are, and the lifetime of [`CachedBuilder`](crate::CachedBuilder) is the
//! longest for which any instance believes them. The clocks of the machines decide about that, so keep
//! them together; claims that seem to be from more than a second ahead are not used. Tokens that are
//! not active, and failures, are not shared: nobody can fill the store with tokens that do not exist.
//! Give all instances the same lifetime.
//!
//! # What the store can do
//!
//! At worst, have requests wait for as long as [`timeout`](SharedCacheBuilder::timeout) says, and have
//! instances ask the authorization server as often as if nothing were remembered. A store
//! that is lost, slow or refuses is done without; one that fails a question is left alone for 250 ms,
//! and each time it does so again for twice as long, up to 8 s. Everything is sealed with
//! XChaCha20-Poly1305 under a key that HKDF (RFC 5869) derives from the token and from the secret: who
//! has a dump of the store cannot read it, who can write to it cannot grant anything, and what has been
//! changed, moved to another key, or cut off is a miss. A store that brings back old entries is bound
//! by their age.
//!
//! No command requests more than can be used: 256 KiB of an entry, 17 bytes of the generation, 500
//! messages of the stream at a time and 10 000 in a row. A reply of more than 512 KiB, or of more than
//! 8192 values, closes the connection when its length is announced, before it is stored. That holds
//! for `redis://` and `unix://`. Over TLS and with a cluster the client library owns the connection
//! and has no such limit: there, a store that is itself hostile, not only written to, can send as much as
//! the network carries until the connection is given up, about a second later. Authenticate the store by
//! its certificate. Who can write to the store, but not answer in its place, is limited in every case, except
//! for the length of messages in the stream, which no command can limit.
//!
//! # Forgetting
//!
//! [`Cached::invalidate`](crate::Cached::invalidate) reaches every instance: each asks the store four times a
//! second what is new, and reads on from where it was, so that nothing is missed while the store or the
//! network is away. What was forgotten while it was away is sent when it is back: a token once, however
//! often it was forgotten, and instead of more than 10 000 tokens, everything. Use
//! [`invalidate_everywhere`](crate::Cached::invalidate_everywhere) to know that the store has been told.
//! A store that comes back empty, or too much news at once, has every instance invalidate everything. One
//! that comes back with an older state may have lost news: keep no snapshots of it, or the lifetime is
//! all that bounds a revoked token.
//!
//! # Which stores
//!
//! Redis from 6.2 and Valkey, single or as a cluster, with and without TLS. It needs the commands
//! `GETRANGE`, `EXISTS`, `SET`, `DEL`, `XADD` and `XRANGE`, on keys that begin with `requires-auth:` or
//! `{requires-auth}:`. Give it a limit (`maxmemory`) with the policy `volatile-ttl`, which
//! drops what was forgotten last of all. An entry with 400 bytes of claims takes
//! 1.4 KiB, its key included (`tests/redis/run entry_takes --nocapture`).

mod bounded_reader;
mod builder;
mod commands;
mod connection;
mod encryption;
mod health;
mod invalidation_listener;
mod keys;
mod pending_invalidations;
mod second_level;
mod store;

pub use builder::{SharedCache, SharedCacheBuilder};
