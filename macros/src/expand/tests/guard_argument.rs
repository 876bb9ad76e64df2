//! The argument that guards a function.

use expect_test::expect;

use super::{errors, snapshot};

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
                        Function<
                            'c',
                            'r',
                            'e',
                            'a',
                            't',
                            'e',
                        >,
                        OAuthScope<
                            'e',
                            'n',
                            't',
                            'r',
                            'i',
                            'e',
                            's',
                            ':',
                            'w',
                            'r',
                            'i',
                            't',
                            'e',
                        >,
                    >,
                    AuthInfo,
                >,
                Json(entry): Json<New>,
            ) -> R {
                const _: () = receives_the_caller::<
                    Required,
                    AuthInfo,
                >();
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
                            Function<'l', 'i', 's', 't'>,
                            AnyToken,
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
                        ::renamed::requires_auth_expansion::Function<'f'>,
                        ::renamed::requires_auth_expansion::Optional<
                            ::renamed::requires_auth_expansion::OAuthScope<'a'>,
                        >,
                    >,
                    Option<AuthInfo>,
                >,
            ) {
                const _: () = ::renamed::requires_auth_expansion::receives_the_caller::<
                    ::renamed::requires_auth_expansion::Anonymous,
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
                        Function<'f'>,
                        AnyToken,
                    >,
                    AuthInfo,
                >,
                #[cfg(not(all(unix, debug_assertions)))]
                _: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                >,
            ) {
                #[cfg(unix)]
                #[cfg(debug_assertions)]
                const _: () = receives_the_caller::<
                    Required,
                    AuthInfo,
                >();
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
                        Function<'f'>,
                        AnyToken,
                    >,
                    Who,
                >,
                #[cfg(not(all(unix)))]
                _: Authorized<
                    ByTryInto<
                        Function<'f'>,
                        AnyToken,
                    >,
                >,
            ) {
                #[r#cfg(unix)]
                const _: () = receives_the_caller::<
                    Required,
                    Who,
                >();
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
                            Function<'f'>,
                            AnyToken,
                        >,
                    >,
                    Caller,
                >,
                own: AuthInfo,
            ) {
                const _: () = receives_the_caller::<
                    Required,
                    Caller,
                >();
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
