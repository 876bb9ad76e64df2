//! Random values for tokens, codes and ids.

use crate::jose::base64url;

/// 256 random bits as 43 characters, all of them allowed in a bearer token (RFC 6750 §2.1).
pub(super) fn random_value() -> String {
    base64url::encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_have_43_characters_and_differ() {
        assert_ne!(random_value(), random_value());
        assert_eq!(random_value().len(), 43);
    }
}
