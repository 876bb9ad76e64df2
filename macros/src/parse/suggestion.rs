//! Suggestions for a value of `scopes` that is not a condition: an expression inside a string, bare lexed, or
//! operators. They appear only in help texts.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

mod condition;
mod lexer;
mod parser;

use condition::Connective;
pub(crate) use condition::SuggestedCondition;
use lexer::{Token, lex_text, lex_tokens};
use parser::parse;

/// What an expression may mean.
#[derive(Debug)]
pub(crate) struct Interpretations {
    pub(crate) first: SuggestedCondition,
    pub(crate) second: Option<SuggestedCondition>,
}

impl Interpretations {
    /// The interpretations of an expression in a string. Where it mixes `and` and `or` without parentheses
    /// there are two, and nothing says which one is meant.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        Self::of_lexed(&lex_text(text)?)
    }

    /// The same for tokens.
    pub(crate) fn of_tokens(tokens: TokenStream) -> Option<Self> {
        let mut lexed = Vec::new();
        lex_tokens(tokens, &mut lexed)?;
        Self::of_lexed(&lexed)
    }

    /// What `any_of` and the like mean, by what is in their parentheses or behind their `=`. Each
    /// element of a list is one alternative; one string with several scopes has two interpretations.
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

    pub(crate) fn unambiguous(&self) -> Option<&SuggestedCondition> {
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

#[cfg(test)]
mod tests;
