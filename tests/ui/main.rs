//! What compiles, what does not, and what the compiler says then.

/// `fail/*.stderr` holds the messages of the pinned toolchain; `TRYBUILD=overwrite` writes them anew.
#[test]
fn the_compiler_says_what_to_write() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
