//! Errors of values that are neither a string nor a list nor a condition.

use expect_test::expect;

use super::messages;

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn each_of_the_wrong_values_has_one_error_with_help() {
    // R-K5, R-K10
    expect![[r#"
        scopes = "read".to_string()
            a scope is a string literal alone, without a call
            help: write `scopes = "read"`
        scopes = "read" or "write"
            a condition has no operators
            help: write `scopes = any("read", "write")`
        scopes = !"guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = if x { "a" } else { "b" }
            `if` cannot be a condition over scopes
            help: call `auth.require("…")?` in the function, for what depends on the request
        scopes = "a"; optional
            expected `,`, found `;`
            help: write `,` in its place
        scopes = read
            a scope is written as a string literal
            help: write `scopes = "read"`
        scopes = READ
            a constant cannot be a scope
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
        scopes = EntriesRead
            expected the path of a variant, or a string literal
            help: write the enum in front of the variant, as in `scopes = JournalScope::EntriesRead`
        scopes = [JournalScope, "a"]
            expected the path of a variant, or a string literal
            help: write one of its variants, as in `JournalScope::EntriesRead`
        scopes = Scope::<T>::Read
            a constant cannot be a scope
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
        scopes = read write
            a scope is written as a string literal
            help: write `scopes = ["read", "write"]`
        scopes = b"read"
            expected a string literal, found a byte string
            help: write `scopes = "read"`
        scopes = c"read"
            expected a string literal, found a C string
            help: write `scopes = "read"`
        scopes = 'r'
            expected a string literal, found a character
            help: write `scopes = "r"`
        scopes = 7
            expected a string literal, found a number
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = true
            expected a string literal, found a truth value
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = "a"s
            expected a string literal, found one with a suffix
            help: write `scopes = "a"`
        scopes = ("a", "b")
            expected a string literal or a list
            help: write `scopes = ["a", "b"]`
        scopes = ("a")
            expected a string literal or a list
            help: write `scopes = "a"`
        scopes = {"a"}
            expected a string literal or a list
            help: write `scopes = "a"`
        scopes = &["a"]
            expected a string literal or a list
            help: write `scopes = "a"`
        scopes = vec!["a", "b"]
            the macro `vec!` cannot be a scope
            help: write `scopes = ["a", "b"]`
        scopes = concat!("a")
            the macro `concat!` cannot be a scope
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = env!("A")
            the macro `env!` cannot be a scope
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = String::from("a")
            a call cannot be a scope
            help: write `scopes = "a"`
        scopes = Some("a")
            unknown condition `Some`
            help: write `scopes = "a"`
        scopes = |x| x
            a closure cannot be a condition over scopes
            help: call `auth.require("…")?` in the function, for what depends on the request
        scopes = "a" || "b" && "c"
            a condition has no operators
            help: write `scopes = any("a", all("b", "c"))` or `scopes = [any("a", "b"), "c"]`, whichever is meant
        scopes = "a" "b"
            expected `,` before this
            help: write `scopes = ["a", "b"]`
        scopes = "a" optional
            expected `,` before this
            help: write `, optional`
        scopes = const { "a" }
            expected a condition over scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = format!("a")
            the macro `format!` cannot be a scope
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = "a" as &str
            a scope is a string literal alone
            help: write `scopes = "a"`
        scopes = <T>::A
            a constant cannot be a scope
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
        scopes = self.scopes
            a constant cannot be a scope
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
        scopes = "a" + "b"
            a condition has no operators
            help: write `scopes = ["a", "b"]`
        scopes = r#read
            a scope is written as a string literal
            help: write `scopes = "read"`
        scopes = None
            a constant cannot be a scope
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
        scopes = null
            a scope is written as a string literal
            help: write `scopes = "null"`
        scopes = @x
            expected a condition over scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = #x
            expected a condition over scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = { READ }
            a constant cannot be a scope
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
        scopes = *READ
            a constant cannot be a scope
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
        scopes = "a"?
            a scope is a string literal alone, without `?`
            help: write `scopes = "a"`
        scopes = "a" / "b"
            a condition has no operators
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = "a" if admin
            `if` cannot be part of a condition over scopes
            help: write `, when = …` in its place, with an expression of type `bool`
        scopes = "a"!
            a condition has no operators
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = JournalScope.EntriesRead
            expected the path of a variant, or a string literal
            help: write `scopes = JournalScope::EntriesRead` for a variant, `scopes = "JournalScope.EntriesRead"` for a scope of this name
        scopes = any("a", User.Read)
            expected the path of a variant, or a string literal
            help: write `User::Read` for a variant, `"User.Read"` for a scope of this name
        scopes = scopes::JournalScope::EntriesRead()
            expected the path of a variant, or a string literal
            help: write `scopes = scopes::JournalScope::EntriesRead`
        scopes = JournalScope::EntriesRead as usize
            expected the path of a variant, or a string literal
            help: write `scopes = JournalScope::EntriesRead`
        scopes = scope::read
            `scope::read` is not the path of a variant
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
    "#]]
    .assert_eq(&messages(WRONG_VALUES));
}

pub(super) const WRONG_VALUES: &[&str] = &[
    r#"scopes = "read".to_string()"#,
    r#"scopes = "read" or "write""#,
    r#"scopes = !"guest""#,
    r#"scopes = if x { "a" } else { "b" }"#,
    r#"scopes = "a"; optional"#,
    "scopes = read",
    "scopes = READ",
    "scopes = EntriesRead",
    "scopes = [JournalScope, \"a\"]",
    "scopes = Scope::<T>::Read",
    "scopes = read write",
    "scopes = b\"read\"",
    "scopes = c\"read\"",
    "scopes = 'r'",
    "scopes = 7",
    "scopes = true",
    "scopes = \"a\"s",
    "scopes = (\"a\", \"b\")",
    "scopes = (\"a\")",
    "scopes = {\"a\"}",
    "scopes = &[\"a\"]",
    "scopes = vec![\"a\", \"b\"]",
    "scopes = concat!(\"a\")",
    "scopes = env!(\"A\")",
    "scopes = String::from(\"a\")",
    "scopes = Some(\"a\")",
    "scopes = |x| x",
    "scopes = \"a\" || \"b\" && \"c\"",
    "scopes = \"a\" \"b\"",
    "scopes = \"a\" optional",
    "scopes = const { \"a\" }",
    "scopes = format!(\"a\")",
    "scopes = \"a\" as &str",
    "scopes = <T>::A",
    "scopes = self.scopes",
    "scopes = \"a\" + \"b\"",
    "scopes = r#read",
    "scopes = None",
    "scopes = null",
    "scopes = @x",
    "scopes = #x",
    r#"scopes = { READ }"#,
    r#"scopes = *READ"#,
    r#"scopes = "a"?"#,
    r#"scopes = "a" / "b""#,
    r#"scopes = "a" if admin"#,
    r#"scopes = "a"!"#,
    "scopes = JournalScope.EntriesRead",
    "scopes = any(\"a\", User.Read)",
    "scopes = scopes::JournalScope::EntriesRead()",
    "scopes = JournalScope::EntriesRead as usize",
    "scopes = scope::read",
];
