//! What a condition means that is not written as one: an expression inside a string, bare words, or
//! operators. It is only for help texts.

use std::fmt;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Lit;
use syn::ext::IdentExt;

use crate::parse::condition::is_scope;

/// A condition as it should be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SuggestedCondition {
    Scope(String),
    All(Vec<SuggestedCondition>),
    Any(Vec<SuggestedCondition>),
}

impl SuggestedCondition {
    /// The interpretations of an expression in a string. Where it mixes `and` and `or` without parentheses
    /// there are two, and nothing says which one is meant.
    pub(crate) fn in_text(text: &str) -> Option<Interpretations> {
        Interpretations::of(&lex_text(text)?)
    }

    /// The same for tokens.
    pub(crate) fn in_tokens(tokens: TokenStream) -> Option<Interpretations> {
        let mut words = Vec::new();
        lex_tokens(tokens, &mut words)?;
        Interpretations::of(&words)
    }

    /// What `any_of` and the like mean, by what is in their parentheses or behind their `=`. Each
    /// element of a list is one alternative; one string with several scopes has two interpretations.
    pub(crate) fn alternatives(tokens: TokenStream) -> Option<Interpretations> {
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        match trees.as_slice() {
            [TokenTree::Group(list)] => Self::alternatives(list.stream()),
            [TokenTree::Literal(_)] => match Self::in_tokens(tokens)? {
                Interpretations { first: Self::All(all), second: None } => Some(Interpretations {
                    first: Self::any(all.clone()),
                    second: Some(Self::All(all)),
                }),
                other => Some(other),
            },
            _ => {
                let list = proc_macro2::Group::new(Delimiter::Parenthesis, tokens);
                Self::in_tokens(quote::quote!(any #list))
            }
        }
    }

    pub(crate) fn all(conditions: Vec<Self>) -> Self {
        Self::group(Join::All, conditions)
    }

    pub(crate) fn any(conditions: Vec<Self>) -> Self {
        Self::group(Join::Any, conditions)
    }

    /// One of them alone is itself, and the same one twice is one.
    fn group(join: Join, conditions: Vec<Self>) -> Self {
        let mut elements: Vec<Self> = Vec::new();
        for condition in conditions {
            let inner = match (join, condition) {
                (Join::All, Self::All(inner)) | (Join::Any, Self::Any(inner)) => inner,
                (_, other) => vec![other],
            };
            for one in inner {
                if !elements.contains(&one) {
                    elements.push(one);
                }
            }
        }
        match (join, elements.len()) {
            (_, 1) => elements.remove(0),
            (Join::All, _) => Self::All(elements),
            (Join::Any, _) => Self::Any(elements),
        }
    }

    fn is_right(&self) -> bool {
        match self {
            Self::Scope(scope) => is_scope(scope),
            Self::All(inner) | Self::Any(inner) => {
                !inner.is_empty() && inner.iter().all(Self::is_right)
            }
        }
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, outermost: bool) -> fmt::Result {
        let (open, elements, close) = match self {
            Self::Scope(scope) => return write!(f, "\"{scope}\""),
            Self::All(elements) if outermost => ("[", elements, "]"),
            Self::All(elements) => ("all(", elements, ")"),
            Self::Any(elements) => ("any(", elements, ")"),
        };
        f.write_str(open)?;
        for (index, element) in elements.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            element.show(f, false)?;
        }
        f.write_str(close)
    }
}

/// As the value of `scopes`.
impl fmt::Display for SuggestedCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, true)
    }
}

/// What an expression may mean.
#[derive(Debug)]
pub(crate) struct Interpretations {
    pub(crate) first: SuggestedCondition,
    pub(crate) second: Option<SuggestedCondition>,
}

impl Interpretations {
    fn of(words: &[Word]) -> Option<Self> {
        let read = |tighter| Parser { words, tighter }.whole();
        let (first, second) = (read(Join::All)?, read(Join::Any)?);
        let second = (first != second).then_some(second);
        Some(Self { first, second })
    }

    pub(crate) fn only(&self) -> Option<&SuggestedCondition> {
        self.second.is_none().then_some(&self.first)
    }

