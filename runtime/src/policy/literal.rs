//! String literals that a vocabulary defines, looked up by the compiler.

use super::{ScopeDefinition, ScopeVocabulary};

/// The maximum length of a scope in bytes. The attribute rejects a longer one.
const MAX_BYTES: usize = 256;

/// The maximum length of an error message in bytes. A longer one is cut off.
const MAX_MESSAGE_BYTES: usize = 1024;

/// A string literal in an attribute with `vocabulary = …`.
#[derive(Debug)]
pub struct Literal<'a> {
    scope: &'a str,
    definitions: &'static [ScopeDefinition],
}

/// A string literal that the vocabulary `V` should define.
#[must_use]
pub const fn literal_of<V: ScopeVocabulary>(scope: &str) -> Literal<'_> {
    Literal { scope, definitions: V::DEFINITIONS }
}

impl Literal<'_> {
    /// The definitions of the vocabulary.
    #[must_use]
    pub const fn definitions(&self) -> &'static [ScopeDefinition] {
        self.definitions
    }

    /// The index in the definitions of the vocabulary; out of bounds if it does not define the literal.
    #[must_use]
    pub const fn index(&self) -> usize {
        match find(self.definitions, self.scope) {
            Some(index) => index,
            None => usize::MAX,
        }
    }

    /// Checks that the vocabulary defines the literal, and returns 0, the length of an array: the attribute calls it
    /// there, so that the compiler does.
    ///
    /// # Panics
    /// If it does not: a compile error, at the literal.
    #[track_caller]
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated by the compiler: a panic is a compile error")]
    pub const fn check(&self) -> usize {
        if find(self.definitions, self.scope).is_none() {
            let message = Message::about(self.scope, self.definitions);
            panic!("{}", message.as_str());
        }
        0
    }
}

#[expect(clippy::indexing_slicing, reason = "the index is compared with the length")]
const fn find(definitions: &[ScopeDefinition], scope: &str) -> Option<usize> {
    let mut index = 0;
    while index < definitions.len() {
        if is_equal(definitions[index].name().as_bytes(), scope.as_bytes()) {
            return Some(index);
        }
        index += 1;
    }
    None
}

#[expect(clippy::indexing_slicing, reason = "the index is compared with the length")]
const fn is_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The text of the compile error.
struct Message {
    bytes: [u8; MAX_MESSAGE_BYTES],
    length: usize,
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler: out of bounds is an error")]
impl Message {
    const fn about(scope: &str, definitions: &[ScopeDefinition]) -> Self {
        let mut message = Self { bytes: [0; MAX_MESSAGE_BYTES], length: 0 };
        message.push("`");
        message.push(scope);
        message.push("` is not a scope of `");
        if !definitions.is_empty() {
            message.push(definitions[0].vocabulary());
        }
        if let Some(similar) = most_similar(scope, definitions) {
            message.push("`\nhelp: did you mean `");
            message.push(similar);
            message.push("`?");
        } else {
            message.push("`\nhelp: its scopes are `");
            let mut index = 0;
            while index < definitions.len() {
                if index > 0 {
                    message.push("`, `");
                }
                message.push(definitions[index].name());
                index += 1;
            }
            message.push("`");
        }
        message
    }

    const fn push(&mut self, text: &str) {
        let text = text.as_bytes();
        let mut index = 0;
        while index < text.len() && self.length < MAX_MESSAGE_BYTES {
            self.bytes[self.length] = text[index];
            self.length += 1;
            index += 1;
        }
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            // Cut off inside a character of the vocabulary's path.
            Err(error) => match std::str::from_utf8(self.bytes.split_at(error.valid_up_to()).0) {
                Ok(text) => text,
                Err(_) => "the vocabulary does not define this scope",
            },
        }
    }
}

/// The scope that is most similar to what is written, if one is similar enough.
#[expect(clippy::indexing_slicing, reason = "the index is compared with the length")]
const fn most_similar(written: &str, definitions: &[ScopeDefinition]) -> Option<&'static str> {
    let mut nearest = None;
    let mut shortest = usize::MAX;
    let mut index = 0;
    while index < definitions.len() {
        let name = definitions[index].name();
        let distance = edit_distance(written.as_bytes(), name.as_bytes());
        let max_distance = if name.len() > 5 { 2 } else { 1 };
        if distance <= max_distance && distance < shortest {
            nearest = Some(name);
            shortest = distance;
        }
        index += 1;
    }
    nearest
}

