//! What to say about a value of `scopes` that is no condition.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Lit, LitStr};

use super::{FORMS, Position};
use crate::diagnostics::Diagnostics;
use crate::parse::suggestion::{Interpretations, SuggestedCondition};

const LITERAL: &str =
    "write the scope as a string literal: the attribute reads it when the program is compiled";

const IN_THE_FUNCTION: &str =
    "call `auth.require(\"…\")?` in the function, for what depends on the request";

/// A string with parentheses, operators or quotes in it.
pub(super) fn expression_in_string(
    text: &str,
    literal: &LitStr,
    place: Position,
    diagnostics: &mut Diagnostics,
) {
    let message = format!("`{}` reads as an expression, not as scopes", shown(text));
    if is_negated(text) {
        return diagnostics.error(literal, NO_NEGATION, NAME_WHAT_IS_REQUIRED);
    }
    diagnostics.error(literal, message, help(SuggestedCondition::in_text(text), place));
}

/// A character that no scope has.
pub(super) fn invalid_character(
    text: &str,
    character: char,
    literal: &LitStr,
    place: Position,
    diagnostics: &mut Diagnostics,
) {
    let separates = character.is_whitespace() || character == ',';
    let message = format!(
        "the scope `{}` contains the character {}",
        shown(text),
        name_of_character(character)
    );
    let interpretations = SuggestedCondition::in_text(text).filter(|_| separates);
    let help = match interpretations.as_ref().and_then(Interpretations::only) {
        Some(SuggestedCondition::Scope(scope)) => format!("write `{}\"{scope}\"`", place.key()),
        Some(written) => format!("write `{}{}`", place.key(), in_place(written, place)),
        None if separates => "separate scopes by one space".to_owned(),
        None => "a scope consists of printable ASCII characters without space, `\"` and `\\` (RFC \
                 6749 section 3.3)"
            .to_owned(),
    };
    diagnostics.error(literal, message, help);
}

/// As an element, a list is better called by its name.
fn in_place(written: &SuggestedCondition, place: Position) -> String {
    match (place, written) {
        (Position::Element, SuggestedCondition::All(all)) => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!("all({})", all.join(", "))
        }
        _ => written.to_string(),
    }
}

/// Escaped, except for quotes.
pub(super) fn shown(text: &str) -> String {
    let escaped = |character: char| match character {
        '"' | '\'' | '\\' => character.to_string(),
        _ => character.escape_debug().to_string(),
    };
    text.chars().map(escaped).collect()
}

fn name_of_character(character: char) -> String {
    let name = match character {
        '\n' => "a line break",
        '\r' => "a carriage return",
        '\t' => "a tab",
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{200b}' => "a zero width space",
        '\u{feff}' => "a byte order mark",
        _ if character.is_control() || character.is_whitespace() => "not printable",
        _ => return format!("`{character}`"),
    };
    format!("U+{:04X}, {name}", u32::from(character))
}

pub(crate) const NO_NEGATION: &str = "a condition has no negation";

pub(crate) const NAME_WHAT_IS_REQUIRED: &str = "name the scopes that the token must have; `auth.has_scope(\"…\")` tests for others in the function";

fn is_negated(text: &str) -> bool {
    text.starts_with('!')
        || text.split([' ', '(', ')', ',']).any(|word| {
            word.starts_with('!') || matches!(word.to_ascii_lowercase().as_str(), "not" | "none")
        })
}

fn help(interpretations: Option<Interpretations>, place: Position) -> String {
    interpretations
        .map_or_else(|| FORMS.to_owned(), |interpretations| interpretations.help(place.key()))
}

