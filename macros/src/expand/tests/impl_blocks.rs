//! The attribute on an `impl` block.

use expect_test::expect;

use super::{Features, errors, expand, expanded, snapshot};

#[test]
fn tools_and_prompts_inherit_the_guard_of_the_block() {
    // R-K2
    snapshot(
        r#"scopes = "entries:read", crate = ::renamed"#,
        r#"
            /// The journal.
            #[tool_router(vis = "pub")]
            impl<T: Store, const N: usize> Tools<T, { N }> where T: Send {
                #![allow(unused)]
                #![allow(dead_code)]
                #[tool]
                fn first() {}
                const LIMIT: Limit = Limit { entries: 1 }.least();
                type Entry = T::Entry;
                /// List.
                #[cfg(unix)]
                #[tool]
                pub async fn list(&self, auth: AuthInfo) -> Array<{ N }> { whole() }
                #[requires_auth(scopes = "entries:write")]
                #[tool]
                fn create(&self) {}
                #[public]
                #[rmcp::tool(title = "x")]
                fn health(&self) {}
                #[prompt]
                #[inline]
                fn suggest() {}
                fn helper(&self) {}
                helpers! { #[tool] fn unseen() {} }
                more!(fn f() {});
            }
        "#,
        expect![[r#"
            /// The journal.
            #[tool_router(vis = "pub")]
            impl<T: Store, const N: usize> Tools<T, { N }>
            where
                T: Send,
            {
                #![allow(unused)]
                #![allow(dead_code)]
                #[::renamed::requires_auth_expansion::requires_auth(
                    scopes = "entries:read",
                    crate = ::renamed
                )]
                #[tool(
                    meta = ::renamed::requires_auth_expansion::declared_both(
                        ::core::option::Option::None
                    )
                )]
                fn first() {}
                const LIMIT: Limit = Limit { entries: 1 }.least();
                type Entry = T::Entry;
                /// List.
                #[cfg(unix)]
                #[::renamed::requires_auth_expansion::requires_auth(
                    scopes = "entries:read",
                    crate = ::renamed
                )]
                #[tool(
                    meta = ::renamed::requires_auth_expansion::declared_both(
                        ::core::option::Option::None
                    )
                )]
                pub async fn list(&self, auth: AuthInfo) -> Array<{ N }> {
                    whole()
                }
                #[requires_auth(scopes = "entries:write")]
                #[tool(
                    meta = ::renamed::requires_auth_expansion::declared_both(
                        ::core::option::Option::None
                    )
                )]
                fn create(&self) {}
                #[rmcp::tool(
                    title = "x",
                    meta = ::renamed::requires_auth_expansion::declared_both(
                        ::core::option::Option::None
                    )
                )]
                fn health(&self) {}
                #[::renamed::requires_auth_expansion::requires_auth(
                    scopes = "entries:read",
                    crate = ::renamed
                )]
                #[prompt(
                    meta = ::renamed::requires_auth_expansion::declared_both(
                        ::core::option::Option::None
                    )
                )]
                #[inline]
                fn suggest() {}
                fn helper(&self) {}
                helpers! {
                    #[tool] fn unseen() {}
                }
                more!(fn f() {});
            }
        "#]],
    );
}

#[test]
fn bodies_are_emitted_as_written() {
    // R-K5
    let arguments = r#"scopes = "a""#.parse().unwrap();
    let item = "impl A { #[tool] fn f() { let = ; } fn g() { auth. } }".parse().unwrap();
    let text = expand(super::WITH_FRAMEWORKS, arguments, item).to_string();
    assert!(text.contains("let = ;") && text.contains("auth ."), "{text}");
    assert!(!text.contains("compile_error"), "{text}");
}

#[test]
fn tools_in_captured_fragments_are_guarded() {
    // R-K2
    use proc_macro2::{Delimiter, Group, TokenStream};
    use quote::quote;
    let captured = |tokens| Group::new(Delimiter::None, tokens);
    let tool = captured(quote!(
        #[tool]
        fn a() {}
    ));
    let public = captured(quote!(pub));
    let nothing = captured(TokenStream::new());
    let meta = captured(quote!(tool(title = "x")));
    let block = captured(quote!({}));
    let item = captured(quote!(impl A {
        fn f() #block
        #nothing #tool
        #[inline] #tool
        #[#meta] #public fn b() #block
        #public fn c() #block
        #[tool] fn d() {}
    }));
    let arguments = r#"scopes = "a""#.parse().unwrap();
    let text = expand(super::WITH_FRAMEWORKS, arguments, quote!(#item)).to_string();
    assert_eq!(text.matches("requires_auth_expansion :: requires_auth").count(), 4, "{text}");
}

/// The errors without their help texts.
fn messages(arguments: &str, item: &str) -> Vec<String> {
    let first_line = |message: String| message.lines().next().unwrap().to_owned();
    errors(arguments, item).into_iter().map(first_line).collect()
}

#[test]
fn without_a_policy_each_tool_must_have_its_own() {
    // R-K5
    let block = r#"impl A {
        #[tool] fn list() {}
        #[public] #[tool] fn open() {}
        #[requires_auth] #[tool] fn guarded() {}
        #[inline] #[prompt] async fn suggest() {}
        fn other() {}
    }"#;
    for arguments in ["", "crate = ::renamed"] {
        assert_eq!(
            messages(arguments, block),
            ["nothing says who may call `list`", "nothing says who may call `suggest`"]
        );
    }
}

#[test]
fn all_errors_of_a_block_are_reported_at_once() {
    // R-K5
    assert_eq!(
        messages(
            r#"scopes = "a,b""#,
            r#"#[requires_auth] impl A {
                #[public] fn helper() {}
                #[public] #[public(x)] #[tool] fn twice() {}
                #[public] #[requires_auth] #[tool] fn both() {}
                #[tool] #[requires_auth] fn below() {}
                #[cfg_attr(x, cfg_attr(y, rmcp::tool(z)))] fn hidden() {}
                #[cfg_attr(x, public)] #[tool] fn hidden_mark() {}
                #[::requires_auth::requires_auth_expansion::requires_auth] #[tool] fn again() {}
                #[tool] fn has_errors() {}
            }"#,
        ),
        [
            "the scope `a,b` contains the character `,`",
            "an `impl` block takes one `#[requires_auth]`",
            "`#[public]` is for tools and prompts",
            "`#[public]` is given twice",
            "`#[public]` takes no arguments",
            "a function is either public or guarded",
            "below `#[tool]` or `#[prompt]`, `#[requires_auth]` comes too late",
            "`#[tool]` and `#[prompt]` cannot stand behind a `#[cfg_attr]` here",
            "`#[public]` cannot stand behind a `#[cfg_attr]` here",
            "an `impl` block takes one `#[requires_auth]`",
        ]
    );
}

