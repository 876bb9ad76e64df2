//! The key of an entry that instances share: a hash, so that no store holds a token.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

use crate::AccessToken;

/// The key of a token in a store that instances share: a SHA-256 hash of the token and of the resolver's
/// [`cache_namespace`](crate::Resolver::cache_namespace).
///
/// Every instance with the same namespace computes the same key. Whoever has a token can compute its key,
/// so a [second level](super::second_level) outside the process must not show keys to others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// The number of bytes of a key.
    pub const LENGTH: usize = size_of::<Self>();

    /// A key of another instance; `None` unless there are [`LENGTH`](Self::LENGTH) bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Does not show the key, from which a token could be recognised.
impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CacheKey(..)")
    }
}

/// Hashes the first eight bytes only: the bytes of a SHA-256 hash are uniformly distributed, and the
/// table's own hasher is keyed per process. Equality compares all bytes.
impl Hash for CacheKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(first) = self.0.first_chunk() {
            state.write_u64(u64::from_ne_bytes(*first));
        }
    }
}

/// Computes the keys for one resolver: SHA-256 over a block that is derived from its namespace, followed
/// by the token.
pub(crate) struct KeyHasher {
    /// After the first block.
    begun: Sha256,
}

const BLOCK: usize = 64;

impl KeyHasher {
    /// Hashers with different namespaces share no key.
    pub(crate) fn new(namespace: &str) -> Self {
        Self { begun: Sha256::new_with_prefix(namespace_block(namespace)) }
    }

    pub(crate) fn key(&self, token: &AccessToken) -> CacheKey {
        CacheKey(self.begun.clone().chain_update(token.expose_bytes()).finalize().into())
    }
}

fn namespace_block(namespace: &str) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    for (place, byte) in block.iter_mut().zip(Sha256::digest(namespace.as_bytes())) {
        *place = byte;
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_sha_256_of_the_namespace_block_and_the_token() {
        // R-E2
        let token = "t".repeat(71).parse::<AccessToken>().unwrap();
        let hash = Sha256::new_with_prefix(namespace_block("name")).chain_update(token.expose());
        assert_eq!(KeyHasher::new("name").key(&token).0[..], hash.finalize()[..]);
    }

    #[test]
    fn a_key_depends_on_the_namespace_and_on_the_whole_token() {
        // R-E2
        let token = |text: &str| text.parse::<AccessToken>().unwrap();
        let (one, other) =
            (KeyHasher::new("https://a.example id"), KeyHasher::new("https://b.example id"));
        assert_eq!(
            one.key(&token("abc")),
            KeyHasher::new("https://a.example id").key(&token("abc"))
        );
        assert_ne!(one.key(&token("abc")), other.key(&token("abc")));
        assert_ne!(one.key(&token("abc")), one.key(&token("abd")));
        assert_ne!(one.key(&token("abc")), one.key(&token("abcd")));
    }
}
