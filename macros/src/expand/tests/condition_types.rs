//! Conditions as types.

use expect_test::expect;

use super::snapshot;

#[test]
fn nested_conditions_are_nested_types() {
    // R-J3
    snapshot(
        r#"scopes = all("a", any("b", all("c", "d")))"#,
        "fn f() {}",
        expect![[r#"
            fn f(
                _: Authorized<
                    ByTryInto<
                        Function<102>,
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
                        Function<102>,
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
fn long_scopes_are_joined_from_several_types() {
    snapshot(
        r#"scopes = "sixteen-letters! a-scope-of-more-than-sixteen""#,
        "fn f() {}",
        expect![[r#"
            fn f(
                _: Authorized<
                    ByTryInto<
                        Function<102>,
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
