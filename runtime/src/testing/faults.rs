//! Faults that a test injects: what they are, when they apply, and what they send.

mod body;
pub(super) mod fault;
mod gzip;
pub(super) mod inject;
pub(super) mod schedule;
