use super::Interpretations;

fn text(text: &str) -> String {
    Interpretations::of_text(text)
        .map_or_else(|| "none".to_owned(), |interpretations| interpretations.help(""))
}

fn tokens(text: &str) -> String {
    let interpretations = Interpretations::of_tokens(text.parse().unwrap());
    interpretations.map_or_else(|| "none".to_owned(), |interpretations| interpretations.help(""))
}

#[test]
fn an_expression_in_a_string_has_a_suggestion() {
    // R-K10
    for (written, help) in [
        ("read or write", r#"write `any("read", "write")`"#),
        ("read OR write", r#"write `any("read", "write")`"#),
        ("read || write", r#"write `any("read", "write")`"#),
        ("read|write", r#"write `any("read", "write")`"#),
        ("read and write", r#"write `["read", "write"]`"#),
        ("read && write", r#"write `["read", "write"]`"#),
        ("read;write", r#"write `["read", "write"]`"#),
        ("read, write", r#"write `["read", "write"]`"#),
        ("any(read write)", r#"write `any("read", "write")`"#),
        ("any(read, write)", r#"write `any("read", "write")`"#),
        ("all(read, any(a b))", r#"write `["read", any("a", "b")]`"#),
        ("'read'", r#"write `"read"`"#),
        ("[read]", r#"write `"read"`"#),
        (r#"["entries:read", "entries:write"]"#, r#"write `["entries:read", "entries:write"]`"#),
        ("(a or b) and c", r#"write `[any("a", "b"), "c"]`"#),
        (
            "a or b and c",
            r#"write `any("a", all("b", "c"))` or `[any("a", "b"), "c"]`, whichever is meant"#,
        ),
        (
            "a or b c",
            r#"write `any("a", all("b", "c"))` or `[any("a", "b"), "c"]`, whichever is meant"#,
        ),
        ("any(a and b, c)", r#"write `any(all("a", "b"), "c")`"#),
        ("any(a b, c)", "none"),
        ("read or read", r#"write `"read"`"#),
        ("!guest", "none"),
        ("not guest", "none"),
        ("none(read)", "none"),
        ("(read", "none"),
        ("read)", "none"),
        ("read or", "none"),
        ("or", "none"),
        ("", "none"),
        ("lösen or read", "none"),
    ] {
        assert_eq!(text(written), help, "{written}");
    }
}

#[test]
fn an_expression_in_tokens_has_a_suggestion() {
    // R-K10
    for (written, help) in [
        (r#""read" || "write""#, r#"write `any("read", "write")`"#),
        (r#""read" or "write""#, r#"write `any("read", "write")`"#),
        (r#""a b" || "c""#, r#"write `any(all("a", "b"), "c")`"#),
        (r#"any "read", "write""#, r#"write `any("read", "write")`"#),
        (r#"any = ["read", "write"]"#, r#"write `any("read", "write")`"#),
        (r#"any!["read", "write"]"#, r#"write `any("read", "write")`"#),
        (r#"any "a", "b" and "c""#, "none"),
        (r#"any["read", "write"]"#, r#"write `any("read", "write")`"#),
        (r#"all{"read", "write"}"#, r#"write `["read", "write"]`"#),
        (r#""read".to_string()"#, r#"write `"read"`"#),
        (r#"("read", "write")"#, r#"write `["read", "write"]`"#),
        (r#"&["read", "write"]"#, r#"write `["read", "write"]`"#),
        (r#"vec!["read", "write"]"#, r#"write `["read", "write"]`"#),
        (r#"b"read""#, r#"write `"read"`"#),
        (r#"c"read""#, r#"write `"read"`"#),
        ("read", r#"write `"read"`"#),
        ("entries:read", r#"write `"entries:read"`"#),
        ("read, write", r#"write `["read", "write"]`"#),
        ("read or write", r#"write `any("read", "write")`"#),
        ("user.read", r#"write `"user.read"`"#),
        ("r#read", r#"write `"read"`"#),
        ("a::B", "none"),
        ("A::B()", "none"),
        ("A::B or C::D", "write `any(A::B, C::D)`"),
        ("A::B C::D", "write `[A::B, C::D]`"),
        ("A::B.into()", "write `A::B`"),
        ("A::B | b::C::D", "write `any(A::B, b::C::D)`"),
        (r#"!"read""#, "none"),
        (r#"not("read")"#, "none"),
        ("1", "none"),
        (r#"concat!("read")"#, "none"),
    ] {
        assert_eq!(tokens(written), help, "{written}");
    }
}

#[test]
fn a_list_is_one_alternative() {
    // R-K10
    for (written, help) in [
        (r#"("a", "b")"#, r#"write `any("a", "b")`"#),
        (r#"(["a", "b"])"#, r#"write `any("a", "b")`"#),
        (r#"["a b", "c"]"#, r#"write `any(all("a", "b"), "c")`"#),
        (r#"("a b", "c")"#, r#"write `any(all("a", "b"), "c")`"#),
        (r#"(["a", "b"], "c")"#, r#"write `any(all("a", "b"), "c")`"#),
        (r#""a b""#, r#"write `any("a", "b")` or `["a", "b"]`, whichever is meant"#),
        (r#""a""#, r#"write `"a"`"#),
        ("1", "none"),
    ] {
        let interpretations = Interpretations::of_alternatives(written.parse().unwrap());
        let found = interpretations
            .map_or_else(|| "none".to_owned(), |interpretations| interpretations.help(""));
        assert_eq!(found, help, "{written}");
    }
}
