//! Instances that share entries through a real Redis, which is slowed down, killed and tampered with.
//!
//! `tests/redis/run` runs this; it needs `redis-server`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod cluster;
mod fake_redis;
mod instance;
mod invalidation;
mod outages;
mod replay;
mod shared_cache;
mod tampering;
mod tcp_proxy;
mod telemetry;
mod tls;
