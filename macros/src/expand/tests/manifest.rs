//! The registrations for the manifest.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

use super::{Features, WITH_FRAMEWORKS, expand};

const WITH_MANIFEST: Features = Features { manifest: true, ..WITH_FRAMEWORKS };

/// What a function registers, without the path of the hidden module.
fn registered(features: Features, arguments: &str, item: &str) -> Option<String> {
    let tokens = |text: &str| text.parse::<TokenStream>().unwrap();
    let expanded = expand(features, tokens(arguments), tokens(item)).to_string();
    let (_, rest) = expanded.split_once("register_function ! {")?;
    let (registered, _) = rest.split_once('}')?;
    let registered = registered.replace(":: requires_auth :: requires_auth_expansion ::", "");
    Some(registered.replace(' ', ""))
}

#[test]
fn a_guarded_function_registers_its_kind_and_its_policy() {
    // R-K16
    for (arguments, item, expected) in [
        ("", "async fn f() {}", "HandlerAnyToken"),
        (r#"scopes = "a""#, "fn f() -> F { g() }", "HandlerOAuthScope<'a'>"),
        (
            r#"scopes = "a", optional"#,
            "fn f(auth: Option<AuthInfo>) {}",
            "HandlerOptional<OAuthScope<'a'>>",
        ),
        (
            r#"scopes = "a", when = n == "x y""#,
            "async fn f(n: String) -> R {}",
            r#"HandlerOAuthScope<'a'>,when"n==\"xy\"""#,
        ),
        (
            "when = n, scopes_from = Self::of::<u8, B>(n, m)",
            "async fn f(n: bool, m: M) -> R {}",
            r#"HandlerAnyToken,scopes_from"Self::of::<u8,B>(n,m)",when"n""#,
        ),
        ("", "#[tool] async fn f() {}", "ToolAnyToken"),
        ("", "#[rmcp::tool(name = \"x\")] async fn f(&self) {}", "ToolAnyToken"),
        ("", "#[r#prompt] async fn f(&self) {}", "PromptAnyToken"),
    ] {
        assert_eq!(registered(WITH_MANIFEST, arguments, item).as_deref(), Some(expected), "{item}");
        assert_eq!(registered(WITH_FRAMEWORKS, arguments, item), None, "{item}");
    }
}

#[test]
fn a_function_with_an_error_registers_nothing() {
    // R-K16: its registration could only be a further error.
    for item in ["const fn f() {}", "fn f();", "fn f(a: AuthInfo, b: AuthInfo) {}"] {
        assert_eq!(registered(WITH_MANIFEST, "", item), None, "{item}");
    }
}

#[test]
fn a_function_whose_body_a_macro_has_captured_registers_itself() {
    // R-K16
    let body = Group::new(
        Delimiter::None,
        quote!(
            {
                #![allow(unused)]
                first()
            }
        ),
    );
    let item = quote!(async fn f() #body);
    let expanded = expand(WITH_MANIFEST, quote!(), item).to_string();
    let expected = "{ # ! [allow (unused)] :: requires_auth :: requires_auth_expansion :: \
                    register_function ! { Handler :: requires_auth :: requires_auth_expansion :: \
                    AnyToken } first () }";
    assert!(expanded.contains(expected), "{expanded}");
}
