//! `#[derive(Scope)]`: what is emitted, and the texts of the errors.

use expect_test::expect;
use proc_macro2::TokenStream;

use super::{messages, without_module_paths};
use crate::expand::expand_scope_enum;

fn expanded(item: &str) -> String {
    expand_scope_enum(item.parse::<TokenStream>().unwrap()).to_string()
}

/// The errors of an enum. What is emitted beside them must be an `impl`, unless there is nothing to implement.
fn errors(item: &str) -> Vec<String> {
    let expanded = expanded(item);
    assert!(expanded.contains("compile_error"), "{expanded}");
    messages(&expanded)
}

#[track_caller]
fn error(item: &str, expected: &str) {
    let errors = errors(item);
    assert_eq!(errors, [expected], "{item}");
}

#[test]
fn an_enum_becomes_a_list_of_definitions() {
    // R-J7
    let expanded = expanded(
        r#"pub enum JournalScope {
            /// Read your
            /// entries
            ///
            /// More about it.
            #[scope("entries:read")]
            EntriesRead,
            #[scope("entries:write", implies = [EntriesRead])]
            r#EntriesWrite,
            /// Do everything
            #[scope("admin", implies = [EntriesWrite],)]
            Admin,
        }"#,
    );
    let file = syn::parse_file(&expanded).unwrap();
    expect![[r##"
        #[automatically_derived]
        #[allow(deprecated)]
        impl ScopeVocabulary for JournalScope {
            const DEFINITIONS: &'static [ScopeDefinition] = {
                const VOCABULARY: &::core::primitive::str = ::core::concat!(
                    ::core::module_path!(), "::", "JournalScope"
                );
                let _: [Self; 3usize] = [Self::EntriesRead, Self::r#EntriesWrite, Self::Admin];
                &[
                    ScopeDefinition::new(
                        VOCABULARY,
                        "entries:read",
                        ::core::option::Option::Some("Read your entries"),
                        &[],
                        &["entries:write", "admin"],
                    ),
                    ScopeDefinition::new(
                        VOCABULARY,
                        "entries:write",
                        ::core::option::Option::None,
                        &["entries:read"],
                        &["admin"],
                    ),
                    ScopeDefinition::new(
                        VOCABULARY,
                        "admin",
                        ::core::option::Option::Some("Do everything"),
                        &["entries:read", "entries:write"],
                        &[],
                    ),
                ]
            };
            fn definition(
                self,
            ) -> &'static ScopeDefinition {
                match self {
                    Self::EntriesRead { .. } => {
                        const {
                            &<Self as ScopeVocabulary>::DEFINITIONS[0usize]
                        }
                    }
                    Self::r#EntriesWrite { .. } => {
                        const {
                            &<Self as ScopeVocabulary>::DEFINITIONS[1usize]
                        }
                    }
                    Self::Admin { .. } => {
                        const {
                            &<Self as ScopeVocabulary>::DEFINITIONS[2usize]
                        }
                    }
                }
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl<
            const INDEX: ::core::primitive::usize,
        > Defines<INDEX> for JournalScope {}
    "##]]
    .assert_eq(&without_module_paths(&prettyplease::unparse(&file)));
}

#[test]
fn the_crate_can_be_at_another_path() {
    // R-J7
    let expanded = expanded(r#"#[scope(crate = ::facade::auth)] enum S { #[scope("a")] A }"#);
    assert!(
        expanded
            .contains("impl :: facade :: auth :: requires_auth_expansion :: ScopeVocabulary for S"),
        "{expanded}"
    );
}

#[test]
fn a_scope_is_implied_through_any_number_of_others() {
    // R-J7: a diamond, written in any order.
    let expanded = expanded(
        r#"enum S {
            #[scope("top", implies = [Left, Right])] Top,
            #[scope("bottom")] Bottom,
            #[scope("left", implies = [Bottom])] Left,
            #[scope("right", implies = [Bottom])] Right,
        }"#,
    );
    for definition in [
        r#""top" , :: core :: option :: Option :: None , & ["bottom" , "left" , "right"] , & [] ,"#,
        r#""bottom" , :: core :: option :: Option :: None , & [] , & ["top" , "left" , "right"] ,"#,
        r#""left" , :: core :: option :: Option :: None , & ["bottom"] , & ["top"] ,"#,
    ] {
        assert!(expanded.contains(definition), "{definition}: {expanded}");
    }
}

#[test]
fn the_form_of_the_enum_is_checked() {
    // R-J8
    error(
        "struct S;",
        "a struct cannot be a vocabulary of scopes\nhelp: write an enum with one variant for each scope, as in `enum JournalScope { #[scope(\"entries:read\")] EntriesRead }`",
    );
    error(
        "union S { a: u8 }",
        "only an enum can be a vocabulary of scopes\nhelp: write an enum with one variant for each scope, as in `enum JournalScope { #[scope(\"entries:read\")] EntriesRead }`",
    );
    error(
        "enum S {}",
        "the vocabulary `S` has no scope\nhelp: write a variant for each scope, as in `#[scope(\"entries:read\")] EntriesRead`",
    );
    error(
        r#"enum S<T> { #[scope("a")] A }"#,
        "a vocabulary of scopes has no generics\nhelp: remove them",
    );
    error(
        r#"enum S { #[scope("a")] A(u8) }"#,
        "the variant `A` has fields\nhelp: write `A` alone: a scope is a constant text",
    );
    error(
        r#"enum S { #[scope("a")] A { x: u8 } }"#,
        "the variant `A` has fields\nhelp: write `A` alone: a scope is a constant text",
    );
    error(
        r#"enum S { #[scope("a")] A = 3 }"#,
        "the variant `A` has a discriminant\nhelp: write `A` alone",
    );
    error(
        r#"#[scope("a")] enum S { #[scope("a")] A }"#,
        "unexpected `#[scope]` above the enum\nhelp: write `#[scope(\"…\")]` above each variant; above the enum only `#[scope(types = scopes)]` and `#[scope(crate = ::path::to::requires_auth)]` have a meaning",
    );
    error(
        r#"#[scope(crate = a)] #[scope(crate = b)] enum S { #[scope("a")] A }"#,
        "`crate` is given twice\nhelp: remove one of them",
    );
    error(
        r#"#[scope(types = a)] #[scope(types = b)] enum S { #[scope("a")] A }"#,
        "`types` is given twice\nhelp: remove one of them",
    );
    for attribute in
        ["scope(types)", "scope(type = a)", "scope(types = a::b)", "scope(types = \"a\")"]
    {
        error(
            &format!(r#"#[{attribute}] enum S {{ #[scope("a")] A }}"#),
            "expected `types = ` and the name of a module\nhelp: write `types = scopes`",
        );
    }
    error(
        r#"enum S<T> { #[scope("a")] A(T) }"#,
        "a vocabulary of scopes has no generics\nhelp: remove them",
    );
    error(
        r#"enum S { #[scope("a", description = "Read")] A }"#,
        "unknown argument `description`\nhelp: write `/// Read` above the variant",
    );
    for attribute in ["scope", "scope()", "scope(kinds = a)"] {
        error(
            &format!(r#"#[{attribute}] enum S {{ #[scope("a")] A }}"#),
            "unexpected `#[scope]` above the enum\nhelp: write `#[scope(\"…\")]` above each variant; above the enum only `#[scope(types = scopes)]` and `#[scope(crate = ::path::to::requires_auth)]` have a meaning",
        );
    }
}

#[test]
fn each_variant_has_one_scope_in_the_grammar() {
    // R-J8
    error(
        "enum S { EntriesRead }",
        "the variant `EntriesRead` has no scope\nhelp: write `#[scope(\"…\")]` above it",
    );
    error("enum S { #[scope] A }", "no scope is named\nhelp: write `#[scope(\"…\")]`");
    error("enum S { #[scope()] A }", "no scope is named\nhelp: write `#[scope(\"…\")]`");
    error(
        "enum S { #[scope = \"a\"] A }",
        "expected `(` after `scope`\nhelp: write `#[scope(\"a\")]`",
    );
    error(
        "enum S { #[scope(entries:read)] A }",
        "a scope is written as a string literal\nhelp: write `#[scope(\"entries:read\")]`",
    );
    error("enum S { #[scope(1)] A }", "expected a string literal\nhelp: write `#[scope(\"…\")]`");
    error(
        "enum S { #[scope(name = \"a\")] A }",
        "unknown argument `name`\nhelp: write `#[scope(\"a\")]`",
    );
    error(
        "enum S { #[scope(\"a\")] #[scope(\"b\")] A }",
        "`#[scope]` is given twice\nhelp: write one variant for each scope",
    );
    error(
        "enum S { #[scope(\"a\", \"b\")] A }",
        "the scope is given twice\nhelp: write one variant for each scope; a scope that this one implies is named in `implies = […]`",
    );
    error(
        "enum S { #[scope(\"\")] A }",
        "the scope is empty\nhelp: write the scope as it is in a token",
    );
    error(
        "enum S { #[scope(\"a b\")] A }",
        "this string names several scopes\nhelp: write one variant for each scope",
    );
    error(
        "enum S { #[scope(\" a\")] A }",
        "extra space beside the scope\nhelp: write `#[scope(\"a\")]`",
    );
    error(
        "enum S { #[scope(\"a,b\")] A }",
        "`a,b` is not a scope\nhelp: a scope consists of printable ASCII characters (RFC 6749 section 3.3); here it has no space, comma, quote, bracket, `\\`, `;`, `|` or `&`",
    );
    error(
        "enum S { #[scope(\"ä\")] A }",
        "`ä` is not a scope\nhelp: a scope consists of printable ASCII characters (RFC 6749 section 3.3); here it has no space, comma, quote, bracket, `\\`, `;`, `|` or `&`",
    );
    error(
        "enum S { #[scope(\"any(a)\")] A }",
        "`any(a)` is not a scope\nhelp: a scope consists of printable ASCII characters (RFC 6749 section 3.3); here it has no space, comma, quote, bracket, `\\`, `;`, `|` or `&`",
    );
    error(
        "enum S { #[scope(\"a\" implies = [B])] A }",
        "expected `,` before this\nhelp: the arguments are the scope and `implies = […]`",
    );
    error(
        &format!("enum S {{ #[scope(\"{}\")] A }}", "x".repeat(257)),
        "this scope has 257 characters, which is more than 256\nhelp: choose a shorter name",
    );
    error(
        "enum S { #[scope(\"a\")] A, #[scope(\"a\")] B }",
        "the scope `a` is defined twice\nhelp: `A` defines it: remove one of the variants, or correct its scope",
    );
}

#[test]
fn implies_names_other_variants_once() {
    // R-J8
    let error = |implies: &str, expected: &str| {
        error(
            &format!("enum S {{ #[scope(\"a\", {implies})] First, #[scope(\"b\")] Second }}"),
            expected,
        );
    };
    error("implies = [Secnd]", "`S` has no variant `Secnd`\nhelp: did you mean `Second`?");
    error(
        "implies = [Other]",
        "`S` has no variant `Other`\nhelp: the variants are `First`, `Second`",
    );
    error("implies = [second]", "`S` has no variant `second`\nhelp: did you mean `Second`?");
    error(
        "implies = [First]",
        "`First` implies itself\nhelp: remove it: a scope always satisfies itself",
    );
    error(
        "implies = [Second, Second]",
        "`Second` is named twice in `implies`\nhelp: name each variant once",
    );
    error(
        "implies = [Second], implies = [Second]",
        "`implies` is given twice\nhelp: write one list",
    );
    error("implies = []", "`implies` names no scope\nhelp: remove `implies`, or name a variant");
    error("implies =", "the value of `implies` is missing\nhelp: write `implies = [Variant]`");
    error("implies", "the value of `implies` is missing\nhelp: write `implies = [Variant]`");
    error("implies(Second)", "expected `=` after `implies`\nhelp: write `implies = [Second]`");
    error(
        "implies = Second",
        "the value of `implies` is not a list\nhelp: write `implies = [Second]`",
    );
    error(
        "implies = S::Second",
        "the value of `implies` is not a list\nhelp: write `implies = [Variant]`, with variants of this enum",
    );
    error(
        "implies = [S::Second]",
        "expected the name of a variant, found a path\nhelp: write `Second`",
    );
    error(
        "implies = [other::O::Second]",
        "expected the name of a variant, found a path\nhelp: write a variant of `S`: a scope implies scopes of its own vocabulary",
    );
    error(
        "implies = Second, Self::Third",
        "the value of `implies` is not a list\nhelp: write `implies = [Second, Self::Third]`",
    );
    error(
        "implies = [\"b\"]",
        "expected the name of a variant, found a string literal\nhelp: write the variant that defines this scope",
    );
    error("implies = [1]", "expected the name of a variant\nhelp: write `implies = [Variant]`");
    error("imply = [Second]", "unknown argument `imply`\nhelp: write `implies = [Second]`");
    error(
        "other = [Second]",
        "unknown argument `other`\nhelp: the arguments are the scope and `implies = […]`",
    );
    error("implies = [,]", "unexpected `,`\nhelp: remove it");
}

#[test]
fn a_cycle_is_reported_once() {
    // R-J8
    error(
        r#"enum S {
            #[scope("a", implies = [B])] A,
            #[scope("b", implies = [A])] B,
        }"#,
        "`implies` has a cycle: `A` implies `B` implies `A`\nhelp: remove `A` from `implies` of `B`, or define one scope for all of them",
    );
    error(
        r#"enum S {
            #[scope("x", implies = [A])] X,
            #[scope("a", implies = [B])] A,
            #[scope("b", implies = [C, Leaf])] B,
            #[scope("c", implies = [A])] C,
            #[scope("l")] Leaf,
        }"#,
        "`implies` has a cycle: `A` implies `B` implies `C` implies `A`\nhelp: remove `A` from `implies` of `C`, or define one scope for all of them",
    );
    let two = errors(
        r#"enum S {
            #[scope("a", implies = [B])] A,
            #[scope("b", implies = [A])] B,
            #[scope("c", implies = [D])] C,
            #[scope("d", implies = [C, A])] D,
        }"#,
    );
    assert_eq!(two.len(), 2, "{two:?}");
}

