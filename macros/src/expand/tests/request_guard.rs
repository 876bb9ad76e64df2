//! Functions whose attribute names the request.

use expect_test::expect;

use super::{errors, expanded, snapshot};

const REQUEST: &str = "from = &request, server = self.server";

#[test]
fn a_statement_authorizes_the_request_and_defines_the_caller() {
    // R-K14
    snapshot(
        &format!("scopes = \"read\", {REQUEST}"),
        "async fn f(&self, auth: AuthInfo, request: Request<()>) -> Result<R, Status> { body }",
        expect![[r#"
            async fn f(&self, request: Request<()>) -> Result<R, Status> {
                receives_the_caller::<AuthInfo>();
                let Authorized { caller: auth, .. } = match authorize::<
                    Authorized<
                        Shared<
                            ByTryInto<
                                OAuthScope<1919246692>,
                                Function<102>,
                            >,
                        >,
                        AuthInfo,
                    >,
                    _,
                >(
                        resource_server(&(self.server)),
                        &request,
                    )
                    .await
                {
                    ::core::result::Result::Ok(guard) => guard,
                    ::core::result::Result::Err(rejection) => {
                        return FromRejection::from_rejection(
                            rejection,
                        );
                    }
                };
                body
            }
        "#]],
    );
}

#[test]
fn the_statement_is_in_the_async_block_of_an_expanded_method() {
    // R-K14, R-K2: what `#[async_trait]` makes of an `async fn`.
    snapshot(
        &format!("{REQUEST}, when = auth.has_scope(\"a\")"),
        "fn f<'life0, 'async_trait>(&'life0 self, auth: AuthInfo, request: A)
             -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = R> + ::core::marker::Send + 'async_trait>>
         { Box::pin(async move { let __self = self; let auth = auth; let request = request; body }) }",
        expect![[r#"
            fn f<'life0, 'async_trait>(
                &'life0 self,
                request: A,
            ) -> ::core::pin::Pin<
                Box<dyn ::core::future::Future<Output = R> + ::core::marker::Send + 'async_trait>,
            > {
                receives_the_caller::<AuthInfo>();
                Box::pin(async move {
                    let Conditional {
                        caller: auth,
                        denial: denial,
                        ..
                    } = match authorize::<
                        Conditional<
                            Shared<
                                ByTryInto<
                                    AnyToken,
                                    Function<102>,
                                >,
                            >,
                            AuthInfo,
                        >,
                        _,
                    >(
                            resource_server(
                                &(self.server),
                            ),
                            &request,
                        )
                        .await
                    {
                        ::core::result::Result::Ok(guard) => guard,
                        ::core::result::Result::Err(rejection) => {
                            return FromRejection::from_rejection(
                                rejection,
                            );
                        }
                    };
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
                                    if (auth.has_scope("a")) {
                                        evaluation.decide(true).await
                                    } else {
                                        evaluation.decide(false).await
                                    }
                                },
                            )
                        {
                            Outcome::Holds => {}
                            Outcome::Rejected(
                                rejection,
                            ) => {
                                return FromRejection::from_rejection(
                                    rejection,
                                );
                            }
                            Outcome::Returned(value) => {
                                return value;
                            }
                        }
                    }
                    let __self = self;
                    let auth = auth;
                    let request = request;
                    body
                })
            }
        "#]],
    );
}

#[test]
fn the_lifetime_of_a_permit_is_no_parameter_of_an_expanded_method() {
    // R-K14, R-K21: the trait has no such parameter.
    let expanded = expanded(
        &format!("scopes = S::A, {REQUEST}"),
        "fn f<'life0, 'life1, 'life2, 'async_trait>(
             &'life0 self, permit: &'life1 Permit<s::A>, request: &'life2 A
         ) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = R> + 'async_trait>>
         where 'life0: 'async_trait, 'life1: 'async_trait, 'life2: 'async_trait
         { Box::pin(async move { let __self = self; let permit = permit; body }) }",
    );
    let has = |lifetime| expanded.contains(lifetime);
    assert_eq!(["'life0", "'life1", "'life2"].map(has), [true, false, true], "{expanded}");
}

