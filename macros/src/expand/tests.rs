use expect_test::{Expect, expect};
use proc_macro2::TokenStream;

use super::expand;
use crate::features::Features;

mod argument_errors;
mod impl_blocks;
mod one_token_edits;
mod policy_types;
mod rmcp;

const WITH_RMCP: Features = Features { rmcp: true };

fn expanded(arguments: &str, item: &str) -> String {
    let tokens = |text: &str| text.parse::<TokenStream>().unwrap();
    expand(WITH_RMCP, tokens(arguments), tokens(item)).to_string()
}

/// The expansion, pretty-printed, with the hidden path left out for reading.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that `expect!` can stand in the call")]
fn snapshot(arguments: &str, item: &str, expected: Expect) {
    let file = syn::parse_file(&expanded(arguments, item)).expect("an item");
    expected.assert_eq(
        &prettyplease::unparse(&file).replace("::requires_auth::requires_auth_expansion::", ""),
    );
}

/// Every message of a failing expansion.
fn mistakes(arguments: &str, item: &str) -> Vec<String> {
    let text = expanded(arguments, item);
    text.split("compile_error")
        .skip(1)
        .map(|part| {
            let literal = &part[part.find('"').unwrap()..=part.rfind('"').unwrap()];
            syn::parse_str::<syn::LitStr>(literal).unwrap().value()
        })
        .collect()
}

