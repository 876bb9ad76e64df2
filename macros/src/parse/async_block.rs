//! The `async` block that is the whole body of a function which is not an `async fn`.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::parse::tokens::is_punct;

/// Inserts a statement in front of the others of the `async` block: in the body of an `async fn` that `#[async_trait]`
/// has rewritten, and in one that is written so by hand. Returns `None` where the body is anything else: what stands in
/// front of the block would run before the statement.
// Input:  { Box::pin(async move { body }) }, statement
// Output: { Box::pin(async move { statement body }) }
pub(crate) fn insert_into_async_block(
    body: &TokenStream,
    statement: &TokenStream,
) -> Option<TokenStream> {
    replace_only_group(body, Delimiter::Brace, |inside| {
        let call: Vec<TokenTree> = inside.clone().into_iter().collect();
        if let Some(inserted) = insert_into_block(&call, statement) {
            return Some(inserted);
        }
        let (arguments, path) = call.split_last()?;
        if !is_path_to_pin(path) {
            return None;
        }
        let inserted =
            replace_only_group(&arguments.clone().into(), Delimiter::Parenthesis, |arguments| {
                let mut block: Vec<TokenTree> = arguments.clone().into_iter().collect();
                // rustfmt writes a comma after a block on a line of its own.
                block.pop_if(|last| is_punct(last, ','));
                insert_into_block(&block, statement)
            })?;
        let mut call: TokenStream = path.iter().cloned().collect();
        call.extend(inserted);
        Some(call)
    })
}

// Input:  async move { body }, statement
// Output: async move { statement body }
fn insert_into_block(block: &[TokenTree], statement: &TokenStream) -> Option<TokenStream> {
    let is_keyword =
        |tree: &TokenTree, word: &str| matches!(tree, TokenTree::Ident(it) if it == word);
    let (keywords, body) = match block {
        [keyword, body] => (vec![keyword], body),
        [keyword, capture, body] if is_keyword(capture, "move") => (vec![keyword, capture], body),
        _ => return None,
    };
    if !keywords.first().is_some_and(|first| is_keyword(first, "async")) {
        return None;
    }
    let body = replace_only_group(&body.clone().into(), Delimiter::Brace, |body| {
        let mut inserted = statement.clone();
        inserted.extend(body.clone());
        Some(inserted)
    })?;
    let mut block: TokenStream = keywords.into_iter().cloned().collect();
    block.extend(body);
    Some(block)
}

/// Whether the tokens are `Box::pin`, under any path.
fn is_path_to_pin(path: &[TokenTree]) -> bool {
    let is_segment = |tree: &TokenTree| match tree {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    };
    let text: String = path.iter().map(ToString::to_string).collect();
    path.iter().all(is_segment) && (text == "Box::pin" || text.ends_with("::Box::pin"))
}

/// Replaces what is in a group, if the tokens are one with this delimiter. A body that a `macro_rules!` macro has
/// captured is in a further group without delimiters.
fn replace_only_group(
    tokens: &TokenStream,
    delimiter: Delimiter,
    replace: impl FnOnce(&TokenStream) -> Option<TokenStream>,
) -> Option<TokenStream> {
    let mut trees = tokens.clone().into_iter();
    let (Some(TokenTree::Group(group)), None) = (trees.next(), trees.next()) else { return None };
    if group.delimiter() == Delimiter::None {
        return replace_only_group(&group.stream(), delimiter, replace);
    }
    if group.delimiter() != delimiter {
        return None;
    }
    let mut replaced = Group::new(delimiter, replace(&group.stream())?);
    replaced.set_span(group.span());
    Some(TokenTree::from(replaced).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inserted(body: &str) -> Option<String> {
        let body: TokenStream = body.parse().unwrap();
        let statement: TokenStream = "guard();".parse().unwrap();
        insert_into_async_block(&body, &statement).map(|body| body.to_string())
    }

    #[test]
    fn a_statement_is_inserted_where_the_async_block_is_the_whole_body() {
        // R-K14
        for (body, expected) in [
            ("{ Box::pin(async move { f() }) }", "{ Box :: pin (async move { guard () ; f () }) }"),
            ("{ Box::pin(async { f() },) }", "{ Box :: pin (async { guard () ; f () }) }"),
            ("{ async { f() } }", "{ async { guard () ; f () } }"),
            (
                "{ ::std::boxed::Box::pin(async {}) }",
                "{ :: std :: boxed :: Box :: pin (async { guard () ; }) }",
            ),
        ] {
            assert_eq!(inserted(body).as_deref(), Some(expected));
        }
        for other in [
            "",
            ";",
            "{}",
            "{ f() }",
            "{ log(); Box::pin(async move { f() }) }",
            "{ Box::pin(f(async move {})) }",
            "{ Box::pin(async move {}, 1) }",
            "{ Rc::pin(async move {}) }",
            "{ MyBox::pin(async move {}) }",
            "{ f().Box::pin(async move {}) }",
            "{ Box::pin(async move {}).boxed() }",
            "{ unsafe { f() } }",
            "{ async move }",
            "{ async move { f() }.instrument(g()) }",
            "[ async move { f() } ]",
        ] {
            assert_eq!(inserted(other), None, "{other}");
        }
    }
}