#[test]
fn the_patterns_of_an_expanded_method_are_bound_before_the_guard() {
    // R-K14: as in an `async fn`, the variables of an argument are there when the guard decides.
    snapshot(
        REQUEST,
        "fn f<'life0, 'async_trait>(
             &'life0 self, #[auth] __arg1: C, __arg2: (A, B), __arg3: D, #[cfg(x)] __arg4: E
         ) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = R> + 'async_trait>> {
             Box::pin(async move {
                 if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<R> { return __ret; }
                 let __self = self;
                 let Caller(auth) = { let __arg1 = __arg1; __arg1 };
                 let (a, ref mut b) = { let __arg2 = __arg2; __arg2 };
                 let __arg3 = __arg3;
                 #[cfg(x)] let E { .. } = { let __arg4 = __arg4; __arg4 };
                 let __ret: R = { body };
                 __ret
             })
         }",
        expect![[r#"
            fn f<'life0, 'async_trait>(
                &'life0 self,
                argument1: (A, B),
                __arg3: D,
                #[cfg(x)]
                argument3: E,
            ) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = R> + 'async_trait>> {
                receives_the_caller::<C>();
                Box::pin(async move {
                    let (a, ref mut b) = { argument1 };
                    #[cfg(x)]
                    let E { .. } = { argument3 };
                    let Authorized {
                        caller: Caller(auth),
                        ..
                    } = match authorize::<
                        Authorized<
                            Shared<
                                ByTryInto<
                                    AnyToken,
                                    Function<102>,
                                >,
                            >,
                            C,
                        >,
                        _,
                    >(
                            resource_server(
                                &(self.server),
                            ),
                            &request,
                        )
                        .await
                    {
                        ::core::result::Result::Ok(guard) => guard,
                        ::core::result::Result::Err(rejection) => {
                            return FromRejection::from_rejection(
                                rejection,
                            );
                        }
                    };
                    if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<R> {
                        return __ret;
                    }
                    let __self = self;
                    let __arg3 = __arg3;
                    let __ret: R = { body };
                    __ret
                })
            }
        "#]],
    );
    // `#[instrument]` above, with and without a field that names the argument.
    let instrumented = |field: &str| {
        let item = format!(
            "fn f<'async_trait>(__arg0: A) -> Pin<Box<dyn Future<Output = R> + 'async_trait>> {{
                 Box::pin(async move {{ let span = span!({field}); let future = async move {{
                     let (a, b) = {{ let __arg0 = __arg0; __arg0 }}; body
                 }}; instrument(future, span).await }})
             }}"
        );
        let expanded = expanded(REQUEST, &item);
        let [pattern, guard] = ["let (a , b) =", "authorize"].map(|part| expanded.find(part));
        assert_eq!(expanded.matches("let (a , b) =").count(), 1, "{expanded}");
        pattern < guard
    };
    assert_eq!(["", "__arg0"].map(instrumented), [true, false]);
}

