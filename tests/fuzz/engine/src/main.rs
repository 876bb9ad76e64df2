//! Runs one target: the one that the variable `FUZZ_TARGET` names.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let public = fuzz_targets::TARGETS.iter().map(|target| (target.name, target.run));
    let private = requires_auth::fuzz::TARGETS.iter().copied();
    let attribute = [("attribute", requires_auth_fuzz_attribute::fuzz::run as fn(&[u8]))];
    let mut all = public.chain(private).chain(attribute);
    let found = all.find(|(other, _)| *other == name);
    found.unwrap_or_else(|| panic!("no target `{name}`")).1
});

fuzz_target!(|data: &[u8]| RUN(data));