    /// The help text. `key` goes in front of each value.
    pub(crate) fn help(&self, key: &str) -> String {
        match &self.second {
            None => format!("write `{key}{}`", self.first),
            Some(second) => {
                format!("write `{key}{}` or `{key}{second}`, whichever is meant", self.first)
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    All,
    Any,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Name(String),
    Operator(Join),
    Comma,
    /// `any(` or `all(`.
    Open(Join),
    Close,
}

struct Parser<'a> {
    words: &'a [Word],
    /// Which of the two operators binds tighter.
    tighter: Join,
}

impl Parser<'_> {
    fn whole(mut self) -> Option<SuggestedCondition> {
        let written = self.sequence(Join::All)?;
        (self.words.is_empty() && written.is_right()).then_some(written)
    }

    /// Expressions side by side or between commas, up to a closing parenthesis or the end.
    fn sequence(&mut self, join: Join) -> Option<SuggestedCondition> {
        let mut elements = Vec::new();
        let (mut commas, mut gaps) = (false, false);
        loop {
            let mut comma = false;
            while self.take(&Word::Comma) {
                comma = true;
            }
            let between =
                !elements.is_empty() && !matches!(self.words.first(), None | Some(Word::Close));
            commas |= between && comma;
            gaps |= between && !comma;
            // In `any(a b, c)`, `a b` may be one alternative or two.
            if join == Join::Any && commas && gaps {
                return None;
            }
            match self.words.first() {
                None | Some(Word::Close) => break,
                _ => elements.push(self.operators(join)?),
            }
        }
        Some(SuggestedCondition::group(join, elements))
    }

    fn operators(&mut self, join: Join) -> Option<SuggestedCondition> {
        let (tighter, looser) = match self.tighter {
            Join::All => (Join::All, Join::Any),
            Join::Any => (Join::Any, Join::All),
        };
        let mut terms = vec![vec![self.primary()?]];
        loop {
            let next = match self.words.first() {
                Some(Word::Operator(join)) => {
                    self.words = self.words.get(1..)?;
                    *join
                }
                // Side by side means all, except in `any(…)`.
                Some(Word::Name(_) | Word::Open(_)) if join == Join::All => Join::All,
                _ => break,
            };
            let primary = self.primary()?;
            if next == tighter {
                terms.last_mut()?.push(primary);
            } else {
                terms.push(vec![primary]);
            }
        }
        let terms =
            terms.into_iter().map(|term| SuggestedCondition::group(tighter, term)).collect();
        Some(SuggestedCondition::group(looser, terms))
    }

    fn primary(&mut self) -> Option<SuggestedCondition> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        match first {
            Word::Name(name) => Some(SuggestedCondition::Scope(name.clone())),
            Word::Open(join) => {
                let inner = self.sequence(*join)?;
                self.take(&Word::Close).then_some(inner)
            }
            _ => None,
        }
    }

    fn take(&mut self, word: &Word) -> bool {
        let found = self.words.first() == Some(word);
        if found {
            self.words = self.words.get(1..).unwrap_or_default();
        }
        found
    }
}

/// What an operator or a scope is called in words.
fn operator(word: &str) -> Option<Join> {
    match word.to_ascii_lowercase().as_str() {
        "or" | "|" | "||" => Some(Join::Any),
        "and" | "&" | "&&" | "+" => Some(Join::All),
        _ => None,
    }
}

/// `None` for what cannot be a condition at all, such as a negation.
fn lex_text(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut name = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '(' | '[' | '{' => {
                let join = match name.as_str() {
                    "" | "all" => Join::All,
                    "any" => Join::Any,
                    _ => return None,
                };
                name.clear();
                words.push(Word::Open(join));
                continue;
            }
            _ if !ends_a_name(character) => {
                name.push(character);
                continue;
            }
            _ => end(&mut name, &mut words)?,
        }
        match character {
            ')' | ']' | '}' => words.push(Word::Close),
            ',' | ';' => words.push(Word::Comma),
            '|' | '&' => {
                while characters.next_if_eq(&character).is_some() {}
                words.push(Word::Operator(operator(&character.to_string())?));
            }
            _ => {}
        }
    }
    end(&mut name, &mut words)?;
    Some(words)
}

fn ends_a_name(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, ')' | ']' | '}' | ',' | ';' | '|' | '&' | '"' | '\'' | '`')
}

fn end(name: &mut String, words: &mut Vec<Word>) -> Option<()> {
    let name = std::mem::take(name);
    if name.is_empty() {
        return Some(());
    }
    if name.starts_with('!') || name.eq_ignore_ascii_case("not") {
        return None;
    }
    words.push(operator(&name).map_or(Word::Name(name), Word::Operator));
    Some(())
}

