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
