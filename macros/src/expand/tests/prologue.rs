//! The statements in front of the body.

use expect_test::expect;

use super::{expanded, snapshot};

#[test]
fn inner_attributes_stay_in_front_of_the_prologue() {
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
                        AnyToken,
                        Function<102>,
                    >,
                    AuthInfo,
                >,
            ) {
                #![allow(unused)]
                #![inline]
                const _: () = receives_the_caller::<
                    AuthInfo,
                >();
                use a::b;
                b()
            }
        "#]],
    );
}

#[test]
fn a_type_that_names_self_is_checked_by_a_statement() {
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
                        AnyToken,
                        Function<102>,
                    >,
                    <Self as Service>::Caller,
                >,
                #[cfg(not(all(x)))]
                _: Authorized<
                    ByTryInto<
                        AnyToken,
                        Function<102>,
                    >,
                >,
            ) {
                #[cfg(x)]
                receives_the_caller::<
                    <Self as Service>::Caller,
                >();
                {
                    trait Fallback {
                        fn f_tool_attr() -> NoToolAttribute {
                            NoToolAttribute
                        }
                        fn f_prompt_attr() -> NoToolAttribute {
                            NoToolAttribute
                        }
                    }
                    impl<T: ?::core::marker::Sized> Fallback for T {}
                    assert_above_tool(Self::f_tool_attr);
                    assert_above_tool(Self::f_prompt_attr);
                }
                body
            }
        "#]],
    );
}

/// In front of items, a statement is a lint of clippy.
#[test]
fn the_check_is_an_item_only_in_front_of_items() {
    // R-K4, R-K9
    let check = |body: &str| expanded("", &format!("fn f(auth: AuthInfo) {{ {body} }}"));
    for items in ["use a::b; b()", "g(); fn g() {}", "#[cfg(x)] const A: B = C; D", "pub struct E;"]
    {
        assert!(check(items).contains("const _ : () ="), "{items}");
    }
    for statements in ["", "b()", "if c { use a::b; b() }", "g(const { 1 });"] {
        assert!(!check(statements).contains("const _ : () ="), "{statements}");
    }
}

#[test]
fn a_body_that_does_not_parse_is_emitted_as_written() {
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
#[expect(clippy::too_many_lines, reason = "two whole expansions")]
fn a_condition_is_a_statement_in_front_of_the_body() {
    // R-K13
    snapshot(
        "when = caller.subject() == Some(&*owner)",
        "async fn f(Path(owner): Path<String>, caller: AuthInfo) -> Result<(), Rejection> { body }",
        expect![[r#"
            async fn f(
                Conditional {
                    caller: caller,
                    denial: denial,
                    ..
                }: Conditional<
                    ByTryInto<
                        AnyToken,
                        Function<102>,
                    >,
                    AuthInfo,
                >,
                Path(owner): Path<String>,
            ) -> Result<(), Rejection> {
                receives_the_caller::<AuthInfo>();
                {
                    #[allow(unused_variables)]
                    let auth = ::core::clone::Clone::clone(&caller);
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
                                if (caller.subject() == Some(&*owner)) {
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
    snapshot(
        "when = auth.actor().is_none()",
        "fn f() -> Response { body }",
        expect![[r#"
            fn f(
                Conditional {
                    caller: caller,
                    denial: denial,
                    ..
                }: Conditional<
                    ByTryInto<
                        AnyToken,
                        Function<102>,
                    >,
                >,
            ) -> Response {
                {
                    #[allow(unused_variables)]
                    let auth = caller;
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
                                if (auth.actor().is_none()) {
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