#[test]
fn an_item_that_may_hide_a_route_declares_both_kinds() {
    // R-I17
    for (item, kinds) in [
        ("fn g() {}", "declared"),
        ("/// Text.\n#[inline] #[allow(unused)] #[cfg(unix)] fn g() {}", "declared"),
        ("#[own] const G: u8 = 1;", "declared"),
        ("#[requires_auth] fn g() {}", "declared"),
        ("#[t] fn g() {}", "declared_both"),
        ("#[own::t(name = \"x\")] pub async fn g() {}", "declared_both"),
        ("#[requires_auth] #[t] fn g() {}", "declared_both"),
        ("#[cfg_attr(unix, t)] fn g() {}", "declared_both"),
        ("#[inline::t] fn g() {}", "declared_both"),
        ("const G: bool = !true;", "declared"),
        ("t!(fn g() {});", "declared_both"),
        ("own::t! { fn g() {} }", "declared_both"),
        ("::own::t![fn g() {}];", "declared_both"),
    ] {
        let block = format!("impl A {{ #[tool] fn f() {{}} {item} }}");
        let expanded = expanded(r#"scopes = "read""#, &block).replace(' ', "");
        assert!(expanded.contains(&format!("::{kinds}(")), "{item}: {expanded}");
    }
}

#[test]
fn a_block_with_errors_is_emitted_beside_them() {
    // R-K5
    snapshot(
        r#"scopes = "read""#,
        "impl A { #[public] fn f() {} #[tool] #[requires_auth] fn g() {} #[tool] fn h() {} }",
        expect![[r#"
            impl A {
                fn f() {}
                #[requires_auth]
                #[tool(
                    meta = declared(
                        ::core::option::Option::None
                    )
                )]
                fn g() {}
                #[requires_auth(scopes = "read")]
                #[tool(
                    meta = declared(
                        ::core::option::Option::None
                    )
                )]
                fn h() {}
            }
            ::core::compile_error! {
                "`#[public]` is for tools and prompts\nhelp: remove it: `#[requires_auth]` on an `impl` block guards nothing else"
            }
            ::core::compile_error! {
                "below `#[tool]` or `#[prompt]`, `#[requires_auth]` comes too late\nhelp: move `#[requires_auth]` above it"
            }
        "#]],
    );
}

#[test]
fn a_block_without_tools_is_an_error() {
    // R-K2
    for item in ["impl A {}", "impl B for A { fn f() {} tools!(); }"] {
        assert_eq!(errors("", item).len(), 1, "{item}");
    }
}

#[test]
fn a_block_without_the_feature_rmcp_is_an_error() {
    // R-K2
    let item = "impl A { #[tool] fn f() {} }".parse().unwrap();
    let arguments = "optional".parse().unwrap();
    let text = expand(Features { manifest: false, rmcp: false, utoipa: false }, arguments, item)
        .to_string();
    assert!(text.contains("compile_error") && text.contains("enable the feature `rmcp`"), "{text}");
}

#[test]
fn a_block_without_tools_says_what_guards_its_methods() {
    // R-K5
    for (block, help) in [
        ("impl ServerHandler for A {}", "write `requires_auth::mcp::authorize(&context, "),
        ("impl<'a> rmcp::ServerHandler for A<'a> {}", "write `requires_auth::mcp::authorize("),
        ("impl Service for A {}", "guard the functions that call its methods"),
        ("impl<T> Service for [T] {}", "guard the functions that call its methods"),
        ("impl A where F: for<'a> Fn(&'a u8) {}", "write `#[requires_auth]` on each function"),
        ("impl A { fn f() {} }", "write `#[requires_auth]` on each function"),
    ] {
        let found = errors("scopes = \"read\"", block);
        assert_eq!(found.len(), 1, "{block}");
        assert!(found[0].contains(&format!("help: {help}")), "{block}: {found:?}");
    }
}
