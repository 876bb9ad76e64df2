//! The proofs that were used, in this process (RFC 9449 §11.1).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::proof::{ProofId, VerifiedProof};
use crate::Claims;
use crate::thumbprint::Thumbprint;

/// How many slots a window has. A proof is stored for up to two windows and a minute.
const SLOTS_PER_WINDOW: u64 = 8;

/// The proofs that were used and are not expired. A proof that is not expired is never removed: the store rejects new ones
/// when it is full.
#[derive(Debug)]
pub(crate) struct UsedProofs {
    slots: Mutex<BTreeMap<u64, Slot>>,
    subject_hasher: RandomState,
    /// In seconds.
    slot_length: u64,
    limits: ProofLimits,
}

/// How many proofs are stored at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProofLimits {
    pub(crate) total: usize,
    pub(crate) per_key: usize,
    pub(crate) per_subject: usize,
}

/// Whose proofs are counted together, whatever keys they are of. The client does not distinguish the tokens of a user,
/// since a user may register many clients (RFC 7591). Claims without `iss` are of one issuer.
#[derive(Debug, Clone, Copy, Hash)]
pub(crate) enum Subject<'a> {
    User { issuer: Option<&'a str>, subject: &'a str },
    Client { issuer: Option<&'a str>, client_id: &'a str },
}

impl<'a> Subject<'a> {
    /// `None` for claims without `sub` and `client_id`: only the limits of a key and of all keys apply.
    pub(crate) fn of(claims: &'a Claims) -> Option<Self> {
        let issuer = claims.issuer();
        match (claims.subject(), claims.client_id()) {
            (Some(subject), _) => Some(Self::User { issuer, subject }),
            (None, Some(client_id)) => Some(Self::Client { issuer, client_id }),
            (None, None) => None,
        }
    }
}

/// The proofs that expire in the same span of time. They are removed together, so that nothing has to search for
/// expired ones.
#[derive(Debug, Default)]
struct Slot {
    /// The first half of each digest. A caller who finds two proofs with the same half has made both, and only gets the
    /// second one rejected.
    proofs: HashSet<u128>,
    /// How many of them each key has made.
    of_key: HashMap<Thumbprint, usize>,
    /// How many of them are of the tokens of each subject, by its hash.
    of_subject: HashMap<u64, usize>,
}

/// What became of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It was not used before, and now it is.
    First,
    /// It was used before.
    Replayed,
    /// It cannot be stored: the limit of its key, of its subject, or of all proofs, is reached.
    Full,
    /// It has expired since it was verified, while its token was resolved. An earlier use may be forgotten.
    Expired,
}

impl UsedProofs {
    /// `window`: how far the `iat` of a proof may be from now.
    pub(crate) fn new(limits: ProofLimits, window: Duration) -> Self {
        let slot_length = (window.as_secs() / SLOTS_PER_WINDOW).max(1);
        Self { slots: Mutex::default(), subject_hasher: RandomState::new(), slot_length, limits }
    }

    /// Records the use of a proof. Of concurrent calls with the same proof, one gets [`Use::First`]. `subject`: that of
    /// its token.
    pub(crate) fn record(
        &self,
        proof: &VerifiedProof,
        subject: Option<Subject<'_>>,
        now: SystemTime,
    ) -> Use {
        if now > proof.expires_at {
            return Use::Expired;
        }
        let subject = subject.map(|subject| self.subject_hasher.hash_one(subject));
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.slot(now);
        while let Some(oldest) = slots.first_entry().filter(|slot| *slot.key() < current) {
            oldest.remove();
        }
        let ProofId(digest) = proof.id;
        let id = digest.first_chunk().copied().map_or(0, u128::from_be_bytes);
        let (mut total, mut of_key, mut of_subject) = (0, 0, 0);
        for slot in slots.values() {
            if slot.proofs.contains(&id) {
                return Use::Replayed;
            }
            total += slot.proofs.len();
            of_key += slot.of_key.get(&proof.key).copied().unwrap_or_default();
            let stored = subject.as_ref().and_then(|subject| slot.of_subject.get(subject));
            of_subject += stored.copied().unwrap_or_default();
        }
        let ProofLimits { total: in_all, per_key, per_subject } = self.limits;
        if total >= in_all || of_key >= per_key || of_subject >= per_subject {
            return Use::Full;
        }
        let slot = slots.entry(self.slot(proof.stored_until())).or_default();
        slot.proofs.insert(id);
        *slot.of_key.entry(proof.key).or_default() += 1;
        if let Some(subject) = subject {
            *slot.of_subject.entry(subject).or_default() += 1;
        }
        Use::First
    }

