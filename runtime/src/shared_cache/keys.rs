//! What things are called in the store.

use std::fmt::Write;

use super::encryption::Locator;

/// Which generation of entries is in use: to begin another one is to invalidate them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u128);

impl Generation {
    /// How many bytes it has where it is written.
    pub(super) const LENGTH: usize = 16;

    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    /// As it is written in the store.
    pub(super) fn written(self) -> [u8; Self::LENGTH] {
        self.0.to_be_bytes()
    }

    pub(super) fn read(written: &[u8]) -> Option<Self> {
        Some(Self(u128::from_be_bytes(written.try_into().ok()?)))
    }
}

/// Keys with one prefix. What stands between braces decides where a cluster keeps a key, so that
/// keys that are used together are kept together.
#[derive(Clone)]
pub(super) struct Keys {
    prefix: Box<str>,
}

impl Keys {
    /// `None` for a prefix of which the store might make something else.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let fits = (1..=64).contains(&prefix.len()) && prefix.bytes().all(fits);
        fits.then(|| Self { prefix: prefix.into() })
    }

    /// The claims of a token.
    pub(super) fn claims(&self, token: &Locator, generation: Generation) -> String {
        format!("{}:{{{}}}:claims:{:032x}", self.prefix, hex(token), generation.0)
    }

    /// Is there for as long as no claims of the token are to be believed.
    pub(super) fn forgotten(&self, token: &Locator) -> String {
        format!("{}:{{{}}}:forgotten", self.prefix, hex(token))
    }

    /// Which generation of entries is in use.
    pub(super) fn generation(&self) -> String {
        format!("{{{}}}:generation", self.prefix)
    }

    /// The stream of tokens that were forgotten.
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
    fn keys_that_are_used_together_have_the_same_text_between_braces() {
        let keys = Keys::new("prefix").unwrap();
        let generation = Generation(0x1f);
        let token = "ab".repeat(32);
        assert_eq!(
            keys.claims(&[0xab; 32], generation),
            format!("prefix:{{{token}}}:claims:0000000000000000000000000000001f")
        );
        assert_eq!(keys.forgotten(&[0xab; 32]), format!("prefix:{{{token}}}:forgotten"));
        assert_eq!(keys.generation(), "{prefix}:generation");
        assert_eq!(keys.invalidations(), "{prefix}:forgotten");
    }

    #[test]
    fn a_generation_is_read_as_it_was_written() {
        let generation = Generation::random();
        assert_eq!(Generation::read(&generation.written()), Some(generation));
        assert_eq!(Generation::read(b"another form"), None);
    }

    #[test]
    fn a_prefix_is_a_plain_word() {
        for wrong in ["", "a{b", "a}b", "a b", "ä", "a*", &"a".repeat(65)] {
            assert!(Keys::new(wrong).is_none(), "{wrong:?}");
        }
        assert!(Keys::new("journal:eu-1_a.b").is_some());
    }
}
