//! What is emitted beside errors.

use expect_test::expect;

use super::{errors, expanded, snapshot};

#[test]
fn a_function_with_wrong_arguments_is_guarded() {
    // R-K5: the guard goes first here too, because a framework may accept only one argument as the
    // last.
    snapshot(
        "optinal",
        "async fn f(Json(entry): Json<New>, auth: Option<AuthInfo>) {}",
        expect![[r#"
            async fn f(
                Authorized {
                    caller: auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        Optional<
                            AnyToken,
                        >,
                        Function<102>,
                    >,
                    Option<AuthInfo>,
                >,
                Json(entry): Json<New>,
            ) {
                receives_an_optional_caller::<
                    Option<AuthInfo>,
                >();
            }
            ::core::compile_error! {
                "unknown argument `optinal`\nhelp: write `optional`"
            }
        "#]],
    );
}

#[test]
fn independent_errors_are_reported_at_once() {
    // R-K5
    let found = errors(
        r#"scope = "a", optional = true, scopes = any("b c", "d,e"), scopes = "f""#,
        "const fn f(a: AuthInfo, b: AuthInfo) {}",
    );
    let first_lines: Vec<&str> =
        found.iter().map(|message| message.lines().next().unwrap()).collect();
    assert_eq!(
        first_lines,
        [
            "unknown argument `scope`",
            "`optional` takes no value",
            "this string names several scopes, which could mean all or any of them",
            "the scope `d,e` contains the character `,`",
            "`scopes` is given twice",
            "a `const fn` cannot be guarded",
            "the caller is received twice",
        ]
    );
}

/// Tries all pairs of these arguments and items.
#[test]
fn nothing_compiles_unguarded() {
    // R-K2, R-J2
    let mut counts = [0, 0];
    for arguments in ARGUMENTS {
        for item in ITEMS {
            let text = expanded(arguments, item);
            let failed = text.contains("compile_error");
            counts[usize::from(failed)] += 1;
            assert!(
                failed
                    || text.contains("requires_auth_expansion :: Authorized")
                    || text.contains("requires_auth_expansion :: Conditional")
                        && text.contains("FromRejection :: from_rejection (rejection)")
                    || text.contains("requires_auth_expansion :: requires_auth"),
                "{arguments} {item}: {text}"
            );
            for message in errors(arguments, item) {
                assert!(!message.contains("requires_auth_expansion"), "{message}");
            }
        }
    }
    assert!(counts[0] > 10 && counts[1] > 1000, "{counts:?}");
}

/// Correct and wrong arguments.
const ARGUMENTS: &[&str] = &[
    "",
    "optional",
    "scopes = \"a\"",
    "scopes = []",
    "scopes = [\"a\", \"a\"]",
    "scopes",
    "scopes =",
    "scopes = any()",
    "scopes = all",
    "scopes = none(\"a\")",
    "scopes = \"\"",
    "scopes = \" a\"",
    "scopes = \"a\\\\b\"",
    "scopes = \"a\\\"b\"",
    "scopes = \"ä\"",
    "scopes = \"a\\nb\"",
    "scopes = 1",
    "scopes = b\"a\"",
    "scopes = c\"a\"",
    "scopes = A",
    "scopes = x::A",
    "scopes = ::x::A",
    "scopes = concat!(\"a\")",
    "scopes = \"a\" \"b\"",
    "scopes = \"a\"s",
    "scopes = any(any(any(any())))",
    "scopes = {\"a\"}",
    "scopes(\"a\")",
    "scopes: \"a\"",
    "\"a\"",
    "any(\"a\")",
    ",",
    "optional,, optional",
    "crate",
    "crate = \"x\"",
    "crate = 1",
    "when = true",
    "scopes = \"a\", when = f::<A, B>(|a, b| a == b), optional",
    "from = x",
    "server = x",
    "role = \"a\"",
    "= \"a\"",
    "#",
    "()",
    "scopes = \"a\" optional",
    "scopes += \"a\"",
    "scopes == \"a\"",
    "scopes = -\"a\"",
];

/// Correct and wrong items.
const ITEMS: &[&str] = &[
    "fn f() {}",
    "async fn f(auth: AuthInfo) { body }",
    "fn f(&self, x: X, auth: a::b::AuthInfo) -> impl Future<Output = ()> { body }",
    "fn f(auth: Option<AuthInfo>) {}",
    "fn f(auth: &AuthInfo) {}",
    "fn f(auth: Arc<AuthInfo>) {}",
    "fn f(#[auth] #[auth] auth: X) {}",
    "fn f(#[auth(x)] auth: X) {}",
    "fn f(#[auth] &self) {}",
    "fn f(#[cfg(x)] auth: AuthInfo) {}",
    "fn f(#[cfg_attr(x, cfg(y))] auth: AuthInfo) {}",
    "fn f(a: AuthInfo, b: AuthInfo) {}",
    "const fn f(auth: AuthInfo) {}",
    "unsafe fn f(auth: AuthInfo) {}",
    "extern \"C\" fn f(auth: AuthInfo) {}",
    "extern \"C\" fn f(auth: AuthInfo, ...) {}",
    "fn f(auth: AuthInfo);",
    "fn f(auth: AuthInfo)",
    "fn main() {}",
    "#[test] fn f() {}",
    "#[requires_auth] fn f(auth: AuthInfo) {}",
    "#[requires_auth::requires_auth(scopes = \"b\")] fn f(auth: AuthInfo) {}",
    "#[cfg_attr(x, requires_auth(optional))] fn f(auth: AuthInfo) {}",
    "fn f<'async_trait>(auth: AuthInfo) -> Pin<Box<dyn Future + 'async_trait>> { body }",
    "fn f(_: ::requires_auth::requires_auth_expansion::Authorized<X>) {}",
    "struct S;",
    "#[tool] async fn f(&self, auth: AuthInfo) {}",
    "#[prompt(meta = m(),)] fn f() {}",
    "impl S { fn f() {} }",
    "impl S { #[tool] fn f() {} }",
    "impl S { #[public] fn f() {} #[tool] fn g() {} }",
    "impl S { #[tool = ] fn f() {} }",
    "impl S { #[cfg_attr(x, tool)] fn f() {} }",
    "impl S { #[tool] fn f }",
    "#[requires_auth] impl S { #[tool] fn f() {} }",
    "trait T { fn f(); }",
    "mod m { fn f() {} }",
    "const C: fn() = || ();",
    "let f = || ();",
    "fn (auth: AuthInfo) {}",
    "fn f(auth AuthInfo) {}",
    "fn",
    "",
];
