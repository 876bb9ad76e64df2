//! `scopes_from = path`, and `scopes_from = path(argument, …)`.

use std::fmt;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Expr, ExprPath};

use crate::diagnostics::Diagnostics;

/// The function that returns the scopes which depend on the arguments.
pub(crate) struct ScopesFrom {
    pub(crate) path: ExprPath,
    /// The arguments that it takes. `None`: all of them.
    pub(crate) names: Option<Vec<Ident>>,
    /// The place of their parentheses.
    pub(crate) parentheses: Option<Span>,
    /// As written.
    pub(crate) tokens: TokenStream,
}

impl ScopesFrom {
    pub(super) fn parse(value: TokenStream, errors: &mut Diagnostics) -> Option<Self> {
        // The value was parsed before as an expression, so it is one.
        let expression = syn::parse2::<Expr>(value.clone()).ok()?;
        match without_groups(expression) {
            Expr::Path(path) => Some(Self { path, names: None, parentheses: None, tokens: value }),
            Expr::Call(call) => {
                let path = match without_groups(*call.func) {
                    Expr::Path(path) => path,
                    other => {
                        report_no_path(&value, &other, errors);
                        return None;
                    }
                };
                let mut names = Vec::new();
                for argument in call.args {
                    match name(&argument) {
                        Some(name) => names.push(name),
                        None => report_no_name(&argument, errors),
                    }
                }
                let parentheses = Some(call.paren_token.span.join());
                Some(Self { path, names: Some(names), parentheses, tokens: value })
            }
            other => {
                report_no_path(&value, &other, errors);
                None
            }
        }
    }

    /// The path, as it is usually written: the compiler prints `scopes_of ::< u8 >` otherwise.
    pub(crate) fn path_text(&self) -> String {
        let text = self.path.to_token_stream().to_string();
        let words: Vec<&str> = text.split(' ').collect();
        let is_word = |text: &str| text.starts_with(|it: char| it.is_alphanumeric() || it == '_');
        let has_phrase = words.windows(2).any(|pair| pair.iter().all(|word| is_word(word)));
        if has_phrase { text } else { words.concat() }
    }
}

impl fmt::Display for ScopesFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path_text())?;
        let Some(names) = &self.names else { return Ok(()) };
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        write!(f, "({})", names.join(", "))
    }
}

/// What a `macro_rules!` macro has captured is in a group without delimiters.
fn without_groups(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => without_groups(*group.expr),
        other => other,
    }
}

fn name(argument: &Expr) -> Option<Ident> {
    match argument {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().cloned(),
        Expr::Group(group) => name(&group.expr),
        _ => None,
    }
}

fn report_no_path(value: &TokenStream, expression: &Expr, errors: &mut Diagnostics) {
    let help = match expression {
        Expr::MethodCall(call) if name(&call.receiver).is_some_and(|it| it == "self") => {
            let (method, arguments) = (&call.method, &call.args);
            let arguments: Vec<String> = arguments.iter().filter_map(name_text).collect();
            let with_self: Vec<&str> =
                ["self"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
            format!(
                "write `Self::{method}({})`; for a tool or a prompt, whose scopes are decided without `self`, make it a \
                 function without `self` and write `Self::{method}({})`",
                with_self.join(", "),
                arguments.join(", "),
            )
        }
        _ => {
            "write `fn scopes_of(entry: &Entry) -> Condition { … }`, and `scopes_from = scopes_of`"
                .to_owned()
        }
    };
    errors.error(value, "the value of `scopes_from` is not the path of a function", help);
}

fn report_no_name(argument: &Expr, errors: &mut Diagnostics) {
    let help = match name_text(argument) {
        Some(name) => format!("write `{name}`: the function takes a reference to it"),
        None => "name arguments of the guarded function, as in `scopes_from = scopes_of(entry)`"
            .to_owned(),
    };
    errors.error(argument, "expected the name of an argument", help);
}

/// The name in an expression such as `&id`, `*id`, `id.0` or `id.clone()`.
fn name_text(argument: &Expr) -> Option<String> {
    match argument {
        Expr::Reference(reference) => name_text(&reference.expr),
        Expr::Unary(unary) => name_text(&unary.expr),
        Expr::Paren(inner) => name_text(&inner.expr),
        Expr::Field(field) => name_text(&field.base),
        Expr::MethodCall(call) => name_text(&call.receiver),
        Expr::Cast(cast) => name_text(&cast.expr),
        other => name(other).map(|name| name.to_string()),
    }
}
