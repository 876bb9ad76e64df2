//! The authorization server of the `testing` feature, over real sockets.
#![cfg(feature = "testing")]

mod clients;
mod faults;
mod flow;
mod introspection;
mod refusals;
mod server;
mod support;
