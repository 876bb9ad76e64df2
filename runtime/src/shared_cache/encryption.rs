//! Encryption of what the store holds: names that reveal nothing, and authenticated ciphertexts.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::AccessToken;

/// A 256-bit key, erased when it is no longer needed.
type Key = Zeroizing<[u8; 32]>;

/// The name of a token in the store: derived from the token, the namespace of the resolver and the secret,
/// none of which can be computed from it.
pub(super) type Locator = [u8; 32];

/// The first byte of every ciphertext. Another version is not decrypted.
const VERSION: u8 = 1;

const NONCE: usize = 24;

/// The bytes that encryption adds: the version, the nonce and a tag of 16 bytes.
pub(super) const OVERHEAD: usize = 1 + NONCE + 16;

/// Derives names and keys by HKDF-SHA-256 (RFC 5869): the secret is the salt, the token the input. So an
/// entry can be read or written only by who has both.
///
/// The token alone does not suffice: whoever can write to the store and has any token could otherwise
/// grant it every scope.
pub(super) struct Encryption {
    secret: SecretSlice<u8>,
    namespace: String,
    message_cipher: Cipher,
}

impl Encryption {
    pub(super) fn new(secret: SecretSlice<u8>, namespace: String) -> Self {
        let derived = Hkdf::<Sha256>::new(None, secret.expose_secret());
        let message_cipher = Cipher(expand(&derived, "requires-auth forgotten v1", ""));
        Self { secret, namespace, message_cipher }
    }

    /// The name of a token in the store, and the cipher of its entry.
    pub(super) fn derive(&self, token: &AccessToken) -> (Locator, Cipher) {
        let salt = Some(self.secret.expose_secret());
        let derived = Hkdf::<Sha256>::new(salt, token.expose().as_bytes());
        let locator = expand(&derived, "requires-auth locator v1 ", &self.namespace);
        let key = expand(&derived, "requires-auth claims v1 ", &self.namespace);
        (*locator, Cipher(key))
    }

    /// The cipher of the messages in the stream of invalidations.
    pub(super) fn message_cipher(&self) -> &Cipher {
        &self.message_cipher
    }
}

/// The key for the nonces of DPoP proofs: instances with the same secret have the same one.
#[cfg(feature = "dpop")]
pub(super) fn nonce_key(secret: &SecretSlice<u8>) -> [u8; 32] {
    let derived = Hkdf::<Sha256>::new(None, secret.expose_secret());
    *expand(&derived, "requires-auth dpop nonce v1", "")
}

/// XChaCha20-Poly1305, whose nonces are long enough to be random.
pub(super) struct Cipher(Key);

impl Cipher {
    /// `place` is the key in the store that holds the ciphertext. It is authenticated, so that the
    /// ciphertext does not decrypt under another key.
    pub(super) fn encrypt(&self, place: &str, plaintext: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: plaintext, aad: place.as_bytes() };
        let ciphertext = self.aead().encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([&[VERSION][..], &nonce, &ciphertext].concat())
    }

    /// `None` for whatever was not encrypted with this key for this place.
    pub(super) fn decrypt(&self, place: &str, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let encrypted = encrypted.strip_prefix(&[VERSION])?;
        let (nonce, ciphertext) = encrypted.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: ciphertext, aad: place.as_bytes() };
        let plaintext = self.aead().decrypt(&XNonce::from(*nonce), payload).ok()?;
        Some(Zeroizing::new(plaintext))
    }

    fn aead(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

fn expand(derived: &Hkdf<Sha256>, purpose: &str, namespace: &str) -> Key {
    let mut key = Key::default();
    if derived.expand_multi_info(&[purpose.as_bytes(), namespace.as_bytes()], &mut *key).is_err() {
        // HKDF-SHA-256 expands to 32 bytes without an error (RFC 5869 §2.3). If it did not, no other
        // instance could have this key.
        *key = rand::random();
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> AccessToken {
        text.parse::<AccessToken>().unwrap()
    }

    fn encryption(secret: u8, namespace: &str) -> Encryption {
        Encryption::new(SecretSlice::from(vec![secret; 32]), namespace.to_owned())
    }

    #[test]
    fn the_token_and_the_secret_decrypt_an_entry() {
        // R-E9
        let (locator, cipher) = encryption(1, "r").derive(&token("abc"));
        let encrypted = cipher.encrypt("here", b"claims").unwrap();
        let (same, other_process) = encryption(1, "r").derive(&token("abc"));
        assert_eq!(locator, same);
        assert_eq!(**other_process.decrypt("here", &encrypted).unwrap(), *b"claims");
        assert_eq!(encrypted.len(), OVERHEAD + b"claims".len());
    }

    #[test]
    fn nothing_else_decrypts_an_entry() {
        // R-E9
        let (locator, cipher) = encryption(1, "r").derive(&token("abc"));
        let encrypted = cipher.encrypt("here", b"claims").unwrap();
        assert!(cipher.decrypt("there", &encrypted).is_none(), "moved to another key");
        for (secret, namespace, text) in [(2, "r", "abc"), (1, "s", "abc"), (1, "r", "abd")] {
            let (other, key) = encryption(secret, namespace).derive(&token(text));
            assert_ne!(other, locator, "{secret} {namespace} {text}");
            assert!(key.decrypt("here", &encrypted).is_none(), "{secret} {namespace} {text}");
        }
        assert!(encryption(1, "r").message_cipher().decrypt("here", &encrypted).is_none());
    }

    #[test]
    fn a_changed_or_truncated_ciphertext_is_not_decrypted() {
        // R-E9
        let (_, cipher) = encryption(1, "r").derive(&token("abc"));
        let encrypted = cipher.encrypt("here", b"claims").unwrap();
        for index in 0..encrypted.len() {
            let mut changed = encrypted.clone();
            changed[index] ^= 1;
            assert!(cipher.decrypt("here", &changed).is_none(), "byte {index}");
            assert!(
                cipher.decrypt("here", &encrypted[..index]).is_none(),
                "the first {index} bytes"
            );
        }
        assert!(cipher.decrypt("here", &[&encrypted[..], &[0]].concat()).is_none());
    }

    #[test]
    fn the_same_text_has_a_new_ciphertext_each_time() {
        // R-E9
        let (_, cipher) = encryption(1, "r").derive(&token("abc"));
        assert_ne!(cipher.encrypt("here", b"claims"), cipher.encrypt("here", b"claims"));
    }
}
