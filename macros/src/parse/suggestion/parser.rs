//! The parser of expressions over scopes.

use super::condition::{Connective, SuggestedCondition};
use super::lexer::Token;

/// Parses an expression in which `tighter` binds tighter than the other connective.
pub(super) fn parse(tokens: &[Token], tighter: Connective) -> Option<SuggestedCondition> {
    Parser { tokens, tighter }.parse_all()
}

struct Parser<'a> {
    tokens: &'a [Token],
    /// Which of the two operators binds tighter.
    tighter: Connective,
}

impl Parser<'_> {
    fn parse_all(mut self) -> Option<SuggestedCondition> {
        let condition = self.sequence(Connective::All)?;
        (self.tokens.is_empty() && condition.is_valid()).then_some(condition)
    }

    /// Expressions side by side or between commas, up to a closing parenthesis or the end.
    fn sequence(&mut self, join: Connective) -> Option<SuggestedCondition> {
        let mut elements = Vec::new();
        let (mut commas, mut gaps) = (false, false);
        loop {
            let mut comma = false;
            while self.take(&Token::Comma) {
                comma = true;
            }
            let between =
                !elements.is_empty() && !matches!(self.tokens.first(), None | Some(Token::Close));
            commas |= between && comma;
            gaps |= between && !comma;
            // In `any(a b, c)`, `a b` may be one alternative or two.
            if join == Connective::Any && commas && gaps {
                return None;
            }
            match self.tokens.first() {
                None | Some(Token::Close) => break,
                _ => elements.push(self.operators(join)?),
            }
        }
        Some(SuggestedCondition::group(join, elements))
    }

    fn operators(&mut self, join: Connective) -> Option<SuggestedCondition> {
        let (tighter, looser) = match self.tighter {
            Connective::All => (Connective::All, Connective::Any),
            Connective::Any => (Connective::Any, Connective::All),
        };
        let mut terms = vec![vec![self.primary()?]];
        loop {
            let next = match self.tokens.first() {
                Some(Token::Connective(join)) => {
                    self.tokens = self.tokens.get(1..)?;
                    *join
                }
                // Side by side means all, except in `any(…)`.
                Some(Token::Name(_) | Token::Open(_)) if join == Connective::All => Connective::All,
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
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        match first {
            Token::Name(name) => Some(SuggestedCondition::Scope(name.clone())),
            Token::Open(join) => {
                let inner = self.sequence(*join)?;
                self.take(&Token::Close).then_some(inner)
            }
            _ => None,
        }
    }

    fn take(&mut self, word: &Token) -> bool {
        let found = self.tokens.first() == Some(word);
        if found {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        found
    }
}
