//! Runs one target: the one that the variable `FUZZ_TARGET` names.

#![no_main]

use std::sync::LazyLock;

use fuzz_targets::TARGETS;
use libfuzzer_sys::fuzz_target;

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|target| target.name == name);
    target.map(|target| target.run).unwrap_or_else(|| panic!("no target `{name}`"))
});

fuzz_target!(|data: &[u8]| RUN(data));