/// Bare words in a list are one mistake, however many they are.
pub(super) fn bare_words(parts: &[TokenStream], diagnostics: &mut Diagnostics) -> bool {
    let bare = |part: &&TokenStream| {
        matches!(TokenStream::clone(part).into_iter().next(), Some(TokenTree::Ident(word))
            if word != "all" && word != "any")
            && SuggestedCondition::in_tokens(TokenStream::clone(part))
                .is_some_and(|it| it.only().is_some())
    };
    let is_a_constant = |part: &TokenStream| {
        let trees: Vec<TokenTree> = part.clone().into_iter().collect();
        matches!(trees.as_slice(), [TokenTree::Ident(name)] if is_constant(&name.unraw().to_string()))
    };
    let constants: TokenStream = parts.iter().filter(|part| is_a_constant(part)).cloned().collect();
    let several = parts.iter().filter(|part| is_a_constant(part)).count() > 1;
    if several {
        diagnostics.error(constants, "constants and typed scopes are not supported here", LITERAL);
        return true;
    }
    let found: Vec<&TokenStream> = parts.iter().filter(bare).collect();
    let read = |part: &TokenStream| SuggestedCondition::in_tokens(part.clone())?.only().cloned();
    let read: Option<Vec<SuggestedCondition>> = parts.iter().map(read).collect();
    let (true, Some(all)) = (found.len() > 1, read) else { return false };
    let all: Vec<String> = all.iter().map(|one| in_place(one, Position::Element)).collect();
    let place: TokenStream = found.into_iter().cloned().collect();
    diagnostics.error(
        place,
        "scopes are written as string literals",
        format_args!("write `{}`", all.join(", ")),
    );
    true
}

/// Tokens that are neither a string nor a list nor `all(…)` or `any(…)`.
pub(super) fn invalid_condition(
    tokens: &TokenStream,
    place: Position,
    diagnostics: &mut Diagnostics,
) {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let interpretations = || SuggestedCondition::in_tokens(tokens.clone());
    if let Some(negation) = negation(&trees) {
        return diagnostics.error(negation, NO_NEGATION, NAME_WHAT_IS_REQUIRED);
    }
    if let Some(semicolon) = trees.iter().find(|tree| is_punct(tree, ';')) {
        let counted = matches!(trees.last(), Some(TokenTree::Literal(last))
            if matches!(Lit::new(last.clone()), Lit::Int(_)));
        let help = if counted { "name each scope once" } else { "write `,` in its place" };
        return diagnostics.error(semicolon, "expected `,`, found `;`", help);
    }
    if let Some((keyword, what)) = expression(&trees) {
        let message = format!("{what} cannot be a condition over scopes");
        return diagnostics.error(keyword, message, IN_THE_FUNCTION);
    }
    if let [TokenTree::Punct(sign), ..] = trees.as_slice()
        && matches!(sign.as_char(), '=' | '>')
    {
        let value = trees.iter().skip_while(|tree| is_punct(tree, '=') || is_punct(tree, '>'));
        let interpretations = SuggestedCondition::in_tokens(value.cloned().collect());
        return diagnostics.error(
            sign,
            "expected one `=` after `scopes`",
            help(interpretations, place),
        );
    }
    if let [TokenTree::Literal(_), TokenTree::Ident(cast), ..] = trees.as_slice()
        && cast == "as"
    {
        let interpretations =
            SuggestedCondition::in_tokens(trees.iter().take(1).cloned().collect());
        return diagnostics.error(
            cast,
            "a scope is a string literal alone",
            help(interpretations, place),
        );
    }
    if let Some(operator) = operator(&trees) {
        return diagnostics.error(
            operator,
            "a condition has no operators",
            help(interpretations(), place),
        );
    }
    if let Some(next) = behind_condition(&trees) {
        return behind(tokens, next, place, diagnostics);
    }
    match trees.as_slice() {
        [TokenTree::Literal(literal)] => {
            let what = kind_of_literal(&Lit::new(literal.clone()));
            let message = format!("expected a string literal, found {what}");
            diagnostics.error(tokens, message, help(interpretations(), place));
        }
        [TokenTree::Ident(name)] if name == "true" || name == "false" => {
            diagnostics.error(tokens, "expected a string literal, found a truth value", FORMS);
        }
        [TokenTree::Ident(name), ..] if name == "all" || name == "any" => diagnostics.error(
            tokens,
            format_args!("expected `(` and a list of conditions after `{name}`"),
            match interpretations() {
                // What `name` joins may go on behind the next comma.
                _ if matches!((place, trees.get(1)), (Position::Element, Some(second))
                    if !matches!(second, TokenTree::Group(_))) =>
                {
                    format!(
                        "write the conditions in parentheses, as in `{name}(\"read\", \"write\")`"
                    )
                }
                Some(interpretations) => interpretations.help(place.key()),
                None => format!("write `{}{name}(\"read\", \"write\")`", place.key()),
            },
        ),
        [TokenTree::Ident(name), TokenTree::Punct(bang), ..] if bang.as_char() == '!' => {
            let help = match interpretations() {
                Some(interpretations) => interpretations.help(place.key()),
                None => LITERAL.to_owned(),
            };
            diagnostics.error(tokens, format_args!("the macro `{name}!` cannot be a scope"), help);
        }
        [TokenTree::Ident(name), TokenTree::Group(list)]
            if list.delimiter() == Delimiter::Parenthesis =>
        {
            unknown_condition(name, list, place, diagnostics);
        }
        _ => other(tokens, &trees, place, diagnostics),
    }
}

