//! Validation of what was parsed.

pub(crate) mod function;
