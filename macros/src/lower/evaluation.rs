//! How the expression of a condition is evaluated.

use proc_macro2::{TokenStream, TokenTree};

/// How an expression is evaluated.
pub(super) enum Evaluation {
    /// Its first poll is the last. No future of the function holds a reference to an argument, so that an argument
    /// need not be `Sync`.
    Now,
    /// It contains `.await`, or a macro may hide one.
    Awaited,
    /// It contains `.await` in a function that is not asynchronous: the compiler reports it.
    ByCompiler,
}

impl Evaluation {
    pub(super) fn of(expression: &TokenStream, is_async: bool) -> Self {
        match (is_async, may_await(expression.clone())) {
            (true, true) => Self::Awaited,
            (false, true) if contains_await(expression.clone()) => Self::ByCompiler,
            (_, false) | (false, true) => Self::Now,
        }
    }
}

fn contains_await(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => contains_await(group.stream()),
        TokenTree::Ident(ident) => ident == "await",
        _ => false,
    })
}

/// Whether the expression contains `.await`, or calls a macro that may emit one.
fn may_await(tokens: TokenStream) -> bool {
    const WITHOUT_AWAIT: [&str; 8] =
        ["assert", "concat", "dbg", "env", "format", "matches", "stringify", "vec"];
    let mut last = None;
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match &tree {
            TokenTree::Group(group) if may_await(group.stream()) => return true,
            TokenTree::Ident(ident) if ident == "await" => return true,
            TokenTree::Punct(mark)
                if mark.as_char() == '!' && matches!(trees.peek(), Some(TokenTree::Group(_))) =>
            {
                match &last {
                    Some(TokenTree::Ident(name)) if !WITHOUT_AWAIT.iter().any(|it| name == it) => {
                        return true;
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        last = Some(tree);
    }
    false
}