#[test]
fn the_callers_argument_goes_first() {
    snapshot(
        r#"scopes = "entries:write""#,
        "pub(crate) async fn create(Json(entry): Json<New>, mut auth: AuthInfo) -> R { body(auth) }",
        expect![[r#"
            pub(crate) async fn create(
                Authorized {
                    caller: mut auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        Function<
                            'c',
                            'r',
                            'e',
                            'a',
                            't',
                            'e',
                        >,
                        OAuthScope<
                            'e',
                            'n',
                            't',
                            'r',
                            'i',
                            'e',
                            's',
                            ':',
                            'w',
                            'r',
                            'i',
                            't',
                            'e',
                        >,
                    >,
                    AuthInfo,
                >,
                Json(entry): Json<New>,
            ) -> R {
                const _: () = receives_the_caller::<
                    Required,
                    AuthInfo,
                >();
                body(auth)
            }
        "#]],
    );
}

#[test]
fn without_an_argument_the_guard_is_silent() {
    snapshot(
        "",
        "fn list<'a, T>(self: Arc<Self>, rest: impl Into<T>) -> BoxFuture<'a, T> where T: Send {}",
        expect![[r#"
            fn list<'a, T>(
                self: Arc<Self>,
                _: Authorized<
                    Shared<
                        ByTryInto<
                            Function<'l', 'i', 's', 't'>,
                            AnyToken,
                        >,
                    >,
                >,
                rest: impl Into<T>,
            ) -> BoxFuture<'a, T>
            where
                T: Send,
            {}
        "#]],
    );
}

#[test]
fn conditions_nest_as_written() {
    // R-J3
    snapshot(
        r#"scopes = all("a", any("b", all("c", "d")))"#,
        "fn f() {}",
        expect![[r#"
            fn f(
                _: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AllOf<
                            (
                                OAuthScope<'a'>,
                                AnyOf<
                                    (
                                        OAuthScope<'b'>,
                                        AllOf<
                                            (
                                                OAuthScope<'c'>,
                                                OAuthScope<'d'>,
                                            ),
                                        >,
                                    ),
                                >,
                            ),
                        >,
                    >,
                >,
            ) {}
        "#]],
    );
    snapshot(
        r#"scopes = any(["a", "b"], "c")"#,
        "fn f() {}",
        expect![[r#"
            fn f(
                _: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyOf<
                            (
                                AllOf<
                                    (
                                        OAuthScope<'a'>,
                                        OAuthScope<'b'>,
                                    ),
                                >,
                                OAuthScope<'c'>,
                            ),
                        >,
                    >,
                >,
            ) {}
        "#]],
    );
}

#[test]
fn long_scopes_take_several_numbers() {
    snapshot(
        r#"scopes = "sixteen-letters! a-scope-of-more-than-sixteen""#,
        "fn f() {}",
        expect![[r#"
            fn f(
                _: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AllOf<
                            (
                                OAuthScope<
                                    's',
                                    'i',
                                    'x',
                                    't',
                                    'e',
                                    'e',
                                    'n',
                                    '-',
                                    'l',
                                    'e',
                                    't',
                                    't',
                                    'e',
                                    'r',
                                    's',
                                    '!',
                                >,
                                Joined<
                                    OAuthScope<
                                        'a',
                                        '-',
                                        's',
                                        'c',
                                        'o',
                                        'p',
                                        'e',
                                        '-',
                                        'o',
                                        'f',
                                        '-',
                                        'm',
                                        'o',
                                        'r',
                                        'e',
                                        '-',
                                        't',
                                        'h',
                                        'a',
                                        'n',
                                        '-',
                                        's',
                                        'i',
                                        'x',
                                    >,
                                    OAuthScope<
                                        't',
                                        'e',
                                        'e',
                                        'n',
                                    >,
                                >,
                            ),
                        >,
                    >,
                >,
            ) {}
        "#]],
    );
}

#[test]
fn optional_callers_are_options() {
    snapshot(
        r#"optional, scopes = "a", crate = ::renamed"#,
        "fn f(#[allow(unused)] who: Option<AuthInfo>) {}",
        expect![[r#"
            fn f(
                #[allow(unused)]
                ::renamed::requires_auth_expansion::Authorized {
                    caller: who,
                    ..
                }: ::renamed::requires_auth_expansion::Authorized<
                    ::renamed::requires_auth_expansion::ByTryInto<
                        ::renamed::requires_auth_expansion::Function<'f'>,
                        ::renamed::requires_auth_expansion::Optional<
                            ::renamed::requires_auth_expansion::OAuthScope<'a'>,
                        >,
                    >,
                    Option<AuthInfo>,
                >,
            ) {
                const _: () = ::renamed::requires_auth_expansion::receives_the_caller::<
                    ::renamed::requires_auth_expansion::Anonymous,
                    Option<AuthInfo>,
                >();
            }
        "#]],
    );
}

#[test]
fn a_cfg_on_the_argument_does_not_take_the_guard_away() {
    // R-K2
    snapshot(
        "",
        "fn f(#[cfg(unix)] #[cfg(debug_assertions)] auth: AuthInfo) {}",
        expect![[r#"
            fn f(
                #[cfg(unix)]
                #[cfg(debug_assertions)]
                Authorized {
                    caller: auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                    AuthInfo,
                >,
                #[cfg(not(all(unix, debug_assertions)))]
                _: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                >,
            ) {
                #[cfg(unix)]
                #[cfg(debug_assertions)]
                const _: () = receives_the_caller::<
                    Required,
                    AuthInfo,
                >();
            }
        "#]],
    );
}

#[test]
fn a_cfg_with_a_raw_name_is_one_too() {
    // R-K2
    snapshot(
        "",
        "fn f(#[r#cfg(unix)] #[r#auth] who: Who) {}",
        expect![[r#"
            fn f(
                #[r#cfg(unix)]
                Authorized {
                    caller: who,
                    ..
                }: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                    Who,
                >,
                #[cfg(not(all(unix)))]
                _: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                >,
            ) {
                #[r#cfg(unix)]
                const _: () = receives_the_caller::<
                    Required,
                    Who,
                >();
            }
        "#]],
    );
    let raw = mistakes("", "fn f(#[r#cfg_attr(all(), cfg(any()))] auth: AuthInfo) {}");
    assert_eq!(raw.len(), 1, "{raw:?}");
}

#[test]
fn a_marked_argument_wins_over_a_name() {
    snapshot(
        "",
        "fn f(own: AuthInfo, #[auth] caller: Caller) {}",
        expect![[r#"
            fn f(
                Authorized {
                    caller: caller,
                    ..
                }: Authorized<
                    Shared<
                        ByTryInto<
                            Function<'f'>,
                            AnyToken,
                        >,
                    >,
                    Caller,
                >,
                own: AuthInfo,
            ) {
                const _: () = receives_the_caller::<
                    Required,
                    Caller,
                >();
            }
        "#]],
    );
}

#[test]
fn a_broken_body_is_passed_on() {
    // R-K5
    let text = expanded(
        "",
        "async fn f(auth: AuthInfo) { let = ; auth.) }"
            .replace(')', "")
            .replace("(auth: AuthInfo", "(auth: AuthInfo)")
            .as_str(),
    );
    assert!(text.contains("let = ;") && text.contains("Authorized"), "{text}");
}

#[test]
fn with_broken_arguments_the_function_is_guarded_all_the_same() {
    // R-K5: a framework may want what comes first in the lowered function to come first.
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
                        Function<'f'>,
                        Optional<
                            AnyToken,
                        >,
                    >,
                    Option<AuthInfo>,
                >,
                Json(entry): Json<New>,
            ) {
                const _: () = receives_the_caller::<
                    Anonymous,
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
fn a_handler_may_be_called_main() {
    for handler in
        ["async fn main() -> Html {}", "fn main(&self) {}", "fn main() -> BoxFuture<()> {}"]
    {
        assert_eq!(mistakes("", handler), [""; 0], "{handler}");
    }
    for program in
        ["fn main() {}", "fn main() -> Result<()> {}", "#[tokio::main] async fn main() {}"]
    {
        assert_eq!(mistakes("", program).len(), 1, "{program}");
    }
}

#[test]
fn several_mistakes_are_reported_at_once() {
    // R-K5
    let found = mistakes(
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
            "with `optional` there may be no caller",
        ]
    );
}

/// Whatever is wrong, the result does not compile; and what does not fail, is guarded.
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
                    || text.contains("requires_auth_expansion :: requires_auth"),
                "{arguments} {item}: {text}"
            );
            for message in mistakes(arguments, item) {
                assert!(!message.contains("requires_auth_expansion"), "{message}");
            }
        }
    }
    assert!(counts[0] > 10 && counts[1] > 1000, "{counts:?}");
}

/// Right and wrong arguments.
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

/// Right and wrong items.
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

#[test]
fn inner_attributes_stay_at_the_beginning() {
    // R-K1
    snapshot(
        "",
        "fn f(auth: AuthInfo) { #![allow(unused)] #![inline] use a::b; b() }",
        expect![[r#"
            fn f(
                Authorized {
                    caller: auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                    AuthInfo,
                >,
            ) {
                #![allow(unused)]
                #![inline]
                const _: () = receives_the_caller::<
                    Required,
                    AuthInfo,
                >();
                use a::b;
                b()
            }
        "#]],
    );
}

#[test]
fn a_type_with_self_is_checked_where_it_has_a_meaning() {
    // R-K1
    snapshot(
        "",
        "fn f(&self, #[cfg(x)] #[auth] auth: <Self as Service>::Caller) { body }",
        expect![[r#"
            fn f(
                &self,
                #[cfg(x)]
                Authorized {
                    caller: auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                    <Self as Service>::Caller,
                >,
                #[cfg(not(all(x)))]
                _: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                >,
            ) {
                #[cfg(x)]
                receives_the_caller::<
                    Required,
                    <Self as Service>::Caller,
                >();
                {
                    trait Otherwise {
                        fn f_tool_attr() -> NotATool {
                            NotATool
                        }
                        fn f_prompt_attr() -> NotATool {
                            NotATool
                        }
                    }
                    impl<T: ?::core::marker::Sized> Otherwise for T {}
                    undescribed(Self::f_tool_attr);
                    undescribed(Self::f_prompt_attr);
                }
                body
            }
        "#]],
    );
}
