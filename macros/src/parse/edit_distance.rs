//! The similarity of names, for suggestions.

/// Whether the edit distance between the two is at most 2, or at most 1 for a short name.
pub(crate) fn is_misspelling(written: &str, name: &str) -> bool {
    let max_distance = if name.len() > 5 { 2 } else { 1 };
    edit_distance(written, name) <= max_distance
}

/// The name that is most similar to what is written, if one is similar enough. A difference in case and separators alone
/// counts as similar.
pub(crate) fn most_similar<'n>(
    written: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let distance = |name: &str| edit_distance(&normalized(written), &normalized(name));
    let nearest = names.into_iter().min_by_key(|name| distance(name))?;
    let max_distance = if nearest.len() > 5 { 2.max(nearest.len() / 6) } else { 1 };
    (distance(nearest) <= max_distance).then_some(nearest)
}

fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '_', '.', '/'], ":")
}

/// The number of letters to insert, remove or replace, and of neighbours to swap.
pub(crate) fn edit_distance(written: &str, name: &str) -> usize {
    let written: Vec<char> = written.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX);
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (line, letter) in written.iter().enumerate() {
        let mut next = vec![line + 1];
        for (column, other) in name.iter().enumerate() {
            let replaced = at(&row, column).saturating_add(usize::from(letter != other));
            let inserted = at(&next, column).saturating_add(1);
            let removed = at(&row, column + 1).saturating_add(1);
            let pair = |letters: &[char], last: usize| {
                let first = last.checked_sub(1)?;
                Some((*letters.get(first)?, *letters.get(last)?))
            };
            let is_swapped = pair(&written, line)
                .zip(pair(&name, column))
                .is_some_and(|((a, b), (c, d))| (a, b) == (d, c));
            let swapped = match column.checked_sub(1) {
                Some(earlier) if is_swapped => at(&before, earlier).saturating_add(1),
                _ => usize::MAX,
            };
            next.push(replaced.min(inserted).min(removed).min(swapped));
        }
        before = row;
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_too_many_too_few_changed_or_swapped_is_a_misspelling() {
        // R-K9
        for written in ["whe", "wwhen", "wen", "whne", "hwen", "whan"] {
            assert!(is_misspelling(written, "when"), "{written}");
        }
        for other in ["hwne", "nehw", "then_", "wh"] {
            assert!(!is_misspelling(other, "when"), "{other}");
        }
        assert_eq!(
            most_similar("entries:raed", ["entries:write", "entries:read"]),
            Some("entries:read")
        );
    }
}
