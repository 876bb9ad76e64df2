//! What the store gets to see: keys that say nothing, and sealed text.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::AccessToken;

/// A 256-bit key, erased when it is no longer needed.
type Key = Zeroizing<[u8; 32]>;

/// The name by which the store knows a token: it depends on the whole token, on who was asked about
/// it, and on the secret, and cannot be traced back to any of them.
pub(super) type Locator = [u8; 32];

/// Begins every sealed text: another version is not read.
const VERSION: u8 = 1;

const NONCE: usize = 24;

/// How many bytes longer a text is when it is sealed: the version, the nonce and a tag of 16 bytes.
pub(super) const OVERHEAD: usize = 1 + NONCE + 16;

/// Derives keys and keys by HKDF-SHA-256 (RFC 5869): the secret is the salt, the token the input.
/// So only who holds both can read an entry, or make one.
///
/// The token alone would not do: somebody who may write to the store, and has any token at all, could
/// grant it every scope.
pub(super) struct TokenEncryption {
    secret: SecretSlice<u8>,
    resolver: String,
    messages: Cipher,
}

impl TokenEncryption {
    pub(super) fn new(secret: SecretSlice<u8>, resolver: String) -> Self {
        let derived = Hkdf::<Sha256>::new(None, secret.expose_secret());
        let messages = Cipher(expanded(&derived, "requires-auth forgotten v1", ""));
        Self { secret, resolver, messages }
    }

    pub(super) fn of(&self, token: &AccessToken) -> (Locator, Cipher) {
        let salt = Some(self.secret.expose_secret());
        let derived = Hkdf::<Sha256>::new(salt, token.expose().as_bytes());
        let locator = expanded(&derived, "requires-auth locator v1 ", &self.resolver);
        let key = expanded(&derived, "requires-auth claims v1 ", &self.resolver);
        (*locator, Cipher(key))
    }

    /// The cipher for what instances tell each other.
    pub(super) fn messages(&self) -> &Cipher {
        &self.messages
    }
}

/// Seals and opens with XChaCha20-Poly1305, whose nonces are long enough to be drawn at random.
pub(super) struct Cipher(Key);

impl Cipher {
    /// `place` is where the text is kept: it cannot be opened anywhere else.
    pub(super) fn encrypt(&self, place: &str, text: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: text, aad: place.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// `None` for whatever this key has not sealed for this place.
    pub(super) fn open(&self, place: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = sealed.strip_prefix(&[VERSION])?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let text = self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()?;
        Some(Zeroizing::new(text))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

fn expanded(derived: &Hkdf<Sha256>, purpose: &str, of: &str) -> Key {
    let mut key = Key::default();
    if derived.expand_multi_info(&[purpose.as_bytes(), of.as_bytes()], &mut *key).is_err() {
        // 32 bytes are not too many (RFC 5869 §2.3); if they were, nobody should know the key.
        *key = rand::random();
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> AccessToken {
        AccessToken::parse(text).unwrap()
    }

    fn encryption(secret: u8, resolver: &str) -> TokenEncryption {
        TokenEncryption::new(SecretSlice::from(vec![secret; 32]), resolver.to_owned())
    }

    #[test]
    fn what_is_sealed_can_be_opened_with_the_token_and_the_secret() {
        // R-E9
        let (locator, cipher) = encryption(1, "r").of(&token("abc"));
        let sealed = cipher.encrypt("here", b"claims").unwrap();
        let (same, other_process) = encryption(1, "r").of(&token("abc"));
        assert_eq!(locator, same);
        assert_eq!(**other_process.open("here", &sealed).unwrap(), *b"claims");
        assert_eq!(sealed.len(), OVERHEAD + b"claims".len());
    }

    #[test]
    fn nothing_else_opens_it() {
        // R-E9
        let (locator, cipher) = encryption(1, "r").of(&token("abc"));
        let sealed = cipher.encrypt("here", b"claims").unwrap();
        assert!(cipher.open("there", &sealed).is_none(), "moved to another place");
        for (secret, resolver, text) in [(2, "r", "abc"), (1, "s", "abc"), (1, "r", "abd")] {
            let (other, key) = encryption(secret, resolver).of(&token(text));
            assert_ne!(other, locator, "{secret} {resolver} {text}");
            assert!(key.open("here", &sealed).is_none(), "{secret} {resolver} {text}");
        }
        assert!(encryption(1, "r").messages().open("here", &sealed).is_none());
    }

    #[test]
    fn a_changed_or_broken_text_is_not_opened() {
        // R-E9
        let (_, cipher) = encryption(1, "r").of(&token("abc"));
        let sealed = cipher.encrypt("here", b"claims").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(cipher.open("here", &changed).is_none(), "byte {index}");
            assert!(cipher.open("here", &sealed[..index]).is_none(), "the first {index} bytes");
        }
        assert!(cipher.open("here", &[&sealed[..], &[0]].concat()).is_none());
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        // R-E9
        let (_, cipher) = encryption(1, "r").of(&token("abc"));
        assert_ne!(cipher.encrypt("here", b"claims"), cipher.encrypt("here", b"claims"));
    }
}
