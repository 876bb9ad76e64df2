//! Splits a string, or Rust tokens, into the tokens of an expression over scopes.

use std::iter::Peekable;

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Literal, Punct, TokenStream, TokenTree};
use syn::Lit;
use syn::ext::IdentExt;

use super::condition::Connective;
use super::phrase::Phrase;
use crate::parse::negation::{is_negation, negates};
use crate::parse::scope_token::possible_single_scope;
use crate::parse::tokens::is_punct;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// The name of a scope.
    Name(String),
    /// The path of a typed scope.
    Path(String),
    /// `and`, `|` and the like.
    Connective(Connective),
    Comma,
    /// `all(` or `any(`, or a parenthesis, which means `all(`.
    Open(Connective),
    Close,
}

/// Lexes a string. Returns `None` for what cannot be a condition, such as a negation.
pub(super) fn lex_text(text: &str) -> Option<Vec<Token>> {
    let mut output = Vec::new();
    let mut name = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '(' | '[' | '{' => {
                let connective = match name.as_str() {
                    "" => Connective::All,
                    name => Connective::of_group(name)?,
                };
                name.clear();
                output.push(Token::Open(connective));
                continue;
            }
            _ if !ends_name(character) => {
                name.push(character);
                continue;
            }
            _ => end_name(&mut name, &mut output)?,
        }
        match character {
            ')' | ']' | '}' => output.push(Token::Close),
            ',' | ';' => output.push(Token::Comma),
            '|' | '&' => {
                while characters.next_if_eq(&character).is_some() {}
                output.push(Token::Connective(Connective::of_operator(&character.to_string())?));
            }
            _ => {}
        }
    }
    end_name(&mut name, &mut output)?;
    Some(output)
}

fn ends_name(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, ')' | ']' | '}' | ',' | ';' | '|' | '&' | '"' | '\'' | '`')
}

/// Appends the name, unless it is empty, and clears it.
fn end_name(name: &mut String, output: &mut Vec<Token>) -> Option<()> {
    let name = std::mem::take(name);
    if name.is_empty() {
        return Some(());
    }
    if name.starts_with('!') || is_negation(&name) || name.eq_ignore_ascii_case("xor") {
        return None;
    }
    output.push(Connective::of_operator(&name).map_or(Token::Name(name), Token::Connective));
    Some(())
}

/// Lexes Rust tokens. Returns `None` for what cannot be a condition, such as a negation or a path.
pub(super) fn lex_tokens(tokens: TokenStream) -> Option<Vec<Token>> {
    let mut output = Vec::new();
    lex_into(tokens, &mut output)?;
    Some(output)
}

fn lex_into(tokens: TokenStream, output: &mut Vec<Token>) -> Option<()> {
    let mut lexer =
        TokenLexer { trees: tokens.into_iter().peekable(), output, name_is_open: false };
    while let Some(tree) = lexer.trees.next() {
        lexer.lex(tree)?;
    }
    Some(())
}

struct TokenLexer<'a> {
    trees: Peekable<IntoIter>,
    output: &'a mut Vec<Token>,
    /// Whether the last name may continue: to Rust, `entries:read` is three tokens.
    name_is_open: bool,
}