#[test]
fn with_errors_no_scope_implies_another() {
    // R-J8: the `impl` beside the errors.
    let expanded = expanded(r#"enum S { #[scope("a", implies = [B, X])] A, #[scope("b")] B }"#);
    assert!(expanded.contains("impl :: requires_auth"), "{expanded}");
    assert!(!expanded.contains(r#"& ["b"]"#) && !expanded.contains(r#"& ["a"]"#), "{expanded}");
}

#[test]
fn each_scope_has_a_type_in_the_module_that_is_named() {
    // R-K21
    let expanded = expanded(
        r#"#[scope(crate = ::a, types = scopes)] pub(crate) enum S {
            #[scope("a")] A,
            #[scope("b", implies = [A])] B,
        }"#,
    );
    let mut file = syn::parse_file(&expanded).unwrap();
    file.items.remove(0);
    expect![[r#"
        #[automatically_derived]
        #[allow(deprecated)]
        impl<const INDEX: ::core::primitive::usize> ::a::requires_auth_expansion::Defines<INDEX>
        for S {}
        ///The scopes of `S` as types.
        #[allow(dead_code, deprecated, unreachable_pub)]
        pub(crate) mod scopes {
            ///`a`
            #[derive(::core::fmt::Debug)]
            pub enum A {}
            ///`b`
            #[derive(::core::fmt::Debug)]
            pub enum B {}
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::a::requires_auth_expansion::ScopeType for scopes::A {
            const DEFINITION: &'static ::a::requires_auth_expansion::ScopeDefinition = &<S as ::a::requires_auth_expansion::ScopeVocabulary>::DEFINITIONS[0usize];
        }
        impl ::a::requires_auth_expansion::Implies<scopes::A> for scopes::A {}
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::a::requires_auth_expansion::ScopeType for scopes::B {
            const DEFINITION: &'static ::a::requires_auth_expansion::ScopeDefinition = &<S as ::a::requires_auth_expansion::ScopeVocabulary>::DEFINITIONS[1usize];
        }
        impl ::a::requires_auth_expansion::Implies<scopes::B> for scopes::B {}
        impl ::a::requires_auth_expansion::Implies<scopes::A> for scopes::B {}
    "#]].assert_eq(&prettyplease::unparse(&file));
}
