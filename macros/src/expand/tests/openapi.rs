//! Functions with the attribute of utoipa.

use expect_test::expect;

use super::{Features, expand, expanded, snapshot};

#[test]
fn an_operation_takes_the_policy_from_an_extension() {
    // R-K23, R-K2
    snapshot(
        r#"scopes = "read""#,
        r#"#[utoipa::path(get, path = "/entries",)] async fn list() -> R { body }"#,
        expect![[r##"
            #[utoipa::path(
                get,
                path = "/entries",
                extensions(
                    (
                        "x-requires-auth" = json!(
                            openapi_extension::<ByTryInto<OAuthScope<1919246692>,
                            Function<1818850164>>>()
                        )
                    )
                )
            )]
            async fn list(
                _: Authorized<
                    ByTryInto<
                        OAuthScope<1919246692>,
                        Function<1818850164>,
                    >,
                >,
            ) -> R {
                body
            }
        "##]],
    );
}

#[test]
fn the_extensions_of_the_user_stay() {
    // R-K23
    for (written, expected) in [
        ("path(get)", "path (get , extensions ((\"x-requires-auth\" ="),
        ("path(get,)", "path (get , extensions ((\"x-requires-auth\" ="),
        ("path()", "path (extensions ((\"x-requires-auth\" ="),
        (
            "path(extensions((\"x-own\" = json!(1))), get)",
            "path (extensions ((\"x-own\" = json ! (1)) , (\"x-requires-auth\" =",
        ),
        (
            "path(extensions((\"x-own\" = json!(1)),))",
            "path (extensions ((\"x-own\" = json ! (1)) , (\"x-requires-auth\" =",
        ),
    ] {
        let text = expanded("", &format!("#[utoipa::{written}] async fn f() {{}}"));
        assert!(text.contains(expected), "{written}: {text}");
        assert_eq!(text.matches("x-requires-auth").count(), 1, "{text}");
        assert_eq!(text.matches("extensions").count(), 1, "{text}");
    }
}

#[test]
fn other_attributes_and_other_features_do_not_change() {
    // R-K23
    for attribute in ["path = \"x.rs\"", "path", "paths(get)", "utoipa::path::other(get)"] {
        let text = expanded("", &format!("#[{attribute}] async fn f() {{}}"));
        assert!(!text.contains("x-requires-auth"), "{text}");
    }
    let without = Features { utoipa: false, ..super::WITH_FRAMEWORKS };
    let item = "#[utoipa::path(get)] async fn f() {}".parse().unwrap();
    let text = expand(without, proc_macro2::TokenStream::new(), item).to_string();
    assert!(!text.contains("x-requires-auth"), "{text}");
}
