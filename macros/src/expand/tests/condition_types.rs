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
                        AllOf<
                            (
                                OAuthScope<97>,
                                AnyOf<
                                    (
                                        OAuthScope<98>,
                                        AllOf<
                                            (
                                                OAuthScope<99>,
                                                OAuthScope<100>,
                                            ),
                                        >,
                                    ),
                                >,
                            ),
                        >,
                        Function<102>,
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
                        AnyOf<
                            (
                                AllOf<
                                    (
                                        OAuthScope<97>,
                                        OAuthScope<98>,
                                    ),
                                >,
                                OAuthScope<99>,
                            ),
                        >,
                        Function<102>,
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
                        AllOf<
                            (
                                OAuthScope<
                                    153408853796411379938011854205822858017,
                                >,
                                OAuthScope<
                                    129171109304952129348332880457750439213,
                                    36026449526481713189978727790,
                                >,
                            ),
                        >,
                        Function<102>,
                    >,
                >,
            ) {}
        "#]],
    );
}
