//! A name that is no setting, and the setting whose name is nearest.

use std::fmt;

use crate::telemetry::Quoted;

/// A setting that does not exist, or whose feature is not compiled in. It shows the name and never
/// the value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownSettingError {
    /// The name as it was found, cut at 100 characters.
    pub name: String,
    /// The setting whose name is nearest; the same name if only a feature is missing.
    pub nearest: String,
    /// The feature of this crate that the nearest setting needs, where it is not compiled in.
    pub missing_feature: Option<&'static str>,
}

/// A setting, whether its feature is enabled or not.
#[cfg(feature = "introspection")]
pub(super) struct Setting {
    pub(super) key: &'static str,
    /// The feature that it needs, if it is not enabled.
    pub(super) missing_feature: Option<&'static str>,
}

#[cfg(feature = "introspection")]
impl UnknownSettingError {
    /// Finds the nearest of these settings. `shown` makes of its key what the message names.
    pub(super) fn find(
        name: &str,
        settings: &[Setting],
        shown: impl Fn(&str) -> String,
    ) -> Option<Self> {
        let name: String = name.chars().take(MAX_NAME_LENGTH).collect();
        let lower_case = name.to_ascii_lowercase();
        // The prefix of all variables would hide that one name is a part of another.
        let key = lower_case.strip_prefix("requires_auth_").unwrap_or(&lower_case);
        let nearest = settings.iter().min_by_key(|setting| distance(key, setting.key))?;
        Some(Self { name, nearest: shown(nearest.key), missing_feature: nearest.missing_feature })
    }
}

#[cfg(feature = "introspection")]
const MAX_NAME_LENGTH: usize = 100;

impl fmt::Display for UnknownSettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, nearest, missing_feature } = self;
        match missing_feature {
            Some(feature) if name == nearest => {
                write!(f, "{} (it needs the feature `{feature}` of requires-auth)", Quoted(name))
            }
            Some(feature) => write!(
                f,
                "{} (the nearest is `{nearest}`, which needs the feature `{feature}` of \
                 requires-auth)",
                Quoted(name)
            ),
            None => write!(f, "{} (the nearest is `{nearest}`)", Quoted(name)),
        }
    }
}

/// Several of them, separated by commas.
pub(super) struct List<'a>(pub(super) &'a [UnknownSettingError]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, unknown) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{unknown}")?;
        }
        Ok(())
    }
}

/// How many characters have to be inserted, removed, replaced or swapped with their neighbour (the
/// optimal string alignment distance). Where neither text is a part of the other, each counts more than
/// twice: a name that lacks a word is nearer than one with other letters.
#[cfg(feature = "introspection")]
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, a) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, b) in other.iter().enumerate() {
            let at =
                |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, column) + usize::from(a != b);
            let removed = at(&last, column + 1) + 1;
            let inserted = at(&next, column) + 1;
            let mut cost = replaced.min(removed).min(inserted);
            let swapped = row > 0
                && column > 0
                && one.get(row - 1) == Some(b)
                && other.get(column - 1) == Some(a);
            if swapped {
                cost = cost.min(at(&before, column - 1) + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut last, next);
    }
    let distance = last.last().copied().unwrap_or(one.len());
    let contains = |long: &[char], short: &[char]| {
        short.is_empty() || long.windows(short.len()).any(|window| window == short)
    };
    if contains(&other, &one) || contains(&one, &other) { distance } else { 2 * distance + 1 }
}

#[cfg(all(test, feature = "introspection"))]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits() {
        // R-C13
        for (one, other, edits) in [
            ("", "", 0),
            ("", "ab", 2),
            ("abc", "abc", 0),
            ("abc", "ab", 1),
            ("abc", "axc", 3),
            ("abcd", "acbd", 3),
            ("kitten", "sitting", 7),
            ("ttl", "cache_ttl_s", 8),
        ] {
            assert_eq!(distance(one, other), edits, "{one} {other}");
            assert_eq!(distance(other, one), edits, "{other} {one}");
        }
    }
}
