//! The tokens whose introspection requests have failed.

use std::collections::HashSet;

/// The keyed hash of a token, so that no further copy of a token is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash(pub(super) u64);

/// The tokens whose introspection requests have failed since the server last responded.
#[derive(Debug, Default)]
pub(super) struct FailedTokens(HashSet<TokenHash>);

impl FailedTokens {
    /// Bounds the memory. A token that is dropped can fail once more.
    const MAX_TOKENS: usize = 4096;

    pub(super) fn insert(&mut self, token: TokenHash) {
        if self.0.len() >= Self::MAX_TOKENS {
            self.0.clear();
        }
        self.0.insert(token);
    }

    pub(super) fn contains(&self, token: TokenHash) -> bool {
        self.0.contains(&token)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_tokens_is_bounded() {
        // R-C10
        let mut tokens = FailedTokens::default();
        for token in 0..10_000 {
            tokens.insert(TokenHash(token));
            assert!(tokens.contains(TokenHash(token)) && tokens.0.len() <= 4096);
        }
        assert!(!tokens.contains(TokenHash(0)));
    }
}
