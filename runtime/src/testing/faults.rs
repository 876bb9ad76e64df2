//! Faults that a test injects.

pub(super) mod body;
pub(super) mod fault;
mod gzip;