fn lex_tokens(tokens: TokenStream, words: &mut Vec<Word>) -> Option<()> {
    let mut trees = tokens.into_iter().peekable();
    // Whether a name goes on: `entries:read` is four tokens or more.
    let mut open_name = false;
    while let Some(tree) = trees.next() {
        let goes_on = std::mem::take(&mut open_name);
        match tree {
            TokenTree::Literal(literal) => match Lit::new(literal) {
                Lit::Str(text) => words.extend(literal_words(&text.value())?),
                Lit::ByteStr(text) => {
                    words.extend(literal_words(&String::from_utf8(text.value()).ok()?)?);
                }
                Lit::CStr(text) => words.extend(literal_words(text.value().to_str().ok()?)?),
                Lit::Char(character) => words.push(Word::Name(character.value().into())),
                _ => return None,
            },
            TokenTree::Ident(ident) => {
                let name = ident.unraw().to_string();
                let group = matches!(trees.peek(), Some(TokenTree::Group(_)));
                match (name.as_str(), words.last_mut()) {
                    (_, Some(Word::Name(begun))) if goes_on => begun.push_str(&name),
                    // What follows it is the list, in whichever brackets, or in none.
                    ("any" | "all", None) if !group => {
                        let join = if name == "any" { Join::Any } else { Join::All };
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
                        // An operator may join the whole list or its last element.
                        if inner.iter().any(|word| matches!(word, Word::Operator(_))) {
                            return None;
                        }
                        words.push(Word::Open(join));
                        words.append(&mut inner);
                        words.push(Word::Close);
                        return Some(());
                    }
                    ("any" | "all", _) if group => {
                        let Some(TokenTree::Group(list)) = trees.next() else { return None };
                        let join = if name == "any" { Join::Any } else { Join::All };
                        lex_group(join, list.stream(), words)?;
                    }
                    ("vec", _) => {
                        trees.next_if(|tree| tree.to_string() == "!")?;
                    }
                    ("not", _) => return None,
                    _ if group => return None,
                    _ => match operator(&name) {
                        Some(join) => words.push(Word::Operator(join)),
                        None => words.push(Word::Name(name)),
                    },
                }
                open_name = matches!(trees.peek(), Some(TokenTree::Punct(punct))
                    if matches!(punct.as_char(), ':' | '.' | '-' | '/'));
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                lex_tokens(group.stream(), words)?;
            }
            TokenTree::Group(group) => lex_group(Join::All, group.stream(), words)?,
            TokenTree::Punct(punct) => {
                let same = |tree: &TokenTree| tree.to_string() == punct.as_char().to_string();
                match (punct.as_char(), words.last_mut()) {
                    (',' | ';', _) => words.push(Word::Comma),
                    // A borrow.
                    ('&', None | Some(Word::Open(_) | Word::Comma | Word::Operator(_))) => {}
                    (operator @ ('|' | '&' | '+'), Some(_)) => {
                        while trees.next_if(same).is_some() {}
                        words.push(Word::Operator(self::operator(&operator.to_string())?));
                    }
                    // A path.
                    (':', _) if trees.peek().is_some_and(&same) => return None,
                    ('.', _) if is_call(&mut trees) => {}
                    (glue @ (':' | '.' | '-' | '/'), Some(Word::Name(begun))) if goes_on => {
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

fn lex_group(join: Join, inside: TokenStream, words: &mut Vec<Word>) -> Option<()> {
    words.push(Word::Open(join));
    let mut inner = Vec::new();
    lex_tokens(inside, &mut inner)?;
    words.append(&mut inner);
    words.push(Word::Close);
    Some(())
}

/// Each string is one group, whatever is in it.
fn literal_words(text: &str) -> Option<Vec<Word>> {
    let inner = lex_text(text)?;
    Some([vec![Word::Open(Join::All)], inner, vec![Word::Close]].concat())
}

/// `to_string()` and the like, which are skipped.
fn is_call(trees: &mut std::iter::Peekable<proc_macro2::token_stream::IntoIter>) -> bool {
    let mut ahead = trees.clone();
    let call = matches!(ahead.next(), Some(TokenTree::Ident(_)))
        && matches!(ahead.next(), Some(TokenTree::Group(list)) if list.stream().is_empty());
    if call {
        *trees = ahead;
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        SuggestedCondition::in_text(text)
            .map_or_else(|| "none".to_owned(), |interpretations| interpretations.help(""))
    }

    fn tokens(text: &str) -> String {
        let interpretations = SuggestedCondition::in_tokens(text.parse().unwrap());
        interpretations
            .map_or_else(|| "none".to_owned(), |interpretations| interpretations.help(""))
    }

    #[test]
    fn an_expression_in_a_string_is_read() {
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
            (
                r#"["entries:read", "entries:write"]"#,
                r#"write `["entries:read", "entries:write"]`"#,
            ),
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
    fn an_expression_in_tokens_is_read() {
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
            (r#"!"read""#, "none"),
            (r#"not("read")"#, "none"),
            ("1", "none"),
            (r#"concat!("read")"#, "none"),
        ] {
            assert_eq!(tokens(written), help, "{written}");
        }
    }

    #[test]
    fn an_alternative_that_is_a_list_stays_whole() {
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
            let interpretations = SuggestedCondition::alternatives(written.parse().unwrap());
            let found = interpretations
                .map_or_else(|| "none".to_owned(), |interpretations| interpretations.help(""));
            assert_eq!(found, help, "{written}");
        }
    }
}
