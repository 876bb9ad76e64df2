//! What a token is known by: never its own text.

use std::hash::{Hash, Hasher};

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

use crate::AccessToken;

/// A hash of a token, and of who was asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheKey([u8; 32]);

#[cfg(feature = "redis")]
impl CacheKey {
    pub(crate) const LENGTH: usize = size_of::<Self>();

    /// What another instance with the same resolver calls the same token.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// All of its bytes are alike, so a few of them find its place in a table as well as all. What a table
/// hashes them with has a secret of the process, and one place for two of them is no match yet.
impl Hash for CacheKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(first) = self.0.first_chunk() {
            state.write_u64(u64::from_ne_bytes(*first));
        }
    }
}

/// Makes keys for the answers of one resolver: the SHA-256 of a block with the name of the resolver
/// and of the token.
pub(crate) struct KeyHasher {
    /// The hash's state after that block, so that a key costs no more than the token alone.
    begun: [u32; 8],
}

const BLOCK: usize = 64;

/// What is hashed at once at the end.
const LAST: usize = 2 * BLOCK;

/// The least of padding.
const PADDING: usize = 1 + size_of::<u64>();

/// The state that SHA-256 begins with (FIPS 180-4 §5.3.3).
const FIRST: [u32; 8] = [
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
    /// Two resolvers with different names never share a key.
    pub(crate) fn new(resolver: &str) -> Self {
        let mut begun = FIRST;
        compress256(&mut begun, &[block_of(resolver)]);
        Self { begun }
    }

    /// What the hasher of `sha2` would make of it. All of the token is at hand, so nothing has to be
    /// kept between its pieces: that is a fifth of the time.
    #[inline]
    pub(crate) fn key(&self, token: &AccessToken) -> CacheKey {
        let token = token.expose_bytes();
        let mut state = self.begun;
        // Most tokens fit into the last blocks, and one call for all of them takes less in a server,
        // if not in a loop of nothing else: what comes behind it can begin earlier.
        let (whole, rest) = match token.len() + PADDING {
            ..=LAST => (&[][..], token),
            _ => token.as_chunks::<BLOCK>(),
        };
        if !whole.is_empty() {
            compress256(&mut state, whole);
        }

        // The padding (FIPS 180-4 §5.1.1): a one, zeros, and the length in bits at the very end.
        let mut padded = [0; LAST];
        let (text, padding) = padded.split_at_mut(rest.len());
        text.copy_from_slice(rest);
        if let Some(one) = padding.first_mut() {
            *one = 0x80;
        }
        let bits = 8 * (BLOCK + token.len()) as u64;
        let (mut blocks, _) = padded.as_chunks_mut::<BLOCK>();
        if rest.len() + PADDING <= BLOCK {
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

fn block_of(resolver: &str) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    for (place, byte) in block.iter_mut().zip(Sha256::digest(resolver.as_bytes())) {
        *place = byte;
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_hash_of_the_resolver_and_the_token() {
        // R-E2. Every length of what is left for the last blocks, and beyond.
        for length in 1..200 {
            let token = AccessToken::parse(&"t".repeat(length)).unwrap();
            let hash = Sha256::new_with_prefix(block_of("name")).chain_update(token.expose());
            assert_eq!(
                KeyHasher::new("name").key(&token).0[..],
                hash.finalize()[..],
                "{length} bytes"
            );
        }
    }

    #[test]
    fn a_key_depends_on_who_was_asked_and_on_the_whole_token() {
        // R-E2
        let token = |text: &str| AccessToken::parse(text).unwrap();
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
