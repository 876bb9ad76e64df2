//! Scopes: the grammar of RFC 6749 §3.3, and the set of scopes of a token.

mod list;
mod requested;
mod token;

use std::collections::BTreeSet;
use std::fmt;
use std::iter::FusedIterator;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

pub use list::{ListedScope, ScopeList};
pub(crate) use requested::RequestedScopes;
pub use token::Scope;

/// The scopes of an access token, or any other set of scope tokens.
///
/// Scopes are compared exactly, case-sensitively (RFC 6749 §3.3); there are no prefixes and no wildcards. The
/// set is ordered, contains each scope once, and is cheap to clone.
///
/// ```
/// use requires_auth::ScopeSet;
///
/// let scopes: ScopeSet = "entries:write entries:read".parse()?;
/// assert!(scopes.contains("entries:read"));
/// assert!(!scopes.contains("entries"));
/// assert_eq!(scopes.as_str(), "entries:read entries:write");
/// # Ok::<(), requires_auth::ScopeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ScopeSet {
    /// Sorted and separated by one space, as in the `scope` parameter of RFC 6749 §3.3.
    text: Arc<str>,
}

impl ScopeSet {
    /// The scopes that an authorization server granted. A text outside the grammar is equal to no scope of a
    /// policy, so it is left out.
    pub(crate) fn granted<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut scopes: Vec<&str> = scopes.into_iter().filter(|scope| is_scope(scope)).collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self { text: scopes.join(" ").into() }
    }

    fn join(scopes: BTreeSet<&str>) -> Self {
        let text: Vec<&str> = scopes.into_iter().collect();
        Self { text: text.join(" ").into() }
    }

    /// Whether the set contains exactly this scope.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.any(|granted| granted == scope.as_bytes())
    }

    /// Whether the set contains this scope or one of the others.
    pub(crate) fn contains_or(&self, scope: &str, others: &[&str]) -> bool {
        self.any(|granted| {
            granted == scope.as_bytes() || others.iter().any(|other| granted == other.as_bytes())
        })
    }

    /// Each request calls it for each scope, so it reads the set once.
    fn any(&self, matches: impl Fn(&[u8]) -> bool) -> bool {
        let mut rest = self.text.as_bytes();
        while !rest.is_empty() {
            let (first, after) = rest.split_at(first_space(rest));
            if matches(first) {
                return true;
            }
            rest = after.split_first().map_or(after, |(_space, after)| after);
        }
        false
    }

    /// Whether the other set contains every scope of this one. The empty set is a subset of each.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// The scopes, in byte order.
    #[must_use]
    pub fn iter(&self) -> ScopeSetIter<'_> {
        ScopeSetIter { rest: &self.text }
    }

    /// The number of scopes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether the set contains no scope.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The value of a `scope` parameter: the scopes in byte order, separated by one space.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Parses the value of a `scope` parameter: scopes separated by spaces. An empty text is the empty set. It is an error
/// if one of the scopes is outside the grammar of RFC 6749 §3.3.
impl FromStr for ScopeSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let scopes: BTreeSet<&str> = pieces(text).collect();
        if scopes.iter().all(|scope| is_scope(scope)) {
            Ok(Self::join(scopes))
        } else {
            Err(ScopeError::new())
        }
    }
}

/// ```
/// use requires_auth::{Scope, ScopeSet};
///
/// let names = ["entries:write", "entries:read"];
/// let scopes: ScopeSet = names.into_iter().map(Scope::try_from).collect::<Result<_, _>>()?;
/// assert_eq!(scopes.as_str(), "entries:read entries:write");
/// assert!(scopes.is_subset(&"entries:read entries:write tags:read".parse()?));
/// # Ok::<(), requires_auth::ScopeError>(())
/// ```
impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let scopes: Vec<Scope> = scopes.into_iter().collect();
        Self::join(scopes.iter().map(Scope::as_str).collect())
    }
}

impl<'a> IntoIterator for &'a ScopeSet {
    type Item = &'a str;
    type IntoIter = ScopeSetIter<'a>;

    fn into_iter(self) -> ScopeSetIter<'a> {
        self.iter()
    }
}

/// The scopes of a [`ScopeSet`], in byte order.
#[derive(Debug, Clone)]
pub struct ScopeSetIter<'a> {
    /// As the text of the set: its scopes are separated by one space.
    rest: &'a str,
}

impl<'a> Iterator for ScopeSetIter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (scope, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(scope)
    }
}

