//! The cost of the guard for a cached token: in process, by step, by kind of scope, and as throughput over HTTP.

pub mod in_process;
pub mod steps;
pub mod throughput;
pub mod two_threads;
pub mod typed_scopes;
