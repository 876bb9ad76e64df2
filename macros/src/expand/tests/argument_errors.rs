//! The errors of the attribute's arguments, and their help texts.

use std::fmt::Write;

use syn::LitStr;

use super::{errors, expanded};

mod arguments;
mod groups;
mod strings;
mod values;

use arguments::WRONG_ARGUMENTS;
use groups::WRONG_GROUPS;
use strings::WRONG_STRINGS;
use values::WRONG_VALUES;

/// The arguments, each with its only error below it.
fn messages(wrong: &[&str]) -> String {
    let mut text = String::new();
    for arguments in wrong {
        let found = errors(arguments, "async fn f(auth: AuthInfo) {}");
        assert_eq!(found.len(), 1, "{arguments}: {found:?}");
        let found = found[0].replace('\n', "\n    ");
        writeln!(text, "{}\n    {found}", arguments.escape_debug()).unwrap();
    }
    text.replace("\\\"", "\"").replace("\\'", "'")
}

/// Each `scopes = …` that a help text suggests is correct.
#[test]
fn each_suggestion_compiles() {
    // R-K10
    let mut tried = 0;
    let wrong = [WRONG_ARGUMENTS, WRONG_GROUPS, WRONG_STRINGS, WRONG_VALUES].concat();
    for arguments in wrong {
        for found in errors(arguments, "async fn f(auth: AuthInfo) {}") {
            let help = found.split_once("\nhelp: ").unwrap().1;
            for written in help.split('`').filter(|part| part.starts_with("scopes = ")) {
                if written.contains('…') {
                    continue;
                }
                assert!(
                    !expanded(written, "fn f() {}").contains("compile_error"),
                    "{arguments}: {help}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "{tried}");
}

/// The help for a list of which all are required never suggests `any(…)`.
#[test]
fn no_suggestion_loosens_a_list() {
    // R-K10
    for arguments in [
        r#"all("read", "write")"#,
        r#"scopes = all "read", "write""#,
        r#"scopes = "read and write""#,
        r#"scopes = "read", "write""#,
        r#"scopes = all["read", "write"]"#,
        r#"scopes = "read" && "write""#,
        r#"scopes = "read;write""#,
        r#"scopes = "read", scopes = "write""#,
        r#"all_of = ["read", "write"]"#,
        r#"roles = ["read", "write"]"#,
    ] {
        for found in errors(arguments, "fn f() {}") {
            assert!(!found.contains("any") && found.contains("write"), "{arguments}: {found}");
        }
    }
}

#[test]
fn a_word_between_no_others_is_a_scope() {
    // R-K10
    for arguments in
        [r#"scopes = "or""#, r#"scopes = ["and", "read"]"#, r#"scopes = "orders and-more""#]
    {
        assert!(errors(arguments, "fn f() {}").is_empty(), "{arguments}");
    }
    let text: LitStr = syn::parse_str(r#""or""#).unwrap();
    assert!(crate::parse::scope_token::is_scope(&text.value()));
}
