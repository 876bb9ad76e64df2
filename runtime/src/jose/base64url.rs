//! Base64url without padding (RFC 7515 §2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The bytes of a text; `None` if it has a padding, a character outside the alphabet, or trailing bits that
/// are not zero. So each value has one text only.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(any(feature = "jwt", feature = "testing"))]
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_text() {
        // R-F6
        assert_eq!(decode(b"_-8"), Some(vec![0xff, 0xef]));
        for other in ["_-9", "_-8=", "_-8 ", " _-8", "_+8", "/-8", "_-8\n", "_", "_-8.", "ÿ"] {
            assert_eq!(decode(other.as_bytes()), None, "{other:?}");
        }
        assert_eq!(decode(b""), Some(Vec::new()));
    }
}
