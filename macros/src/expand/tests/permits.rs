//! The arguments that are permits.

use expect_test::expect;

use super::{errors, expanded, snapshot};

#[test]
fn a_permit_becomes_a_variable_of_the_body() {
    // R-K21
    snapshot(
        "scopes = S::A",
        "async fn f(&self, #[cfg(x)] permit: &Permit<s::A>, id: u8) { body }",
        expect![[r#"
            async fn f(
                &self,
                Authorized {
                    evidence: evidence,
                    ..
                }: Authorized<
                    ByTryInto<
                        TypedScope<
                            S,
                            {
                                #[allow(unused_imports)]
                                use NoVariant as _;
                                scope_of::<S, _>(<S>::A)
                                    .variant() as ::core::primitive::usize
                            },
                        >,
                        Function<102>,
                    >,
                >,
                id: u8,
            ) {
                #[cfg(x)]
                let permit: &Permit<s::A> = {
                    const PERMITTED: Permitted<
                        ByTryInto<
                            TypedScope<
                                S,
                                {
                                    #[allow(unused_imports)]
                                    use NoVariant as _;
                                    scope_of::<
                                        S,
                                        _,
                                    >(<S>::A)
                                        .variant() as ::core::primitive::usize
                                },
                            >,
                            Function<102>,
                        >,
                        s::A,
                    > = Permitted::check();
                    evidence.permit(PERMITTED)
                };
                body
            }
        "#]],
    );
}

#[test]
fn a_permit_comes_after_the_condition() {
    // R-K21
    snapshot(
        r#"scopes = "a", when = id < 9"#,
        "fn f(id: u8, _: &::a::Permit<A>, auth: AuthInfo) -> R { use a::b; b() }",
        expect![[r#"
            #[allow(clippy::items_after_statements)]
            fn f(
                Conditional {
                    caller: auth,
                    denial: denial,
                    evidence: evidence,
                    ..
                }: Conditional<
                    ByTryInto<
                        OAuthScope<97>,
                        Function<102>,
                    >,
                    AuthInfo,
                >,
                id: u8,
            ) -> R {
                const _: () = receives_the_caller::<
                    AuthInfo,
                >();
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
                                if (id < 9) {
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
                let _: &::a::Permit<A> = {
                    const PERMITTED: Permitted<
                        ByTryInto<
                            OAuthScope<97>,
                            Function<102>,
                        >,
                        A,
                    > = Permitted::check();
                    evidence.permit(PERMITTED)
                };
                use a::b;
                b()
            }
        "#]],
    );
}

#[test]
fn a_permit_that_cannot_be_filled_is_an_error() {
    // R-K21
    for (arguments, permit, expected) in [
        (
            "",
            "&Permit",
            "a permit is for one scope\nhelp: write `&Permit<…>` with the type of the scope, as in \
             `&Permit<scopes::EntriesWrite>`",
        ),
        (
            "",
            "&Permit<A, B>",
            "a permit is for one scope\nhelp: write `&Permit<…>` with the type of the scope, as in \
             `&Permit<scopes::EntriesWrite>`",
        ),
        (
            "",
            "&'a Permit<A>",
            "a permit ends with the function, and has no lifetime\nhelp: remove `'a`",
        ),
        ("", "&mut Permit<A>", "a permit is never mutable\nhelp: remove `mut`"),
        (
            "optional",
            "&Permit<A>",
            "with `optional` there may be no caller, and so no permit\nhelp: remove this argument, and write \
             `auth.permit()?` where there is a caller",
        ),
    ] {
        let caller = if arguments.is_empty() { "AuthInfo" } else { "Option<AuthInfo>" };
        let item = format!("async fn f(permit: {permit}, auth: {caller}) {{ permit }}");
        assert_eq!(errors(arguments, &item), [expected], "{permit}");
        // Beside the error, a framework can route it.
        let expanded = expanded(arguments, &item);
        let (_, signature) = expanded.split_once("fn f").unwrap();
        let (signature, _) = signature.split_once('{').unwrap();
        assert!(!signature.contains("Permit"), "{signature}");
    }
}

#[test]
fn other_references_and_other_types_are_no_permits() {
    // R-K21
    for other in ["Permit<A>", "&Other<A>", "&[Permit<A>]", "Option<&Permit<A>>"] {
        let expanded = expanded("", &format!("async fn f(other: {other}) {{}}"));
        assert!(!expanded.contains("evidence ."), "{expanded}");
    }
}
