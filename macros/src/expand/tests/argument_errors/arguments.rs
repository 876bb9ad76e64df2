//! Errors of argument names, of arguments given twice, and of values that commas split.

use expect_test::expect;

use super::messages;

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn each_of_the_wrong_arguments_has_one_error_with_help() {
    // R-K5, R-K10
    expect![[r#"
        "read write"
            expected the name of an argument
            help: write `scopes = "read write"`
        scopes = "read", "write"
            `scopes` takes one value
            help: write `scopes = ["read", "write"]`
        all("read", "write")
            unknown argument `all`
            help: write `scopes = ["read", "write"]`
        any("read", "write")
            unknown argument `any`
            help: write `scopes = any("read", "write")`
        read
            unknown argument `read`
            help: write `scopes = "read"`
        read, write
            expected the name of an argument
            help: write `scopes = ["read", "write"]`
        entries:read
            unknown argument `entries`
            help: write `scopes = "entries:read"`
        public
            unknown argument `public`
            help: `#[public]` exempts a tool or a prompt of a guarded `impl` block: write it in place of `#[requires_auth]`
        optional = false
            `optional` takes no value
            help: remove `optional`: a token is required
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
            help: the arguments are `scopes = …`, `scopes_from = …`, `vocabulary = …`, `sender_constrained`, `acr_values = …`, `max_age = …`, `authorization_details = …`, `when = …`, `optional`, `from = …` with `server = …`, and `crate = …`
        when
            expected `=` after `when`
            help: write `when = auth.subject() == Some(&*owner)`
        when =
            the value of `when` is missing
            help: write `when = auth.subject() == Some(&*owner)`
        when: x
            expected `=` after `when`
            help: write `=` in its place
        when(x)
            expected `=` after `when`
            help: write `when = auth.subject() == Some(&*owner)`
        when = "auth.subject().is_some()"
            the value of `when` is an expression, not a string
            help: write `when = auth.subject().is_some()`
        when = a ==
            the value of `when` is not a Rust expression: unexpected end of input, expected an expression
            help: write an expression, as in `when = auth.subject() == Some(&*owner)`
        when = a b
            expected `,` after the value of `when`
            help: write a comma between two arguments
        when = x, when = y
            `when` is given twice
            help: join the conditions by `&&`
        scopes_from
            expected `=` after `scopes_from`
            help: write `scopes_from = scopes_of`
        scopes_form = scopes_of
            unknown argument `scopes_form`
            help: write `scopes_from = scopes_of`
        scopes_for(entry)
            unknown argument `scopes_for`
            help: write `scopes_from = scopes_of`
        scopes_from =
            the value of `scopes_from` is missing
            help: write `scopes_from = scopes_of`
        scopes_from = "scopes_of"
            the value of `scopes_from` is a path, not a string
            help: write `scopes_from = scopes_of`
        scopes_from = "read write"
            the value of `scopes_from` is a path, not a string
            help: write scopes as `scopes = …`
        scopes_from = |entry| Condition::NONE
            the value of `scopes_from` is not the path of a function
            help: write `fn scopes_of(entry: &Entry) -> Condition { … }`, and `scopes_from = scopes_of`
        scopes_from = [a, b]
            the value of `scopes_from` is not the path of a function
            help: write `fn scopes_of(entry: &Entry) -> Condition { … }`, and `scopes_from = scopes_of`
        scopes_from = entry.scopes()
            the value of `scopes_from` is not the path of a function
            help: write `fn scopes_of(entry: &Entry) -> Condition { … }`, and `scopes_from = scopes_of`
        scopes_from = a ==
            the value of `scopes_from` is not a path: unexpected end of input, expected an expression
            help: write a path, as in `scopes_from = scopes_of`
        scopes_from = a b
            expected `,` after the value of `scopes_from`
            help: write a comma between two arguments
        scopes_from = a(&entry)
            expected the name of an argument
            help: write `entry`: the function takes a reference to it
        scopes_from = a(entry.id)
            expected the name of an argument
            help: write `entry`: the function takes a reference to it
        scopes_from = a, scopes_from = b
            `scopes_from` is given twice
            help: write one function that returns all of the scopes
        wen = x
            unknown argument `wen`
            help: write `when = x`
        whne = id > 3
            unknown argument `whne`
            help: write `when = id > 3`
        wehn = f::<A, B>(id)
            unknown argument `wehn`
            help: write `when = f ::< A , B > (id)`
        scope_from = scopes_of
            unknown argument `scope_from`
            help: write `scopes_from = scopes_of`
        scope_from = "read"
            unknown argument `scope_from`
            help: write `scopes_from = scopes_of`
        sever = &self.server
            unknown argument `sever`
            help: write `server = &self.server`
        condition = any("read", "write")
            unknown argument `condition`
            help: write `when = auth.subject() == Some(&*owner)`
        audience = "x"
            unknown argument `audience`
            help: remove it, and call `accepted_audiences` of `ResourceServer::builder`
        resource = "x"
            unknown argument `resource`
            help: it is the argument of `ResourceServer::builder`
        scopes = "a", scopes = "b"
            `scopes` is given twice
            help: write `scopes = ["a", "b"]` once
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
        "a", "b"
            expected the name of an argument
            help: write `scopes = ["a", "b"]`
        ["a", "b"]
            expected the name of an argument
            help: write `scopes = ["a", "b"]`
        Scopes = "a"
            unknown argument `Scopes`
            help: write `scopes = "a"`
        SCOPES = "a"
            unknown argument `SCOPES`
            help: write `scopes = "a"`
        optional = "false"
            `optional` takes no value
            help: remove `optional`: a token is required
        required = true
            unknown argument `required`
            help: remove it: a token is required
        auth
            unknown argument `auth`
            help: write `#[requires_auth]` alone where any valid token is enough, or `scopes = "auth"` for a scope of this name
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
        scopes = "a", scope = "b"
            `scopes` is given twice
            help: write `scopes = ["a", "b"]` once
        scopes(any = ["a", "b"])
            expected `=` after `scopes`
            help: write `scopes = any("a", "b")`
        anonymous = no
            unknown argument `anonymous`
            help: remove it where a token is required, or write `optional` in its place where none is
        anonymous = "no"
            unknown argument `anonymous`
            help: remove it where a token is required, or write `optional` in its place where none is; scopes are an argument of their own, `scopes = …`
        anonymous(never)
            unknown argument `anonymous`
            help: remove it where a token is required, or write `optional` in its place where none is
        anonymous?
            unknown argument `anonymous`
            help: remove it where a token is required, or write `optional` in its place where none is
        allow_anonymous = !true
            unknown argument `allow_anonymous`
            help: remove it where a token is required, or write `optional` in its place where none is
        Optional = never
            unknown argument `Optional`
            help: remove it where a token is required, or write `optional` in its place where none is
        optionall = cfg!(test)
            unknown argument `optionall`
            help: remove it where a token is required, or write `optional` in its place where none is
        anonymous = if x { true }
            unknown argument `anonymous`
            help: remove it where a token is required, or write `optional` in its place where none is
        optionnal = "read"
            unknown argument `optionnal`
            help: remove it where a token is required, or write `optional` in its place where none is; scopes are an argument of their own, `scopes = …`
        optionnal("read")
            unknown argument `optionnal`
            help: remove it where a token is required, or write `optional` in its place where none is; scopes are an argument of their own, `scopes = …`
        anonymous = ["read"]
            unknown argument `anonymous`
            help: remove it where a token is required, or write `optional` in its place where none is; scopes are an argument of their own, `scopes = …`
        anonymous = true
            unknown argument `anonymous`
            help: write `optional`
        anonymous("true")
            unknown argument `anonymous`
            help: write `optional`
        optional = no
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is
        optional = "no"
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is; scopes are an argument of their own, `scopes = …`
        optional = "read"
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is; scopes are an argument of their own, `scopes = …`
        optional = ["read"]
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is; scopes are an argument of their own, `scopes = …`
        optional("read")
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is; scopes are an argument of their own, `scopes = …`
        optional = !true
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is
        optional = is_true
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is
        optional = 1
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is
        optional?
            `optional` takes no value
            help: remove `optional` where a token is required, or write it alone where none is
        optional = true
            `optional` takes no value
            help: write `optional` alone
        optional()
            `optional` takes no value
            help: write `optional` alone
        optional, optional
            `optional` is given twice
            help: keep one `optional`
        no_anonymous
            unknown argument `no_anonymous`
            help: remove it: a token is required
        not_optional
            unknown argument `not_optional`
            help: remove it: a token is required
        disallow_anonymous = true
            unknown argument `disallow_anonymous`
            help: remove it: a token is required
        no_anonymous = false
            unknown argument `no_anonymous`
            help: remove it where a token is required, or write `optional` in its place where none is
        public = false
            unknown argument `public`
            help: remove it: a token is required
        public = true
            unknown argument `public`
            help: `#[public]` exempts a tool or a prompt of a guarded `impl` block: write it in place of `#[requires_auth]`
        public(false)
            unknown argument `public`
            help: remove it: a token is required
        public = no
            unknown argument `public`
            help: remove it: a token is required
        public = "admin"
            unknown argument `public`
            help: remove it: a token is required; scopes are an argument of their own, `scopes = …`
        public("admin")
            unknown argument `public`
            help: remove it: a token is required; scopes are an argument of their own, `scopes = …`
        required = "no"
            unknown argument `required`
            help: remove it where a token is required, or write `optional` in its place where none is
        required = off
            unknown argument `required`
            help: remove it where a token is required, or write `optional` in its place where none is
        deny = "guest"
            unknown argument `deny`
            help: a condition has no negation: name the scopes that the token must have, as in `scopes = "read"`
        exclude("guest")
            unknown argument `exclude`
            help: a condition has no negation: name the scopes that the token must have, as in `scopes = "read"`
        not_scopes = "guest"
            unknown argument `not_scopes`
            help: a condition has no negation: name the scopes that the token must have, as in `scopes = "read"`
        none_of = ["guest"]
            unknown argument `none_of`
            help: a condition has no negation: name the scopes that the token must have, as in `scopes = "read"`
        without "guest"
            unknown argument `without`
            help: a condition has no negation: name the scopes that the token must have, as in `scopes = "read"`
        NotAny("a", "b")
            unknown argument `NotAny`
            help: a condition has no negation: name the scopes that the token must have, as in `scopes = "read"`
        !"guest"
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        !guest
            a condition has no negation
            help: name the scopes that the token must have; `auth.has_scope("…")` tests for others in the function
        no:read
            unknown argument `no`
            help: write `scopes = "no:read"`
        authenticated
            unknown argument `authenticated`
            help: write `#[requires_auth]` alone where any valid token is enough, or `scopes = "authenticated"` for a scope of this name
        token
            unknown argument `token`
            help: write `#[requires_auth]` alone where any valid token is enough, or `scopes = "token"` for a scope of this name
        true
            unknown argument `true`
            help: write `#[requires_auth]` alone where any valid token is enough, or `scopes = "true"` for a scope of this name
        any_of("urn:a:b|c", "d")
            unknown argument `any_of`
            help: write `scopes = any("read", "write")`
        scope = "urn:a:b|c"
            unknown argument `scope`
            help: write `scopes = "…"`
        any_of("any a b", "c")
            unknown argument `any_of`
            help: write `scopes = any("read", "write")`
        !anonymous
            expected the name of an argument
            help: remove it where a token is required, or write `optional` in its place where none is
        not(optional)
            unknown argument `not`
            help: remove it where a token is required, or write `optional` in its place where none is
        crate = requires_auth<u8>
            the value of `crate` is not a path
            help: write `crate = ::path::to::requires_auth`
        any = "a", "b"
            unknown argument `any`
            help: write `scopes = any("a", "b")`
        any_of = "a", "b c"
            unknown argument `any_of`
            help: write `scopes = any("a", all("b", "c"))`
        all = "a", "b"
            unknown argument `all`
            help: write `scopes = ["a", "b"]`
        scopes.any = ["a", "b"]
            expected `=` after `scopes`
            help: write `scopes = any("a", "b")`
        any("a"), "b"
            expected the name of an argument
            help: write `scopes = ["a", "b"]`
        nooptional
            unknown argument `nooptional`
            help: remove it: a token is required
        unoptional = true
            unknown argument `unoptional`
            help: remove it: a token is required
        nonoptional = false
            unknown argument `nonoptional`
            help: remove it where a token is required, or write `optional` in its place where none is
        noscopes = "guest"
            unknown argument `noscopes`
            help: a condition has no negation: name the scopes that the token must have, as in `scopes = "read"`
        noanonymous
            unknown argument `noanonymous`
            help: remove it: a token is required
        scope = deny "guest"
            unknown argument `scope`
            help: write `scopes = "…"`
        scope = without("guest")
            unknown argument `scope`
            help: write `scopes = "…"`
    "#]]
    .assert_eq(&messages(WRONG_ARGUMENTS));
}

pub(super) const WRONG_ARGUMENTS: &[&str] = &[
    r#""read write""#,
    r#"scopes = "read", "write""#,
    r#"all("read", "write")"#,
    r#"any("read", "write")"#,
    "read",
    "read, write",
    "entries:read",
    "public",
    "optional = false",
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
    "when",
    "when =",
    "when: x",
    "when(x)",
    "when = \"auth.subject().is_some()\"",
    "when = a ==",
    "when = a b",
    "when = x, when = y",
    "scopes_from",
    "scopes_form = scopes_of",
    "scopes_for(entry)",
    "scopes_from =",
    "scopes_from = \"scopes_of\"",
    "scopes_from = \"read write\"",
    "scopes_from = |entry| Condition::NONE",
    "scopes_from = [a, b]",
    "scopes_from = entry.scopes()",
    "scopes_from = a ==",
    "scopes_from = a b",
    "scopes_from = a(&entry)",
    "scopes_from = a(entry.id)",
    "scopes_from = a, scopes_from = b",
    "wen = x",
    "whne = id > 3",
    "wehn = f::<A, B>(id)",
    "scope_from = scopes_of",
    "scope_from = \"read\"",
    "sever = &self.server",
    "condition = any(\"read\", \"write\")",
    "audience = \"x\"",
    "resource = \"x\"",
    "scopes = \"a\", scopes = \"b\"",
    "scopes =",
    "scopes",
    "crate = \"::x\"",
    "crate = requires-auth",
    "crate",
    "crate = \"requires-auth\"",
    "\"a\", \"b\"",
    "[\"a\", \"b\"]",
    "Scopes = \"a\"",
    "SCOPES = \"a\"",
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
    r#"scopes = "a", scope = "b""#,
    r#"scopes(any = ["a", "b"])"#,
    "anonymous = no",
    r#"anonymous = "no""#,
    "anonymous(never)",
    "anonymous?",
    "allow_anonymous = !true",
    "Optional = never",
    "optionall = cfg!(test)",
    "anonymous = if x { true }",
    r#"optionnal = "read""#,
    r#"optionnal("read")"#,
    r#"anonymous = ["read"]"#,
    "anonymous = true",
    r#"anonymous("true")"#,
    "optional = no",
    r#"optional = "no""#,
    r#"optional = "read""#,
    r#"optional = ["read"]"#,
    r#"optional("read")"#,
    "optional = !true",
    "optional = is_true",
    "optional = 1",
    "optional?",
    "optional = true",
    "optional()",
    "optional, optional",
    "no_anonymous",
    "not_optional",
    "disallow_anonymous = true",
    "no_anonymous = false",
    "public = false",
    "public = true",
    "public(false)",
    "public = no",
    r#"public = "admin""#,
    r#"public("admin")"#,
    r#"required = "no""#,
    "required = off",
    r#"deny = "guest""#,
    r#"exclude("guest")"#,
    r#"not_scopes = "guest""#,
    r#"none_of = ["guest"]"#,
    r#"without "guest""#,
    r#"NotAny("a", "b")"#,
    r#"!"guest""#,
    "!guest",
    "no:read",
    "authenticated",
    "token",
    "true",
    r#"any_of("urn:a:b|c", "d")"#,
    r#"scope = "urn:a:b|c""#,
    r#"any_of("any a b", "c")"#,
    "!anonymous",
    "not(optional)",
    "crate = requires_auth<u8>",
    r#"any = "a", "b""#,
    r#"any_of = "a", "b c""#,
    r#"all = "a", "b""#,
    r#"scopes.any = ["a", "b"]"#,
    r#"any("a"), "b""#,
    "nooptional",
    "unoptional = true",
    "nonoptional = false",
    r#"noscopes = "guest""#,
    "noanonymous",
    r#"scope = deny "guest""#,
    r#"scope = without("guest")"#,
];
