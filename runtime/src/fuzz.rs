//! Fuzz targets of parsers that have no public entry: `tests/fuzz` has the others, the engine and the corpora.
//!
//! They are compiled for the unit tests, which replay the corpora, and for the fuzzer, which sets the cfg
//! `requires_auth_fuzz`. It is no feature, so that no application can enable it, and not the cfg `fuzzing`, which
//! cargo-fuzz sets for all dependencies of an application that is fuzzed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target that meets the unexpected fails"
)]

#[cfg(all(feature = "introspection", feature = "jwt"))]
pub(crate) mod document;
#[cfg(feature = "jwt")]
mod jwk_set;

/// A target, by the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// The targets.
pub const TARGETS: &[Target] = &[
    #[cfg(all(feature = "introspection", feature = "jwt"))]
    ("api_key_file", crate::resolve::api_keys::fuzz::run),
    #[cfg(feature = "mtls")]
    ("client_certificate", crate::authenticate::client_certificate::fuzz::run),
    #[cfg(all(feature = "jwt", feature = "token-exchange"))]
    ("exchange_response", crate::token_exchange::response::fuzz::run),
    #[cfg(feature = "jwt")]
    ("jwk_set", jwk_set::run),
    #[cfg(feature = "introspection")]
    ("metadata_document", crate::resolve::fuzz_metadata_document),
    #[cfg(feature = "introspection")]
    ("retry_after", crate::resolve::introspection::retry_after::fuzz::run),
    #[cfg(feature = "redis")]
    ("store_entry", crate::shared_cache::fuzz_store_entry),
    #[cfg(all(feature = "introspection", feature = "jwt"))]
    ("token_response", crate::resolve::introspection::granted_token::fuzz::run),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::TARGETS;

    #[test]
    fn every_target_accepts_the_files_of_its_corpus() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus");
        for (name, run) in TARGETS {
            let corpus = corpora.join(name);
            let mut files: Vec<_> =
                fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            assert!(!files.is_empty(), "{} is empty", corpus.display());
            for file in files {
                // The name of the file is on the line before the message of a panic.
                println!("{}", file.display());
                run(&fs::read(file).unwrap());
            }
        }
    }
}
