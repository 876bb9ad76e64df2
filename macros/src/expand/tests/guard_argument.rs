//! The argument that guards a function.

use expect_test::expect;

use super::{errors, expanded, snapshot};

#[test]
fn the_guard_takes_the_callers_place_and_goes_first() {
    snapshot(
        r#"scopes = "entries:write""#,
        "pub(crate) async fn create(Json(entry): Json<New>, mut auth: AuthInfo) -> R { body(auth) }",
        expect![[r#"
            pub(crate) async fn create(
                Authorized {
                    caller: mut auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        OAuthScope<
                            8036228540710118777275835577445,
                        >,
                        Function<109342978307173>,
                    >,
                    AuthInfo,
                >,
                Json(entry): Json<New>,
            ) -> R {
                receives_the_caller::<AuthInfo>();
                body(auth)
            }
        "#]],
    );
}

#[test]
fn without_a_caller_the_guard_receives_nothing() {
    snapshot(
        "",
        "fn list<'a, T>(self: Arc<Self>, rest: impl Into<T>) -> BoxFuture<'a, T> where T: Send {}",
        expect![[r#"
            fn list<'a, T>(
                self: Arc<Self>,
                _: Authorized<
                    Shared<
                        ByTryInto<
                            AnyToken,
                            Function<1818850164>,
                        >,
                    >,
                >,
                rest: impl Into<T>,
            ) -> BoxFuture<'a, T>
            where
                T: Send,
            {}
        "#]],
    );
}

#[test]
fn an_optional_caller_is_an_option() {
    snapshot(
        r#"optional, scopes = "a", crate = ::renamed"#,
        "fn f(#[allow(unused)] who: Option<AuthInfo>) {}",
        expect![[r#"
            fn f(
                #[allow(unused)]
                ::renamed::requires_auth_expansion::Authorized {
                    caller: who,
                    ..
                }: ::renamed::requires_auth_expansion::Authorized<
                    ::renamed::requires_auth_expansion::ByTryInto<
                        ::renamed::requires_auth_expansion::Optional<
                            ::renamed::requires_auth_expansion::OAuthScope<97>,
                        >,
                        ::renamed::requires_auth_expansion::Function<102>,
                    >,
                    Option<AuthInfo>,
                >,
            ) {
                ::renamed::requires_auth_expansion::receives_an_optional_caller::<
                    Option<AuthInfo>,
                >();
            }
        "#]],
    );
}

#[test]
fn a_cfg_on_the_argument_does_not_remove_the_guard() {
    // R-K2
    snapshot(
        "",
        "fn f(#[cfg(unix)] #[cfg(debug_assertions)] auth: AuthInfo) {}",
        expect![[r#"
            fn f(
                #[cfg(unix)]
                #[cfg(debug_assertions)]
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
                #[cfg(not(all(unix, debug_assertions)))]
                _: Authorized<
                    ByTryInto<
                        AnyToken,
                        Function<102>,
                    >,
                >,
            ) {
                #[cfg(unix)] #[cfg(debug_assertions)]
                receives_the_caller::<AuthInfo>();
            }
        "#]],
    );
}

#[test]
fn a_cfg_with_a_raw_name_is_a_cfg() {
    // R-K2
    snapshot(
        "",
        "fn f(#[r#cfg(unix)] #[r#auth] who: Who) {}",
        expect![[r#"
            fn f(
                #[r#cfg(unix)]
                Authorized {
                    caller: who,
                    ..
                }: Authorized<
                    ByTryInto<
                        AnyToken,
                        Function<102>,
                    >,
                    Who,
                >,
                #[cfg(not(all(unix)))]
                _: Authorized<
                    ByTryInto<
                        AnyToken,
                        Function<102>,
                    >,
                >,
            ) {
                #[r#cfg(unix)]
                receives_the_caller::<Who>();
            }
        "#]],
    );
    let raw = errors("", "fn f(#[r#cfg_attr(all(), cfg(any()))] auth: AuthInfo) {}");
    assert_eq!(raw.len(), 1, "{raw:?}");
}

#[test]
fn an_auth_marker_has_precedence_over_the_name_of_the_type() {
    snapshot(
        "",
        "fn f(own: AuthInfo, #[auth] caller: Caller) {}",
        expect![[r#"
            fn f(
                Authorized {
                    caller: caller,
                    ..
                }: Authorized<
                    Shared<
                        ByTryInto<
                            AnyToken,
                            Function<102>,
                        >,
                    >,
                    Caller,
                >,
                own: AuthInfo,
            ) {
                receives_the_caller::<Caller>();
            }
        "#]],
    );
}

#[test]
fn a_handler_called_main_is_guarded() {
    for handler in
        ["async fn main() -> Html {}", "fn main(&self) {}", "fn main() -> BoxFuture<()> {}"]
    {
        assert_eq!(errors("", handler), [""; 0], "{handler}");
    }
    for program in
        ["fn main() {}", "fn main() -> Result<()> {}", "#[tokio::main] async fn main() {}"]
    {
        assert_eq!(errors("", program).len(), 1, "{program}");
    }
}

#[test]
fn the_type_of_the_guard_is_no_type_of_an_argument() {
    // R-K9
    for ty in [
        "Authorized<AuthInfo>",
        "requires_auth::Authorized<Read>",
        "requires_auth::Authorized<u8, AuthInfo>",
        "::requires_auth::Authorized",
        "(Authorized<AuthInfo>)",
    ] {
        let found = errors("", &format!("async fn f(caller: {ty}) {{}}"));
        let expected = "the attribute writes the type `Authorized` itself\n\
                        help: write `caller: AuthInfo`";
        assert_eq!(found, [expected], "{ty}");
    }
    let marked =
        errors("optional", "fn f(#[auth] Authorized { caller, .. }: Authorized<AuthInfo>) {}");
    assert_eq!(marked.len(), 1, "{marked:?}");
    assert!(marked[0].ends_with("help: write `auth: Option<AuthInfo>`"), "{marked:?}");
    for own in ["Authorized<Read>", "own::Authorized", "Authorized"] {
        assert!(errors("", &format!("async fn f(caller: {own}) {{}}")).is_empty(), "{own}");
    }
}

#[test]
fn a_marked_argument_has_a_type_that_can_be_the_callers() {
    // R-K9
    for ty in
        ["impl Into<AuthInfo>", "Option<impl Clone>", "[u8]", "dyn Debug", "_", "&str", "(A, B)"]
    {
        let found = errors("", &format!("async fn f(#[auth] a: {ty}) {{}}"));
        let expected = "an argument of this type cannot receive the caller\nhelp: write `AuthInfo`";
        assert_eq!(found, [expected], "{ty}");
    }
    for ty in ["Caller", "(Caller)", "<Self as Service>::Caller", "caller!()"] {
        assert!(errors("", &format!("async fn f(#[auth] a: {ty}) {{}}")).is_empty(), "{ty}");
    }
}

/// What is emitted beside an error has no type of an argument that is an error itself.
#[test]
fn the_types_in_a_fallback_are_valid() {
    // R-K9
    for (arguments, argument) in [
        ("", "#[auth] auth: impl Into<AuthInfo>"),
        ("", "auth: Authorized<AuthInfo>"),
        ("optional", "auth: Option<Authorized<AuthInfo>>"),
        ("optional", "Some(auth): AuthInfo"),
    ] {
        let text = expanded(arguments, &format!("async fn f({argument}) {{}}"));
        let (_, variable) = text.split_once("let ").unwrap();
        assert!(variable.contains(":: requires_auth_expansion :: AuthInfo"), "{argument}: {text}");
    }
}