fn other(
    tokens: &TokenStream,
    trees: &[TokenTree],
    place: Position,
    diagnostics: &mut Diagnostics,
) {
    let interpretations = SuggestedCondition::in_tokens(tokens.clone());
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
    let begins_with_a_name = matches!(trees.first(), Some(TokenTree::Ident(_)));
    if is_path && is_call && trees.len() > 1 {
        let argument = match trees.last() {
            Some(TokenTree::Group(list)) => SuggestedCondition::in_tokens(list.stream()),
            _ => None,
        };
        let help = argument.map_or_else(|| LITERAL.to_owned(), |it| it.help(place.key()));
        diagnostics.error(tokens, "a call cannot be a scope", help);
    } else if constant || is_path {
        diagnostics.error(tokens, "a constant or a typed scope is not supported here", LITERAL);
    } else if let Some(interpretations) = interpretations {
        let message = if begins_with_a_name {
            "a scope is written as a string literal"
        } else {
            "expected a string literal or a list"
        };
        diagnostics.error(tokens, message, interpretations.help(place.key()));
    } else {
        diagnostics.error(tokens, "expected a condition over scopes", FORMS);
    }
}

/// `NAMES_LIKE_THIS`, and types.
fn is_constant(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

fn unknown_condition(
    name: &proc_macro2::Ident,
    list: &Group,
    place: Position,
    diagnostics: &mut Diagnostics,
) {
    let message = format!("unknown condition `{name}`");
    let inner = SuggestedCondition::in_tokens(list.stream()).and_then(|it| it.only().cloned());
    let any = || SuggestedCondition::alternatives(list.stream());
    let help = match (name.to_string().to_ascii_lowercase().as_str(), inner) {
        ("any" | "any_of" | "anyof" | "one_of" | "oneof" | "or" | "some", Some(_)) => {
            help(any(), place)
        }
        ("all" | "all_of" | "allof" | "and" | "every", Some(all)) => {
            format!("write `{}{}`", place.key(), in_place(&all, place))
        }
        (_, Some(one @ SuggestedCondition::Scope(_))) => format!("write `{}{one}`", place.key()),
        _ => {
            "write `all(…)` where all of them are required, `any(…)` where one is enough".to_owned()
        }
    };
    diagnostics.error(name, message, help);
}

/// Something follows what is a condition by itself.
fn behind(tokens: &TokenStream, next: &TokenTree, place: Position, diagnostics: &mut Diagnostics) {
    let interpretations = SuggestedCondition::in_tokens(tokens.clone());
    match next {
        TokenTree::Punct(dot) if dot.as_char() == '.' => diagnostics.error(
            next,
            "a scope is a string literal alone, without a call",
            help(interpretations, place),
        ),
        TokenTree::Punct(sign) if sign.as_char() == '?' => diagnostics.error(
            next,
            "a scope is a string literal alone, without `?`",
            help(first_of(tokens), place),
        ),
        TokenTree::Punct(sign) if sign.as_char() != '#' => {
            diagnostics.error(next, "a condition has no operators", FORMS);
        }
        TokenTree::Ident(word)
            if ["if", "unless", "when", "where"].iter().any(|keyword| word == keyword) =>
        {
            let message = format!("`{word}` cannot be part of a condition over scopes");
            diagnostics.error(next, message, IN_THE_FUNCTION);
        }
        _ => {
            let key = |key: &&str| matches!(next, TokenTree::Ident(word) if word == key);
            let argument = ["scopes", "optional", "crate"].into_iter().find(key);
            let help = match (argument, interpretations, place) {
                (Some(argument), _, Position::Value) => format!("write `, {argument}`"),
                (_, Some(interpretations), Position::Value) => interpretations.help(place.key()),
                (
                    _,
                    Some(Interpretations { first: all @ SuggestedCondition::All(_), second: None }),
                    _,
                ) if !is_one_scope_each(tokens) => {
                    format!("write `{}`", in_place(&all, Position::Element))
                }
                (
                    _,
                    Some(Interpretations { first: SuggestedCondition::All(all), second: None }),
                    _,
                ) => {
                    let listed: Vec<String> = all.iter().map(ToString::to_string).collect();
                    let listed = listed.join(", ");
                    format!("write `{listed}`, or `all({listed})` where all of them are required")
                }
                _ => "separate the conditions by `,`".to_owned(),
            };
            diagnostics.error(next, "expected `,` before this", help);
        }
    }
}

/// Whether the tokens are strings that each name one scope.
fn is_one_scope_each(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().all(|tree| {
        let interpretations = SuggestedCondition::in_tokens(tree.into());
        matches!(
            interpretations,
            Some(Interpretations { first: SuggestedCondition::Scope(_), second: None })
        )
    })
}

/// What the first of the tokens means by itself.
fn first_of(tokens: &TokenStream) -> Option<Interpretations> {
    SuggestedCondition::in_tokens(tokens.clone().into_iter().take(1).collect())
}

/// The first token behind what is a condition by itself.
fn behind_condition(trees: &[TokenTree]) -> Option<&TokenTree> {
    match trees {
        [TokenTree::Literal(literal), next, ..] if literal.to_string().contains('"') => Some(next),
        [TokenTree::Group(list), next, ..] if list.delimiter() == Delimiter::Bracket => Some(next),
        [TokenTree::Ident(name), TokenTree::Group(_), next, ..]
            if name == "all" || name == "any" =>
        {
            Some(next)
        }
        _ => None,
    }
}

fn negation(trees: &[TokenTree]) -> Option<&TokenTree> {
    let negates = |index: usize, tree: &TokenTree| match tree {
        TokenTree::Punct(bang) => {
            let macro_name = index.checked_sub(1).and_then(|before| trees.get(before));
            bang.as_char() == '!' && !matches!(macro_name, Some(TokenTree::Ident(_)))
        }
        TokenTree::Ident(word) => {
            word == "not"
                || (word == "none" || word == "except")
                    && matches!(trees.get(index + 1), Some(TokenTree::Group(_)))
        }
        _ => false,
    };
    trees.iter().enumerate().find(|(index, tree)| negates(*index, tree)).map(|(_, tree)| tree)
}

fn operator(trees: &[TokenTree]) -> Option<&TokenTree> {
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

/// A keyword that begins an expression, or the bar that begins a closure.
fn expression(trees: &[TokenTree]) -> Option<(&TokenTree, String)> {
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

fn is_punct(tree: &TokenTree, character: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn kind_of_literal(literal: &Lit) -> &'static str {
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
