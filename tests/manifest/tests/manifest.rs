//! The manifest of the library.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::panic::catch_unwind;

use requires_auth::manifest::Kind;
use requires_auth::{Condition, Manifest};
use requires_auth_manifest_tests as _;

fn manifest() -> Manifest {
    Manifest::collect().filter(|entry| entry.path().starts_with("requires_auth_manifest_tests::"))
}

#[test]
fn every_guarded_function_is_listed_with_its_path_and_its_line() {
    // R-K16
    let table = "\
FUNCTION                                                  KIND     REQUIRES                                  SOURCE
requires_auth_manifest_tests::any_token                   handler  any token                                 tests/manifest/src/lib.rs:14
requires_auth_manifest_tests::choice                      handler  anonymous or (admin or (read and write))  tests/manifest/src/lib.rs:17
requires_auth_manifest_tests::conditional                 handler  read, when text != \"<b>|\"                 tests/manifest/src/lib.rs:103
requires_auth_manifest_tests::first                       handler  of-a-macro                                tests/manifest/src/lib.rs:59
requires_auth_manifest_tests::future                      handler  read                                      tests/manifest/src/lib.rs:23
requires_auth_manifest_tests::generic                     handler  read                                      tests/manifest/src/lib.rs:28
requires_auth_manifest_tests::match                       handler  read                                      tests/manifest/src/lib.rs:20
requires_auth_manifest_tests::second                      handler  of-a-macro                                tests/manifest/src/lib.rs:59
requires_auth_manifest_tests::nested::any_token           handler  write                                     tests/manifest/src/lib.rs:38
requires_auth_manifest_tests::nested::Wrapper<_>::method  handler  read and write                            tests/manifest/src/lib.rs:47
requires_auth_manifest_tests::nested::any_token::inner    handler  inner                                     tests/manifest/src/lib.rs:40
requires_auth_manifest_tests::tools::Tools::of_the_block  tool     by-default                                tests/manifest/src/lib.rs:72
requires_auth_manifest_tests::tools::Tools::own           tool     own                                       tests/manifest/src/lib.rs:80
requires_auth_manifest_tests::tools::Tools::suggest       prompt   suggest                                   tests/manifest/src/lib.rs:95
";
    assert_eq!(manifest().to_string(), table);
}

#[test]
fn an_entry_has_the_policy_as_data() {
    // R-K16
    let manifest = manifest();
    let choice = manifest.entries().iter().find(|entry| entry.name() == "choice").unwrap();
    let writing = Condition::All(&[Condition::Scope("read"), Condition::Scope("write")]);
    let Condition::Any([admin, both]) = choice.condition() else { unreachable!() };
    assert_eq!((*admin, *both), (Condition::Scope("admin"), writing));
    assert_eq!(choice.module(), "requires_auth_manifest_tests");
    assert_eq!(choice.kind(), Kind::Handler);
    assert!(choice.is_optional());
}

#[test]
fn other_formats_show_the_same() {
    // R-K17
    let tools = manifest().filter(|entry| entry.kind() == Kind::Tool);
    assert_eq!(
        tools.to_json(),
        r#"{
  "version": 1,
  "functions": [
    {"path":"requires_auth_manifest_tests::tools::Tools::of_the_block","kind":"tool","file":"tests/manifest/src/lib.rs","line":72,"scopes":["by-default"]},
    {"path":"requires_auth_manifest_tests::tools::Tools::own","kind":"tool","file":"tests/manifest/src/lib.rs","line":80,"scopes":["own"]}
  ]
}
"#
    );
    let choice = manifest().filter(|entry| entry.name() == "choice");
    assert_eq!(
        choice.to_markdown(),
        "\
| function | kind | requires | source |
|---|---|---|---|
| requires\\_auth\\_manifest\\_tests::choice | handler | anonymous or (admin or (read and write)) | tests/manifest/src/lib.rs:17 |
"
    );
    let conditional = manifest().filter(|entry| entry.when().is_some());
    let markdown = conditional.to_markdown();
    assert!(markdown.contains(r#"| read, when text \!= "&lt;b&gt;\|" |"#), "{markdown}");
    assert_eq!(
        manifest().filter(|_| false).to_json(),
        "{\n  \"version\": 1,\n  \"functions\": []\n}\n"
    );
}

#[test]
fn the_manifest_is_the_reviewed_one() {
    // R-K18: the one-line test that users write.
    manifest().assert_unchanged("tests/manifest.json");
}

#[test]
fn a_changed_guard_fails_the_test_of_the_user() {
    // R-K18
    let fewer = || {
        manifest().filter(|entry| entry.name() != "own").assert_unchanged("tests/manifest.json");
    };
    let panic = catch_unwind(fewer).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "\
the guards of this program are not those in `tests/manifest.json`

removed: there is no guard, unless the function is removed too
    requires_auth_manifest_tests::tools::Tools::own
      - tool: own

help: if every change is intended, run this test with UPDATE_MANIFEST=1, and commit the file"
    );
}
