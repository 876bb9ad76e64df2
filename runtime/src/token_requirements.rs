//! Bound tokens, logins, and authorization details.
//!
#![doc = include_str!("../docs/token_requirements.md")]
