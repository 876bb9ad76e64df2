//! The arguments on the token besides its scopes.

use std::fmt::Write;

use expect_test::expect;
use proc_macro2::{Delimiter, Group};
use quote::quote;

use super::{WITH_FRAMEWORKS, errors, expand, expanded, snapshot};

#[test]
fn each_argument_wraps_the_policy() {
    // R-H3, R-H7
    snapshot(
        r#"optional, max_age = 1_000u64, scopes = "a", authorization_details = [x::Payment, A<B>], sender_constrained, acr_values = ["b c", "d"]"#,
        "fn f(auth: Option<AuthInfo>) {}",
        expect![[r#"
            fn f(
                Authorized {
                    caller: auth,
                    ..
                }: Authorized<
                    ByTryInto<
                        Optional<
                            WithDetails<
                                MaxAge<
                                    AcrValues<
                                        SenderConstrained<
                                            OAuthScope<97>,
                                        >,
                                        (
                                            Acr<98>,
                                            Acr<99>,
                                            Acr<100>,
                                        ),
                                    >,
                                    { 1000u64 },
                                >,
                                (
                                    Detail<
                                        x::Payment,
                                        {
                                            checked_detail::<
                                                x::Payment,
                                            >()
                                        },
                                    >,
                                    Detail<
                                        A<B>,
                                        {
                                            checked_detail::<
                                                A<B>,
                                            >()
                                        },
                                    >,
                                ),
                            >,
                        >,
                        Function<102>,
                    >,
                    Option<AuthInfo>,
                >,
            ) {
                receives_an_optional_caller::<
                    Option<AuthInfo>,
                >();
            }
        "#]],
    );
}

#[test]
fn a_long_class_and_a_constant_are_parameters() {
    // R-H3
    snapshot(
        "acr_values = \"0123456789012345678901234567890\", max_age = times::HOUR",
        "fn f() {}",
        expect![[r#"
            fn f(
                _: Authorized<
                    ByTryInto<
                        MaxAge<
                            AcrValues<
                                AnyToken,
                                (
                                    Acr<
                                        64058384521018188869744988109359232053,
                                        281504017365088653759537056545519920,
                                    >,
                                ),
                            >,
                            { times::HOUR },
                        >,
                        Function<102>,
                    >,
                >,
            ) {}
        "#]],
    );
}

#[test]
fn details_become_a_variable_of_the_body() {
    // R-H7
    snapshot(
        "authorization_details = Payment",
        "async fn f(&self, #[cfg(x)] mut granted: AuthorizationDetails<Payment>, auth: AuthInfo, id: u8) { body }",
        expect![[r#"
            async fn f(
                &self,
                Conditional {
                    caller: auth,
                    denial: denial,
                    ..
                }: Conditional<
                    ByTryInto<
                        WithDetails<
                            AnyToken,
                            (
                                Detail<
                                    Payment,
                                    {
                                        checked_detail::<
                                            Payment,
                                        >()
                                    },
                                >,
                            ),
                        >,
                        Function<102>,
                    >,
                    AuthInfo,
                >,
                id: u8,
            ) {
                receives_the_caller::<AuthInfo>();
                #[cfg(x)]
                let mut granted: AuthorizationDetails<Payment> = {
                    denial
                        .authorization_details::<
                            Detail<
                                Payment,
                                {
                                    checked_detail::<
                                        Payment,
                                    >()
                                },
                            >,
                        >()
                };
                ::core::mem::drop(denial);
                body
            }
        "#]],
    );
}

#[test]
fn details_come_before_the_conditions_and_permits_after_them() {
    // R-H7, R-K21
    let emitted = expanded(
        r#"scopes = "a", authorization_details = Payment, when = granted.is_empty(), scopes_from = scopes_of"#,
        "fn f(permit: &Permit<A>, granted: AuthorizationDetails<Payment>, id: u8, auth: AuthInfo) -> R {}",
    );
    let places = ["let granted", "scopes_of (& id)", "granted . is_empty ()", "let permit"];
    let places = places.map(|place| emitted.find(place).expect(place));
    assert!(places.is_sorted(), "{emitted}");
    assert_eq!(emitted.matches("AuthorizationDetails").count(), 1, "it is no argument any more");
}

const WRONG: &[&str] = &[
    "sender_constrained = true",
    "sender_constrained = false",
    "sender_constrained(dpop)",
    "dpop",
    "acr_values = \"\"",
    "acr_values = []",
    "acr_values = phr",
    "acr_values = 2",
    "acr_values = policy::ACR_2",
    "acr_values = [\"a\", b]",
    "acr_values = \"a, b\"",
    "acr_values = \"a\\\\b\"",
    "acr_values = \"é\"",
    "acr_values = \"a b a\"",
    "acr_values = any(\"a\", \"b\")",
    "acr_values",
    "acr = \"phr\"",
    "max_age = 0",
    "max_age = -1",
    "max_age = 5.5",
    "max_age = 5m",
    "max_age = 5u32",
    "max_age = \"300\"",
    "max_age = Duration::from_secs(300)",
    "max_age = 99999999999999999999",
    "max_auth_age = 300",
    "max_age",
    "authorization_details = \"payment\"",
    "authorization_details = []",
    "authorization_details = all(A, B)",
    "authorization_details = &A",
    "authorization_details = [a::A, B<C>, a::A]",
    "authorization_detail = Payment",
    "max_age = 300, max_age = 600",
];

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn each_wrong_value_has_one_error_with_help() {
    // R-K5, R-H3, R-H7
    let mut text = String::new();
    for arguments in WRONG {
        let found = errors(arguments, "async fn f(auth: AuthInfo) {}");
        assert_eq!(found.len(), 1, "{arguments}: {found:?}");
        writeln!(text, "{arguments}\n    {}", found[0].replace('\n', "\n    ")).unwrap();
    }
    expect![[r#"
        sender_constrained = true
            `sender_constrained` takes no value
            help: write `sender_constrained` alone
        sender_constrained = false
            `sender_constrained` takes no value
            help: remove `sender_constrained`
        sender_constrained(dpop)
            `sender_constrained` takes no value
            help: write `sender_constrained` alone
        dpop
            unknown argument `dpop`
            help: write `sender_constrained`
        acr_values = ""
            no authentication context class is named
            help: write `acr_values = "phr"`
        acr_values = []
            `acr_values` names nothing
            help: write `acr_values = "phr"`
        acr_values = phr
            the value of `acr_values` is not a string
            help: write `acr_values = "phr"`
        acr_values = 2
            the value of `acr_values` is not a string
            help: write `acr_values = "2"`
        acr_values = policy::ACR_2
            the value of `acr_values` is not a string
            help: write the value of `policy::ACR_2` as a string literal: the attribute reads it when the program is compiled
        acr_values = ["a", b]
            the value of `acr_values` is not a string
            help: write `acr_values = "b"`
        acr_values = "a, b"
            a space separates authentication context classes, not a comma
            help: write `acr_values = "a b"`
        acr_values = "a\\b"
            a challenge cannot contain '\\', so no login could be requested
            help: write the value of `acr` as the authorization server issues it, without quotation marks and backslashes
        acr_values = "é"
            a challenge cannot contain 'é', so no login could be requested
            help: write the value of `acr` as the authorization server issues it, without quotation marks and backslashes
        acr_values = "a b a"
            the authentication context class `a` is named twice
            help: name each one once
        acr_values = any("a", "b")
            `acr_values` takes a list, of which one of them is enough
            help: write `acr_values = ["a", "b"]`
        acr_values
            expected `=` after `acr_values`
            help: write `acr_values = "phr"`
        acr = "phr"
            unknown argument `acr`
            help: write `acr_values = "phr"`
        max_age = 0
            no login is 0 seconds old when its token arrives
            help: write the seconds since the login, as in `max_age = 300`
        max_age = -1
            the value of `max_age` is not a number of seconds
            help: write the seconds since the login, as in `max_age = 300`, or the path of a constant of type `u64`
        max_age = 5.5
            the value of `max_age` is not a number of seconds
            help: write the seconds since the login, as in `max_age = 300`, or the path of a constant of type `u64`
        max_age = 5m
            the value of `max_age` is not a number of seconds
            help: write the seconds since the login, as in `max_age = 300`, or the path of a constant of type `u64`
        max_age = 5u32
            the value of `max_age` is not a number of seconds
            help: write the seconds since the login, as in `max_age = 300`, or the path of a constant of type `u64`
        max_age = "300"
            the value of `max_age` is not a number of seconds
            help: write `max_age = 300`
        max_age = Duration::from_secs(300)
            the value of `max_age` is not a number of seconds
            help: write the seconds since the login, as in `max_age = 300`, or the path of a constant of type `u64`
        max_age = 99999999999999999999
            the value of `max_age` is not a number of seconds
            help: write the seconds since the login, as in `max_age = 300`, or the path of a constant of type `u64`
        max_auth_age = 300
            unknown argument `max_auth_age`
            help: write `max_age = 300`, in seconds
        max_age
            expected `=` after `max_age`
            help: write `max_age = 300`
        authorization_details = "payment"
            the value of `authorization_details` is not a type
            help: write a type that implements `AuthorizationDetail`, as in `authorization_details = Payment`
        authorization_details = []
            `authorization_details` names nothing
            help: write `authorization_details = Payment`
        authorization_details = all(A, B)
            `authorization_details` takes a list, of which each of them is required
            help: write `authorization_details = [A, B]`
        authorization_details = &A
            the value of `authorization_details` is not a type
            help: write a type that implements `AuthorizationDetail`, as in `authorization_details = Payment`
        authorization_details = [a::A, B<C>, a::A]
            the type `a::A` is named twice
            help: name each one once
        authorization_detail = Payment
            unknown argument `authorization_detail`
            help: write `authorization_details = Payment`
        max_age = 300, max_age = 600
            `max_age` is given twice
            help: keep one `max_age`
    "#]].assert_eq(&text);
}

#[test]
fn an_argument_that_cannot_receive_details_is_an_error() {
    // R-H7
    let mut text = String::new();
    for (arguments, ty) in [
        ("", "AuthorizationDetails<Payment>"),
        ("authorization_details = Payment", "AuthorizationDetails"),
        ("authorization_details = Payment", "AuthorizationDetails<A, B>"),
        ("authorization_details = Payment", "&AuthorizationDetails<Payment>"),
        ("authorization_details = Payment", "Option<AuthorizationDetails<Payment>>"),
        ("authorization_details = Payment, optional", "AuthorizationDetails<Payment>"),
    ] {
        let caller = if arguments.contains("optional") { "Option<AuthInfo>" } else { "AuthInfo" };
        let item = format!("async fn f(granted: {ty}, auth: {caller}) {{ granted }}");
        let found = errors(arguments, &item);
        assert_eq!(found.len(), 1, "{ty}: {found:?}");
        writeln!(text, "{arguments}: {ty}\n    {}", found[0].replace('\n', "\n    ")).unwrap();
        // Beside the error, a framework can route it.
        let expanded = expanded(arguments, &item);
        let (_, signature) = expanded.split_once("fn f").unwrap();
        let (signature, _) = signature.split_once('{').unwrap();
        assert!(!signature.contains("AuthorizationDetails"), "{signature}");
    }
    expect![[r#"
        : AuthorizationDetails<Payment>
            the function does not require these authorization details
            help: write `authorization_details = Payment` in `#[requires_auth]`
        authorization_details = Payment: AuthorizationDetails
            authorization details are of one type
            help: write `AuthorizationDetails<…>` with the type, as in `AuthorizationDetails<Payment>`
        authorization_details = Payment: AuthorizationDetails<A, B>
            authorization details are of one type
            help: write `AuthorizationDetails<…>` with the type, as in `AuthorizationDetails<Payment>`
        authorization_details = Payment: &AuthorizationDetails<Payment>
            authorization details are received by value, and there is always one
            help: write `AuthorizationDetails<Payment>`
        authorization_details = Payment: Option<AuthorizationDetails<Payment>>
            authorization details are received by value, and there is always one
            help: write `AuthorizationDetails<Payment>`
        authorization_details = Payment, optional: AuthorizationDetails<Payment>
            with `optional` there may be no caller, and so no authorization details
            help: remove this argument, and write `auth.authorization_details()` where there is a caller
    "#]].assert_eq(&text);
}

#[test]
fn wrong_details_are_one_error_also_with_an_argument() {
    // R-K5, R-H7
    for arguments in
        ["authorization_details = \"payment\"", "max_age = 0, authorization_details = Payment"]
    {
        let item = "async fn f(granted: AuthorizationDetails<Payment>, auth: AuthInfo) { granted }";
        assert_eq!(errors(arguments, item).len(), 1, "{arguments}");
        assert!(!expanded(arguments, item).contains("assert_details_required"), "{arguments}");
    }
}

#[test]
fn an_argument_with_cfg_is_of_a_type_that_is_named() {
    // R-H7: the token must have details of the type of each argument, and this one is perhaps not there.
    let item = "async fn f(#[cfg(x)] granted: AuthorizationDetails<Other>) {}";
    let [error] = &errors("authorization_details = Payment", item)[..] else { panic!("one") };
    expect![[r"
        with `#[cfg]`, an argument is of a type that `authorization_details` names
        help: write the type as it is named there, or `authorization_details = [Payment, Other]`"]]
    .assert_eq(error);
    assert!(errors("authorization_details = [Payment, Other]", item).is_empty());
}

#[test]
fn the_policy_requires_the_type_of_each_argument() {
    // R-H7
    let emitted = expanded(
        "authorization_details = Payment",
        "async fn f(a: AuthorizationDetails<bank::Payment>, b: AuthorizationDetails<Payment>, \
         c: AuthorizationDetails<bank::Payment>) {}",
    );
    let emitted = emitted.replace(":: requires_auth :: requires_auth_expansion :: ", "");
    let (signature, body) = emitted.split_once("let a").unwrap();
    let named = "Detail < Payment < > , { checked_detail :: < Payment < > > () } > ,";
    let received = "Detail < bank :: Payment , { checked_detail :: < bank :: Payment > () } > ,";
    assert!(signature.contains(&format!("({named} {received})")), "{signature}");
    assert_eq!(body.matches("assert_details_required").count(), 2, "{body}");
    assert!(body.contains(&format!("< ({named}) ,")), "{body}");
}

#[test]
fn a_macro_may_capture_the_types() {
    // R-H7
    let captured = |text: &str| Group::new(Delimiter::None, text.parse().unwrap());
    let (named, other, argument) = (captured("Payment"), captured("b::B"), captured("Payment"));
    let whole = captured("AuthorizationDetails<b::B>");
    let arguments = quote!(authorization_details = [#named, #other]);
    let item = quote!(async fn f(a: AuthorizationDetails<#argument>, b: #whole) {});
    let emitted = expand(WITH_FRAMEWORKS, arguments, item).to_string();
    assert!(!emitted.contains("compile_error"), "{emitted}");
    assert!(!emitted.contains("assert_details_required"), "{emitted}");
    assert_eq!(emitted.matches(". authorization_details ::").count(), 2, "{emitted}");
}
