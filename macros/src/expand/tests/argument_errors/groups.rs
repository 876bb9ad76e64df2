//! Errors of lists, `all(…)` and `any(…)`.

use expect_test::expect;

use super::messages;

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn each_of_the_wrong_groups_has_one_error_with_help() {
    // R-K5, R-K10
    expect![[r#"
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
            constants cannot be scopes
            help: write the scope as a string literal, or as a variant of an enum with `#[derive(Scope)]`, as in `JournalScope::EntriesRead`
        scopes = [,]
            unexpected `,`
            help: remove it
        scopes = any("x", a, b c)
            scopes are written as string literals
            help: write `"x", "a", all("b", "c")`
        scopes = any("x", "a b" "c")
            expected `,` before this
            help: write `all("a", "b", "c")`
        scopes = without("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = none_of("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = deny("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = exclude("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = forbid("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = unless("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = block("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = never("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = non("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = no("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = isnt("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = lacks("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = missing("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = not_any("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = not_in("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = NoneOf("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = nor("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = nand("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = any("a", without("guest"))
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = without "guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = "a" except "guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = xor("a", "b")
            unknown condition `xor`
            help: a condition cannot express this; `auth.has_scope("…")` tests for a scope in the function
        scopes = at_least(2, "a", "b")
            unknown condition `at_least`
            help: a condition cannot express this; `auth.has_scope("…")` tests for a scope in the function
        scopes = some_of(2, ["a", "b"])
            unknown condition `some_of`
            help: a condition cannot express this; `auth.has_scope("…")` tests for a scope in the function
        scopes = scope("a")
            unknown condition `scope`
            help: write `scopes = "a"`
        scopes = guest("a")
            unknown condition `guest`
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = foo("a", "b")
            unknown condition `foo`
            help: write `all(…)` where all of them are required, `any(…)` where one is enough
        scopes = [" "]
            the scope is empty
            help: name at least one scope, as in `scopes = "read"`
        scopes = any(" ")
            the scope is empty
            help: name at least one scope, as in `scopes = "read"`
        scopes = any("admin", " ")
            the scope is empty
            help: name at least one scope, as in `scopes = "read"`
        scopes = all("a", " ")
            the scope is empty
            help: name at least one scope, as in `scopes = "read"`
        scopes = any("   ", "c")
            the scope is empty
            help: name at least one scope, as in `scopes = "read"`
        scopes = any("any a b", "c")
            `any a b` reads as an expression, not as scopes
            help: write `any("a", "b")` or `all("any", "a", "b")`, whichever is meant
        scopes = any(a b)
            a scope is written as a string literal
            help: write `all("a", "b")`
        scopes = any("a; b")
            `a; b` reads as an expression, not as scopes
            help: write `all("a", "b")`
        scopes = any("x", "a / b")
            `a / b` reads as an expression, not as scopes
            help: write `any("a", "b")` or `all("a", "b")`, whichever is meant
        scopes = any(all("a", "b") "c")
            expected `,` before this
            help: separate the conditions by `,`
        scopes = any(["a", "b"] "c")
            expected `,` before this
            help: separate the conditions by `,`
        scopes = all("a", "b") "c"
            expected `,` before this
            help: write `scopes = ["a", "b", "c"]`
    "#]]
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
    r#"scopes = without("guest")"#,
    r#"scopes = none_of("guest")"#,
    r#"scopes = deny("guest")"#,
    r#"scopes = exclude("guest")"#,
    r#"scopes = forbid("guest")"#,
    r#"scopes = unless("guest")"#,
    r#"scopes = block("guest")"#,
    r#"scopes = never("guest")"#,
    r#"scopes = non("guest")"#,
    r#"scopes = no("guest")"#,
    r#"scopes = isnt("guest")"#,
    r#"scopes = lacks("guest")"#,
    r#"scopes = missing("guest")"#,
    r#"scopes = not_any("guest")"#,
    r#"scopes = not_in("guest")"#,
    r#"scopes = NoneOf("guest")"#,
    r#"scopes = nor("guest")"#,
    r#"scopes = nand("guest")"#,
    r#"scopes = any("a", without("guest"))"#,
    r#"scopes = without "guest""#,
    r#"scopes = "a" except "guest""#,
    r#"scopes = xor("a", "b")"#,
    r#"scopes = at_least(2, "a", "b")"#,
    r#"scopes = some_of(2, ["a", "b"])"#,
    r#"scopes = scope("a")"#,
    r#"scopes = guest("a")"#,
    r#"scopes = foo("a", "b")"#,
    r#"scopes = [" "]"#,
    r#"scopes = any(" ")"#,
    r#"scopes = any("admin", " ")"#,
    r#"scopes = all("a", " ")"#,
    r#"scopes = any("   ", "c")"#,
    r#"scopes = any("any a b", "c")"#,
    "scopes = any(a b)",
    r#"scopes = any("a; b")"#,
    r#"scopes = any("x", "a / b")"#,
    r#"scopes = any(all("a", "b") "c")"#,
    r#"scopes = any(["a", "b"] "c")"#,
    r#"scopes = all("a", "b") "c""#,
];
