//! Parses the tokens of an expression over scopes.

use super::condition::{Connective, SuggestedCondition};
use super::lexer::Token;

/// Parses an expression in which the operators of `tighter` have the higher precedence.
pub(super) fn parse(tokens: &[Token], tighter: Connective) -> Option<SuggestedCondition> {
    let mut parser = Parser { tokens, tighter };
    let condition = parser.parse_sequence(Connective::All)?;
    (parser.tokens.is_empty() && condition.is_valid()).then_some(condition)
}

struct Parser<'a> {
    /// The tokens that are left.
    tokens: &'a [Token],
    tighter: Connective,
}

impl Parser<'_> {
    /// Parses expressions side by side or between commas, up to a closing parenthesis or the end.
    fn parse_sequence(&mut self, connective: Connective) -> Option<SuggestedCondition> {
        let mut elements = Vec::new();
        let (mut has_commas, mut has_gaps) = (false, false);
        loop {
            let mut found_comma = false;
            while self.skip(&Token::Comma) {
                found_comma = true;
            }
            let is_between =
                !elements.is_empty() && !matches!(self.tokens.first(), None | Some(Token::Close));
            has_commas |= is_between && found_comma;
            has_gaps |= is_between && !found_comma;
            // In `any(a b, c)`, `a b` may be one alternative or two.
            if connective == Connective::Any && has_commas && has_gaps {
                return None;
            }
            match self.tokens.first() {
                None | Some(Token::Close) => break,
                _ => elements.push(self.parse_operators(connective)?),
            }
        }
        Some(SuggestedCondition::group(connective, elements))
    }

    /// Parses conditions between operators, inside a group of this connective.
    fn parse_operators(&mut self, group: Connective) -> Option<SuggestedCondition> {
        let (tighter, looser) = match self.tighter {
            Connective::All => (Connective::All, Connective::Any),
            Connective::Any => (Connective::Any, Connective::All),
        };
        let mut terms = vec![vec![self.parse_operand()?]];
        loop {
            let operator = match self.tokens.first() {
                Some(Token::Connective(operator)) => {
                    self.tokens = self.tokens.get(1..)?;
                    *operator
                }
                // Side by side means all, except in `any(…)`.
                Some(Token::Name(_) | Token::Path(_) | Token::Open(_))
                    if group == Connective::All =>
                {
                    Connective::All
                }
                _ => break,
            };
            let operand = self.parse_operand()?;
            if operator == tighter {
                terms.last_mut()?.push(operand);
            } else {
                terms.push(vec![operand]);
            }
        }
        let terms =
            terms.into_iter().map(|term| SuggestedCondition::group(tighter, term)).collect();
        Some(SuggestedCondition::group(looser, terms))
    }

    fn parse_operand(&mut self) -> Option<SuggestedCondition> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        match first {
            Token::Name(name) => Some(SuggestedCondition::Scope(name.clone())),
            Token::Path(path) => Some(SuggestedCondition::Typed(path.clone())),
            Token::Open(connective) => {
                let group = self.parse_sequence(*connective)?;
                self.skip(&Token::Close).then_some(group)
            }
            _ => None,
        }
    }

    /// Skips the next token if it is this one.
    fn skip(&mut self, token: &Token) -> bool {
        let is_next = self.tokens.first() == Some(token);
        if is_next {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        is_next
    }
}
