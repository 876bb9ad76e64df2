//! The attribute on a `mod`, and on an `impl` block of handlers.

use expect_test::expect;

use super::{errors, expanded, snapshot};

#[test]
fn handlers_inherit_the_guard_of_the_module() {
    // R-K19
    snapshot(
        r#"scopes = "tags:read", crate = ::renamed"#,
        r#"
            /// The tags.
            pub(crate) mod tags {
                #![allow(unused)]
                use super::*;
                /// List.
                #[cfg(unix)]
                #[utoipa::path(get)]
                pub async fn list(auth: AuthInfo) -> String { whole() }
                #[requires_auth(scopes = "tags:write")]
                async fn create() {}
                #[public]
                async fn count() {}
                fn boxed() -> BoxFuture<'static, ()> {}
                fn router() -> Router { Router::new() }
                async fn load(store: &Store) {}
                macro_rules! m { () => {}; }
                thread_local! { static A: u8 = 1; }
                const LIMIT: Limit = Limit { entries: 1 }.least();
                mod helpers { pub fn helper() {} }
                mod nested { pub async fn handler() {} }
                impl Tags { async fn by_name() {} }
                impl FromRequest for Tags { async fn from_request(r: Request) {} }
                #[public]
                mod open { async fn handler() {} }
                #[requires_auth(scopes = "admin")]
                mod admin { async fn handler() {} }
                #[cfg(test)]
                mod tests { async fn helper() {} #[tokio::test] async fn test() {} }
            }
        "#,
        expect![[r#"
            /// The tags.
            pub(crate) mod tags {
                #![allow(unused)]
                use super::*;
                /// List.
                #[cfg(unix)]
                #[::renamed::requires_auth_expansion::requires_auth(
                    scopes = "tags:read",
                    crate = ::renamed
                )]
                #[utoipa::path(get)]
                pub async fn list(auth: AuthInfo) -> String {
                    whole()
                }
                #[requires_auth(scopes = "tags:write")]
                async fn create() {}
                async fn count() {}
                #[::renamed::requires_auth_expansion::requires_auth(
                    scopes = "tags:read",
                    crate = ::renamed
                )]
                fn boxed() -> BoxFuture<'static, ()> {}
                fn router() -> Router {
                    Router::new()
                }
                async fn load(store: &Store) {}
                macro_rules! m {
                    () => {};
                }
                thread_local! {
                    static A : u8 = 1;
                }
                const LIMIT: Limit = Limit { entries: 1 }.least();
                mod helpers {
                    pub fn helper() {}
                }
                #[::renamed::requires_auth_expansion::requires_auth(
                    scopes = "tags:read",
                    crate = ::renamed
                )]
                mod nested {
                    pub async fn handler() {}
                }
                #[::renamed::requires_auth_expansion::requires_auth(
                    scopes = "tags:read",
                    crate = ::renamed
                )]
                impl Tags {
                    async fn by_name() {}
                }
                impl FromRequest for Tags {
                    async fn from_request(r: Request) {}
                }
                mod open {
                    async fn handler() {}
                }
                #[requires_auth(scopes = "admin")]
                mod admin {
                    async fn handler() {}
                }
                #[cfg(test)]
                mod tests {
                    async fn helper() {}
                    #[tokio::test]
                    async fn test() {}
                }
            }
        "#]],
    );
}

