//! Errors of the content of a string.

use expect_test::expect;

use super::messages;

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
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
        scopes = "patient/Observation.rs?category=http://x.org/category|laboratory"
            `patient/Observation.rs?category=http://x.org/category|laboratory` reads as an expression, not as scopes
            help: if `patient/Observation.rs?category=http://x.org/category|laboratory` is one scope, call `auth.require("patient/Observation.rs?category=http://x.org/category|laboratory")?` in the function; otherwise write `scopes = any("patient/Observation.rs?category=http://x.org/category", "laboratory")`
        scopes = "urn:a:b|c"
            `urn:a:b|c` reads as an expression, not as scopes
            help: if `urn:a:b|c` is one scope, call `auth.require("urn:a:b|c")?` in the function; otherwise write `scopes = any("urn:a:b", "c")`
        scopes = "patient/Encounter.rs?status=finished&class=AMB"
            `patient/Encounter.rs?status=finished&class=AMB` reads as an expression, not as scopes
            help: if `patient/Encounter.rs?status=finished&class=AMB` is one scope, call `auth.require("patient/Encounter.rs?status=finished&class=AMB")?` in the function; otherwise write `scopes = ["patient/Encounter.rs?status=finished", "class=AMB"]`
        scopes = "urn:x:y;z"
            `urn:x:y;z` reads as an expression, not as scopes
            help: if `urn:x:y;z` is one scope, call `auth.require("urn:x:y;z")?` in the function; otherwise write `scopes = ["urn:x:y", "z"]`
        scopes = "o'brien"
            `o'brien` reads as an expression, not as scopes
            help: if `o'brien` is one scope, call `auth.require("o'brien")?` in the function; otherwise write `scopes = ["o", "brien"]`
        scopes = "openid urn:a:b|c"
            `openid urn:a:b|c` reads as an expression, not as scopes
            help: if `urn:a:b|c` is one scope, call `auth.require("urn:a:b|c")?` in the function; otherwise write `scopes = any(all("openid", "urn:a:b"), "c")` or `scopes = ["openid", any("urn:a:b", "c")]`, whichever is meant
        scopes = ["urn:a:b|c"]
            `urn:a:b|c` reads as an expression, not as scopes
            help: if `urn:a:b|c` is one scope, call `auth.require("urn:a:b|c")?` in the function; otherwise write `any("urn:a:b", "c")`
        scopes = "urn:a:b | c"
            `urn:a:b | c` reads as an expression, not as scopes
            help: write `scopes = any("urn:a:b", "c")`
        scopes = "any(urn:a:b, c)"
            `any(urn:a:b, c)` reads as an expression, not as scopes
            help: write `scopes = any("urn:a:b", "c")`
        scopes = "any read write"
            `any read write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")` or `scopes = ["any", "read", "write"]`, whichever is meant
        scopes = "all read write"
            `all read write` reads as an expression, not as scopes
            help: write `scopes = ["read", "write"]` or `scopes = ["all", "read", "write"]`, whichever is meant
        scopes = "any of read write"
            `any of read write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")`
        scopes = "any: read write"
            `any: read write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")`
        scopes = "either read or write"
            `either read or write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")`
        scopes = "any read and write"
            `any read and write` reads as an expression, not as scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = "all read or write"
            `all read or write` reads as an expression, not as scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = "read / write"
            `read / write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")` or `scopes = ["read", "write"]`, whichever is meant
        scopes = "read and/or write"
            `read and/or write` reads as an expression, not as scopes
            help: write `scopes = any("read", "write")` or `scopes = ["read", "write"]`, whichever is meant
        scopes = "read xor write"
            `read xor write` reads as an expression, not as scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = "${READ}"
            `${READ}` reads as an expression, not as scopes
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = "{read}"
            `{read}` reads as an expression, not as scopes
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = "read%20write"
            `read%20write` reads as an expression, not as scopes
            help: write `scopes = ["read", "write"]`
        scopes = "scopes = read"
            `scopes = read` reads as an expression, not as scopes
            help: write `scopes = "read"`
        scopes = "scope=read write"
            `scope=read write` reads as an expression, not as scopes
            help: write `scopes = ["read", "write"]`
        scopes = "<read>"
            `<read>` reads as an expression, not as scopes
            help: write `scopes = "read"`
        scopes = "<read> <write>"
            `<read> <write>` reads as an expression, not as scopes
            help: write `scopes = ["read", "write"]`
        scopes = "without guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = "none_of(guest)"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = "a except b"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
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
    r#"scopes = "patient/Observation.rs?category=http://x.org/category|laboratory""#,
    r#"scopes = "urn:a:b|c""#,
    r#"scopes = "patient/Encounter.rs?status=finished&class=AMB""#,
    r#"scopes = "urn:x:y;z""#,
    r#"scopes = "o'brien""#,
    r#"scopes = "openid urn:a:b|c""#,
    r#"scopes = ["urn:a:b|c"]"#,
    r#"scopes = "urn:a:b | c""#,
    r#"scopes = "any(urn:a:b, c)""#,
    r#"scopes = "any read write""#,
    r#"scopes = "all read write""#,
    r#"scopes = "any of read write""#,
    r#"scopes = "any: read write""#,
    r#"scopes = "either read or write""#,
    r#"scopes = "any read and write""#,
    r#"scopes = "all read or write""#,
    r#"scopes = "read / write""#,
    r#"scopes = "read and/or write""#,
    r#"scopes = "read xor write""#,
    r#"scopes = "${READ}""#,
    r#"scopes = "{read}""#,
    r#"scopes = "read%20write""#,
    r#"scopes = "scopes = read""#,
    r#"scopes = "scope=read write""#,
    r#"scopes = "<read>""#,
    r#"scopes = "<read> <write>""#,
    r#"scopes = "without guest""#,
    r#"scopes = "none_of(guest)""#,
    r#"scopes = "a except b""#,
];
