//! Functions with the attributes of rmcp.

use expect_test::expect;

use super::{Features, errors, expand, expanded, snapshot};

#[test]
fn a_tool_publishes_its_policy_in_meta() {
    // R-I6, R-K2
    snapshot(
        r#"scopes = "read""#,
        "/// Lists.\n#[inline] #[tool] async fn list(&self, Parameters(p): Parameters<P>, auth: AuthInfo) -> R { body }",
        expect![[r#"
            /// Lists.
            #[inline]
            #[tool(
                meta = meta::<ByTryInto<OAuthScope<1919246692>,
                Function<1818850164>>>(
                    ::core::option::Option::None
                )
            )]
            async fn list(
                &self,
                Authorized {
                    caller: auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        OAuthScope<1919246692>,
                        Function<1818850164>,
                    >,
                    AuthInfo,
                >,
                Parameters(p): Parameters<P>,
            ) -> R {
                receives_the_caller::<AuthInfo>();
                body
            }
        "#]],
    );
}

#[test]
fn a_prompt_keeps_its_arguments() {
    // R-I6, R-K2
    snapshot(
        "optional, crate = ::renamed",
        r#"#[rmcp::prompt(name = "p", description = doc::<A, B>(),)] fn list(auth: Option<AuthInfo>) {}"#,
        expect![[r##"
            #[rmcp::prompt(
                name = "p",
                description = doc::<A,
                B>(),
                meta = ::renamed::requires_auth_expansion::meta::<::renamed::requires_auth_expansion::ByTryInto<::renamed::requires_auth_expansion::Optional<::renamed::requires_auth_expansion::AnyToken>,
                ::renamed::requires_auth_expansion::Function<1818850164>>>(
                    ::core::option::Option::None
                )
            )]
            fn list(
                ::renamed::requires_auth_expansion::Authorized {
                    caller: auth,
                    ..
                }: ::renamed::requires_auth_expansion::Authorized<
                    ::renamed::requires_auth_expansion::ByTryInto<
                        ::renamed::requires_auth_expansion::Optional<
                            ::renamed::requires_auth_expansion::AnyToken,
                        >,
                        ::renamed::requires_auth_expansion::Function<1818850164>,
                    >,
                    Option<AuthInfo>,
                >,
            ) {
                ::renamed::requires_auth_expansion::receives_an_optional_caller::<
                    Option<AuthInfo>,
                >();
            }
        "##]],
    );
}

#[test]
fn a_tool_keeps_its_own_meta() {
    // R-I6
    snapshot(
        "",
        r#"#[tool(meta = own::<A, B>(), annotations(title = "meta"), local)] fn list() {}"#,
        expect![[r##"
            #[tool(
                meta = meta::<ByTryInto<AnyToken,
                Function<1818850164>>>(
                    ::core::option::Option::Some(own::<A, B>())
                ),
                annotations(title = "meta"),
                local
            )]
            fn list(
                _: Authorized<
                    ByTryInto<
                        AnyToken,
                        Function<1818850164>,
                    >,
                >,
            ) {}
        "##]],
    );
    snapshot(
        "",
        r#"#[r#tool{meta = "own()",}] fn list() {}"#,
        expect![[r#"
            #[r#tool{meta = meta::<ByTryInto<AnyToken,
            Function<1818850164>>>(
                ::core::option::Option::Some(own())
            ),
            }]
            fn list(
                _: Authorized<
                    ByTryInto<
                        AnyToken,
                        Function<1818850164>,
                    >,
                >,
            ) {}
        "#]],
    );
}

#[test]
fn arguments_that_do_not_parse_are_left_to_rmcp() {
    // R-K5
    snapshot(
        "",
        r#"#[tool(title, = "x" 1)] fn list() {}"#,
        expect![[r##"
            #[tool(
                title,
                = "x"
                1,
                meta = meta::<ByTryInto<AnyToken,
                Function<1818850164>>>(
                    ::core::option::Option::None
                )
            )]
            fn list(
                _: Authorized<
                    ByTryInto<
                        AnyToken,
                        Function<1818850164>,
                    >,
                >,
            ) {}
        "##]],
    );
}

/// What `#[tool]` emits for an `async fn`.
const EXPANDED: &str = "fn list(&self, auth: AuthInfo)
    -> ::std::pin::Pin<Box<dyn ::std::future::Future<Output = R> + Send + '_>>
    { Box::pin(async move { body }) }";

#[test]
fn a_guard_below_a_tool_is_an_error() {
    // R-K2
    for expanded in [EXPANDED, &EXPANDED.replace("+ Send + '_", "+ 'static")] {
        let found = errors(r#"scopes = "read""#, expanded);
        assert_eq!(
            found,
            ["`#[tool]` or `#[prompt]` has rewritten this function before it could be guarded\n\
              help: move `#[requires_auth]` above it"]
        );
    }
}

#[test]
fn a_method_that_may_have_been_a_tool_checks_the_order() {
    // R-K2
    snapshot(
        r#"scopes = "read""#,
        "fn r#list(&self, auth: AuthInfo) -> R { body }",
        expect![[r#"
            fn r#list(
                &self,
                Authorized {
                    caller: auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        OAuthScope<1919246692>,
                        Function<1818850164>,
                    >,
                    AuthInfo,
                >,
            ) -> R {
                receives_the_caller::<AuthInfo>();
                {
                    trait Fallback {
                        fn list_tool_attr() -> NoToolAttribute {
                            NoToolAttribute
                        }
                        fn list_prompt_attr() -> NoToolAttribute {
                            NoToolAttribute
                        }
                    }
                    impl<T: ?::core::marker::Sized> Fallback for T {}
                    assert_above_tool(
                        Self::list_tool_attr,
                    );
                    assert_above_tool(
                        Self::list_prompt_attr,
                    );
                }
                body
            }
        "#]],
    );
    for other in [
        "#[tool] fn f(&self) { body }",
        "async fn f(&self) { body }",
        "fn f(&mut self) { body }",
        "fn f(self: Arc<Self>) { body }",
        "fn f(x: X) { body }",
    ] {
        assert!(!expanded("", other).contains("_attr"), "{other}");
    }
}

#[test]
fn a_method_that_resembles_an_expanded_tool_is_guarded() {
    for similar in [
        EXPANDED.replace("::std::", "std::"),
        EXPANDED.replace("Box::pin(", "::std::boxed::Box::pin("),
        EXPANDED.replace("async move", "async"),
        EXPANDED.replace("{ Box", "{ log(); Box"),
        format!("#[tool] {EXPANDED}"),
    ] {
        assert_eq!(errors("", &similar), [""; 0], "{similar}");
    }
}

#[test]
fn a_tool_without_the_feature_rmcp_is_an_error() {
    // R-K5
    let without = |item: &str| {
        let item = item.parse().unwrap();
        expand(Features { manifest: false, rmcp: false, utoipa: false }, "".parse().unwrap(), item)
            .to_string()
    };
    for tool in [
        "#[tool] fn f(&self) {}",
        "#[prompt(title = \"x\")] fn f(Parameters(x): wrapper::Parameters<X>) {}",
        "#[rmcp::tool] fn f() {}",
    ] {
        let text = without(tool);
        assert!(text.contains("enable the feature `rmcp` of `requires-auth`"), "{text}");
    }
    for caller in ["auth: AuthInfo", "auth: Option<AuthInfo>", "#[auth] auth: Caller"] {
        let text = without(&format!("#[tool] fn f(&self, {caller}, x: X) {{}}"));
        // A router accepts no such argument, and the body may use the variable.
        assert!(text.contains("f (& self , x : X) { # [allow (warnings)] let auth"), "{text}");
    }
    let block = expand(
        Features { manifest: false, rmcp: false, utoipa: false },
        "scopes = \"read\"".parse().unwrap(),
        "impl Journal { #[tool] fn f(&self, auth: AuthInfo) {} }".parse().unwrap(),
    )
    .to_string();
    assert!(
        block.contains("compile_error") && !block.contains("requires_auth_expansion"),
        "{block}"
    );
    assert!(block.contains("f (& self) { # [allow (warnings)] let auth"), "{block}");
    for other in ["#[tool] fn f(x: X) {}", "#[other::tool] fn f(&self) {}"] {
        let text = without(other);
        assert!(!text.contains("compile_error") && !text.contains("meta"), "{text}");
    }
}
