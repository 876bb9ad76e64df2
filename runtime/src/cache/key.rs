//! What a token is known by: never its own text.

use sha2::{Digest, Sha256};

use crate::AccessToken;

/// A hash of a token, and of who was asked about it.
pub(super) type Key = [u8; 32];

/// Makes keys for the answers of one resolver.
pub(super) struct Keys {
    /// The hash's state after one block with the name of the resolver, so that a key costs no more
    /// than the token alone.
    begun: Sha256,
}

impl Keys {
    /// Two resolvers with different names never share a key.
    pub(super) fn new(resolver: &str) -> Self {
        let mut block = [0; 64];
        for (place, byte) in block.iter_mut().zip(Sha256::digest(resolver.as_bytes())) {
            *place = byte;
        }
        Self { begun: Sha256::new_with_prefix(block) }
    }

    pub(super) fn of(&self, token: &AccessToken) -> Key {
        let mut hash = self.begun.clone();
        hash.update(token.expose().as_bytes());
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_who_was_asked_and_on_the_whole_token() {
        // R-E2
        let token = |text: &str| AccessToken::parse(text).unwrap();
        let (one, other) = (Keys::new("https://a.example id"), Keys::new("https://b.example id"));
        assert_eq!(one.of(&token("abc")), Keys::new("https://a.example id").of(&token("abc")));
        assert_ne!(one.of(&token("abc")), other.of(&token("abc")));
        assert_ne!(one.of(&token("abc")), one.of(&token("abd")));
        assert_ne!(one.of(&token("abc")), one.of(&token("abcd")));
    }
}
