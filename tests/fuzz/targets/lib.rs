//! Fuzz targets: each is one function over bytes. `replay.rs` calls it with the files of its corpus, and the fuzzer in
//! `engine` with what it makes of them.
//!
//! A target uses the public API. The targets of private functions are in `runtime/src/fuzz.rs` and `macros/src/fuzz.rs`.
//!
//! A target compares the crate with a second, slow and simple implementation of the same rule, and panics where the
//! two differ. It does not read the time or a random number, so that an input has one result.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target that meets the unexpected fails"
)]
#![allow(clippy::from_iter_instead_of_collect, reason = "it names the type before the iterator")]
#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "only the replay and the fuzzer use it"
)]

mod authorization_header;
mod challenge;
mod challenge_parser;
mod condition;
mod condition_text;
mod configuration;
mod dpop_proof;
mod event_stream;
mod introspection_response;
mod json;
mod jwt;
mod mcp_layer;
mod mcp_message;
mod runtime;
mod scope_claim;
mod server;
mod session_id;
mod uri_template;

/// A target, by the name of its corpus.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
}

pub const TARGETS: &[Target] = &[
    Target { name: "authorization_header", run: authorization_header::run },
    Target { name: "challenge", run: challenge::run },
    Target { name: "condition", run: condition::run },
    Target { name: "configuration", run: configuration::run },
    Target { name: "dpop_proof", run: dpop_proof::run },
    Target { name: "event_stream", run: event_stream::run },
    Target { name: "introspection_response", run: introspection_response::run },
    Target { name: "jwt", run: jwt::run },
    Target { name: "mcp_message", run: mcp_message::run },
    Target { name: "scope_claim", run: scope_claim::run },
    Target { name: "session_id", run: session_id::run },
    Target { name: "uri_template", run: uri_template::run },
];
