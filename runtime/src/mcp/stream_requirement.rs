//! The requirements that an event stream was begun with, and their ids in the event ids of the stream.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::declared_policy::requirement_to_json;
use crate::policy::Requirement;
use crate::{AuthInfo, Condition};

/// A requirement of an event stream. The registry has those of the declared policies, so that a stream does not compute their
/// ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamRequirement {
    pub(super) requirement: Requirement,
    pub(super) id: RequirementId,
}

/// The same for all requirements that the same tokens meet: a hash of the requirement's JSON, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RequirementId([u8; RequirementId::LENGTH]);

impl StreamRequirement {
    /// Whether a caller may still receive the events of a stream with these requirements; without one, as with the
    /// requirement that every token meets.
    pub(super) fn are_kept_by(requirements: &[Self], caller: &AuthInfo) -> bool {
        if requirements.is_empty() {
            return caller.keeps(&Condition::NONE.into());
        }
        requirements.iter().all(|it| caller.keeps(&it.requirement))
    }

    /// `None` for a requirement that every token meets.
    pub(super) fn of(requirement: impl Into<Requirement>) -> Option<Self> {
        let requirement = requirement.into().without_function();
        let id = || RequirementId::of(&requirement);
        (!requirement.is_met_by_every_token()).then(|| Self { requirement, id: id() })
    }
}

impl RequirementId {
    pub(super) const LENGTH: usize = 24;
    /// The part of the SHA-256 that is kept: in base64 it has no incomplete last group.
    const HASH_LENGTH: usize = Self::LENGTH / 4 * 3;

    pub(super) fn of(requirement: &Requirement) -> Self {
        let hash = Sha256::digest(requirement_to_json(requirement).to_string());
        let mut id = [0; Self::LENGTH];
        let hash = hash.get(..Self::HASH_LENGTH).unwrap_or_default();
        // It fits exactly.
        let _ = URL_SAFE_NO_PAD.encode_slice(hash, &mut id);
        Self(id)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The ids in a text of ids one after the other; `None` if the last one is incomplete.
    pub(super) fn split(text: &[u8]) -> Option<Vec<Self>> {
        let (ids, rest) = text.as_chunks();
        rest.is_empty().then(|| ids.iter().copied().map(Self).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition::{All, Any, Scope};

    fn id(condition: Condition) -> RequirementId {
        RequirementId::of(&condition.into())
    }

    #[test]
    fn different_requirements_have_different_ids() {
        // R-I12
        const CONDITIONS: [Condition; 6] = [
            Scope("a"),
            Scope("b"),
            Scope("[\"a\",\"b\"]"),
            All(&[Scope("a"), Scope("b")]),
            Any(&[Scope("a"), Scope("b")]),
            Any(&[]),
        ];
        for (index, one) in CONDITIONS.into_iter().enumerate() {
            for other in CONDITIONS.into_iter().skip(index + 1) {
                assert_ne!(id(one), id(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn an_id_does_not_depend_on_the_process() {
        // R-I12: a stream can be resumed at another process.
        let scope = str::from_utf8(id(Scope("entries:read")).as_bytes()).unwrap().to_owned();
        assert_eq!(scope, "YEUtGAf9tzDbP0FpNNU4PclQ");
    }

    #[test]
    fn ids_are_split_where_they_were_joined() {
        let (a, b) = (id(Scope("a")), id(Scope("b")));
        let joined = [a.as_bytes(), b.as_bytes()].concat();
        assert_eq!(RequirementId::split(&joined), Some(vec![a, b]));
        assert_eq!(RequirementId::split(b""), Some(vec![]));
        for length in 1..joined.len() {
            let whole = length % RequirementId::LENGTH == 0;
            assert_eq!(RequirementId::split(&joined[..length]).is_some(), whole, "{length}");
        }
    }
}
