//! The value of `scopes = …`: a string, a list, or nested conditions.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::{Lit, LitStr};

use crate::arguments::split_at_commas;
use crate::problems::Problems;
use crate::written::Written;

mod mistakes;

pub(crate) use mistakes::{NAME_WHAT_IS_REQUIRED, NO_NEGATION};

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

/// In which place a condition stands, for the help texts.
#[derive(Clone, Copy)]
enum Place {
    Value,
    Element,
}

impl Place {
    /// What goes in front of a condition that is to be written there.
    fn key(self) -> &'static str {
        match self {
            Self::Value => "scopes = ",
            Self::Element => "",
        }
    }
}

impl Condition {
    /// Reads what stands behind `scopes =`. `None` if there is a mistake.
    pub(crate) fn parse(value: TokenStream, problems: &mut Problems) -> Option<Self> {
        let condition = match string(&value) {
            Some(text) => list_in_string(&text, problems),
            None => element(&value, Place::Value, problems),
        }?;
        let alternatives = condition.alternatives();
        if alternatives > MOST_ALTERNATIVES {
            problems.add(
                value,
                format_args!("this condition can be met in {alternatives} ways, which is more than {MOST_ALTERNATIVES}"),
                "name fewer alternatives, or define a scope for several of them",
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
    let pieces: Vec<&str> = value.split(' ').collect();
    if value.trim().is_empty() {
        problems.add(text, "no scope is named", NAME_ONE);
        return None;
    }
    if pieces.iter().any(|piece| outside_the_grammar(piece).is_some())
        || reads_as_expression(&pieces)
    {
        Scope { text: value, literal: text.clone() }.checked(Place::Value, problems);
        return None;
    }
    if pieces.contains(&"") {
        let kept: Vec<&str> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let (message, help) = match kept.as_slice() {
            [one] => ("extra space beside the scope", format!("write `scopes = \"{one}\"`")),
            _ => (
                "extra space between the scopes",
                format!("write `scopes = \"{}\"`", kept.join(" ")),
            ),
        };
        problems.add(text, message, help);
        return None;
    }
    let scopes =
        pieces.into_iter().map(|scope| Scope { text: scope.to_owned(), literal: text.clone() });
    let scopes: Vec<Option<Condition>> =
        scopes.map(|scope| scope.checked(Place::Value, problems).map(Condition::Scope)).collect();
    group(scopes, problems).map(Condition::All)
}

const NAME_ONE: &str = "name at least one scope, as in `scopes = \"read\"`";

/// One element of a condition: a scope, a list, or `all(…)` or `any(…)`.
fn element(tokens: &TokenStream, place: Place, problems: &mut Problems) -> Option<Condition> {
    if let Some(text) = string(tokens) {
        return scope(&text, problems).map(Condition::Scope);
    }
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next(), trees.next()) {
        (Some(TokenTree::Group(list)), None, _) if list.delimiter() == Delimiter::Bracket => {
            elements(&list, problems).map(Condition::All)
        }
        // A fragment that a `macro_rules!` macro has captured.
        (Some(TokenTree::Group(captured)), None, _) if captured.delimiter() == Delimiter::None => {
            element(&captured.stream(), place, problems)
        }
        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(list)), None)
            if list.delimiter() == Delimiter::Parenthesis && (name == "all" || name == "any") =>
        {
            named_group(&name, &list, problems)
        }
        _ => {
            mistakes::not_a_condition(tokens, place, problems);
            None
        }
    }
}

fn named_group(name: &Ident, list: &Group, problems: &mut Problems) -> Option<Condition> {
    let elements = elements(list, problems)?;
    if name == "all" {
        return Some(Condition::All(elements));
    }
    if let [Condition::All(all)] = elements.conditions.as_slice()
        && is_list(list.stream())
        && all.conditions.len() > 1
    {
        let inside = |condition: &Condition| condition.written();
        let inner: Vec<Written> = all.conditions.iter().map(inside).collect();
        problems.add(
            list.stream(),
            "a list means all of its scopes, also inside `any(…)`",
            format_args!(
                "write `{}` for one of them, or `{}` for all of them",
                Written::any(inner.clone()),
                Written::all(inner),
            ),
        );
        return None;
    }
    Some(Condition::Any(elements))
}

/// Whether this is `[…]` alone.
fn is_list(tokens: TokenStream) -> bool {
    matches!(tokens.into_iter().next(), Some(TokenTree::Group(list))
        if list.delimiter() == Delimiter::Bracket)
}