#[test]
fn a_condition_on_the_caller_argument_removes_no_guard() {
    // R-K14, R-K1
    snapshot(
        &format!("optional, {REQUEST}"),
        "async fn f(#[cfg(x)] #[auth] mut caller: Alias, request: A) -> R { use b::c; body }",
        expect![[r#"
            #[allow(clippy::items_after_statements)]
            async fn f(request: A) -> R {
                #[cfg(x)]
                const _: () = receives_an_optional_caller::<
                    Alias,
                >();
                #[cfg(x)]
                let Authorized {
                    caller: mut caller,
                    ..
                } = match authorize::<
                    Authorized<
                        Shared<
                            ByTryInto<
                                Optional<
                                    AnyToken,
                                >,
                                Function<102>,
                            >,
                        >,
                        Alias,
                    >,
                    _,
                >(
                        resource_server(&(self.server)),
                        &request,
                    )
                    .await
                {
                    ::core::result::Result::Ok(guard) => guard,
                    ::core::result::Result::Err(rejection) => {
                        return FromRejection::from_rejection(
                            rejection,
                        );
                    }
                };
                #[cfg(not(all(x)))]
                let _ = match authorize::<
                    Authorized<
                        Shared<
                            ByTryInto<
                                Optional<
                                    AnyToken,
                                >,
                                Function<102>,
                            >,
                        >,
                        ::core::option::Option<AuthInfo>,
                    >,
                    _,
                >(
                        resource_server(&(self.server)),
                        &request,
                    )
                    .await
                {
                    ::core::result::Result::Ok(guard) => guard,
                    ::core::result::Result::Err(rejection) => {
                        return FromRejection::from_rejection(
                            rejection,
                        );
                    }
                };
                use b::c;
                body
            }
        "#]],
    );
}

#[test]
fn each_mistake_has_one_error_at_its_place() {
    // R-K14, R-K5
    let function = "async fn f(auth: AuthInfo, request: A) -> R { body }";
    let both = "from = &request, server = server";
    let cases = [
        ("from = &request", function),
        ("server = server", function),
        ("from = &a, server = b, from = &c", function),
        ("from = &a, server = b, server = c", function),
        ("from, server", function),
        ("from = , server =", function),
        ("from: &request, server(x)", function),
        ("from = \"request\", server = 1 +", function),
        ("form = &request, server = server", function),
        (both, "#[tool] async fn f(&self, auth: AuthInfo) -> R { body }"),
        (both, "#[rmcp::prompt] async fn f(&self) -> R { body }"),
        (both, "#[axum::debug_handler] async fn f(auth: AuthInfo, request: A) -> R { body }"),
        (both, "fn f(auth: AuthInfo, request: A) -> R { body }"),
        (both, "fn f(request: A) -> BoxFuture<R> { log(); Box::pin(async move { body }) }"),
        (both, "async fn f(request: A, auth: &AuthInfo) -> R { body }"),
        (both, "async fn f(request: A) -> R;"),
        (both, "#[requires_auth] async fn f(request: A) -> R { body }"),
        ("servr = server", "impl A { #[tool] fn f(&self) {} }"),
        (both, "impl A { #[tool] fn f(&self) {} }"),
    ];
    let lines = cases.map(|(arguments, item)| {
        let messages = errors(arguments, item).join("\n").replace('\n', "\n    ");
        format!("{arguments} | {item}\n    {messages}\n")
    });
    expect![[r#"
        from = &request | async fn f(auth: AuthInfo, request: A) -> R { body }
            `from` needs `server` beside it
            help: add the resource server that decides, as in `server = &self.server`
        server = server | async fn f(auth: AuthInfo, request: A) -> R { body }
            `server` needs `from` beside it
            help: add the request that is authorized, as in `from = &request`
        from = &a, server = b, from = &c | async fn f(auth: AuthInfo, request: A) -> R { body }
            `from` is given twice
            help: keep one `from`
        from = &a, server = b, server = c | async fn f(auth: AuthInfo, request: A) -> R { body }
            `server` is given twice
            help: keep one `server`
        from, server | async fn f(auth: AuthInfo, request: A) -> R { body }
            expected `=` after `from`
            help: write `from = &request`
            expected `=` after `server`
            help: write `server = &self.server`
        from = , server = | async fn f(auth: AuthInfo, request: A) -> R { body }
            the value of `from` is missing
            help: write `from = &request`
            the value of `server` is missing
            help: write `server = &self.server`
        from: &request, server(x) | async fn f(auth: AuthInfo, request: A) -> R { body }
            expected `=` after `from`
            help: write `=` in its place
            expected `=` after `server`
            help: write `server = &self.server`
        from = "request", server = 1 + | async fn f(auth: AuthInfo, request: A) -> R { body }
            the value of `from` is an expression, not a string
            help: write `from = request`
            the value of `server` is not an expression: unexpected end of input, expected an expression
            help: write an expression, as in `server = &self.server`
        form = &request, server = server | async fn f(auth: AuthInfo, request: A) -> R { body }
            unknown argument `form`
            help: write `from = &request`
        from = &request, server = server | #[tool] async fn f(&self, auth: AuthInfo) -> R { body }
            `from` is not for a `#[tool]`: its server extracts the caller
            help: remove `from` and `server`
        from = &request, server = server | #[rmcp::prompt] async fn f(&self) -> R { body }
            `from` is not for a `#[prompt]`: its server extracts the caller
            help: remove `from` and `server`
        from = &request, server = server | #[axum::debug_handler] async fn f(auth: AuthInfo, request: A) -> R { body }
            `from` is not for a handler of axum: its router extracts the caller
            help: remove `from` and `server`
        from = &request, server = server | fn f(auth: AuthInfo, request: A) -> R { body }
            a function with `from` decides in its future, so it must be asynchronous
            help: write `async fn`, or one `Box::pin(async move { … })` as the whole body
        from = &request, server = server | fn f(request: A) -> BoxFuture<R> { log(); Box::pin(async move { body }) }
            a function with `from` decides in its future, so it must be asynchronous
            help: write `async fn`, or one `Box::pin(async move { … })` as the whole body
        from = &request, server = server | async fn f(request: A, auth: &AuthInfo) -> R { body }
            the caller cannot be received behind a reference
            help: write `AuthInfo`; it is cheap to clone
        from = &request, server = server | async fn f(request: A) -> R;
            a function without a body cannot be guarded
            help: put `#[requires_auth]` on the function that does the work
        from = &request, server = server | #[requires_auth] async fn f(request: A) -> R { body }
            a function takes one `#[requires_auth]`
            help: write all scopes into one of them, as in `scopes = all("read", any("a", "b"))`
        servr = server | impl A { #[tool] fn f(&self) {} }
            unknown argument `servr`
            help: write `server = server`
        from = &request, server = server | impl A { #[tool] fn f(&self) {} }
            `from` and `server` are for one function, not for a group
            help: write them in the `#[requires_auth]` of the function
    "#]].assert_eq(&lines.concat());
}

#[test]
fn nothing_is_emitted_that_a_second_error_could_come_from() {
    // R-K14, R-K9
    let emitted =
        expanded("from = &request", "async fn f(auth: AuthInfo, request: A) -> R { body }");
    let signature = "# [allow (unreachable_code , unused)] async fn f (request : A) -> R";
    assert!(emitted.starts_with(signature), "{emitted}");
    assert!(!emitted.contains("authorize"), "{emitted}");
}

#[test]
fn a_function_that_was_guarded_under_another_name_is_not_guarded_twice() {
    // R-K3
    let item = "async fn f(auth: AuthInfo, request: A) -> R { body }";
    let first = expanded("from = &request, server = server", item);
    let second = errors("from = &request, server = server", &first);
    assert_eq!(second.len(), 1, "{second:?}");
    assert!(second[0].starts_with("a function takes one `#[requires_auth]`"), "{second:?}");
}
