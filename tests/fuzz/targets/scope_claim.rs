//! The claims that contain the scopes. The first line of the input: their places, separated by spaces; the rest: a claim
//! set.

use std::collections::BTreeSet;

use requires_auth::{ClaimsReader, ScopeClaim};

use crate::introspection_response::is_claim_set;
use crate::json::Json;

// R-D4, R-D11, R-J1
pub fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (line, rest) = data.split_at(end);
    let json = rest.get(1..).unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let places: Vec<&str> = line.split(' ').take(3).collect();
    let mut claims = Vec::new();
    for place in &places {
        let parsed: Result<ScopeClaim, _> = place.parse();
        assert_eq!(parsed.is_ok(), segments(split_form(place).0).is_some(), "{place:?}");
        let Ok(claim) = parsed else { return };
        assert_eq!(claim.to_string(), *place);
        assert_eq!(claim.to_string().parse::<ScopeClaim>().as_ref(), Ok(&claim));
        claims.push(claim);
    }
    let document = Json::parse(json).filter(|it| !it.has_name_with("$serde_json::private::"));
    // `scope` may have any type, unless it is one of the places.
    let document = document.filter(|it| is_claim_set(it, false));
    let expected = document.as_ref().and_then(|it| scopes(it, &places));
    let read = ClaimsReader::default().scope_claims(claims).read_claims(json);
    let read = read.map(|claims| claims.scopes().to_string()).ok();
    assert_eq!(read, expected, "{places:?} in {}", String::from_utf8_lossy(json));
}

/// The path, and the suffix.
fn split_form(place: &str) -> (&str, &str) {
    let suffix = ["[]", "{}"].into_iter().find(|suffix| place.ends_with(suffix)).unwrap_or("");
    (&place[..place.len() - suffix.len()], suffix)
}

/// The segments of a path; `None` for a text that is none.
fn segments(path: &str) -> Option<Vec<String>> {
    if path.is_empty() || path.ends_with('/') || path.trim() != path {
        return None;
    }
    let Some(pointer) = path.strip_prefix('/') else { return Some(vec![path.to_owned()]) };
    pointer.split('/').map(unescaped).collect()
}

/// RFC 6901 §4.
fn unescaped(segment: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = segment.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(text)
}

/// The scopes in byte order; `None` if a value on a path, or at its end, has another type.
fn scopes(document: &Json, places: &[&str]) -> Option<String> {
    let mut scopes = BTreeSet::new();
    for place in places {
        let (path, suffix) = split_form(place);
        let is_pointer = path.starts_with('/');
        let mut values = vec![document];
        for segment in segments(path)? {
            let mut next = Vec::new();
            for value in values {
                match value {
                    Json::Object(members) if is_pointer && segment == "*" => {
                        next.extend(members.iter().map(|(_, member)| member));
                    }
                    Json::Object(_) => next.extend(value.get(&segment)),
                    Json::Array(elements) if segment != "*" => {
                        next.extend(elements.get(index(&segment)?));
                    }
                    _ => return None,
                }
            }
            values = next;
        }
        for value in values {
            let found: Vec<&str> = match (suffix, value) {
                ("", Json::String(text)) => text.split(' ').collect(),
                ("", Json::Array(elements)) if *place != "scope" => strings(elements)?,
                ("[]", Json::Array(elements)) => strings(elements)?,
                ("{}", Json::Object(members)) => {
                    let is_object = |it: &(String, Json)| matches!(it.1, Json::Object(_));
                    members.iter().all(is_object).then_some(())?;
                    members.iter().map(|(name, _)| &**name).collect()
                }
                _ => return None,
            };
            let is_scope = |scope: &&str| {
                !scope.is_empty()
                    && scope.bytes().all(|it| it.is_ascii_graphic() && !b"\"\\".contains(&it))
            };
            scopes.extend(found.into_iter().filter(is_scope));
        }
    }
    Some(scopes.into_iter().collect::<Vec<_>>().join(" "))
}

fn strings(elements: &[Json]) -> Option<Vec<&str>> {
    elements.iter().map(Json::as_str).collect()
}

/// Without leading zeros.
fn index(segment: &str) -> Option<usize> {
    let index: usize = segment.parse().ok()?;
    (index.to_string() == segment).then_some(index)
}
