//! Access tokens that are bound to a certificate of the client.
//!
#![doc = include_str!("../docs/mtls.md")]
