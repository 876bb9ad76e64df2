//! Errors of tokens that are not a condition.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Lit;
use syn::ext::IdentExt;

use super::position::{Position, help, suggestion_at};
use super::typed_scope::TypedScope;
use super::{trailing_token, unknown_condition};
use crate::diagnostics::Diagnostics;
use crate::parse::help::{
    CALL_REQUIRE, NAME_REQUIRED_SCOPES, NO_NEGATION, WRITE_A_CONDITION, WRITE_A_LITERAL,
    WRITE_A_LITERAL_OR_A_VARIANT,
};
use crate::parse::negation;
use crate::parse::suggestion::{Interpretations, SuggestedCondition};
use crate::parse::tokens::is_punct;

/// Reports tokens that are neither a string nor a list nor `all(…)` or `any(…)`.
pub(super) fn report_invalid_condition(
    tokens: &TokenStream,
    position: Position,
    errors: &mut Diagnostics,
) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let interpretations = || Interpretations::of_tokens(tokens.clone());
    if let Some(keyword) = trailing_token::condition_after_scope(&trees) {
        return trailing_token::report(tokens, keyword, position, errors);
    }
    if let Some(negation) = find_negation(&trees) {
        return errors.error(negation, NO_NEGATION, NAME_REQUIRED_SCOPES);
    }
    if let Some(typed) = TypedScope::intended(&trees) {
        return report_path(tokens, &typed, position, errors);
    }
    if let Some(semicolon) = trees.iter().find(|tree| is_punct(tree, ';')) {
        let is_repeat = matches!(trees.last(), Some(TokenTree::Literal(last))
            if matches!(Lit::new(last.clone()), Lit::Int(_)));
        let help = if is_repeat { "name each scope once" } else { "write `,` in its place" };
        return errors.error(semicolon, "expected `,`, found `;`", help);
    }
    if let Some((keyword, what)) = find_rust_expression(&trees) {
        let message = format!("{what} cannot be a condition over scopes");
        return errors.error(keyword, message, CALL_REQUIRE);
    }
    if let [TokenTree::Punct(sign), ..] = trees.as_slice()
        && matches!(sign.as_char(), '=' | '>')
    {
        let value = trees.iter().skip_while(|tree| is_punct(tree, '=') || is_punct(tree, '>'));
        let interpretations = Interpretations::of_tokens(value.cloned().collect());
        return errors.error(
            sign,
            "expected one `=` after `scopes`",
            help(interpretations, position),
        );
    }
    if let [TokenTree::Literal(_), TokenTree::Ident(cast), ..] = trees.as_slice()
        && cast == "as"
    {
        let interpretations = Interpretations::of_tokens(trees.iter().take(1).cloned().collect());
        return errors.error(
            cast,
            "a scope is a string literal alone",
            help(interpretations, position),
        );
    }
    if let Some(operator) = find_operator(&trees) {
        return errors.error(
            operator,
            "a condition has no operators",
            help(interpretations(), position),
        );
    }
    if let Some(next) = trailing_token::after_condition(&trees) {
        return trailing_token::report(tokens, next, position, errors);
    }
    match trees.as_slice() {
        [TokenTree::Literal(literal)] => {
            let what = describe_literal(&Lit::new(literal.clone()));
            let message = format!("expected a string literal, found {what}");
            errors.error(tokens, message, help(interpretations(), position));
        }
        [TokenTree::Ident(name)] if name == "true" || name == "false" => {
            errors.error(
                tokens,
                "expected a string literal, found a truth value",
                WRITE_A_CONDITION,
            );
        }
        [TokenTree::Ident(name), ..] if name == "all" || name == "any" => errors.error(
            tokens,
            format_args!("expected `(` and a list of conditions after `{name}`"),
            match interpretations() {
                // Further elements may follow the next comma, so there is no suggestion.
                _ if matches!((position, trees.get(1)), (Position::Element, Some(second))
                    if !matches!(second, TokenTree::Group(_))) =>
                {
                    format!(
                        "write the conditions in parentheses, as in `{name}(\"read\", \"write\")`"
                    )
                }
                Some(interpretations) => help(Some(interpretations), position),
                None => format!("write `{}{name}(\"read\", \"write\")`", position.prefix()),
            },
        ),
        [TokenTree::Ident(name), TokenTree::Punct(bang), ..] if bang.as_char() == '!' => {
            let help = match interpretations() {
                Some(interpretations) => help(Some(interpretations), position),
                None => WRITE_A_LITERAL.to_owned(),
            };
            errors.error(tokens, format_args!("the macro `{name}!` cannot be a scope"), help);
        }
        [TokenTree::Ident(name), TokenTree::Group(list)]
            if list.delimiter() == Delimiter::Parenthesis =>
        {
            unknown_condition::report(name, list, position, errors);
        }
        _ => report_other(tokens, &trees, position, errors),
    }
}

