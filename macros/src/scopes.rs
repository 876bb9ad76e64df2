//! The value of `scopes = …`: a string, a list, or nested conditions.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::{Lit, LitStr};

use crate::arguments::split_at_commas;
use crate::problems::Problems;

/// The most alternatives that a condition may offer: a challenge weighs them all.
const MOST_ALTERNATIVES: usize = 64;

/// The most bytes that a scope may have; the runtime reads it back into an array of this size.
const LONGEST: usize = 256;

/// A condition over scopes, as written.
pub(crate) enum Condition {
    Scope(Scope),
    All(Conditions),
    Any(Conditions),
}

pub(crate) struct Scope {
    pub(crate) text: String,
    /// Where it stands, perhaps with others.
    literal: LitStr,
}

/// The elements of a list or of `all(…)` or `any(…)`; at least one.
pub(crate) struct Conditions {
    pub(crate) conditions: Vec<Condition>,
}

const FORMS: &str = "write `scopes = \"read write\"`, `scopes = [\"read\", \"write\"]` or \
                     `scopes = any(\"admin\", all(\"read\", \"write\"))`";

impl Condition {
    /// Reads what stands behind `scopes =`. `None` if there is a mistake.
    pub(crate) fn parse(value: TokenStream, problems: &mut Problems) -> Option<Self> {
        let condition = match string(&value) {
            Some(text) => list_in_string(&text, problems),
            None => element(value.clone(), problems),
        }?;
        let alternatives = condition.alternatives();
        if alternatives > MOST_ALTERNATIVES {
            problems.add(
                value,
                format_args!("this condition can be met in {alternatives} ways, which is more than {MOST_ALTERNATIVES}"),
                "name fewer alternatives, or give them a scope of their own",
            );
            return None;
        }
        Some(condition)
    }

    /// In how many ways the condition can be met.
    fn alternatives(&self) -> usize {
        match self {
            Self::Scope(_) => 1,
            Self::Any(any) => any.counts().fold(0, usize::saturating_add),
            Self::All(all) => all.counts().fold(1, usize::saturating_mul),
        }
    }
}

impl Conditions {
    fn counts(&self) -> impl Iterator<Item = usize> {
        self.conditions.iter().map(Condition::alternatives)
    }
}

/// `"read write"`: all of them.
fn list_in_string(text: &LitStr, problems: &mut Problems) -> Option<Condition> {
    let value = text.value();
    if value.trim().is_empty() {
        problems.add(text, "no scope is named", NAME_ONE);
        return None;
    }
    if value.split(' ').any(str::is_empty) {
        problems.add(
            text,
            "there is a space too many between, before or behind the scopes",
            "separate scopes by one space",
        );
        return None;
    }
    let scopes =
        value.split(' ').map(|scope| Scope { text: scope.to_owned(), literal: text.clone() });
    let scopes: Vec<Option<Condition>> =
        scopes.map(|scope| scope.checked(problems).map(Condition::Scope)).collect();
    group(scopes, problems).map(Condition::All)
}

const NAME_ONE: &str = "name at least one scope, or write `#[requires_auth]` for any valid token";

/// One element of a condition: a scope, a list, or `all(…)` or `any(…)`.
fn element(tokens: TokenStream, problems: &mut Problems) -> Option<Condition> {
    if let Some(text) = string(&tokens) {
        return scope(&text, problems).map(Condition::Scope);
    }
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next(), trees.next()) {
        (Some(TokenTree::Group(list)), None, _) if list.delimiter() == Delimiter::Bracket => {
            elements(&list, problems).map(Condition::All)
        }
        // A fragment that a `macro_rules!` macro has captured.
        (Some(TokenTree::Group(captured)), None, _) if captured.delimiter() == Delimiter::None => {
            element(captured.stream(), problems)
        }
        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(list)), None)
            if list.delimiter() == Delimiter::Parenthesis =>
        {
            named_group(&name, &list, problems)
        }
        _ => {
            not_a_condition(tokens, problems);
            None
        }
    }
}

fn named_group(name: &Ident, list: &Group, problems: &mut Problems) -> Option<Condition> {
    if name == "all" {
        elements(list, problems).map(Condition::All)
    } else if name == "any" {
        elements(list, problems).map(Condition::Any)
    } else {
        problems.add(
            name,
            format_args!("there is no condition `{name}`"),
            "write `all(…)` or `any(…)`",
        );
        None
    }
}

/// Each element of a list is looked at, whatever is wrong with the others.
fn elements(list: &Group, problems: &mut Problems) -> Option<Conditions> {
    let parts = split_at_commas(list.stream(), problems);
    if parts.is_empty() {
        problems.add(list, "no scope is named", NAME_ONE);
        return None;
    }
    let elements = parts.into_iter().map(|part| element(part, problems)).collect();
    group(elements, problems)
}

