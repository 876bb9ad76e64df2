//! The authorization server of the `testing` feature, over real sockets.
#![cfg(feature = "testing")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]

mod authorization_details;
#[cfg(feature = "dpop")]
mod bound_tokens;
mod clients;
mod errors;
mod faults;
mod grants;
mod introspection;
mod issued_tokens;
#[cfg(feature = "jwt")]
mod jwt;
mod logins;
mod server;
mod support;
