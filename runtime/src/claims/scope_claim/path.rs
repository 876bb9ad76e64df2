//! Where a scope claim is in a JSON document.

use crate::claims::json_value::JsonValue;
use crate::resolve::MemberError;

/// The name of a member of the document, or a JSON pointer (RFC 6901) with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// The member of an object, or the index of an element of an array.
    Name(String),
    /// Each member of an object: `*`.
    EachMember,
}

/// A value at the end of the path, or the value on the way to it that is neither an object nor an array.
type Found<'a, 'json> = Result<&'a JsonValue<'json>, &'a JsonValue<'json>>;

impl Path {
    /// The member of the document with this name.
    pub(super) fn member(name: &str) -> Self {
        Self { text: name.to_owned(), segments: vec![Segment::Name(name.to_owned())] }
    }

    /// `None` for a text that is neither the name of a member nor a JSON pointer.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.ends_with('/') || text.trim() != text {
            return None;
        }
        match text.strip_prefix('/') {
            None => Some(Self::member(text)),
            Some(pointer) => {
                let segments = pointer.split('/').map(Segment::parse).collect::<Option<_>>()?;
                Some(Self { text: text.to_owned(), segments })
            }
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn is_member(&self, name: &str) -> bool {
        self.text == name
    }

    /// Calls the function for each value that the path leads to, until it fails. An absent value is none of them.
    /// Each value of the document is visited at most once.
    pub(super) fn visit<'a, 'json>(
        &self,
        document: &'a JsonValue<'json>,
        visitor: &mut impl FnMut(Found<'a, 'json>) -> Result<(), MemberError>,
    ) -> Result<(), MemberError> {
        visit(document, &self.segments, visitor)
    }
}

/// The depth of the recursion is the number of segments, which the configuration decides.
fn visit<'a, 'json>(
    value: &'a JsonValue<'json>,
    segments: &[Segment],
    visitor: &mut impl FnMut(Found<'a, 'json>) -> Result<(), MemberError>,
) -> Result<(), MemberError> {
    let Some((segment, rest)) = segments.split_first() else {
        return visitor(Ok(value));
    };
    match (segment, value) {
        (Segment::Name(name), JsonValue::Object(members)) => {
            members.get(name).map_or(Ok(()), |member| visit(member, rest, visitor))
        }
        (Segment::Name(name), JsonValue::Array(elements)) => match index(name) {
            Some(index) => elements.get(index).map_or(Ok(()), |it| visit(it, rest, visitor)),
            None => visitor(Err(value)),
        },
        (Segment::EachMember, JsonValue::Object(members)) => {
            members.iter().try_for_each(|(_, member)| visit(member, rest, visitor))
        }
        _ => visitor(Err(value)),
    }
}

/// The index of an element, without leading zeros (RFC 6901 §4).
fn index(name: &str) -> Option<usize> {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (name.len() > 1 && name.starts_with('0')) {
        return None;
    }
    name.parse().ok()
}

impl Segment {
    /// Replaces the escapes of RFC 6901 §4; `None` for another `~`.
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::EachMember);
        }
        let valid = text.split('~').skip(1).all(|escape| escape.starts_with(['0', '1']));
        valid.then(|| Self::Name(text.replace("~1", "/").replace("~0", "~")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::claims::document::Document;

    /// The values that a path leads to, or the value on the way that is no object.
    fn found(path: &str, document: &str) -> Result<Vec<Value>, Value> {
        let document = Document::parse(document.as_bytes()).unwrap().value;
        let (mut values, mut wrong) = (Vec::new(), None);
        let visited = Path::parse(path).unwrap().visit(&document, &mut |found| match found {
            Ok(value) => {
                values.push(value.clone().into());
                Ok(())
            }
            Err(on_path) => {
                wrong = Some(on_path.clone().into());
                Err(MemberError::new("scope", "an object", on_path))
            }
        });
        assert_eq!(visited.is_err(), wrong.is_some());
        wrong.map_or(Ok(values), Err)
    }

    #[test]
    fn a_path_is_a_member_or_a_json_pointer() {
        // R-D4
        let document = json!({
            "a/b": 1, "m~n": 2, "*": 3, "https://api.example/roles": 4, "list": [5, { "x": 6 }],
            "clients": { "one": { "roles": 7 }, "two": {}, "three": { "roles": 8 } },
        });
        let document = document.to_string();
        let values = |path| found(path, &document).unwrap();
        assert_eq!(values("a/b"), [1]);
        assert_eq!(values("/a~1b"), [1]);
        assert_eq!(values("/m~0n"), [2]);
        assert_eq!(values("*"), [3], "without a `/`, it is the name of a member");
        assert_eq!(values("https://api.example/roles"), [4]);
        assert_eq!(values("/list/0"), [5]);
        assert_eq!(values("/list/1/x"), [6]);
        assert!(values("/list/2").is_empty() && values("/none/x").is_empty());
        assert_eq!(values("/clients/one/roles"), [7]);
        assert_eq!(values("/clients/*/roles"), [7, 8]);
        assert!(values("/none/*/roles").is_empty());
        for (path, wrong) in [
            ("/a~1b/roles", json!(1)),
            ("/list/x", json!([5, { "x": 6 }])),
            ("/list/00", json!([5, { "x": 6 }])),
            ("/list/*", json!([5, { "x": 6 }])),
            ("/clients/*/roles/x", json!(7)),
            ("/m~0n/*", json!(2)),
        ] {
            assert_eq!(found(path, &document), Err(wrong), "{path}");
        }
        for text in ["", "/", "/a/", "a/", " a", "a ", "/a~", "/a~2", "/~~0", "/~~01"] {
            assert_eq!(Path::parse(text), None, "{text:?}");
        }
    }
}
