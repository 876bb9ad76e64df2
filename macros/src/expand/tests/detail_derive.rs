//! `#[derive(AuthorizationDetail)]`: what is emitted, and the texts of the errors.

use std::fmt::Write;

use expect_test::expect;
use proc_macro2::TokenStream;

use super::{messages, without_module_paths};
use crate::expand::expand_detail_type;

fn expanded(item: &str) -> String {
    expand_detail_type(item.parse::<TokenStream>().unwrap()).to_string()
}

#[test]
fn a_type_has_the_name_of_its_attribute() {
    // R-H7
    let expanded = expanded(
        r#"#[serde(deny_unknown_fields)] #[authorization_detail("payment", crate = ::x)] struct Payment { amount: u64 }"#,
    );
    let file = syn::parse_file(&expanded).expect("implementations");
    expect![[r##"
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::x::requires_auth_expansion::AuthorizationDetail for Payment {
            const TYPE: &'static ::core::primitive::str = "payment";
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl<
            const CHECKED: ::core::primitive::usize,
        > ::x::requires_auth_expansion::CheckedDetail<CHECKED> for Payment {}
    "##]]
    .assert_eq(&without_module_paths(&prettyplease::unparse(&file)));
}

#[test]
fn each_mistake_has_one_error_with_help() {
    // R-K5, R-H7
    let mut text = String::new();
    for item in [
        "struct A {}",
        "#[authorization_detail] struct A {}",
        "#[authorization_detail()] struct A {}",
        "#[authorization_detail(\"\")] struct A {}",
        "#[authorization_detail(payment)] struct A {}",
        "#[authorization_detail(type = \"payment\")] struct A {}",
        "#[authorization_detail = \"payment\"] struct A {}",
        "#[authorization_detail(\"a\", \"b\")] struct A {}",
        "#[authorization_detail(\"a\", crate = x, crate = x)] struct A {}",
        "#[authorization_detail(\"a\")] #[authorization_detail(\"b\")] struct A {}",
        "#[authorization_detail(\"a\")] struct A<T>(T);",
        "#[authorization_detail(\"a\")] union A { a: u8 }",
    ] {
        let found = messages(&expanded(item));
        assert_eq!(found.len(), 1, "{item}: {found:?}");
        writeln!(text, "{item}\n    {}", found[0].replace('\n', "\n    ")).unwrap();
    }
    expect![[r#"
        struct A {}
            the value of the member `type` is missing
            help: write `#[authorization_detail("…")]` with the value of the member `type`, as in `#[authorization_detail("payment_initiation")]`
        #[authorization_detail] struct A {}
            the value of the member `type` is missing
            help: write `#[authorization_detail("…")]` with the value of the member `type`, as in `#[authorization_detail("payment_initiation")]`
        #[authorization_detail()] struct A {}
            the value of the member `type` is missing
            help: write `#[authorization_detail("…")]` with the value of the member `type`, as in `#[authorization_detail("payment_initiation")]`
        #[authorization_detail("")] struct A {}
            the value of the member `type` is empty
            help: write `#[authorization_detail("…")]` with the value of the member `type`, as in `#[authorization_detail("payment_initiation")]`
        #[authorization_detail(payment)] struct A {}
            unexpected argument
            help: write `#[authorization_detail("…")]` with the value of the member `type`, as in `#[authorization_detail("payment_initiation")]`
        #[authorization_detail(type = "payment")] struct A {}
            unexpected argument
            help: write `#[authorization_detail("…")]` with the value of the member `type`, as in `#[authorization_detail("payment_initiation")]`
        #[authorization_detail = "payment"] struct A {}
            the value of the member `type` is missing
            help: write `#[authorization_detail("…")]` with the value of the member `type`, as in `#[authorization_detail("payment_initiation")]`
        #[authorization_detail("a", "b")] struct A {}
            a type of authorization details has one name
            help: write a struct for each type
        #[authorization_detail("a", crate = x, crate = x)] struct A {}
            unexpected argument
            help: write `#[authorization_detail("…")]` with the value of the member `type`, as in `#[authorization_detail("payment_initiation")]`
        #[authorization_detail("a")] #[authorization_detail("b")] struct A {}
            `#[authorization_detail]` is given twice
            help: remove one of them
        #[authorization_detail("a")] struct A<T>(T);
            a type of authorization details has no parameters
            help: write a type without parameters
        #[authorization_detail("a")] union A { a: u8 }
            only a struct or an enum can be a type of authorization details
            help: write a struct with the members that are read
    "#]].assert_eq(&text);
}
