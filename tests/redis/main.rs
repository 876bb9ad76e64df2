//! Instances that share what they know through a real Redis, which is slowed, killed and lied with.
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

mod clock;
mod cluster;
mod forgetting;
mod hostile;
mod instance;
mod liar;
#[path = "../e2e/log.rs"]
mod log;
mod outages;
mod proxy;
mod sharing;
mod store;
mod telling;
mod tls;
