//! The compact serialization of a JWS (RFC 7515 §7.1).

/// The three parts of a compact JWS, not decoded.
#[cfg_attr(
    not(feature = "jwt"),
    allow(dead_code, reason = "only the verification reads all parts")
)]
pub(crate) struct CompactJws<'a> {
    pub(crate) header: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// What the signature is of: header, dot and payload.
    pub(crate) signing_input: &'a [u8],
}

impl<'a> CompactJws<'a> {
    /// Splits a text; `None` if it has not exactly three parts. A JWE has five.
    pub(crate) fn split(text: &'a [u8]) -> Option<Self> {
        // The search in a `str` compares many bytes at a time.
        let text = str::from_utf8(text).ok()?;
        let (signing_input, signature) = text.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        Some(Self {
            header: header.as_bytes(),
            payload: payload.as_bytes(),
            signature: signature.as_bytes(),
            signing_input: signing_input.as_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jws_has_three_parts() {
        // R-F6
        let jws = CompactJws::split(b"aa.bbb.c").unwrap();
        assert_eq!((jws.header, jws.payload, jws.signature), (&b"aa"[..], &b"bbb"[..], &b"c"[..]));
        assert_eq!(jws.signing_input, b"aa.bbb");
        assert!(CompactJws::split(b"a.b.").is_some());
        for other in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "a.b.c."] {
            assert!(CompactJws::split(other.as_bytes()).is_none(), "{other}");
        }
    }
}
