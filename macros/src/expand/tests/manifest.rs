//! The registrations for the manifest.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

use super::{Features, WITH_FRAMEWORKS, expand};

const WITH_MANIFEST: Features = Features { manifest: true, ..WITH_FRAMEWORKS };

/// The id of a function `f`.
const ID: &str = "{function_id(::core::module_path!(),\"f\",::core::line!(),::core::column!())}";

/// What a function `f` registers, without the path of the hidden module. Its id is `ID`.
fn registered(features: Features, arguments: &str, item: &str) -> Option<String> {
    let tokens = |text: &str| text.parse::<TokenStream>().unwrap();
    let expanded = without_spaces(&expand(features, tokens(arguments), tokens(item)));
    let (_, rest) = expanded.split_once("register_function!{")?;
    let (registered, _) = rest.split_once('}')?;
    Some(registered.to_owned())
}

fn without_spaces(expanded: &TokenStream) -> String {
    let expanded = expanded.to_string().replace(' ', "");
    expanded.replace("::requires_auth::requires_auth_expansion::", "").replace(ID, "ID")
}

#[test]
fn a_guarded_function_registers_its_kind_and_its_policy() {
    // R-K16
    for (arguments, item, expected) in [
        ("", "async fn f() {}", "HandlerByTryInto<AnyToken,Function<102>,ID>"),
        (
            r#"scopes = "a""#,
            "fn f() -> F { g() }",
            "HandlerByTryInto<OAuthScope<97>,Function<102>,ID>",
        ),
        (
            r#"scopes = "a", optional"#,
            "fn f(auth: Option<AuthInfo>) {}",
            "HandlerByTryInto<Optional<OAuthScope<97>>,Function<102>,ID>",
        ),
        (
            r#"scopes = "a", when = n == "x y""#,
            "async fn f(n: String) -> R {}",
            r#"HandlerByTryInto<OAuthScope<97>,Function<102>,ID>,when"n==\"xy\"""#,
        ),
        (
            "when = n, scopes_from = Self::of::<u8, B>(n, m)",
            "async fn f(n: bool, m: M) -> R {}",
            r#"HandlerByTryInto<AnyToken,Function<102>,ID>,scopes_from"Self::of::<u8,B>(n,m)",when"n""#,
        ),
        ("", "#[tool] async fn f() {}", "ToolByTryInto<AnyToken,Function<102>,ID>"),
        (
            "",
            "#[rmcp::tool(name = \"x\")] async fn f(&self) {}",
            "ToolByTryInto<AnyToken,Function<102>,ID>",
        ),
        ("", "#[r#prompt] async fn f(&self) {}", "PromptByTryInto<AnyToken,Function<102>,ID>"),
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
    let expanded = without_spaces(&expand(WITH_MANIFEST, quote!(), item));
    let expected =
        "{#![allow(unused)]register_function!{HandlerByTryInto<AnyToken,Function<102>,ID>}first()}";
    assert!(expanded.contains(expected), "{expanded}");
}

#[test]
fn each_type_of_the_policy_has_the_id_that_the_function_registers() {
    // R-K16
    let function = "AnyToken,Function<102>,ID>";
    for (item, types) in [
        ("async fn f() {}", 2),
        ("async fn r#f(auth: AuthInfo) {}", 2),
        ("#[tool] fn f(&self) {}", 3),
    ] {
        let tokens = |text: &str| text.parse::<TokenStream>().unwrap();
        let expanded = |features| without_spaces(&expand(features, tokens(""), tokens(item)));
        assert_eq!(expanded(WITH_MANIFEST).matches(function).count(), types, "{item}");
        assert!(!expanded(WITH_FRAMEWORKS).contains("ID"), "{item}");
    }
}