impl TokenLexer<'_> {
    fn lex(&mut self, tree: TokenTree) -> Option<()> {
        let continues_name = std::mem::take(&mut self.name_is_open);
        match tree {
            TokenTree::Literal(literal) => self.lex_literal(literal),
            TokenTree::Ident(ident) => self.lex_word(&ident.unraw().to_string(), continues_name),
            // A fragment that a `macro_rules!` macro has captured.
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                lex_into(group.stream(), self.output)
            }
            TokenTree::Group(group) => {
                self.output.extend(lex_group(Connective::All, group.stream())?);
                Some(())
            }
            TokenTree::Punct(punct) => self.lex_punct(&punct, continues_name),
        }
    }

    fn lex_literal(&mut self, literal: Literal) -> Option<()> {
        let text = match Lit::new(literal) {
            Lit::Str(text) => text.value(),
            Lit::ByteStr(text) => String::from_utf8(text.value()).ok()?,
            Lit::CStr(text) => text.value().into_string().ok()?,
            Lit::Char(character) => {
                self.output.push(Token::Name(character.value().into()));
                return Some(());
            }
            _ => return None,
        };
        // A text that must not be split, or whose words say how to join them.
        if possible_single_scope(&text).is_some() || Phrase::parse(&text).is_some() {
            return None;
        }
        // Operators outside the string never split its content.
        self.output.push(Token::Open(Connective::All));
        self.output.extend(lex_text(&text)?);
        self.output.push(Token::Close);
        Some(())
    }

    fn lex_word(&mut self, word: &str, continues_name: bool) -> Option<()> {
        let before_group = matches!(self.trees.peek(), Some(TokenTree::Group(_)));
        let before_literal = matches!(self.trees.peek(), Some(TokenTree::Literal(_)));
        match (word, Connective::of_group(word), self.output.last_mut()) {
            (_, _, Some(Token::Name(begun))) if continues_name => begun.push_str(word),
            (_, Some(connective), None) if !before_group => self.lex_bare_group(connective)?,
            (_, Some(connective), _) if before_group => {
                let Some(TokenTree::Group(group)) = self.trees.next() else { return None };
                self.output.extend(lex_group(connective, group.stream())?);
            }
            ("vec", _, _) => {
                self.trees.next_if(|tree| tree.to_string() == "!")?;
            }
            _ if is_negation(word) || before_literal && negates(word) => return None,
            _ if before_group => return None,
            _ => self.output.push(match Connective::of_operator(word) {
                Some(connective) => Token::Connective(connective),
                None => Token::Name(word.to_owned()),
            }),
        }
        self.name_is_open = matches!(self.trees.peek(), Some(TokenTree::Punct(punct))
            if matches!(punct.as_char(), ':' | '.' | '-' | '/'));
        Some(())
    }

    /// Lexes the elements after `any` or `all` without parentheses: `any "a", "b"`,
    /// `any = ["a", "b"]` and `any!["a", "b"]`.
    fn lex_bare_group(&mut self, connective: Connective) -> Option<()> {
        let is_sign = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if matches!(punct.as_char(), '=' | ':' | '!'));
        let mut elements: Vec<TokenTree> = self.trees.by_ref().skip_while(is_sign).collect();
        if let [TokenTree::Group(group)] = elements.as_slice() {
            elements = group.stream().into_iter().collect();
        }
        let group = lex_group(connective, elements.into_iter().collect())?;
        // In `any "a", "b" and "c"`, an operator may join the whole list or its last element.
        if group.iter().any(|token| matches!(token, Token::Connective(_))) {
            return None;
        }
        self.output.extend(group);
        Some(())
    }

    /// The path of a variant, of which the first word and one colon are read. Returns `None` for another path.
    // Input:  JournalScope, and :EntriesRead
    // Output: JournalScope::EntriesRead
    fn rest_of_path(&mut self, first: &str) -> Option<String> {
        let mut words = vec![first.to_owned()];
        let is_colon = |tree: &TokenTree| is_punct(tree, ':');
        while self.trees.next_if(is_colon).is_some() {
            self.trees.next_if(is_colon);
            let Some(TokenTree::Ident(word)) = self.trees.next() else { return None };
            words.push(word.to_string());
        }
        let begins_uppercase =
            |word: &String| word.starts_with(|one: char| one.is_ascii_uppercase());
        let is_variant = words.iter().rev().take(2).all(begins_uppercase);
        let is_called = self.trees.peek().is_some_and(|tree| {
            matches!(tree, TokenTree::Group(_))
                || ['!', '<'].iter().any(|sign| is_punct(tree, *sign))
        });
        (is_variant && !is_called).then(|| words.join("::"))
    }

    fn lex_punct(&mut self, punct: &Punct, continues_name: bool) -> Option<()> {
        let character = punct.as_char();
        let is_same = |tree: &TokenTree| tree.to_string() == character.to_string();
        match (character, self.output.last_mut()) {
            (',' | ';', _) => self.output.push(Token::Comma),
            // A borrow.
            ('&', None | Some(Token::Open(_) | Token::Comma | Token::Connective(_))) => {}
            ('|' | '&' | '+', Some(_)) => {
                while self.trees.next_if(is_same).is_some() {}
                let connective = Connective::of_operator(&character.to_string())?;
                self.output.push(Token::Connective(connective));
            }
            // A path, where it is one of a typed scope.
            (':', Some(Token::Name(begun)))
                if continues_name && self.trees.peek().is_some_and(is_same) =>
            {
                let first = std::mem::take(begun);
                let path = self.rest_of_path(&first)?;
                self.output.pop();
                self.output.push(Token::Path(path));
            }
            (':', _) if self.trees.peek().is_some_and(is_same) => return None,
            ('.', _) if skip_call(&mut self.trees) => {}
            (':' | '.' | '-' | '/', Some(Token::Name(begun))) if continues_name => {
                begun.push(character);
                self.name_is_open = true;
            }
            _ => return None,
        }
        Some(())
    }
}

fn lex_group(connective: Connective, elements: TokenStream) -> Option<Vec<Token>> {
    let mut output = lex_tokens(elements)?;
    output.insert(0, Token::Open(connective));
    output.push(Token::Close);
    Some(output)
}

/// Skips a call without arguments, such as `to_string()`. Returns whether there was one.
fn skip_call(trees: &mut Peekable<IntoIter>) -> bool {
    let mut ahead = trees.clone();
    let is_call = matches!(ahead.next(), Some(TokenTree::Ident(_)))
        && matches!(ahead.next(), Some(TokenTree::Group(list)) if list.stream().is_empty());
    if is_call {
        *trees = ahead;
    }
    is_call
}
