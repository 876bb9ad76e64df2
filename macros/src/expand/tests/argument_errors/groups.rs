//! Errors of lists, `all(…)` and `any(…)`.

use expect_test::expect;

use super::messages;

#[test]
fn each_of_the_wrong_groups_has_one_error_with_help() {
    // R-K5, R-K10
    expect![[r##"
        scopes = any "read", "write"
            expected `(` and a list of conditions after `any`
            help: write `scopes = any("read", "write")`
        scopes = any(["read", "write"])
            a list means all of its scopes, also inside `any(…)`
            help: write `any("read", "write")` for one of them, or `["read", "write"]` for all of them
        scopes = not("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = ["a"; 2]
            expected `,`, found `;`
            help: name each scope once
        scopes = [read, write]
            scopes are written as string literals
            help: write `"read", "write"`
        scopes = ["a" "b"]
            expected `,` before this
            help: write `"a", "b"`, or `all("a", "b")` where all of them are required
        scopes = any
            expected `(` and a list of conditions after `any`
            help: write `scopes = any("read", "write")`
        scopes = any()
            no scope is named
            help: name at least one scope, as in `scopes = "read"`
        scopes = all["a", "b"]
            expected `(` and a list of conditions after `all`
            help: write `scopes = ["a", "b"]`
        scopes = any("a b", "c")
            this string names several scopes, which could mean all or any of them
            help: write `all("a", "b")`, or one string for each
        scopes = any("a or b", "c")
            `a or b` reads as an expression, not as scopes
            help: write `any("a", "b")`
        scopes = [""]
            the scope is empty
            help: name at least one scope, as in `scopes = "read"`
        scopes = ["read,write"]
            the scope `read,write` contains the character `,`
            help: write `all("read", "write")`
        scopes = any("a", "a")
            the scope `a` is named twice
            help: name each scope once
        scopes = one_of("a", "b")
            unknown condition `one_of`
            help: write `scopes = any("a", "b")`
        scopes = [not("x")]
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = Any("a", "b")
            unknown condition `Any`
            help: write `scopes = any("a", "b")`
        scopes = ["a", ..]
            expected a condition over scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = ["a",, "b"]
            unexpected `,`
            help: remove it
        scopes = any("a"; "b")
            expected `,`, found `;`
            help: write `,` in its place
        scopes = any("a") || all("b", "c")
            a condition has no operators
            help: write `scopes = any("a", all("b", "c"))`
        scopes = any_of("a b", "c")
            unknown condition `any_of`
            help: write `scopes = any(all("a", "b"), "c")`
        scopes = any_of("a b")
            unknown condition `any_of`
            help: write `scopes = any("a", "b")` or `scopes = ["a", "b"]`, whichever is meant
        scopes = any("admin", all "a", "b")
            expected `(` and a list of conditions after `all`
            help: write the conditions in parentheses, as in `all("read", "write")`
        scopes = any "a", "b" and "c"
            expected `(` and a list of conditions after `any`
            help: write one list, as in `scopes = ["read", "write"]`
        scopes = any = ["a", "b"]
            expected `(` and a list of conditions after `any`
            help: write `scopes = any("a", "b")`
        scopes = [READ, WRITE]
            constants and typed scopes are not supported here
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = [,]
            unexpected `,`
            help: remove it
        scopes = any("x", a, b c)
            scopes are written as string literals
            help: write `"x", "a", all("b", "c")`
        scopes = any("x", "a b" "c")
            expected `,` before this
            help: write `all("a", "b", "c")`
    "##]]
    .assert_eq(&messages(WRONG_GROUPS));
}

pub(super) const WRONG_GROUPS: &[&str] = &[
    r#"scopes = any "read", "write""#,
    r#"scopes = any(["read", "write"])"#,
    r#"scopes = not("guest")"#,
    r#"scopes = ["a"; 2]"#,
    "scopes = [read, write]",
    "scopes = [\"a\" \"b\"]",
    "scopes = any",
    "scopes = any()",
    "scopes = all[\"a\", \"b\"]",
    "scopes = any(\"a b\", \"c\")",
    "scopes = any(\"a or b\", \"c\")",
    "scopes = [\"\"]",
    "scopes = [\"read,write\"]",
    "scopes = any(\"a\", \"a\")",
    "scopes = one_of(\"a\", \"b\")",
    "scopes = [not(\"x\")]",
    "scopes = Any(\"a\", \"b\")",
    "scopes = [\"a\", ..]",
    "scopes = [\"a\",, \"b\"]",
    "scopes = any(\"a\"; \"b\")",
    "scopes = any(\"a\") || all(\"b\", \"c\")",
    r#"scopes = any_of("a b", "c")"#,
    r#"scopes = any_of("a b")"#,
    r#"scopes = any("admin", all "a", "b")"#,
    r#"scopes = any "a", "b" and "c""#,
    r#"scopes = any = ["a", "b"]"#,
    r#"scopes = [READ, WRITE]"#,
    r#"scopes = [,]"#,
    r#"scopes = any("x", a, b c)"#,
    r#"scopes = any("x", "a b" "c")"#,
];
