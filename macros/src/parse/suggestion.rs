//! Suggestions for a value of `scopes` that is not a condition.
//!
//! `scopes = "read or write"` is an error; its help text suggests `scopes = any("read", "write")`.
//! The lexer and the parser here accept more than the attribute does: an expression inside a
//! string, bare words, operators. Their result appears only in help texts, never in a policy.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

mod condition;
mod lexer;
mod parser;
mod phrase;
mod phrase_interpretation;

use condition::Connective;
pub(crate) use condition::SuggestedCondition;
use lexer::{Token, lex_text, lex_tokens};
use parser::parse;
use phrase::Phrase;

/// The conditions that an expression may mean.
///
/// There are two where it mixes `and` and `or` without parentheses: operators have no precedence
/// here.
#[derive(Debug, Clone)]
pub(crate) struct Interpretations {
    pub(crate) first: SuggestedCondition,
    pub(crate) second: Option<SuggestedCondition>,
}

impl Interpretations {
    /// Interprets the content of a string. Returns `None` where no condition can be meant, as in a
    /// negation.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        match Phrase::parse(text) {
            Some(phrase) => phrase.interpret(),
            None => Self::of_lexed(&lex_text(text)?),
        }
    }

    /// Interprets tokens.
    pub(crate) fn of_tokens(tokens: TokenStream) -> Option<Self> {
        Self::of_lexed(&lex_tokens(tokens)?)
    }

    /// Interprets the elements of `any_of(…)` and the like. Each element of a list is one
    /// alternative; one string with several scopes has two interpretations.
    pub(crate) fn of_alternatives(tokens: TokenStream) -> Option<Self> {
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        match trees.as_slice() {
            [TokenTree::Group(list)] => Self::of_alternatives(list.stream()),
            [TokenTree::Literal(_)] => match Self::of_tokens(tokens)? {
                Self { first: SuggestedCondition::All(all), second: None } => Some(Self {
                    first: SuggestedCondition::any(all.clone()),
                    second: Some(SuggestedCondition::All(all)),
                }),
                other => Some(other),
            },
            _ => {
                let list = Group::new(Delimiter::Parenthesis, tokens);
                Self::of_tokens(quote!(any #list))
            }
        }
    }

    fn of_lexed(lexed: &[Token]) -> Option<Self> {
        let (first, second) = (parse(lexed, Connective::All)?, parse(lexed, Connective::Any)?);
        let second = (first != second).then_some(second);
        Some(Self { first, second })
    }

    /// The interpretation, if there is only one.
    pub(crate) fn unambiguous(&self) -> Option<&SuggestedCondition> {
        self.second.is_none().then_some(&self.first)
    }

    /// The help text. `prefix` precedes each condition.
    pub(crate) fn help(&self, prefix: &str) -> String {
        match &self.second {
            None => format!("write `{prefix}{}`", self.first),
            Some(second) => {
                format!("write `{prefix}{}` or `{prefix}{second}`, whichever is meant", self.first)
            }
        }
    }
}

#[cfg(test)]
mod tests;