/// Reports what is almost the path of a variant. With a dot or one colon, it may also be a scope without quotes.
fn report_path(
    tokens: &TokenStream,
    typed: &TypedScope,
    position: Position,
    errors: &mut Diagnostics,
) {
    let prefix = position.prefix();
    let scope = interpret_alone(tokens).filter(|it| matches!(it, SuggestedCondition::Scope(_)));
    let help = match scope {
        Some(scope) => format!(
            "write `{prefix}{}` for a variant, `{prefix}{scope}` for a scope of this name",
            typed.text()
        ),
        None => format!("write `{prefix}{}`", typed.text()),
    };
    errors.error(tokens, "expected the path of a variant, or a string literal", help);
}

/// Reports tokens that have no error of their own.
fn report_other(
    tokens: &TokenStream,
    trees: &[TokenTree],
    position: Position,
    errors: &mut Diagnostics,
) {
    let interpretations = Interpretations::of_tokens(tokens.clone());
    let is_path =
        trees.windows(2).any(|pair| matches!(pair, [a, b] if is_punct(a, ':') && is_punct(b, ':')));
    let is_call = trees.iter().any(|tree| {
        matches!(tree, TokenTree::Group(list)
        if list.delimiter() == Delimiter::Parenthesis)
    });
    let constant = match trees {
        [TokenTree::Ident(name)] | [TokenTree::Punct(_), TokenTree::Ident(name)] => {
            is_constant(&name.unraw().to_string())
        }
        [TokenTree::Group(block)] => matches!(
            block.stream().into_iter().collect::<Vec<_>>().as_slice(),
            [TokenTree::Ident(name)] if is_constant(&name.unraw().to_string())
        ),
        [TokenTree::Ident(name), ..] => name == "self" || name == "Self",
        _ => false,
    };
    let begins_with_name = matches!(trees.first(), Some(TokenTree::Ident(_)));
    if is_path && is_call && trees.len() > 1 && interpretations.is_none() {
        let argument = match trees.last() {
            Some(TokenTree::Group(list)) => Interpretations::of_tokens(list.stream()),
            _ => None,
        };
        let help =
            argument.map_or_else(|| WRITE_A_LITERAL.to_owned(), |it| help(Some(it), position));
        errors.error(tokens, "a call cannot be a scope", help);
    } else if let (true, Some(interpretations)) = (is_path, &interpretations) {
        let help = help(Some(interpretations.clone()), position);
        errors.error(tokens, "expected a condition over scopes", help);
    } else if let [TokenTree::Ident(name)] = trees
        && is_type_or_variant(&name.to_string())
    {
        let prefix = position.prefix();
        let text = name.to_string();
        let help = if text.ends_with("Scope") || text.ends_with("Scopes") {
            format!("write one of its variants, as in `{prefix}{name}::EntriesRead`")
        } else {
            format!("write the enum in front of the variant, as in `{prefix}JournalScope::{name}`")
        };
        errors.error(tokens, "expected the path of a variant, or a string literal", help);
    } else if constant || is_path {
        errors.error(tokens, "a constant cannot be a scope", WRITE_A_LITERAL_OR_A_VARIANT);
    } else if let Some(interpretations) = interpretations {
        let message = if begins_with_name {
            "a scope is written as a string literal"
        } else {
            "expected a string literal or a list"
        };
        errors.error(tokens, message, help(Some(interpretations), position));
    } else {
        errors.error(tokens, "expected a condition over scopes", WRITE_A_CONDITION);
    }
}

