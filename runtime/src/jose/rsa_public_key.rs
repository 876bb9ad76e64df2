//! The public key of an RSA key pair, as `aws-lc-rs` encodes it.

/// The numbers of an RSA public key, big-endian and without leading zeros, as a JWK has them (RFC 7518 §6.3.1).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RsaPublicKey<'a> {
    pub(super) n: &'a [u8],
    pub(super) e: &'a [u8],
}

impl<'a> RsaPublicKey<'a> {
    /// Reads an `RSAPublicKey` (RFC 8017 §A.1.1) in DER: a sequence of the modulus and the public exponent.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        const SEQUENCE: u8 = 0x30;
        const INTEGER: u8 = 0x02;
        let (sequence, rest) = element(SEQUENCE, der)?;
        let (n, sequence) = element(INTEGER, sequence)?;
        let (e, sequence) = element(INTEGER, sequence)?;
        let complete = rest.is_empty() && sequence.is_empty();
        complete.then_some(Self { n: positive(n), e: positive(e) })
    }
}

/// The content of an element with this tag (X.690 §8.1), and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, der) = der.split_first()?;
    let (first, der) = der.split_first()?;
    let (length, der) = if *first < 0x80 {
        (usize::from(*first), der)
    } else {
        // The long form: the number of the bytes that contain the length. An RSA key needs at most two.
        let (bytes, der) = der.split_at_checked(usize::from(*first & 0x7f))?;
        let within = (1..=2).contains(&bytes.len());
        let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        (within.then_some(length)?, der)
    };
    (*found == tag).then(|| der.split_at_checked(length)).flatten()
}

/// An integer has a leading zero where its first bit is set, because it is signed.
fn positive(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_read_without_their_sign() {
        let der = [0x30, 0x0a, 0x02, 0x03, 0x00, 0xff, 0x01, 0x02, 0x03, 0x01, 0x00, 0x01];
        let expected = RsaPublicKey { n: &[0xff, 0x01], e: &[0x01, 0x00, 0x01] };
        assert_eq!(RsaPublicKey::read(&der), Some(expected));
        let n = [0x7f; 256];
        let mut long = vec![0x30, 0x82, 0x01, 0x09, 0x02, 0x82, 0x01, 0x00];
        long.extend(n);
        long.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        let expected = RsaPublicKey { n: &n, e: &[0x01, 0x00, 0x01] };
        assert_eq!(RsaPublicKey::read(&long), Some(expected));
    }

    #[test]
    fn another_structure_is_none() {
        let der = [0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03];
        assert!(RsaPublicKey::read(&der).is_some());
        for length in 0..der.len() {
            assert_eq!(RsaPublicKey::read(&der[..length]), None, "{length}");
        }
        for other in [
            &[0x31, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03][..],
            &[0x30, 0x06, 0x03, 0x01, 0x05, 0x02, 0x01, 0x03],
            &[0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03, 0x00],
            &[0x30, 0x07, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03, 0x00],
            &[0x30, 0x80, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03],
            &[0x30, 0x83, 0x00, 0x00, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03],
            &[0x30, 0xff],
        ] {
            assert_eq!(RsaPublicKey::read(other), None, "{other:?}");
        }
    }
}
