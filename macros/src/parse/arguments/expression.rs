//! The arguments whose value is an expression: `when = …`, `scopes_from = …`, `from = …` and `server = …`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, ExprLit, Lit, Token};

use super::key::{expression_example, expression_kind, intended_key, is_expression_key};
use crate::diagnostics::Diagnostics;

/// A key, and its value as written.
pub(crate) struct ExpressionArgument {
    pub(crate) key: Ident,
    /// `None` beside an error.
    pub(crate) value: Option<TokenStream>,
}

/// Takes the arguments whose value is an expression out of the others, which are split at commas: an expression may
/// contain a comma outside all parentheses, as in `Vec::<(A, B)>::new()` or `|a, b| a == b`.
///
/// An argument in another form than `key = value` stays, so that it is reported with the others.
// Input:  scopes = "read", when = f::<A, B>(), optional
// Output: scopes = "read", optional
pub(super) fn take_expressions(
    tokens: TokenStream,
) -> (TokenStream, Vec<ExpressionArgument>, Diagnostics) {
    let mut taken = Vec::new();
    let mut errors = Diagnostics::default();
    let mut others = TokenStream::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match take_expression(input, &mut errors) {
                Some(argument) => taken.push(argument),
                None => others.extend(take_other(input)?),
            }
        }
        Ok(())
    };
    match parser.parse2(tokens) {
        Ok(()) => {}
        Err(error) => errors.extend(error.into()),
    }
    (others, taken, errors)
}

/// Takes one argument and the comma after it.
fn take_expression(input: ParseStream<'_>, errors: &mut Diagnostics) -> Option<ExpressionArgument> {
    let ahead = input.fork();
    let key: Ident = ahead.parse().ok()?;
    let is_assigned = ahead.peek(Token![=]) && !ahead.peek(Token![==]);
    let name = key.to_string();
    let is_exact = is_expression_key(&name);
    if !is_assigned || !is_exact && !intended_key(&name).is_some_and(is_expression_key) {
        return None;
    }
    ahead.parse::<Token![=]>().ok()?;
    if ahead.is_empty() || ahead.peek(Token![,]) {
        return None;
    }
    let value = if is_exact {
        input.advance_to(&ahead);
        expression(input, &key, errors)
    } else {
        // Under a wrong name, nothing is reported about the value.
        let value = misnamed_expression(&ahead, intended_key(&name)?)?;
        input.advance_to(&ahead);
        Some(value)
    };
    let _comma: Option<Token![,]> = input.parse().ok();
    Some(ExpressionArgument { key, value })
}

/// Takes a value of the argument `key`. Returns `None` where there is another one, and the tokens are split at commas.
fn misnamed_expression(input: ParseStream<'_>, key: &str) -> Option<TokenStream> {
    let before = input.cursor().token_stream();
    let value: Expr = input.parse().ok()?;
    let fits = match value {
        Expr::Lit(_) | Expr::Array(_) => false,
        Expr::Path(_) => true,
        Expr::Call(call) => {
            let may_be_condition = matches!(&*call.func, Expr::Path(path) if path.path.is_ident("any") || path.path.is_ident("all"));
            !may_be_condition
        }
        _ => key != "scopes_from",
    };
    if !fits {
        return None;
    }
    (input.is_empty() || input.peek(Token![,])).then(|| taken(&before, input))
}

/// Takes an expression. The compiler reports what is wrong with its types, and this function what is wrong with its
/// form.
fn expression(
    input: ParseStream<'_>,
    key: &Ident,
    errors: &mut Diagnostics,
) -> Option<TokenStream> {
    let before = input.cursor().token_stream();
    let (example, kind) = (expression_example(&key.to_string()), expression_kind(key));
    let parsed: Expr = match input.parse() {
        Ok(parsed) => parsed,
        Err(error) => {
            skip_to_comma(input);
            let message = format!(
                "the value of `{key}` is not {}: {error}\n\
                 help: write {kind}, as in `{key} = {example}`",
                if key == "when" { "a Rust expression" } else { kind },
            );
            errors.extend(Error::new(error.span(), message).into());
            return None;
        }
    };
    if !input.is_empty() && !input.peek(Token![,]) {
        let rest = skip_to_comma(input);
        errors.error(
            rest.into_iter().next(),
            format_args!("expected `,` after the value of `{key}`"),
            "write a comma between two arguments",
        );
        return None;
    }
    match parsed {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let help = match text.parse::<Expr>() {
                Err(_) if key == "scopes_from" => "write scopes as `scopes = …`".to_owned(),
                _ => format!("write `{key} = {}`", text.value()),
            };
            errors.error(&text, format_args!("the value of `{key}` is {kind}, not a string"), help);
            None
        }
        _ => {
            let value = taken(&before, input);
            if let Some(word) = find_return(value.clone()) {
                errors.error(
                    word,
                    format_args!("a `return` in `{key}` would end the function without a decision"),
                    "write an expression of type `bool`, or call a function of yours that contains the `return`",
                );
                return None;
            }
            Some(value)
        }
    }
}

/// The first `return`, also one in a closure: it is not worth telling them apart.
fn find_return(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Group(group) => find_return(group.stream()),
        TokenTree::Ident(word) if word == "return" => Some(word),
        _ => None,
    })
}

/// The tokens that were taken from the input, as they are written.
fn taken(before: &TokenStream, input: ParseStream<'_>) -> TokenStream {
    let rest = input.cursor().token_stream().into_iter().count();
    let count = before.clone().into_iter().count().saturating_sub(rest);
    before.clone().into_iter().take(count).collect()
}

fn skip_to_comma(input: ParseStream<'_>) -> TokenStream {
    let mut skipped = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        let Ok(tree) = input.parse::<TokenTree>() else { break };
        skipped.extend([tree]);
    }
    skipped
}

/// Takes the tokens up to a comma, and the comma.
fn take_other(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut other = skip_to_comma(input);
    if input.peek(Token![,]) {
        other.extend([input.parse::<TokenTree>()?]);
    }
    Ok(other)
}
