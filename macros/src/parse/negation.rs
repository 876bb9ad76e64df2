//! Words that negate a condition.

/// Words that negate, alone or as a part of a name such as `none_of` or `NotAny`.
const WORDS: [&str; 44] = [
    "absent",
    "ban",
    "banned",
    "block",
    "blocked",
    "blocks",
    "denied",
    "denies",
    "deny",
    "disallow",
    "disallowed",
    "except",
    "exclude",
    "excluded",
    "excludes",
    "excluding",
    "forbid",
    "forbidden",
    "forbids",
    "hasnt",
    "isnt",
    "lack",
    "lacking",
    "lacks",
    "missing",
    "nand",
    "neither",
    "never",
    "no",
    "non",
    "none",
    "noneof",
    "nor",
    "not",
    "notall",
    "notany",
    "notin",
    "prohibit",
    "refuse",
    "reject",
    "rejects",
    "unless",
    "without",
    "xnor",
];

/// Whether a name negates what follows it.
pub(super) fn negates(name: &str) -> bool {
    words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// Whether a name is one of these with a prefix that negates it: `nooptional`.
pub(super) fn negates_one_of(name: &str, names: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    let mut prefixes = names.iter().filter_map(|stem| name.strip_suffix(stem));
    prefixes.any(|prefix| {
        matches!(prefix.trim_end_matches('_'), "dis" | "in" | "no" | "non" | "not" | "un")
    })
}

/// Whether a word between others negates one of them. As a scope of its own, such a word is not
/// plausible beside others.
pub(super) fn is_negation(word: &str) -> bool {
    const OPERATORS: [&str; 8] =
        ["except", "nand", "neither", "none", "nor", "not", "unless", "without"];
    OPERATORS.iter().any(|operator| word.eq_ignore_ascii_case(operator))
}

/// The words of a name in `snake_case` or `CamelCase`, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lowercase = false;
    for character in name.chars() {
        let begins_word = was_lowercase && character.is_ascii_uppercase();
        was_lowercase = character.is_ascii_lowercase();
        if matches!(character, '_' | '-') {
            words.push(String::new());
            continue;
        }
        if begins_word {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character.to_ascii_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::negates;

    #[test]
    fn a_name_negates_by_one_of_its_words() {
        // R-K10
        for name in ["not", "NOT", "none_of", "NoneOf", "notAny", "not_in", "without", "must_not"] {
            assert!(negates(name), "{name}");
        }
        for name in ["any", "notes", "noun", "canonical", "blocklist", "nothing", "one_of", ""] {
            assert!(!negates(name), "{name}");
        }
    }
}
