//! The tokens of an expression over scopes, read from a string or from Rust tokens.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Lit;
use syn::ext::IdentExt;

use super::condition::Connective;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Connective(Connective),
    Comma,
    /// `any(` or `all(`.
    Open(Connective),
    Close,
}

/// `None` for what cannot be a condition at all, such as a negation.
pub(super) fn lex_text(text: &str) -> Option<Vec<Token>> {
    let mut lexed = Vec::new();
    let mut name = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '(' | '[' | '{' => {
                let connective = match name.as_str() {
                    "" | "all" => Connective::All,
                    "any" => Connective::Any,
                    _ => return None,
                };
                name.clear();
                lexed.push(Token::Open(connective));
                continue;
            }
            _ if !ends_name(character) => {
                name.push(character);
                continue;
            }
            _ => end_name(&mut name, &mut lexed)?,
        }
        match character {
            ')' | ']' | '}' => lexed.push(Token::Close),
            ',' | ';' => lexed.push(Token::Comma),
            '|' | '&' => {
                while characters.next_if_eq(&character).is_some() {}
                lexed.push(Token::Connective(connective(&character.to_string())?));
            }
            _ => {}
        }
    }
    end_name(&mut name, &mut lexed)?;
    Some(lexed)
}

fn ends_name(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, ')' | ']' | '}' | ',' | ';' | '|' | '&' | '"' | '\'' | '`')
}

fn end_name(name: &mut String, lexed: &mut Vec<Token>) -> Option<()> {
    let name = std::mem::take(name);
    if name.is_empty() {
        return Some(());
    }
    if name.starts_with('!') || name.eq_ignore_ascii_case("not") {
        return None;
    }
    lexed.push(connective(&name).map_or(Token::Name(name), Token::Connective));
    Some(())
}

pub(super) fn lex_tokens(tokens: TokenStream, lexed: &mut Vec<Token>) -> Option<()> {
    let mut trees = tokens.into_iter().peekable();
    // Whether a name goes on: `entries:read` is four tokens or more.
    let mut open_name = false;
    while let Some(tree) = trees.next() {
        let continues_name = std::mem::take(&mut open_name);
        match tree {
            TokenTree::Literal(literal) => match Lit::new(literal) {
                Lit::Str(text) => lexed.extend(lex_string_literal(&text.value())?),
                Lit::ByteStr(text) => {
                    lexed.extend(lex_string_literal(&String::from_utf8(text.value()).ok()?)?);
                }
                Lit::CStr(text) => lexed.extend(lex_string_literal(text.value().to_str().ok()?)?),
                Lit::Char(character) => lexed.push(Token::Name(character.value().into())),
                _ => return None,
            },
            TokenTree::Ident(ident) => {
                let name = ident.unraw().to_string();
                let group = matches!(trees.peek(), Some(TokenTree::Group(_)));
                match (name.as_str(), lexed.last_mut()) {
                    (_, Some(Token::Name(begun))) if continues_name => begun.push_str(&name),
                    // What follows it is the list, in whichever brackets, or in none.
                    ("any" | "all", None) if !group => {
                        let connective =
                            if name == "any" { Connective::Any } else { Connective::All };
                        let sign = |tree: &TokenTree| {
                            matches!(tree, TokenTree::Punct(punct)
                                if matches!(punct.as_char(), '=' | ':' | '!'))
                        };
                        let mut list: Vec<TokenTree> = trees.skip_while(sign).collect();
                        // `any = ["a", "b"]` and `any!["a", "b"]`
                        if let [TokenTree::Group(elements)] = list.as_slice() {
                            list = elements.stream().into_iter().collect();
                        }
                        let mut inner = Vec::new();
                        lex_tokens(list.into_iter().collect(), &mut inner)?;
                        // An operator may connective the whole list or its last element.
                        if inner.iter().any(|word| matches!(word, Token::Connective(_))) {
                            return None;
                        }
                        lexed.push(Token::Open(connective));
                        lexed.append(&mut inner);
                        lexed.push(Token::Close);
                        return Some(());
                    }
                    ("any" | "all", _) if group => {
                        let Some(TokenTree::Group(list)) = trees.next() else { return None };
                        let connective =
                            if name == "any" { Connective::Any } else { Connective::All };
                        lex_group(connective, list.stream(), lexed)?;
                    }
                    ("vec", _) => {
                        trees.next_if(|tree| tree.to_string() == "!")?;
                    }
                    ("not", _) => return None,
                    _ if group => return None,
                    _ => match connective(&name) {
                        Some(connective) => lexed.push(Token::Connective(connective)),
                        None => lexed.push(Token::Name(name)),
                    },
                }
                open_name = matches!(trees.peek(), Some(TokenTree::Punct(punct))
                    if matches!(punct.as_char(), ':' | '.' | '-' | '/'));
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                lex_tokens(group.stream(), lexed)?;
            }
            TokenTree::Group(group) => lex_group(Connective::All, group.stream(), lexed)?,
            TokenTree::Punct(punct) => {
                let same = |tree: &TokenTree| tree.to_string() == punct.as_char().to_string();
                match (punct.as_char(), lexed.last_mut()) {
                    (',' | ';', _) => lexed.push(Token::Comma),
                    // A borrow.
                    ('&', None | Some(Token::Open(_) | Token::Comma | Token::Connective(_))) => {}
                    (operator @ ('|' | '&' | '+'), Some(_)) => {
                        while trees.next_if(same).is_some() {}
                        lexed.push(Token::Connective(connective(&operator.to_string())?));
                    }
                    // A path.
                    (':', _) if trees.peek().is_some_and(&same) => return None,
                    ('.', _) if skip_call(&mut trees) => {}
                    (glue @ (':' | '.' | '-' | '/'), Some(Token::Name(begun)))
                        if continues_name =>
                    {
                        begun.push(glue);
                        open_name = true;
                    }
                    _ => return None,
                }
            }
        }
    }
    Some(())
}

fn lex_group(connective: Connective, inside: TokenStream, lexed: &mut Vec<Token>) -> Option<()> {
    lexed.push(Token::Open(connective));
    let mut inner = Vec::new();
    lex_tokens(inside, &mut inner)?;
    lexed.append(&mut inner);
    lexed.push(Token::Close);
    Some(())
}

/// Each string is one group, whatever is in it.
fn lex_string_literal(text: &str) -> Option<Vec<Token>> {
    let inner = lex_text(text)?;
    Some([vec![Token::Open(Connective::All)], inner, vec![Token::Close]].concat())
}

/// `to_string()` and the like, which are skipped.
fn skip_call(trees: &mut std::iter::Peekable<proc_macro2::token_stream::IntoIter>) -> bool {
    let mut ahead = trees.clone();
    let call = matches!(ahead.next(), Some(TokenTree::Ident(_)))
        && matches!(ahead.next(), Some(TokenTree::Group(list)) if list.stream().is_empty());
    if call {
        *trees = ahead;
    }
    call
}

/// What an operator or a scope is called in lexed.
fn connective(word: &str) -> Option<Connective> {
    match word.to_ascii_lowercase().as_str() {
        "or" | "|" | "||" => Some(Connective::Any),
        "and" | "&" | "&&" | "+" => Some(Connective::All),
        _ => None,
    }
}
