//! The names of the keys in the store.

use std::fmt::Write;

use super::encryption::Locator;

/// The generation of entries in use. To begin another one invalidates all entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u128);

impl Generation {
    /// The number of bytes in the store.
    pub(super) const LENGTH: usize = 16;

    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    pub(super) fn to_bytes(self) -> [u8; Self::LENGTH] {
        self.0.to_be_bytes()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(u128::from_be_bytes(bytes.try_into().ok()?)))
    }
}

/// Keys with one prefix. What stands between braces decides where a cluster keeps a key, so that
/// keys that are used together are kept together.
#[derive(Clone)]
pub(super) struct Keys {
    prefix: Box<str>,
}

impl Keys {
    /// `None` for a prefix that is empty, too long, or has characters with a meaning in the store.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let allowed = (1..=64).contains(&prefix.len()) && prefix.bytes().all(allowed);
        allowed.then(|| Self { prefix: prefix.into() })
    }

    /// The entry of a token.
    pub(super) fn claims(&self, token: &Locator, generation: Generation) -> String {
        format!("{}:{{{}}}:claims:{:032x}", self.prefix, hex(token), generation.0)
    }

    /// The tombstone of a token: while it exists, the claims of the token are not used.
    pub(super) fn tombstone(&self, token: &Locator) -> String {
        format!("{}:{{{}}}:forgotten", self.prefix, hex(token))
    }

    /// A DPoP proof that was used.
    #[cfg(feature = "dpop")]
    pub(super) fn proof(&self, proof: &crate::UsedProof) -> String {
        format!("{}:{{{proof}}}:proof", self.prefix)
    }

    /// The generation of entries in use.
    pub(super) fn generation(&self) -> String {
        format!("{{{}}}:generation", self.prefix)
    }

    /// The stream of invalidated tokens.
    pub(super) fn invalidations(&self) -> String {
        format!("{{{}}}:forgotten", self.prefix)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_used_together_have_the_same_hash_tag() {
        let keys = Keys::new("prefix").unwrap();
        let generation = Generation(0x1f);
        let token = "ab".repeat(32);
        assert_eq!(
            keys.claims(&[0xab; 32], generation),
            format!("prefix:{{{token}}}:claims:0000000000000000000000000000001f")
        );
        assert_eq!(keys.tombstone(&[0xab; 32]), format!("prefix:{{{token}}}:forgotten"));
        assert_eq!(keys.generation(), "{prefix}:generation");
        assert_eq!(keys.invalidations(), "{prefix}:forgotten");
    }

    #[test]
    fn a_generation_survives_a_round_trip_through_its_bytes() {
        let generation = Generation::random();
        assert_eq!(Generation::from_bytes(&generation.to_bytes()), Some(generation));
        assert_eq!(Generation::from_bytes(b"another form"), None);
    }

    #[test]
    fn a_prefix_with_special_characters_is_rejected() {
        for wrong in ["", "a{b", "a}b", "a b", "ä", "a*", &"a".repeat(65)] {
            assert!(Keys::new(wrong).is_none(), "{wrong:?}");
        }
        assert!(Keys::new("journal:eu-1_a.b").is_some());
    }
}
