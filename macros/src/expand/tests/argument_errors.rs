//! What is said about mistakes in the arguments, and that it helps.

use std::fmt::Write;

use expect_test::expect;
use syn::LitStr;

use super::{expanded, mistakes};

/// One message each, and what to write instead.
#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn each_mistake_gets_one_message() {
    // R-K5, R-K10
    let mut told = String::new();
    for arguments in MISTAKES {
        let found = mistakes(arguments, "async fn f(auth: AuthInfo) {}");
        assert_eq!(found.len(), 1, "{arguments}: {found:?}");
        let found = found[0].replace('\n', "\n    ");
        writeln!(told, "{}\n    {found}", arguments.escape_debug()).unwrap();
    }
    expect![[r##"
        "read write"
            expected the name of an argument
            help: write `scopes = "read write"`
        scopes = "read", "write"
            `scopes` takes one value
            help: write `scopes = ["read", "write"]`
        scopes = any "read", "write"
            expected `(` and a list of conditions after `any`
            help: write `scopes = any("read", "write")`
        all("read", "write")
            unknown argument `all`
            help: write `scopes = ["read", "write"]`
        any("read", "write")
            unknown argument `any`
            help: write `scopes = any("read", "write")`
        scopes = "read".to_string()
            a scope is a string literal alone, without a call
            help: write `scopes = "read"`
        scopes = "read" or "write"
            a condition has no operators
            help: write `scopes = any("read", "write")`
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
        scopes = any(["read", "write"])
            a list means all of its scopes, also inside `any(…)`
            help: write `any("read", "write")` for one of them, or `["read", "write"]` for all of them
        read
            unknown argument `read`
            help: write `scopes = "read"`
        read, write
            expected the name of an argument
            help: write `scopes = ["read", "write"]`
        entries:read
            unknown argument `entries`
            help: write `scopes = "entries:read"`
        scopes = not("guest")
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = !"guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = "!guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = if x { "a" } else { "b" }
            `if` cannot be a condition over scopes
            help: call `auth.require("…")?` in the function, for what depends on the request
        scopes = ["a"; 2]
            expected `,`, found `;`
            help: name each scope once
        scopes = "a"; optional
            expected `,`, found `;`
            help: write `,` in its place
        scopes = "a\\nb"
            the scope `a\nb` contains the character U+000A, a line break
            help: write `scopes = ["a", "b"]`
        scopes = "a\u{a0}b"
            the scope `a\u{a0}b` contains the character U+00A0, a no-break space
            help: write `scopes = ["a", "b"]`
        public
            unknown argument `public`
            help: `#[public]` exempts a tool or a prompt of a guarded `impl` block: write it in place of `#[requires_auth]`
        optional = false
            `optional` takes no value
            help: remove `optional`: a token is required
        scopes = " read"
            extra space beside the scope
            help: write `scopes = "read"`
        scopes = "read  write"
            extra space between the scopes
            help: write `scopes = "read write"`
        scopes = [read, write]
            scopes are written as string literals
            help: write `"read", "write"`
        scopes = read
            a scope is written as a string literal
            help: write `scopes = "read"`
        scopes = READ
            a constant or a typed scope is not supported here
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = Scope::Read
            a constant or a typed scope is not supported here
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = read write
            a scope is written as a string literal
            help: write `scopes = ["read", "write"]`
        scopes == "a"
            expected one `=` after `scopes`
            help: write `scopes = "a"`
        scopes += "a"
            expected `=` after `scopes`
            help: write `scopes = "a"`
        scopes => "a"
            expected one `=` after `scopes`
            help: write `scopes = "a"`
        scopes("a", "b")
            expected `=` after `scopes`
            help: write `scopes = ["a", "b"]`
        scopes: "a"
            expected `=` after `scopes`
            help: write `scopes = "a"`
        scopes "a"
            expected `=` after `scopes`
            help: write `scopes = "a"`
        scopes["a"]
            expected `=` after `scopes`
            help: write `scopes = "a"`
        scops = "a"
            unknown argument `scops`
            help: write `scopes = "a"`
        scope = "a b"
            unknown argument `scope`
            help: write `scopes = ["a", "b"]`
        roles = ["admin"]
            unknown argument `roles`
            help: write `scopes = "admin"`
        any_of = ["a", "b"]
            unknown argument `any_of`
            help: write `scopes = any("a", "b")`
        optinal
            unknown argument `optinal`
            help: write `optional`
        colour = 1
            unknown argument `colour`
            help: the arguments are `scopes = …`, `optional` and `crate = …`
        when = x
            unknown argument `when`
            help: it is not supported: call `auth.require("…")?` in the function
        audience = "x"
            unknown argument `audience`
            help: `audience` is a setting of `ResourceServer::builder`
        scopes = "a", scopes = "b"
            `scopes` is given twice
            help: write `scopes = ["a", "b"]` once
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
        scopes = ["a" "b"]
            expected `,` before this
            help: write `"a", "b"`, or `all("a", "b")` where all of them are required
        scopes = "a" "b"
            expected `,` before this
            help: write `scopes = ["a", "b"]`
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
        scopes = ""
            no scope is named
            help: name at least one scope, as in `scopes = "read"`
        scopes = [""]
            the scope is empty
            help: name at least one scope, as in `scopes = "read"`
        scopes =
            the value of `scopes` is missing
            help: write `scopes = "read write"`
        scopes
            expected `=` after `scopes`
            help: write `scopes = "read write"`
        crate = "::x"
            the value of `crate` is not a path
            help: write `crate = ::path::to::requires_auth`
        crate = requires-auth
            the value of `crate` is not a path
            help: write `crate = requires_auth`
        crate
            expected `=` after `crate`
            help: write `crate = ::path::to::requires_auth`
        crate = "requires-auth"
            the value of `crate` is not a path
            help: write `crate = requires_auth`
        scopes = "read,write"
            the scope `read,write` contains the character `,`
            help: write `scopes = ["read", "write"]`
        scopes = "read, write"
            the scope `read, write` contains the character `,`
            help: write `scopes = ["read", "write"]`
        scopes = ["read,write"]
            the scope `read,write` contains the character `,`
            help: write `all("read", "write")`
        scopes = "a" optional
            expected `,` before this
            help: write `, optional`
        scopes = any("a", "a")
            the scope `a` is named twice
            help: name each scope once
        scopes = "ä"
            the scope `ä` contains the character `ä`
            help: a scope consists of printable ASCII characters without space, `"` and `\` (RFC 6749 section 3.3)
        scopes = "a\\"b"
            the scope `a"b` contains the character `"`
            help: a scope consists of printable ASCII characters without space, `"` and `\` (RFC 6749 section 3.3)
        scopes = "a\\\\b"
            the scope `a\b` contains the character `\`
            help: a scope consists of printable ASCII characters without space, `"` and `\` (RFC 6749 section 3.3)
        scopes = one_of("a", "b")
            unknown condition `one_of`
            help: write `scopes = any("a", "b")`
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
        "a", "b"
            expected the name of an argument
            help: write `scopes = ["a", "b"]`
        ["a", "b"]
            expected the name of an argument
            help: write `scopes = ["a", "b"]`
        scopes = [not("x")]
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        scopes = Any("a", "b")
            unknown condition `Any`
            help: write `scopes = any("a", "b")`
        Scopes = "a"
            unknown argument `Scopes`
            help: write `scopes = "a"`
        SCOPES = "a"
            unknown argument `SCOPES`
            help: write `scopes = "a"`
        scopes = "“read”"
            the scope `“read”` contains the character `“`
            help: a scope consists of printable ASCII characters without space, `"` and `\` (RFC 6749 section 3.3)
        scopes = "read\\twrite"
            the scope `read\twrite` contains the character U+0009, a tab
            help: write `scopes = ["read", "write"]`
        scopes = "(read)"
            `(read)` reads as an expression, not as scopes
            help: write `scopes = "read"`
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
            a constant or a typed scope is not supported here
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = self.scopes
            a constant or a typed scope is not supported here
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = ["a", ..]
            expected a condition over scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = ["a",, "b"]
            unexpected `,`
            help: remove it
        scopes = "a" + "b"
            a condition has no operators
            help: write `scopes = ["a", "b"]`
        scopes = any("a"; "b")
            expected `,`, found `;`
            help: write `,` in its place
        scopes = any("a") || all("b", "c")
            a condition has no operators
            help: write `scopes = any("a", all("b", "c"))`
        scopes = r#read
            a scope is written as a string literal
            help: write `scopes = "read"`
        scopes = None
            a constant or a typed scope is not supported here
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = null
            a scope is written as a string literal
            help: write `scopes = "null"`
        scopes = @x
            expected a condition over scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = #x
            expected a condition over scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        optional = "false"
            `optional` takes no value
            help: remove `optional`: a token is required
        required = true
            unknown argument `required`
            help: remove it: a token is required
        auth
            unknown argument `auth`
            help: write `scopes = "auth"`
        scope = "read", "write"
            unknown argument `scope`
            help: write `scopes = ["read", "write"]`
        scopes = "read", any = true
            unknown argument `any`
            help: write `scopes = all(…)` where all of the scopes are required, `scopes = any(…)` where one of them is enough
        scopes = ["a", "b"], mode = "any"
            unknown argument `mode`
            help: write `scopes = all(…)` where all of the scopes are required, `scopes = any(…)` where one of them is enough
        scopes != "read"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        "read or write"
            expected the name of an argument
            help: write `scopes = any("read", "write")`
        required = ["a", "b"]
            unknown argument `required`
            help: write `scopes = ["a", "b"]`
        require = "read"
            unknown argument `require`
            help: write `scopes = "read"`
        anonymous = false
            unknown argument `anonymous`
            help: remove it: a token is required
        any = "a b"
            unknown argument `any`
            help: write `scopes = any("a", "b")` or `scopes = ["a", "b"]`, whichever is meant
        any = ["a b", "c"]
            unknown argument `any`
            help: write `scopes = any(all("a", "b"), "c")`
        any_of("a b", "c")
            unknown argument `any_of`
            help: write `scopes = any(all("a", "b"), "c")`
        any_scopes = ["a", "b"]
            unknown argument `any_scopes`
            help: write `scopes = any("a", "b")`
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
        scopes = { READ }
            a constant or a typed scope is not supported here
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = *READ
            a constant or a typed scope is not supported here
            help: write the scope as a string literal: the attribute reads it when the program is compiled
        scopes = "a"?
            a scope is a string literal alone, without `?`
            help: write `scopes = "a"`
        scopes = "a" / "b"
            a condition has no operators
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
        scopes = "a" if admin
            `if` cannot be part of a condition over scopes
            help: call `auth.require("…")?` in the function, for what depends on the request
        scopes = [,]
            unexpected `,`
            help: remove it
        scopes = "a", scope = "b"
            `scopes` is given twice
            help: write `scopes = ["a", "b"]` once
        scopes(any = ["a", "b"])
            expected `=` after `scopes`
            help: write `scopes = any("a", "b")`
        scopes = any("x", a, b c)
            scopes are written as string literals
            help: write `"x", "a", all("b", "c")`
        scopes = any("x", "a b" "c")
            expected `,` before this
            help: write `all("a", "b", "c")`
        scopes = "any(a b, c)"
            `any(a b, c)` reads as an expression, not as scopes
            help: write `scopes = "read write"`, `scopes = ["read", "write"]` or `scopes = any("admin", all("read", "write"))`
    "##]]
    .assert_eq(&told.replace("\\\"", "\"").replace("\\'", "'"));
}

/// Each `scopes = …` that a help text says to write is right.
#[test]
fn the_help_compiles() {
    // R-K10
    let mut tried = 0;
    for arguments in MISTAKES {
        for found in mistakes(arguments, "async fn f(auth: AuthInfo) {}") {
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

/// What never becomes `any(…)` in a help text (R-K10).
#[test]
fn no_help_loosens_a_list() {
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
        for found in mistakes(arguments, "fn f() {}") {
            assert!(!found.contains("any") && found.contains("write"), "{arguments}: {found}");
        }
    }
}

#[test]
fn a_lone_word_is_a_scope() {
    // R-K10: only between others a word joins them.
    for arguments in
        [r#"scopes = "or""#, r#"scopes = ["and", "read"]"#, r#"scopes = "orders and-more""#]
    {
        assert!(mistakes(arguments, "fn f() {}").is_empty(), "{arguments}");
    }
    let text: LitStr = syn::parse_str(r#""or""#).unwrap();
    assert!(crate::parse::scope_token::is_scope(&text.value()));
}

const MISTAKES: &[&str] = &[
    r#""read write""#,
    r#"scopes = "read", "write""#,
    r#"scopes = any "read", "write""#,
    r#"all("read", "write")"#,
    r#"any("read", "write")"#,
    r#"scopes = "read".to_string()"#,
    r#"scopes = "read" or "write""#,
    r##"scopes = r#"["entries:read", "entries:write"]"#"##,
    r#"scopes = "read || write""#,
    r#"scopes = "any(read write)""#,
    r#"scopes = "read or write""#,
    r#"scopes = "'read'""#,
    r#"scopes = "[read]""#,
    r#"scopes = "read;write""#,
    r#"scopes = any(["read", "write"])"#,
    "read",
    "read, write",
    "entries:read",
    r#"scopes = not("guest")"#,
    r#"scopes = !"guest""#,
    r#"scopes = "!guest""#,
    r#"scopes = if x { "a" } else { "b" }"#,
    r#"scopes = ["a"; 2]"#,
    r#"scopes = "a"; optional"#,
    "scopes = \"a\\nb\"",
    "scopes = \"a\u{a0}b\"",
    "public",
    "optional = false",
    "scopes = \" read\"",
    "scopes = \"read  write\"",
    "scopes = [read, write]",
    "scopes = read",
    "scopes = READ",
    "scopes = Scope::Read",
    "scopes = read write",
    "scopes == \"a\"",
    "scopes += \"a\"",
    "scopes => \"a\"",
    "scopes(\"a\", \"b\")",
    "scopes: \"a\"",
    "scopes \"a\"",
    "scopes[\"a\"]",
    "scops = \"a\"",
    "scope = \"a b\"",
    "roles = [\"admin\"]",
    "any_of = [\"a\", \"b\"]",
    "optinal",
    "colour = 1",
    "when = x",
    "audience = \"x\"",
    "scopes = \"a\", scopes = \"b\"",
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
    "scopes = [\"a\" \"b\"]",
    "scopes = \"a\" \"b\"",
    "scopes = any",
    "scopes = any()",
    "scopes = all[\"a\", \"b\"]",
    "scopes = any(\"a b\", \"c\")",
    "scopes = any(\"a or b\", \"c\")",
    "scopes = \"\"",
    "scopes = [\"\"]",
    "scopes =",
    "scopes",
    "crate = \"::x\"",
    "crate = requires-auth",
    "crate",
    "crate = \"requires-auth\"",
    "scopes = \"read,write\"",
    "scopes = \"read, write\"",
    "scopes = [\"read,write\"]",
    "scopes = \"a\" optional",
    "scopes = any(\"a\", \"a\")",
    "scopes = \"ä\"",
    "scopes = \"a\\\"b\"",
    "scopes = \"a\\\\b\"",
    "scopes = one_of(\"a\", \"b\")",
    "scopes = \"read and write\"",
    "scopes = \"not guest\"",
    "scopes = \"read | write\"",
    "scopes = \"a or b and c\"",
    "\"a\", \"b\"",
    "[\"a\", \"b\"]",
    "scopes = [not(\"x\")]",
    "scopes = Any(\"a\", \"b\")",
    "Scopes = \"a\"",
    "SCOPES = \"a\"",
    "scopes = \"\u{201c}read\u{201d}\"",
    "scopes = \"read\\twrite\"",
    "scopes = \"(read)\"",
    "scopes = const { \"a\" }",
    "scopes = format!(\"a\")",
    "scopes = \"a\" as &str",
    "scopes = <T>::A",
    "scopes = self.scopes",
    "scopes = [\"a\", ..]",
    "scopes = [\"a\",, \"b\"]",
    "scopes = \"a\" + \"b\"",
    "scopes = any(\"a\"; \"b\")",
    "scopes = any(\"a\") || all(\"b\", \"c\")",
    "scopes = r#read",
    "scopes = None",
    "scopes = null",
    "scopes = @x",
    "scopes = #x",
    "optional = \"false\"",
    "required = true",
    "auth",
    r#"scope = "read", "write""#,
    r#"scopes = "read", any = true"#,
    r#"scopes = ["a", "b"], mode = "any""#,
    r#"scopes != "read""#,
    r#""read or write""#,
    r#"required = ["a", "b"]"#,
    r#"require = "read""#,
    r#"anonymous = false"#,
    r#"any = "a b""#,
    r#"any = ["a b", "c"]"#,
    r#"any_of("a b", "c")"#,
    r#"any_scopes = ["a", "b"]"#,
    r#"scopes = any_of("a b", "c")"#,
    r#"scopes = any_of("a b")"#,
    r#"scopes = any("admin", all "a", "b")"#,
    r#"scopes = any "a", "b" and "c""#,
    r#"scopes = any = ["a", "b"]"#,
    r#"scopes = [READ, WRITE]"#,
    r#"scopes = { READ }"#,
    r#"scopes = *READ"#,
    r#"scopes = "a"?"#,
    r#"scopes = "a" / "b""#,
    r#"scopes = "a" if admin"#,
    r#"scopes = [,]"#,
    r#"scopes = "a", scope = "b""#,
    r#"scopes(any = ["a", "b"])"#,
    r#"scopes = any("x", a, b c)"#,
    r#"scopes = any("x", "a b" "c")"#,
    r#"scopes = "any(a b, c)""#,
];
