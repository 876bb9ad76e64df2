//! The conditions that a phrase can mean.

use super::condition::Connective;
use super::lexer::lex_text;
use super::phrase::Phrase;
use super::{Interpretations, SuggestedCondition};
use crate::parse::scope_token::is_and_or;

impl Phrase<'_> {
    /// Returns `None` where no condition can be meant.
    pub(super) fn interpret(self) -> Option<Interpretations> {
        match self {
            Self::Decorated(text) => Interpretations::of_text(&text),
            Self::AndOr(words) => interpret_and_or(&words),
            Self::Quantified { connective, rest, words } => {
                interpret_quantified(connective, &rest, words)
            }
        }
    }
}

fn interpret_and_or(words: &[&str]) -> Option<Interpretations> {
    let with = |operator: &str| {
        let words: Vec<&str> =
            words.iter().map(|word| if is_and_or(word) { operator } else { word }).collect();
        Interpretations::of_text(&words.join(" "))?.unambiguous().cloned()
    };
    Some(Interpretations { first: with("or")?, second: Some(with("and")?) })
}

fn interpret_quantified(
    connective: Connective,
    rest: &str,
    words: Option<Vec<&str>>,
) -> Option<Interpretations> {
    if rest.contains(['(', ')', '[', ']', '{', '}', '|', '&', ';']) {
        return None;
    }
    let has_operators = rest.split(' ').any(|word| Connective::of_operator(word).is_some());
    let condition = Interpretations::of_lexed(&lex_text(rest)?)?.unambiguous()?.clone();
    let first = match (connective, condition) {
        (Connective::Any, SuggestedCondition::All(all)) if !has_operators => {
            SuggestedCondition::any(all)
        }
        // The operators contradict the first word.
        (Connective::Any, SuggestedCondition::All(_))
        | (Connective::All, SuggestedCondition::Any(_)) => return None,
        (_, other) => other,
    };
    let scope = |word: &&str| SuggestedCondition::Scope((*word).to_owned());
    let second = words
        .filter(|_| !has_operators)
        .map(|words| SuggestedCondition::all(words.iter().map(scope).collect()));
    Some(Interpretations { first, second })
}
