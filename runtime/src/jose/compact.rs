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
        let mut dots = text.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
        let (first, second, third) = (dots.next()?, dots.next()?, dots.next());
        if third.is_some() {
            return None;
        }
        Some(Self {
            header: text.get(..first)?,
            payload: text.get(first + 1..second)?,
            signature: text.get(second + 1..)?,
            signing_input: text.get(..second)?,
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