impl FusedIterator for ScopeSetIter<'_> {}

impl Default for ScopeSet {
    fn default() -> Self {
        Self { text: "".into() }
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As an array of strings.
impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// The error for a scope outside the grammar of RFC 6749 §3.3.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope consists of printable ASCII characters without space, `\"` and `\\`")]
pub struct ScopeError {
    _private: (),
}

impl ScopeError {
    pub(crate) fn new() -> Self {
        Self { _private: () }
    }
}

/// Splits at U+0020 only (RFC 6749 §3.3), and drops empty pieces.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|piece| !piece.is_empty())
}

/// The index of the first space, or the length. Each request calls it for each scope, so it compares eight
/// bytes at once.
fn first_space(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = text.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word) ^ (ONES * u64::from(b' '));
        // The lowest set bit belongs to the first byte of `word` that is zero, which was a space.
        let zeros = word.wrapping_sub(ONES) & !word & HIGHEST;
        if zeros != 0 {
            return 8 * place + zeros.trailing_zeros() as usize / 8;
        }
    }
    let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
    8 * words.len() + end
}

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_scope_in_the_same_case_matches() {
        // R-J1
        for other in ["readonly", "read:all", "READ", "Read", "*", "rea", "", " ", "read "] {
            let set = other.parse::<ScopeSet>().unwrap_or_default();
            assert!(!set.contains("read") || other == "read ", "{other:?}");
            assert!(!"read".parse::<ScopeSet>().unwrap().contains(other), "{other:?}");
        }
        let set = "read reader write".parse::<ScopeSet>().unwrap();
        for own in ["read", "reader", "write"] {
            assert!(set.contains(own), "{own:?}");
        }
        for other in ["read reader", "reader write", "read ", " write", "rite", "writ", "e", ""] {
            assert!(!set.contains(other), "{other:?}");
        }
    }

    #[test]
    fn the_first_space_is_found_wherever_it_is() {
        for length in 0..20 {
            // Bytes that differ from a space in one bit, the least byte and the greatest one.
            for other in [0x21, 0x22, 0x24, 0x28, 0x30, 0x00, 0x60, 0xA0, 0xFF, 0x1F] {
                let mut text = vec![other; length];
                assert_eq!(first_space(&text), length);
                for place in (0..length).rev() {
                    text[place] = b' ';
                    assert_eq!(first_space(&text), place, "{other:#x} {length}");
                }
            }
        }
    }

    #[test]
    fn splits_on_the_space_alone() {
        // R-D4
        let set = ScopeSet::granted(pieces("  read\twrite  a\u{a0}b c\n admin  "));
        assert_eq!(set.as_str(), "admin");
    }

    #[test]
    fn holds_each_scope_once() {
        let set = "b a b".parse::<ScopeSet>().unwrap();
        assert_eq!((set.len(), set.as_str()), (2, "a b"));
        assert_eq!(set, "a b".parse::<ScopeSet>().unwrap());
    }

    #[test]
    fn sets_are_compared_and_iterated() {
        // R-J1
        let set = |text: &str| text.parse::<ScopeSet>().unwrap();
        for text in ["", "a", "b a", "a bb ccc"] {
            let expected: BTreeSet<&str> = pieces(text).collect();
            let mut found = BTreeSet::new();
            for scope in &set(text) {
                assert!(found.insert(scope.to_owned()), "{text:?}");
            }
            assert!(found.iter().eq(expected), "{text:?}");
        }
        for (one, other, is_subset) in [
            ("", "", true),
            ("", "a", true),
            ("a", "", false),
            ("b a", "a b", true),
            ("a", "ab b", false),
            ("a c", "a b", false),
        ] {
            assert_eq!(set(one).is_subset(&set(other)), is_subset, "{one:?} {other:?}");
        }
        let scopes = ["b", "a", "b"].map(|scope| scope.parse::<Scope>().unwrap());
        assert_eq!(scopes.into_iter().collect::<ScopeSet>(), set("a b"));
    }

    #[test]
    fn the_grammar_is_that_of_rfc_6749() {
        for byte in 0..=255u8 {
            let allowed = matches!(byte, 0x21..=0x7E) && byte != b'"' && byte != b'\\';
            assert_eq!(is_scope(&char::from(byte).to_string()), allowed, "{byte:#x}");
        }
        assert!("read \"write\"".parse::<ScopeSet>().is_err());
    }
}