    /// The slot that ends after this time.
    fn slot(&self, time: SystemTime) -> u64 {
        time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / self.slot_length
    }

    /// How many proofs are stored.
    #[cfg(test)]
    fn len(&self) -> usize {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.values().map(|slot| slot.proofs.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(300);
    const LIMITS: ProofLimits = ProofLimits { total: 1000, per_key: 400, per_subject: 1000 };

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// A proof of a key with this number, of this second.
    fn proof(key: u64, number: u64, issued_at: u64) -> VerifiedProof {
        let id = u128::from(key) << 64 | u128::from(number);
        let mut digest = [0; 32];
        digest[..16].copy_from_slice(&id.to_be_bytes());
        VerifiedProof {
            key: Thumbprint::sha256(&key.to_be_bytes()),
            id: ProofId(digest),
            expires_at: at(issued_at) + WINDOW,
            nonce: None,
            new_header: None,
        }
    }

    /// Without a subject.
    fn record(used: &UsedProofs, proof: &VerifiedProof, now: SystemTime) -> Use {
        used.record(proof, None, now)
    }

    #[test]
    fn a_proof_is_used_once_until_it_expires() {
        // R-H1, R-H5
        let used = UsedProofs::new(LIMITS, WINDOW);
        for issued_at in [700, 1000, 1300] {
            assert_eq!(record(&used, &proof(1, issued_at, issued_at), at(1000)), Use::First);
        }
        // At the last moment of its window.
        assert_eq!(record(&used, &proof(1, 700, 700), at(1000)), Use::Replayed);
        for now in [1000, 1001, 1200, 1300] {
            for issued_at in [1000, 1300] {
                let again = record(&used, &proof(1, issued_at, issued_at), at(now));
                assert_eq!(again, Use::Replayed, "{issued_at} at {now}");
            }
        }
        // The same `jti` in a proof of another time is the same proof.
        assert_eq!(record(&used, &proof(1, 1300, 1400), at(1500)), Use::Replayed);
        assert_eq!(record(&used, &proof(1, 1300, 1300), at(1600)), Use::Replayed);
    }

    #[test]
    fn a_proof_that_expired_after_it_was_verified_is_not_accepted() {
        // R-H5: the token of one of two requests with the same proof takes long to resolve.
        let used = UsedProofs::new(LIMITS, WINDOW);
        assert_eq!(record(&used, &proof(1, 1, 700), at(1000)), Use::First);
        for now in 1001..1100 {
            assert_eq!(record(&used, &proof(1, 1, 700), at(now)), Use::Expired, "at {now}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_by_a_minute_revives_no_proof() {
        // R-H5
        for window in [10, 300, 3600] {
            let window = Duration::from_secs(window);
            let used = UsedProofs::new(LIMITS, window);
            let old = VerifiedProof { expires_at: at(9000), ..proof(1, 1, 0) };
            assert_eq!(record(&used, &old, at(9000)), Use::First);
            let new = VerifiedProof { expires_at: at(9060) + window, ..proof(1, 2, 0) };
            assert_eq!(record(&used, &new, at(9060)), Use::First);
            assert_eq!(record(&used, &old, at(9000)), Use::Replayed, "{window:?}");
        }
    }

    #[test]
    fn the_proofs_of_one_key_leave_room_for_others() {
        // R-H5
        let used = UsedProofs::new(LIMITS, WINDOW);
        let first = |key, numbers: std::ops::Range<u64>| {
            let results = numbers.map(|number| record(&used, &proof(key, number, 1000), at(1000)));
            results.filter(|result| *result == Use::First).count()
        };
        assert_eq!(first(1, 0..100_000), LIMITS.per_key);
        assert_eq!(
            record(&used, &proof(1, 0, 1000), at(1000)),
            Use::Replayed,
            "it forgets nothing"
        );
        assert_eq!(first(2, 0..10), 10, "another key is served");
        assert_eq!(first(3, 0..100_000), LIMITS.per_key);
        assert_eq!(first(4, 0..100_000), LIMITS.total - 2 * LIMITS.per_key - 10);
        assert_eq!(used.len(), LIMITS.total);
        assert_eq!(record(&used, &proof(2, 10, 1000), at(1000)), Use::Full);
    }

    #[test]
    fn the_proofs_of_many_keys_of_one_subject_leave_room_for_others() {
        // R-H5
        let limits = ProofLimits { total: 1000, per_key: 100, per_subject: 300 };
        let used = UsedProofs::new(limits, WINDOW);
        let issuer = Some("https://auth.example");
        let alice = Subject::User { issuer, subject: "alice" };
        let first = |subject, keys: std::ops::Range<u64>| {
            let proofs = keys.flat_map(|key| (0..50).map(move |number| (key, number)));
            let results = proofs.map(|(key, number)| {
                // In several slots.
                let proof = proof(key, number, 900 + 5 * number);
                used.record(&proof, Some(subject), at(1000))
            });
            results.filter(|result| *result == Use::First).count()
        };
        assert_eq!(first(alice, 0..100), limits.per_subject);
        let replayed = used.record(&proof(0, 0, 900), Some(alice), at(1000));
        assert_eq!(replayed, Use::Replayed, "it forgets nothing");
        for other in [
            Subject::User { issuer, subject: "bob" },
            Subject::User { issuer: Some("https://other.example"), subject: "alice" },
            Subject::Client { issuer, client_id: "alice" },
        ] {
            // With the same keys.
            let proof =
                |number| VerifiedProof { key: proof(0, 0, 0).key, ..proof(200, number, 1000) };
            let number = u64::try_from(used.len()).unwrap();
            let result = used.record(&proof(number), Some(other), at(1000));
            assert_eq!(result, Use::First, "{other:?}");
        }
        assert_eq!(
            first(Subject::User { issuer, subject: "bob" }, 300..400),
            limits.per_subject - 1
        );
        assert_eq!(used.record(&proof(500, 0, 1000), None, at(1000)), Use::First, "no subject");
        // Expired proofs make room for a subject, too.
        assert_eq!(used.record(&proof(600, 0, 1900), Some(alice), at(1900)), Use::First);
    }

    #[test]
    fn the_subject_is_the_user_and_otherwise_the_client() {
        // R-H5
        let subject = |members: &str| {
            let claims = format!(r#"{{"active":true{members}}}"#);
            let claims = Claims::from_introspection(claims.as_bytes()).unwrap();
            Subject::of(&claims).map(|subject| format!("{subject:?}"))
        };
        for (members, expected) in [
            (
                r#","iss":"i","sub":"alice","client_id":"app""#,
                Some(r#"User { issuer: Some("i"), subject: "alice" }"#),
            ),
            (
                r#","iss":"i","client_id":"app""#,
                Some(r#"Client { issuer: Some("i"), client_id: "app" }"#),
            ),
            (r#","client_id":"app""#, Some(r#"Client { issuer: None, client_id: "app" }"#)),
            (r#","iss":"i""#, None),
        ] {
            assert_eq!(subject(members).as_deref(), expected, "{members}");
        }
    }

    #[test]
    fn expired_proofs_make_room() {
        // R-H5
        let used = UsedProofs::new(LIMITS, WINDOW);
        for number in 0..400 {
            assert_eq!(record(&used, &proof(1, number, 1000), at(1000)), Use::First);
        }
        assert_eq!(record(&used, &proof(1, 400, 1000), at(1300)), Use::Full, "none has expired");
        assert_eq!(record(&used, &proof(1, 401, 1400), at(1400)), Use::First);
        assert_eq!(used.len(), 1);
    }

    #[test]
    fn of_concurrent_uses_one_is_the_first() {
        // R-H1
        let used = UsedProofs::new(LIMITS, WINDOW);
        let proof = proof(1, 1, 1000);
        let results: Vec<Use> = std::thread::scope(|scope| {
            let record = || record(&used, &proof, at(1000));
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(record)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(results.iter().filter(|result| **result == Use::First).count(), 1);
        assert_eq!(results.iter().filter(|result| **result == Use::Replayed).count(), 7);
    }
}
