//! The key of an entry in this process: a keyed hash, so that the cache holds no token.

use std::fmt;
use std::hash::{Hash, Hasher};

use rand::TryRng;
use rand::rngs::SysRng;
use siphasher::sip128::SipHasher24;

use super::key::{CacheKey, KeyHasher};
use crate::AccessToken;

/// The key of a token in one cache of this process: a 128-bit hash of the token.
///
/// The hash is SipHash-2-4, a pseudo-random function, under a key of this cache alone that was drawn from the operating
/// system. Without the key, nobody can find two tokens with the same hash, or a token for a hash: a try costs a request, and
/// one of 2^128 values is hit by chance only. A dump of the memory of this process has the key, and with it, a token that is
/// guessed can be confirmed, as for any hash; access tokens are too long to guess (RFC 6749 §10.10). Such a dump has
/// tokens of requests in progress too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalKey([u8; 16]);

impl LocalKey {
    /// A number that is uniformly distributed, from other bytes than those that are hashed.
    #[inline]
    pub(super) fn number(&self) -> usize {
        self.0.last_chunk().map_or(0, |last| usize::from_ne_bytes(*last))
    }
}

/// Does not show the key, from which a token could be recognised.
impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalKey(..)")
    }
}

/// Hashes the first eight bytes only: they are uniformly distributed. Equality compares all bytes.
impl Hash for LocalKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(first) = self.0.first_chunk() {
            state.write_u64(u64::from_ne_bytes(*first));
        }
    }
}

/// Computes the keys of one cache, which is of one resolver: other servers and other clients have other caches.
pub(crate) struct LocalKeyHasher {
    /// `None` where the operating system has no random numbers: then the key is a part of the cryptographic one.
    keyed: Option<SipHasher24>,
    /// For the keys that instances share.
    shared: KeyHasher,
    /// Whether a local key is made from the shared one: a second level names entries by this one.
    has_second_level: bool,
}

impl LocalKeyHasher {
    pub(crate) fn new(namespace: &str, has_second_level: bool) -> Self {
        let mut key = [0; 16];
        let keyed = SysRng.try_fill_bytes(&mut key).ok().map(|()| SipHasher24::new_with_key(&key));
        Self { keyed, shared: KeyHasher::new(namespace), has_second_level }
    }

    #[inline]
    pub(crate) fn key(&self, token: &AccessToken) -> LocalKey {
        match &self.keyed {
            Some(hasher) if !self.has_second_level => {
                LocalKey(hasher.hash(token.expose_bytes()).as_bytes())
            }
            _ => self.of_shared_key(&self.shared_key(token)),
        }
    }

    /// The key that instances share.
    pub(crate) fn shared_key(&self, token: &AccessToken) -> CacheKey {
        self.shared.key(token)
    }

    /// The local key of the token with this shared key, where there is a second level.
    pub(crate) fn of_shared_key(&self, key: &CacheKey) -> LocalKey {
        let bytes = key.as_bytes();
        match &self.keyed {
            Some(hasher) => LocalKey(hasher.hash(bytes).as_bytes()),
            None => LocalKey(bytes.first_chunk().copied().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> AccessToken {
        text.parse().unwrap()
    }

    #[test]
    fn the_hash_is_sip_hash_2_4_with_128_bits() {
        // R-E2: the first vectors of the reference implementation, `vectors_sip128` of SipHash.
        let key: [u8; 16] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let hasher = SipHasher24::new_with_key(&key);
        for (input, expected) in [
            (&[][..], 0xa381_7f04_ba25_a8e6_6df6_7214_c755_0293_u128),
            (&[0], 0xda87_c1d8_6b99_af44_3476_5911_9b22_fc45),
            (&[0, 1], 0x8177_228d_a4a4_5dc7_fca3_8bde_f60a_ffe4),
        ] {
            assert_eq!(hasher.hash(input).as_bytes(), expected.to_be_bytes());
        }
    }

    #[test]
    fn a_key_depends_on_the_cache_and_on_the_whole_token() {
        // R-E2
        for has_second_level in [false, true] {
            let hasher = LocalKeyHasher::new("name", has_second_level);
            let key = hasher.key(&token("abc"));
            assert_eq!(key, hasher.key(&token("abc")));
            for other in ["abd", "abcd", "ab", "ABC"] {
                assert_ne!(key, hasher.key(&token(other)), "{other}");
            }
            // Another cache, also one of the same resolver, has another random key.
            let other = LocalKeyHasher::new("name", has_second_level);
            assert_ne!(key, other.key(&token("abc")));
            assert_eq!(format!("{key:?}"), "LocalKey(..)");
        }
    }

    #[test]
    fn a_second_level_names_the_entries_of_this_process() {
        // R-E2, R-E9
        let (one, other) = (LocalKeyHasher::new("name", true), LocalKeyHasher::new("name", true));
        let shared = other.shared_key(&token("abc"));
        assert_eq!(one.of_shared_key(&shared), one.key(&token("abc")));
        let foreign = LocalKeyHasher::new("another", true).shared_key(&token("abc"));
        assert_ne!(one.of_shared_key(&foreign), one.key(&token("abc")));
    }

    #[test]
    fn without_random_numbers_the_key_is_cryptographic() {
        // R-E2
        for has_second_level in [false, true] {
            let hasher =
                LocalKeyHasher { keyed: None, ..LocalKeyHasher::new("name", has_second_level) };
            let shared = hasher.shared_key(&token("abc"));
            assert_eq!(hasher.key(&token("abc")).0[..], shared.as_bytes()[..16]);
        }
    }
}