/// The number of letters to insert, remove or replace. Upper and lower case, and one separator and another, are equal.
#[expect(clippy::indexing_slicing, reason = "both texts have at most `MAX_BYTES`")]
const fn edit_distance(written: &[u8], name: &[u8]) -> usize {
    if written.len() > MAX_BYTES || name.len() > MAX_BYTES {
        return usize::MAX;
    }
    let mut row = [0; MAX_BYTES + 1];
    let mut column = 0;
    while column <= name.len() {
        row[column] = column;
        column += 1;
    }
    let mut line = 0;
    while line < written.len() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        let mut column = 0;
        while column < name.len() {
            let is_same = normalized(written[line]) == normalized(name[column]);
            let replaced = if is_same { diagonal } else { diagonal + 1 };
            diagonal = row[column + 1];
            row[column + 1] = least([replaced, row[column] + 1, diagonal + 1]);
            column += 1;
        }
        line += 1;
    }
    row[name.len()]
}

const fn normalized(letter: u8) -> u8 {
    match letter {
        b'-' | b'_' | b'.' | b'/' => b':',
        letter => letter.to_ascii_lowercase(),
    }
}

const fn least([one, two, three]: [usize; 3]) -> usize {
    let less = if one < two { one } else { two };
    if less < three { less } else { three }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITIONS: &[ScopeDefinition] = &[
        ScopeDefinition::new("app::Scopes", "entries:read", None, &[], &[]),
        ScopeDefinition::new("app::Scopes", "entries:write", None, &[], &[]),
        ScopeDefinition::new("app::Scopes", "tags", None, &[], &[]),
    ];

    #[test]
    fn the_index_of_an_undefined_literal_is_out_of_bounds() {
        // R-J10
        let literal = |scope| Literal { scope, definitions: DEFINITIONS };
        assert_eq!((literal("tags").index(), literal("tags").check()), (2, 0));
        assert!(literal("tag").index() >= DEFINITIONS.len());
    }

    #[test]
    fn a_literal_is_found_by_its_whole_text() {
        // R-J10
        assert_eq!(find(DEFINITIONS, "entries:read"), Some(0));
        assert_eq!(find(DEFINITIONS, "tags"), Some(2));
        for undefined in ["", "entries", "entries:rea", "entries:reads", "Tags", "entries:raed"] {
            assert_eq!(find(DEFINITIONS, undefined), None, "{undefined:?}");
        }
    }

    #[test]
    fn the_error_names_the_most_similar_scope_or_all_of_them() {
        // R-J10
        let message = |scope| Message::about(scope, DEFINITIONS).as_str().to_owned();
        for (written, meant) in [
            ("entries:raed", "entries:read"),
            ("Entries_Read", "entries:read"),
            ("entrie:write", "entries:write"),
            ("tag", "tags"),
        ] {
            assert_eq!(
                message(written),
                format!(
                    "`{written}` is not a scope of `app::Scopes`\nhelp: did you mean `{meant}`?"
                )
            );
        }
        assert_eq!(
            message("delete"),
            "`delete` is not a scope of `app::Scopes`\n\
             help: its scopes are `entries:read`, `entries:write`, `tags`"
        );
    }

    #[test]
    fn a_long_message_is_cut_off() {
        // R-J10
        let name: &'static str = Box::leak("é".repeat(MAX_MESSAGE_BYTES).into_boxed_str());
        let definitions = [ScopeDefinition::new(name, "read", None, &[], &[])];
        let message = Message::about("delete", &definitions);
        let text = message.as_str();
        assert!(text.starts_with("`delete` is not a scope of `éé"), "{text}");
        assert!(text.len() + 1 >= MAX_MESSAGE_BYTES && text.ends_with('é'), "{text}");
    }

    #[test]
    fn the_edit_distance_counts_letters() {
        // R-J10
        for (one, other, distance) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("a:b", "A-b", 0),
        ] {
            assert_eq!(edit_distance(one.as_bytes(), other.as_bytes()), distance, "{one} {other}");
        }
    }
}
