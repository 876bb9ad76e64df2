use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::AuthorizationDetail;
use crate::Condition::{self, All, Any, Scope};
use crate::manifest::{Entry, Kind};
use crate::policy::{DetailType, TokenRequirement, UserAuthentication};

fn entry(name: &str, condition: Condition) -> Entry {
    Entry {
        module: "journal".to_owned(),
        name: name.to_owned(),
        kind: Kind::Handler,
        file: "src/main.rs",
        line: 7,
        condition,
        token: TokenRequirement::NONE,
        optional: false,
        scopes_from: None,
        when: None,
        guarded: true,
    }
}

fn unguarded(name: &str) -> Entry {
    Entry::unguarded(Kind::Tool, &format!("journal::{name}"))
}

fn manifest(entries: impl IntoIterator<Item = Entry>) -> Manifest {
    let mut manifest = Manifest::default();
    manifest.entries.extend(entries);
    manifest
}

/// A file of this test, which is removed at its end.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let name = format!("requires-auth-manifest-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn accept(&self, manifest: &Manifest) {
        manifest.compare_or_update(&self.0, true).unwrap();
    }

    /// The message without the path of the file; empty if nothing has changed.
    fn difference(&self, manifest: &Manifest) -> String {
        let difference = manifest.compare_or_update(&self.0, false).err();
        let text = difference.map(|difference| difference.to_string()).unwrap_or_default();
        text.replace(&*self.0.to_string_lossy(), "FILE")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_manifest_that_was_accepted_does_not_differ() {
    // R-K18
    let file = File::new("accepted");
    let mut manifest = manifest([entry("list", Scope("read")), entry("home", Condition::NONE)]);
    file.accept(&manifest);
    assert_eq!(
        fs::read_to_string(&file.0).unwrap(),
        r#"{
  "version": 1,
  "functions": [
    {"path":"journal::list","kind":"handler","scopes":["read"]},
    {"path":"journal::home","kind":"handler","scopes":[]}
  ]
}
"#
    );
    assert_eq!(file.difference(&manifest), "");
    // Code that moves is not another policy.
    manifest.entries[0].line = 99;
    manifest.entries[0].file = "src/rest.rs";
    manifest.entries.reverse();
    assert_eq!(file.difference(&manifest), "");
}

#[test]
fn each_difference_is_named_and_the_weaker_ones_first() {
    // R-K18
    let file = File::new("differences");
    let before = [
        entry("stronger", Scope("a")),
        entry("weaker", All(&[Scope("a"), Scope("b")])),
        entry("other", Scope("a")),
        entry("opened", Scope("a")),
        entry("gone", Scope("a")),
        entry("tool", Scope("a")),
        entry("same", Any(&[Scope("a"), Scope("b")])),
        entry("scopes-added", Scope("a")),
        Entry { scopes_from: Some("f"), ..entry("scopes-changed", Scope("a")) },
        Entry { scopes_from: Some("f"), ..entry("scopes-removed", Scope("a")) },
        entry("when-added", Scope("a")),
        Entry { when: Some("x < 1"), ..entry("when-changed", Scope("a")) },
        Entry { when: Some("x < 1"), ..entry("when-removed", Scope("a")) },
        unguarded("closed"),
        unguarded("guarded"),
        unguarded("same-tool"),
        Entry { kind: Kind::Tool, ..entry("unguarded", Condition::NONE) },
    ];
    file.accept(&manifest(before));
    let after = [
        entry("stronger", All(&[Scope("a"), Scope("b")])),
        entry("weaker", Scope("a")),
        entry("other", Scope("b")),
        Entry { optional: true, ..entry("opened", Scope("a")) },
        Entry { kind: Kind::Tool, ..entry("tool", Scope("a")) },
        entry("same", Any(&[Scope("a"), Scope("b")])),
        entry("new", Condition::NONE),
        Entry { scopes_from: Some("f"), ..entry("scopes-added", Scope("a")) },
        Entry { scopes_from: Some("g(x)"), ..entry("scopes-changed", Scope("a")) },
        entry("scopes-removed", Scope("a")),
        Entry { when: Some("x < 1"), ..entry("when-added", Scope("a")) },
        Entry { when: Some("x\n < 2"), ..entry("when-changed", Scope("a")) },
        entry("when-removed", Scope("a")),
        Entry { kind: Kind::Tool, ..entry("guarded", Condition::NONE) },
        unguarded("same-tool"),
        unguarded("new-tool"),
        unguarded("unguarded"),
    ];
    assert_eq!(
        file.difference(&manifest(after)),
        "\
the guards of this program are not those in `FILE`

weakened: it is new, and has no guard
    journal::new-tool
      + tool: unguarded

weakened: a caller that was rejected may reach it
    journal::opened (src/main.rs:7)
      - a
      + anonymous or a
    journal::other (src/main.rs:7)
      - a
      + b
    journal::scopes-changed (src/main.rs:7)
      - a, scopes_from f
      + a, scopes_from g(x)
    journal::scopes-removed (src/main.rs:7)
      - a, scopes_from f
      + a
    journal::unguarded
      - any token
      + unguarded
    journal::weaker (src/main.rs:7)
      - a and b
      + a
    journal::when-changed (src/main.rs:7)
      - a, when x < 1
      + a, when x < 2
    journal::when-removed (src/main.rs:7)
      - a, when x < 1
      + a

removed: there is no guard, unless the function is removed too
    journal::gone
      - handler: a

changed
    journal::tool (src/main.rs:7)
      - handler: a
      + tool: a

strengthened: fewer callers reach it
    journal::guarded (src/main.rs:7)
      - unguarded
      + any token
    journal::scopes-added (src/main.rs:7)
      - a
      + a, scopes_from f
    journal::stronger (src/main.rs:7)
      - a
      + a and b
    journal::when-added (src/main.rs:7)
      - a
      + a, when x < 1

added
    journal::new (src/main.rs:7)
      + handler: any token

not listed any more: it had no guard
    journal::closed
      - tool: unguarded

help: if every change is intended, run this test with UPDATE_MANIFEST=1, and commit the file"
    );
}