/// Reports the words of a list that are not string literals, as one error. Returns whether there
/// were several.
pub(super) fn report_bare_words(parts: &[TokenStream], errors: &mut Diagnostics) -> bool {
    let is_word = |part: &&TokenStream| {
        matches!(TokenStream::clone(part).into_iter().next(), Some(TokenTree::Ident(word))
            if word != "all" && word != "any")
            && TypedScope::parse(part).is_none()
            && TypedScope::intended(&TokenStream::clone(part).into_iter().collect::<Vec<_>>())
                .is_none()
            && interpret_alone(part).is_some()
    };
    let names_constant = |part: &&TokenStream| {
        let trees: Vec<TokenTree> = TokenStream::clone(part).into_iter().collect();
        matches!(trees.as_slice(), [TokenTree::Ident(name)] if is_constant(&name.unraw().to_string()))
    };
    let constants: Vec<&TokenStream> = parts.iter().filter(names_constant).collect();
    if constants.len() > 1 {
        let place: TokenStream = constants.into_iter().cloned().collect();
        errors.error(place, "constants cannot be scopes", WRITE_A_LITERAL_OR_A_VARIANT);
        return true;
    }
    let words: Vec<&TokenStream> = parts.iter().filter(is_word).collect();
    let all: Option<Vec<SuggestedCondition>> = parts.iter().map(interpret_alone).collect();
    let (true, Some(all)) = (words.len() > 1, all) else { return false };
    let all: Vec<String> = all.iter().map(|one| suggestion_at(one, Position::Element)).collect();
    let place: TokenStream = words.into_iter().cloned().collect();
    errors.error(
        place,
        "scopes are written as string literals",
        format_args!("write `{}`", all.join(", ")),
    );
    true
}

/// The only condition that the tokens may mean.
fn interpret_alone(tokens: &TokenStream) -> Option<SuggestedCondition> {
    Interpretations::of_tokens(tokens.clone())?.unambiguous().cloned()
}

/// Whether the name looks like a constant, a type or a variant.
fn is_constant(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// Whether the name is written as that of an enum or a variant, and not as that of a constant.
fn is_type_or_variant(name: &str) -> bool {
    is_constant(name) && name.contains(char::is_lowercase) && name != "None"
}

/// The token that negates a condition.
fn find_negation(trees: &[TokenTree]) -> Option<&TokenTree> {
    let negates = |index: usize, tree: &TokenTree| match tree {
        TokenTree::Punct(bang) => {
            let macro_name = index.checked_sub(1).and_then(|before| trees.get(before));
            bang.as_char() == '!'
                && !matches!(macro_name, Some(TokenTree::Ident(_)))
                && index + 1 < trees.len()
        }
        TokenTree::Ident(word) => {
            let name = word.unraw().to_string();
            name == "not"
                || negation::negates(&name)
                    && matches!(
                        trees.get(index + 1),
                        Some(TokenTree::Group(_) | TokenTree::Literal(_))
                    )
        }
        _ => false,
    };
    trees.iter().enumerate().find(|(index, tree)| negates(*index, tree)).map(|(_, tree)| tree)
}

/// The token that is an operator between two conditions.
fn find_operator(trees: &[TokenTree]) -> Option<&TokenTree> {
    trees.iter().enumerate().skip(1).find_map(|(index, tree)| {
        let found = match tree {
            TokenTree::Punct(punct) => matches!(punct.as_char(), '|' | '&' | '+'),
            TokenTree::Ident(word) => {
                let word = word.to_string().to_ascii_lowercase();
                (word == "or" || word == "and") && index + 1 < trees.len()
            }
            _ => false,
        };
        found.then_some(tree)
    })
}

/// The keyword that begins a Rust expression, or the bar that begins a closure, with a description
/// of it.
fn find_rust_expression(trees: &[TokenTree]) -> Option<(&TokenTree, String)> {
    const KEYWORDS: [&str; 10] =
        ["if", "match", "for", "while", "loop", "move", "async", "unsafe", "return", "let"];
    let first = trees.first()?;
    match first {
        TokenTree::Ident(word) if word == "move" => Some((first, "a closure".to_owned())),
        TokenTree::Ident(word) if KEYWORDS.iter().any(|keyword| word == keyword) => {
            Some((first, format!("`{word}`")))
        }
        _ if is_punct(first, '|') => Some((first, "a closure".to_owned())),
        _ => None,
    }
}

fn describe_literal(literal: &Lit) -> &'static str {
    match literal {
        Lit::Str(_) => "one with a suffix",
        Lit::ByteStr(_) => "a byte string",
        Lit::CStr(_) => "a C string",
        Lit::Byte(_) => "a byte",
        Lit::Char(_) => "a character",
        Lit::Int(_) | Lit::Float(_) => "a number",
        _ => "another literal",
    }
}