/// Each element of a list is looked at, whatever is wrong with the others.
fn elements(list: &Group, problems: &mut Problems) -> Option<Conditions> {
    let before = problems.count();
    let parts = split_at_commas(list.stream(), problems);
    if parts.is_empty() && problems.count() > before {
        return None;
    }
    if parts.is_empty() {
        problems.add(list, "no scope is named", NAME_ONE);
        return None;
    }
    if mistakes::several_bare_words(&parts, problems) {
        return None;
    }
    let elements = parts.into_iter().map(|part| element(&part, Place::Element, problems)).collect();
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
    let scope = Scope { text: value.clone(), literal: text.clone() };
    if pieces.len() > 1
        && !reads_as_expression(&pieces)
        && pieces.iter().all(|piece| outside_the_grammar(piece).is_none())
    {
        let several: Vec<Written> =
            pieces.iter().map(|piece| Written::Scope((*piece).to_owned())).collect();
        let help = match Written::all(several) {
            Written::All(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                format!("write `all({})`, or one string for each", all.join(", "))
            }
            one => format!("write `{one}`"),
        };
        problems.add(
            text,
            "this string names several scopes, which could mean all or any of them",
            help,
        );
        return None;
    }
    if let [one] = pieces.as_slice()
        && *one != value
        && is_scope(one)
    {
        problems.add(text, "extra space beside the scope", format_args!("write `\"{one}\"`"));
        return None;
    }
    scope.checked(Place::Element, problems)
}

/// Whether it can be a scope of the attribute.
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && outside_the_grammar(text).is_none()
        && !reads_as_expression(&[text])
}

/// The first character outside the grammar of RFC 6749 §3.3: `1*( %x21 / %x23-5B / %x5D-7E )`, and,
/// because a comma is nearly always meant as a separator, the first comma.
fn outside_the_grammar(text: &str) -> Option<char> {
    let outside = |one: &char| !matches!(one, '!' | '#'..='[' | ']'..='~') || *one == ',';
    text.chars().find(outside)
}

/// Whether a string is an expression: it has parentheses, brackets, quotes, `;`, `|` or `&`, or a
/// word that joins others (R-K10). The grammar allows some of these characters in a scope; one that
/// has them is required by `AuthInfo::require`.
pub(crate) fn reads_as_expression(pieces: &[&str]) -> bool {
    let joins = |piece: &&str| {
        matches!(piece.to_ascii_lowercase().as_str(), "or" | "and" | "not" | "+" | "!")
    };
    let marks = ['(', ')', '[', ']', ';', '\'', '"', '`', '|', '&'];
    pieces.iter().any(|piece| piece.contains(marks))
        || pieces.iter().any(|piece| piece.starts_with('!'))
        || pieces.len() > 1 && pieces.iter().any(joins)
}

impl Scope {
    fn checked(self, place: Place, problems: &mut Problems) -> Option<Self> {
        let Self { text, literal } = &self;
        let pieces: Vec<&str> = text.split(' ').collect();
        let found = pieces.iter().find_map(|piece| outside_the_grammar(piece));
        let found = found.filter(|found| !matches!(found, '"' | ',') || !has_marks(text));
        if text.is_empty() {
            problems.add(literal, "the scope is empty", NAME_ONE);
        } else if let Some(character) = found {
            mistakes::wrong_character(text, character, literal, place, problems);
        } else if reads_as_expression(&pieces) {
            mistakes::expression_in_a_string(text, literal, place, problems);
        } else if text.len() > LONGEST {
            let message =
                format!("this scope has {} characters, which is more than {LONGEST}", text.len());
            problems.add(literal, message, "choose a shorter name");
        } else {
            return Some(self);
        }
        None
    }
}

/// Whether quotes and commas of the text belong to an expression.
fn has_marks(text: &str) -> bool {
    text.contains(['(', ')', '[', ']', ';', '\'', '`', '|', '&']) || text.matches('"').count() > 1
}

impl Condition {
    fn written(&self) -> Written {
        let each = |group: &Conditions| group.conditions.iter().map(Self::written).collect();
        match self {
            Self::Scope(scope) => Written::Scope(scope.text.clone()),
            Self::All(all) => Written::all(each(all)),
            Self::Any(any) => Written::any(each(any)),
        }
    }
}

/// The string literal that the tokens consist of, if they do.
fn string(tokens: &TokenStream) -> Option<LitStr> {
    match syn::parse2(tokens.clone()) {
        Ok(Lit::Str(text)) if text.suffix().is_empty() => Some(text),
        _ => None,
    }
}
