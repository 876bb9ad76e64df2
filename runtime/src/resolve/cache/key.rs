//! The key of an entry: a hash, so that the cache holds no token.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

use crate::AccessToken;

/// The key of a token in a cache: a SHA-256 hash of the token and of the resolver's
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
    /// The state of the hash after the first block, computed once.
    initial_state: [u32; 8],
}

const BLOCK: usize = 64;

/// The bytes that one call compresses at the end.
const FINAL_BLOCKS: usize = 2 * BLOCK;

/// The shortest padding.
const MIN_PADDING: usize = 1 + size_of::<u64>();

/// The initial hash value of SHA-256 (FIPS 180-4 §5.3.3).
const INITIAL_HASH: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

impl KeyHasher {
    /// Hashers with different namespaces share no key.
    pub(crate) fn new(namespace: &str) -> Self {
        let mut initial_state = INITIAL_HASH;
        compress256(&mut initial_state, &[namespace_block(namespace)]);
        Self { initial_state }
    }

    /// The same as the hasher of `sha2` computes. As the whole token is available, no partial block is
    /// buffered, which saves a fifth of the time.
    #[inline]
    pub(crate) fn key(&self, token: &AccessToken) -> CacheKey {
        let token = token.expose_bytes();
        let mut state = self.initial_state;
        // Most tokens fit into the final blocks. One call for both blocks is faster in a server, though not
        // in a loop that does nothing else: the code behind it starts earlier.
        let (whole, rest) = match token.len() + MIN_PADDING {
            ..=FINAL_BLOCKS => (&[][..], token),
            _ => token.as_chunks::<BLOCK>(),
        };
        if !whole.is_empty() {
            compress256(&mut state, whole);
        }

        // The padding (FIPS 180-4 §5.1.1): a one bit, zeros, and the length in bits at the end.
        let mut padded = [0; FINAL_BLOCKS];
        let (text, padding) = padded.split_at_mut(rest.len());
        text.copy_from_slice(rest);
        if let Some(one) = padding.first_mut() {
            *one = 0x80;
        }
        let bits = 8 * (BLOCK + token.len()) as u64;
        let (mut blocks, _) = padded.as_chunks_mut::<BLOCK>();
        if rest.len() + MIN_PADDING <= BLOCK {
            blocks = blocks.split_at_mut(1).0;
        }
        if let Some(length) = blocks.last_mut().and_then(|block| block.last_chunk_mut()) {
            *length = bits.to_be_bytes();
        }
        compress256(&mut state, blocks);

        let mut key = [0; 32];
        for (place, word) in key.as_chunks_mut().0.iter_mut().zip(state) {
            *place = word.to_be_bytes();
        }
        CacheKey(key)
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
        // R-E2. Every length of the final blocks, and longer tokens.
        for length in 1..200 {
            let token = "t".repeat(length).parse::<AccessToken>().unwrap();
            let hash =
                Sha256::new_with_prefix(namespace_block("name")).chain_update(token.expose());
            assert_eq!(
                KeyHasher::new("name").key(&token).0[..],
                hash.finalize()[..],
                "{length} bytes"
            );
        }
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