#[test]
fn functions_that_can_answer_a_request_are_handlers() {
    // R-K19
    for (item, is_handler) in [
        ("async fn f() {}", true),
        ("pub async fn f() {}", true),
        ("pub(in a::b) async unsafe fn f() {}", true),
        ("async extern \"C\" fn f() {}", true),
        ("async fn f<const N: usize>() -> Array<{ N }> { a() }", true),
        ("#[inline] async fn f(auth: AuthInfo) {}", true),
        ("async fn f(permit: &Permit<Write>) {}", true),
        ("async fn f(self) {}", true),
        ("async fn f(self: Box<Self>) {}", true),
        ("#[t::test_case] async fn f() {}", true),
        ("fn f() -> impl Future<Output = ()> {}", true),
        ("fn f() -> Pin<Box<dyn core::future::Future<Output = ()> + Send>> {}", true),
        ("fn f() -> BoxFuture<'static, ()> {}", true),
        ("#[tool] fn f(&self) {}", true),
        ("mod a { mod b { async fn f() {} } }", true),
        ("pub(crate) mod a { m!(); }", true),
        ("pub mod a;", true),
        ("impl A { async fn f() {} }", true),
        ("unsafe impl<T> A<T> { #[tool] fn f(&self) {} }", true),
        ("#[cfg(any(test, unix))] mod a { async fn f() {} }", true),
        ("fn f() {}", false),
        ("fn f() -> Router {}", false),
        ("async fn f(&self) {}", false),
        ("async fn f(self: &Self) {}", false),
        ("async fn f(store: &Store) {}", false),
        ("fn f(&self) -> BoxFuture<'_, ()> {}", false),
        ("#[tokio::test] async fn f() {}", false),
        ("#[cfg(test)] mod a { async fn f() {} }", false),
        ("mod a { fn f() {} }", false),
        ("impl A { async fn f(&self) {} }", false),
        ("impl A { m!(); }", false),
        ("impl B for A { async fn f() {} }", false),
        ("trait B { async fn f() {} }", false),
        ("struct A { f: u8 }", false),
        ("const A: bool = { 1 } != { async { 2 } };", false),
        ("use a::{b, c};", false),
        ("extern \"C\" { fn f(); }", false),
    ] {
        let module = format!("mod a {{ {item} }}");
        let expanded = expanded(r#"scopes = "a""#, &module);
        let inherits = expanded.matches("requires_auth_expansion :: requires_auth (").count() == 1;
        assert_eq!(inherits, is_handler, "{item}: {expanded}");
        let found = errors(r#"scopes = "a""#, &module);
        assert_eq!(found.is_empty(), is_handler, "{item}: {found:?}");
    }
}

#[test]
fn an_impl_block_of_handlers_is_a_group() {
    // R-K19
    snapshot(
        r#"scopes = "read""#,
        "impl<S: Store> Handlers<S> {
            async fn list() {}
            #[public] async fn open() {}
            async fn load(&self) {}
        }",
        expect![[r#"
            impl<S: Store> Handlers<S> {
                #[requires_auth(scopes = "read")]
                async fn list() {}
                async fn open() {}
                async fn load(&self) {}
            }
        "#]],
    );
}

/// The errors without their help texts.
fn messages(arguments: &str, item: &str) -> Vec<String> {
    let first_line = |message: String| message.lines().next().unwrap().to_owned();
    errors(arguments, item).into_iter().map(first_line).collect()
}

#[test]
fn without_a_policy_each_handler_must_have_its_own() {
    // R-K19
    let items = "async fn list() {}
        #[public] async fn open() {}
        #[requires_auth] async fn guarded() {}
        pub fn show() -> impl Future {}
        fn other() {}";
    for arguments in ["", "crate = ::renamed"] {
        for (kind, place) in [("mod", "mod"), ("impl", "impl` block's")] {
            let found = errors(arguments, &format!("{kind} A {{ {items} }}"));
            assert_eq!(found.len(), 2, "{found:?}");
            assert_eq!(found[0].lines().next(), Some("nothing says who may call `list`"));
            assert_eq!(found[1].lines().next(), Some("nothing says who may call `show`"));
            assert!(found[0].contains(place), "{found:?}");
        }
    }
    // The nested group reports its own.
    let nested = expanded("", "mod a { mod b { async fn f() {} } }");
    assert!(nested.contains("requires_auth_expansion :: requires_auth ()"), "{nested}");
}

#[test]
fn a_mark_under_another_name_is_reported_once_and_removed() {
    // R-K19, R-K9
    for arguments in ["", r#"scopes = "a""#] {
        for mark in ["no_auth", "open", "Public", "pubilc", "allow_anonymous()"] {
            for item in ["async fn f() {}", "mod b { async fn f() {} }", "#[tool] fn f() {}"] {
                let expanded = expanded(arguments, &format!("impl A {{ #[{mark}] {item} }}"));
                let found = super::messages(&expanded);
                let name = mark.trim_end_matches("()");
                let expected = format!("unknown mark `{name}`\nhelp: write `#[public]`");
                assert!(found.len() == 1 && found[0].starts_with(&expected), "{found:?}");
                assert!(!expanded.contains(&format!("# [{name}")), "{expanded}");
            }
        }
        // These may be macros.
        for other in ["crate::open", "instrument", "publish", "inline"] {
            let module = format!("mod a {{ #[requires_auth] #[{other}] async fn f() {{}} }}");
            assert_eq!(errors(arguments, &module), [""; 0], "{other}");
        }
    }
}

#[test]
fn all_errors_of_a_group_are_reported_at_once() {
    // R-K19, R-K5
    assert_eq!(
        messages(
            r#"scopes = "a,b""#,
            r"#[requires_auth] mod a {
                #[public] struct A;
                #[public] #[public(x)] async fn twice() {}
                #[public] #[requires_auth] async fn both() {}
                #[cfg_attr(x, requires_auth(scopes = y))] async fn hidden() {}
                #[cfg_attr(x, public)] mod hidden_too { async fn f() {} }
                #[::requires_auth::requires_auth_expansion::requires_auth] async fn again() {}
                routes! { async fn unseen() {} }
                a::include!(b);
                async fn has_errors() {}
            }",
        ),
        [
            "the scope `a,b` contains the character `,`",
            "a `mod` takes one `#[requires_auth]`",
            "`#[public]` is for the functions and the blocks of a guarded group",
            "`#[public]` is given twice",
            "`#[public]` takes no arguments",
            "a function is either public or guarded",
            "`#[requires_auth]` and `#[public]` cannot stand behind a `#[cfg_attr]` here",
            "`#[requires_auth]` and `#[public]` cannot stand behind a `#[cfg_attr]` here",
            "a `mod` takes one `#[requires_auth]`",
            "`#[requires_auth]` cannot guard the functions that this macro call may define",
            "`#[requires_auth]` cannot guard the functions that this macro call may define",
        ]
    );
}

#[test]
fn a_group_takes_no_request_and_no_server() {
    // R-K19, R-K14
    let found = messages("from = request, server = server", "mod a { async fn f() {} }");
    assert_eq!(found, ["`from` and `server` are for one function, not for a group"]);
}

#[test]
fn a_module_without_handlers_is_an_error() {
    // R-K19
    for item in ["mod a {}", "pub mod a { fn f() {} }", "mod a { mod b { fn f() {} } }"] {
        let found = messages("scopes = \"read\"", item);
        assert_eq!(
            found,
            ["there is no handler in this `mod` for `#[requires_auth]` to guard"],
            "{item}"
        );
    }
    let found = messages("", "pub mod a;");
    assert_eq!(
        found,
        ["`#[requires_auth]` guards only functions, `impl` blocks and inline modules"]
    );
}

#[test]
fn bodies_of_a_module_are_emitted_as_written() {
    // R-K19, R-K5
    let text = expanded(r#"scopes = "a""#, "mod a { async fn f() { let = ; } fn g() { auth. } }");
    assert!(text.contains("let = ;") && text.contains("auth ."), "{text}");
    assert!(!text.contains("compile_error"), "{text}");
}

#[test]
fn handlers_in_captured_fragments_are_guarded() {
    // R-K19
    use proc_macro2::{Delimiter, Group, TokenStream};
    use quote::quote;
    let captured = |tokens| Group::new(Delimiter::None, tokens);
    let handler = captured(quote!(
        async fn a() {}
    ));
    let public = captured(quote!(pub));
    let nothing = captured(TokenStream::new());
    let block = captured(quote!({}));
    let module = captured(quote!(
        mod b {
            async fn c() {}
        }
    ));
    let item = captured(quote!(#public mod a {
        fn f() #block
        #nothing #handler
        #[inline] #handler
        #public async fn b() #block
        #nothing async fn c() #block
        #module
    }));
    let arguments = r#"scopes = "a""#.parse().unwrap();
    let text = super::expand(super::WITH_FRAMEWORKS, arguments, quote!(#item)).to_string();
    assert_eq!(text.matches("requires_auth_expansion :: requires_auth").count(), 5, "{text}");
    assert!(!text.contains("compile_error"), "{text}");
}