#[test]
fn a_file_that_cannot_be_compared_is_a_difference() {
    // R-K18
    let file = File::new("unusable");
    let manifest = manifest([entry("list", Scope("read"))]);
    let missing = file.difference(&manifest);
    assert!(missing.starts_with("the manifest `FILE` cannot be read: "), "{missing}");
    assert!(missing.ends_with("run this test with UPDATE_MANIFEST=1, and review it"), "{missing}");
    for (text, expected) in [
        ("", "the file `FILE` is no manifest: "),
        ("{}", "the file `FILE` is no manifest: "),
        (
            r#"{"version":2,"functions":[]}"#,
            "the manifest `FILE` has version 2, and this crate writes 1\n",
        ),
        // A member that this version does not compare may be a restriction.
        (
            r#"{"version":1,"functions":[{"path":"journal::list","kind":"handler","scopes":["read"],"later":"x"}]}"#,
            "the file `FILE` is no manifest: unknown field `later`",
        ),
    ] {
        fs::write(&file.0, text).unwrap();
        let difference = file.difference(&manifest);
        assert!(difference.starts_with(expected), "{difference}");
    }
}

#[test]
fn an_empty_manifest_is_never_accepted() {
    // R-K18
    let file = File::new("empty");
    for update in [true, false] {
        let difference = manifest([]).compare_or_update(&file.0, update).unwrap_err().to_string();
        assert!(difference.starts_with("the manifest is empty"), "{difference}");
        assert!(!file.0.exists());
    }
}

#[test]
fn a_change_of_what_the_token_must_meet_is_weaker_or_stronger() {
    // R-K18, R-H3, R-H7
    const BOUND: TokenRequirement =
        TokenRequirement { sender_constrained: true, ..TokenRequirement::NONE };
    const fn login(acr_values: &'static [&'static str], max_age: Option<u64>) -> TokenRequirement {
        let max_age = match max_age {
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => None,
        };
        TokenRequirement {
            authentication: UserAuthentication { acr_values, max_age },
            ..TokenRequirement::NONE
        }
    }
    const fn details(types: &'static [DetailType]) -> TokenRequirement {
        TokenRequirement { authorization_details: types, ..TokenRequirement::NONE }
    }
    const PAYMENT: DetailType = DetailType::of::<Payment>();
    const ACCOUNT: DetailType = DetailType::of::<Account>();
    let with = |token| manifest([Entry { token, ..entry("pay", Scope("pay")) }]);
    for (before, after, title, shown) in [
        (BOUND, TokenRequirement::NONE, "weakened", "pay"),
        (TokenRequirement::NONE, BOUND, "strengthened", "pay, sender_constrained"),
        (login(&["a"], None), login(&["a", "b"], None), "weakened", "pay, acr_values a b"),
        (login(&["a", "b"], None), login(&["b"], None), "strengthened", "pay, acr_values b"),
        (login(&["a"], None), login(&["b"], None), "weakened", "pay, acr_values b"),
        (login(&["a"], None), login(&[], None), "weakened", "pay"),
        (login(&[], Some(5)), login(&[], Some(6)), "weakened", "pay, max_age 6"),
        (login(&[], Some(5)), login(&[], Some(4)), "strengthened", "pay, max_age 4"),
        (login(&[], Some(5)), login(&[], None), "weakened", "pay"),
        (
            details(&[PAYMENT]),
            details(&[ACCOUNT]),
            "weakened",
            "pay, authorization_details account",
        ),
        (
            details(&[PAYMENT]),
            details(&[ACCOUNT, PAYMENT]),
            "strengthened",
            "pay, authorization_details account payment",
        ),
    ] {
        let file = File::new(&format!("token-{shown}"));
        file.accept(&with(before));
        assert_eq!(file.difference(&with(before)), "");
        let difference = file.difference(&with(after));
        assert!(difference.contains(&format!("\n{title}: ")), "{difference}");
        assert!(difference.contains(&format!("      + {shown}\n")), "{difference}");
    }
}

#[derive(serde::Deserialize)]
struct Payment {}

impl AuthorizationDetail for Payment {
    const TYPE: &'static str = "payment";
}

#[derive(serde::Deserialize)]
struct Account {}

impl AuthorizationDetail for Account {
    const TYPE: &'static str = "account";
}