/// Refuses a scope that stands twice side by side: it is a slip, often for another one.
fn group(elements: Vec<Option<Condition>>, problems: &mut Problems) -> Option<Conditions> {
    let conditions: Option<Vec<Condition>> = elements.into_iter().collect();
    let conditions = conditions?;
    let mut seen: Vec<&str> = Vec::new();
    let mut twice = false;
    for condition in &conditions {
        let Condition::Scope(scope) = condition else { continue };
        if seen.contains(&scope.text.as_str()) {
            problems.add(
                &scope.literal,
                format_args!("the scope `{}` is named twice", scope.text),
                "name each scope once",
            );
            twice = true;
        }
        seen.push(&scope.text);
    }
    (!twice).then_some(Conditions { conditions })
}

/// A string that stands for exactly one scope.
fn scope(text: &LitStr, problems: &mut Problems) -> Option<Scope> {
    let value = text.value();
    let pieces: Vec<&str> = value.split(' ').filter(|piece| !piece.is_empty()).collect();
    if pieces.len() > 1 {
        let several: Vec<String> = pieces.iter().map(|piece| format!("\"{piece}\"")).collect();
        problems.add(
            text,
            "this string names several scopes, which could mean all or any of them",
            format_args!("write `all({})`, or one string for each", several.join(", ")),
        );
        return None;
    }
    Scope { text: value, literal: text.clone() }.checked(problems)
}

impl Scope {
    /// Checks the grammar of RFC 6749 §3.3: `1*( %x21 / %x23-5B / %x5D-7E )`, and, because a comma
    /// is nearly always meant as a separator, no comma.
    fn checked(self, problems: &mut Problems) -> Option<Self> {
        let Self { text, literal } = &self;
        let outside = |one: &char| !matches!(one, '!' | '#'..='[' | ']'..='~') || *one == ',';
        if text.is_empty() {
            problems.add(literal, "the scope is empty", NAME_ONE);
            return None;
        }
        if let Some(character) = text.chars().find(outside) {
            let help = match character {
                ',' | '\t' | '\r' | '\n' => "separate scopes by a space",
                _ => {
                    "a scope consists of printable ASCII characters without space, `\"` and `\\` \
                      (RFC 6749 section 3.3)"
                }
            };
            problems.add(
                literal,
                format_args!(
                    "the scope `{}` has the character `{}`",
                    text.escape_debug(),
                    character.escape_debug()
                ),
                help,
            );
            return None;
        }
        if text.len() > LONGEST {
            problems.add(
                literal,
                format_args!(
                    "this scope has {} characters, which is more than {LONGEST}",
                    text.len()
                ),
                "choose a shorter name",
            );
            return None;
        }
        Some(self)
    }
}

fn not_a_condition(tokens: TokenStream, problems: &mut Problems) {
    if let Some(next) = behind_condition(&tokens) {
        let (message, help) = match next.to_string().as_str() {
            "|" => ("conditions have no operators", "write `any(\"…\", \"…\")`"),
            "&" | "+" => ("conditions have no operators", "write `all(\"…\", \"…\")`"),
            _ => ("a comma is missing in front of this", "separate what you list by commas"),
        };
        return problems.add(next, message, help);
    }
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Literal(_)), None) => {
            problems.add(tokens, "a scope is written as a plain string literal", FORMS);
        }
        (Some(TokenTree::Ident(name)), None) if name == "true" || name == "false" => {
            problems.add(tokens, "a scope is written as a plain string literal", FORMS);
        }
        (Some(TokenTree::Ident(name)), None | Some(TokenTree::Group(_)))
            if name == "all" || name == "any" =>
        {
            problems.add(
                tokens,
                format_args!("`{name}` needs a list of conditions in parentheses"),
                format_args!("write `{name}(\"read\", \"write\")`"),
            );
        }
        (Some(TokenTree::Ident(_)), Some(TokenTree::Punct(bang))) if bang.as_char() == '!' => {
            problems.add(tokens, "a macro cannot stand for a scope", LITERAL);
        }
        (Some(TokenTree::Ident(_)), _) => {
            problems.add(tokens, "a constant or a typed scope is not supported here", LITERAL);
        }
        (Some(TokenTree::Punct(colons)), _) if colons.as_char() == ':' => {
            problems.add(tokens, "a constant or a typed scope is not supported here", LITERAL);
        }
        _ => problems.add(tokens, "this is not a condition over scopes", FORMS),
    }
}

/// The first token behind what is a condition by itself.
fn behind_condition(tokens: &TokenStream) -> Option<TokenTree> {
    let mut trees = tokens.clone().into_iter();
    match trees.next()? {
        TokenTree::Literal(_) => trees.next(),
        TokenTree::Group(list) if list.delimiter() == Delimiter::Bracket => trees.next(),
        TokenTree::Ident(name) if name == "all" || name == "any" => trees.nth(1),
        _ => None,
    }
}

const LITERAL: &str =
    "write the scope as a string literal: the attribute reads it when it is compiled";

/// The string literal that the tokens consist of, if they do.
fn string(tokens: &TokenStream) -> Option<LitStr> {
    match syn::parse2(tokens.clone()) {
        Ok(Lit::Str(text)) if text.suffix().is_empty() => Some(text),
        _ => None,
    }
}
