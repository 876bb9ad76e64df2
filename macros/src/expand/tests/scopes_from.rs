//! Scopes that depend on the arguments.

use expect_test::expect;

use super::{errors, expanded, snapshot};

#[test]
fn a_statement_decides_about_all_variables() {
    // R-K15
    snapshot(
        "scopes_from = Self::scopes_of::<A, B>, when = x",
        "async fn f(&self, Path((a, _)): Path<(A, B)>, auth: AuthInfo, mut b: B) -> R { body }",
        expect![[r#"
            async fn f(
                &self,
                Conditional {
                    caller: auth,
                    denial: denial,
                    ..
                }: Conditional<
                    Shared<
                        ByTryInto<
                            AnyToken,
                            Function<102>,
                        >,
                    >,
                    AuthInfo,
                >,
                Path((a, _)): Path<(A, B)>,
                mut b: B,
            ) -> R {
                receives_the_caller::<AuthInfo>();
                #[allow(
                    clippy::needless_borrow,
                    clippy::needless_borrows_for_generic_args,
                    clippy::used_underscore_binding
                )]
                if let ::core::result::Result::Err(rejection) = denial
                    .require(|| condition(
                        Self::scopes_of::<A, B>(&a, &b),
                    ))
                {
                    return FromRejection::from_rejection(
                        rejection,
                    );
                }
                {
                    let evaluation = Evaluation::new();
                    #[allow(
                        clippy::async_yields_async,
                        clippy::nonminimal_bool,
                        clippy::overly_complex_bool_expr,
                        unused_parens
                    )]
                    match evaluation
                        .run_now(
                            denial,
                            async {
                                if (x) {
                                    evaluation.decide(true).await
                                } else {
                                    evaluation.decide(false).await
                                }
                            },
                        )
                    {
                        Outcome::Holds => {}
                        Outcome::Rejected(rejection) => {
                            return FromRejection::from_rejection(
                                rejection,
                            );
                        }
                        Outcome::Returned(value) => {
                            return value;
                        }
                    }
                }
                body
            }
        "#]],
    );
}

#[test]
fn a_tool_publishes_how_its_scopes_are_found_out() {
    // R-I20, R-K15
    snapshot(
        r#"scopes = "a", scopes_from = scopes_of(text)"#,
        "#[tool] fn f(&self, context: C, Parameters(T { text, n }): Parameters<T>) -> R { body }",
        expect![[r#"
            #[tool(
                meta = ScopesFrom::new(
                    |arguments|{#[allow(unused_variables, unused_mut)]let
                    Parameters(
                        T{text,
                        n}
                    ):Parameters<T>= parse_arguments(
                        arguments
                    )?;#[allow(
                        clippy::needless_borrow,
                        clippy::needless_borrows_for_generic_args,
                        clippy::used_underscore_binding
                    )]::core::result::Result::map_err(
                        condition(scopes_of(&text)),
                        ::core::convert::From::from
                    )}
                ).meta::<ByTryInto<OAuthScope<97>,
                Function<102>>>(
                    ::core::option::Option::None
                )
            )]
            fn f(
                &self,
                Conditional {
                    denial: denial,
                    ..
                }: Conditional<
                    Shared<
                        ByTryInto<
                            OAuthScope<97>,
                            Function<102>,
                        >,
                    >,
                >,
                context: C,
                Parameters(T { text, n }): Parameters<T>,
            ) -> R {
                #[allow(
                    clippy::needless_borrow,
                    clippy::needless_borrows_for_generic_args,
                    clippy::used_underscore_binding
                )]
                if let ::core::result::Result::Err(rejection) = denial
                    .require(|| condition(
                        scopes_of(&text),
                    ))
                {
                    return FromRejection::from_rejection(
                        rejection,
                    );
                }
                ::core::mem::drop(denial);
                body
            }
        "#]],
    );
}

#[test]
fn what_is_passed_must_be_an_argument() {
    // R-K15
    let check = |arguments: &str, function: &str, expected: expect_test::Expect| {
        expected.assert_eq(&(errors(arguments, function).join("\n") + "\n"));
    };
    check(
        "scopes_from = f",
        "fn g() {}",
        expect![[r#"
        `g` has no arguments that its scopes could depend on
        help: add an argument such as `Path(id): Path<u64>`, or write the scopes as `scopes = …`
    "#]],
    );
    check(
        "scopes_from = f",
        "fn g(auth: AuthInfo, _: Json<A>) {}",
        expect![[r#"
        `g` has no arguments that its scopes could depend on
        help: add an argument such as `Path(id): Path<u64>`, or write the scopes as `scopes = …`
    "#]],
    );
    check(
        "scopes_from = f",
        "#[tool] fn g(&self, context: C) {}",
        expect![[r#"
        `g` has no parameters that its scopes could depend on
        help: add an argument such as `Parameters(entry): Parameters<Entry>`, or write the scopes as `scopes = …`
    "#]],
    );
    check(
        "scopes_from = f(b, a)",
        "fn g(Json(a): Json<A>, auth: AuthInfo) {}",
        expect![[r#"
            `g` has no argument `b` that can be passed
            help: the arguments are `a`
        "#]],
    );
    check(
        "scopes_from = f(auth)",
        "fn g(Json(a): Json<A>, auth: AuthInfo) {}",
        expect![[r#"
            `auth` comes from the guard, and is not passed
            help: remove it here, and from the function; a condition on the caller is `when = …`
        "#]],
    );
    check(
        "scopes_from = f()",
        "fn g(a: A, b: B) {}",
        expect![[r#"
        the function in `scopes_from` takes at least one argument
        help: write `scopes_from = f`, or `scopes_from = f(a, b)`
    "#]],
    );
    check(
        "scopes_from = f",
        "fn g(#[cfg(x)] a: A, b: B) {}",
        expect![[r#"
        an argument of the function in `scopes_from` cannot depend on a `#[cfg]`
        help: write `#[cfg(…)]` on the whole function, once for each case
    "#]],
    );
    check(
        "scopes_from = f(c)",
        "#[prompt] fn g(&self, c: C, Parameters(p): Parameters<P>) {}",
        expect![[r#"
            the `Parameters` of `g` bind no variable `c`
            help: the arguments are `p`
        "#]],
    );
    let inherited = "impl A { #[tool] fn g(&self) {} }";
    assert!(!expanded("scopes_from = f", inherited).contains("compile_error"));
}
