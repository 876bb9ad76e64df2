//! Nonces that this server provides for proofs (RFC 9449 §8, §9).

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use http::HeaderValue;

use crate::jose::base64url;

/// The length of a key, in bytes.
pub(crate) const KEY_LENGTH: usize = 32;

/// The length of the authentication code, in bytes. It is shortened: a nonce is no secret, and proves no identity.
const CODE_LENGTH: usize = 16;

/// Makes and recognizes nonces. A nonce is the time at which it was made and a code that authenticates it, so nothing
/// is stored, and every instance with the same key recognizes the nonces of the others.
pub(crate) struct Nonces {
    key: Key,
    lifetime: Duration,
}

/// What is known about the nonce of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It is accepted, and for long enough.
    Fresh,
    /// It is accepted, and soon no longer: the response provides the next one.
    Ending,
    /// It is absent, from another server, or too old.
    Unacceptable,
}

impl Nonces {
    pub(crate) fn new(key: &[u8; KEY_LENGTH], lifetime: Duration) -> Self {
        Self { key: Key::new(HMAC_SHA256, key), lifetime }
    }

    /// A nonce that is accepted from now on.
    pub(crate) fn issue(&self, now: SystemTime) -> HeaderValue {
        let mut bytes = seconds(now).to_be_bytes().to_vec();
        bytes.extend(self.code(seconds(now)));
        HeaderValue::try_from(base64url::encode(bytes))
            .unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// Whether a nonce is accepted.
    pub(crate) fn check(&self, nonce: Option<&str>, now: SystemTime) -> Freshness {
        let bytes = nonce.and_then(|nonce| base64url::decode(nonce.as_bytes()));
        let Some((time, code)) = bytes.as_deref().and_then(<[u8]>::split_first_chunk) else {
            return Freshness::Unacceptable;
        };
        let issued_at = u64::from_be_bytes(*time);
        let authentic =
            aws_lc_rs::constant_time::verify_slices_are_equal(code, &self.code(issued_at));
        let now = seconds(now);
        // The clocks of two instances differ by a little: a nonce from the future is one of an instance that is ahead.
        let age = now.saturating_sub(issued_at);
        let ahead = issued_at.saturating_sub(now);
        let lifetime = self.lifetime.as_secs();
        if authentic.is_err() || age >= lifetime || ahead >= lifetime {
            Freshness::Unacceptable
        } else if age >= lifetime / 2 {
            Freshness::Ending
        } else {
            Freshness::Fresh
        }
    }

    fn code(&self, issued_at: u64) -> [u8; CODE_LENGTH] {
        let tag = hmac::sign(&self.key, &issued_at.to_be_bytes());
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn nonces(key: u8) -> Nonces {
        Nonces::new(&[key; KEY_LENGTH], Duration::from_secs(300))
    }

    #[test]
    fn a_nonce_is_accepted_by_every_instance_with_the_key_until_it_ends() {
        // R-H6
        let nonce = nonces(1).issue(at(1000));
        let nonce = nonce.to_str().unwrap();
        for (now, expected) in [
            (1000, Freshness::Fresh),
            (1149, Freshness::Fresh),
            (1150, Freshness::Ending),
            (1299, Freshness::Ending),
            (1300, Freshness::Unacceptable),
            (9_999_999, Freshness::Unacceptable),
            // An instance whose clock is behind.
            (990, Freshness::Fresh),
            (0, Freshness::Unacceptable),
        ] {
            assert_eq!(nonces(1).check(Some(nonce), at(now)), expected, "{now}");
        }
        assert_eq!(nonces(2).check(Some(nonce), at(1000)), Freshness::Unacceptable);
        assert_eq!(nonces(1).check(None, at(1000)), Freshness::Unacceptable);
    }

    #[test]
    fn a_nonce_that_was_changed_is_not_accepted() {
        // R-H6
        let nonces = nonces(1);
        let nonce = nonces.issue(at(1000));
        let nonce = nonce.to_str().unwrap();
        let bytes = base64url::decode(nonce.as_bytes()).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = base64url::encode(changed);
            assert_eq!(nonces.check(Some(&changed), at(1000)), Freshness::Unacceptable, "{place}");
        }
        for other in ["", "a", "AAAAAAAAAAA", &nonce[..nonce.len() - 4], &format!("{nonce}AAAA")] {
            assert_eq!(nonces.check(Some(other), at(1000)), Freshness::Unacceptable, "{other}");
        }
    }
}
