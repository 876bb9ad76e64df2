//! Errors of the content of a string.

use expect_test::expect;

use super::messages;

#[test]
fn each_of_the_wrong_strings_has_one_error_with_help() {
    // R-K5, R-K10
    expect![[r##"
        scopes = r#"["entries:read", "entries:write"]"#
            `["entries:read", "entries:write"]` reads as an expression, not as scopes
            help: write `scopes = ["entries:read", "entries:write"]`
        scopes = "read || write"
            `read || write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")`
        scopes = "any(read write)"
            `any(read write)` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")`
        scopes = "read or write"
            `read or write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")`
        scopes = "'read'"
            `'read'` reads as an expression, not as scopes
            help: write `scopes = "read"`
        scopes = "[read]"
            `[read]` reads as an expression, not as scopes
            help: write `scopes = "read"`
        scopes = "read;write"
            `read;write` reads as an expression, not as scopes
            help: write `scopes = ["read", "write"]`
        scopes = "!guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = "a\\nb"
            the scope `a\nb` contains the character U+000A, a line break
            help: write `scopes = ["a", "b"]`
        scopes = "a\u{a0}b"
            the scope `a\u{a0}b` contains the character U+00A0, a no-break space
            help: write `scopes = ["a", "b"]`
        scopes = " read"
            extra space beside the scope
            help: write `scopes = "read"`
        scopes = "read  write"
            extra space between the scopes
            help: write `scopes = "read write"`
        scopes = ""
            no scope is named
            help: name at least one scope, as in `scopes = "read"`
        scopes = "read,write"
            the scope `read,write` contains the character `,`
            help: write `scopes = ["read", "write"]`
        scopes = "read, write"
            the scope `read, write` contains the character `,`
            help: write `scopes = ["read", "write"]`
        scopes = "ä"
            the scope `ä` contains the character `ä`
            help: a scope consists of printable ASCII characters without space, `"` and `\` (RFC 6749 section 3.3)
        scopes = "a\\"b"
            the scope `a"b` contains the character `"`
            help: a scope consists of printable ASCII characters without space, `"` and `\` (RFC 6749 section 3.3)
        scopes = "a\\\\b"
            the scope `a\b` contains the character `\`
            help: a scope consists of printable ASCII characters without space, `"` and `\` (RFC 6749 section 3.3)
        scopes = "read and write"
            `read and write` reads as an expression, not as scopes
            help: write `scopes = ["read", "write"]`
        scopes = "not guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = "read | write"
            `read | write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")`
        scopes = "a or b and c"
            `a or b and c` reads as an expression, not as scopes
            help: write `scopes = any("a", all("b", "c"))` or `scopes = [any("a", "b"), "c"]`, whichever is meant
        scopes = "“read”"
            the scope `“read”` contains the character `“`
            help: a scope consists of printable ASCII characters without space, `"` and `\` (RFC 6749 section 3.3)
        scopes = "read\\twrite"
            the scope `read\twrite` contains the character U+0009, a tab
            help: write `scopes = ["read", "write"]`
        scopes = "(read)"
            `(read)` reads as an expression, not as scopes
            help: write `scopes = "read"`
        scopes = "any(a b, c)"
            `any(a b, c)` reads as an expression, not as scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
    "##]]
    .assert_eq(&messages(WRONG_STRINGS));
}

pub(super) const WRONG_STRINGS: &[&str] = &[
    r##"scopes = r#"["entries:read", "entries:write"]"#"##,
    r#"scopes = "read || write""#,
    r#"scopes = "any(read write)""#,
    r#"scopes = "read or write""#,
    r#"scopes = "'read'""#,
    r#"scopes = "[read]""#,
    r#"scopes = "read;write""#,
    r#"scopes = "!guest""#,
    "scopes = \"a\\nb\"",
    "scopes = \"a\u{a0}b\"",
    "scopes = \" read\"",
    "scopes = \"read  write\"",
    "scopes = \"\"",
    "scopes = \"read,write\"",
    "scopes = \"read, write\"",
    "scopes = \"ä\"",
    "scopes = \"a\\\"b\"",
    "scopes = \"a\\\\b\"",
    "scopes = \"read and write\"",
    "scopes = \"not guest\"",
    "scopes = \"read | write\"",
    "scopes = \"a or b and c\"",
    "scopes = \"\u{201c}read\u{201d}\"",
    "scopes = \"read\\twrite\"",
    "scopes = \"(read)\"",
    r#"scopes = "any(a b, c)""#,
];
