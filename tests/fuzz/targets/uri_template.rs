//! URI templates (RFC 6570) and the variables of a URI, against a division by backtracking. The lines of the input:
//! template, URI.

use requires_auth::mcp::UriVariables;

/// The work of the backtracking grows with each variable.
const MAX_VARIABLES: usize = 4;
const MAX_URI_LENGTH: usize = 24;

#[derive(Debug)]
enum Part<'a> {
    Literal(&'a str),
    /// Its name, and whether it is of one segment.
    Variable(&'a str, bool),
}

// R-I13, R-I20
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (template, uri) = text.split_once('\n').unwrap_or((&text, ""));
    let read = UriVariables::parse(template, uri);
    let Some(parts) = parts(template) else {
        return assert!(read.is_none(), "{template:?} is malformed");
    };
    let names: Vec<&str> = parts.iter().filter_map(name).collect();
    if names.len() > MAX_VARIABLES || uri.len() > MAX_URI_LENGTH {
        return;
    }
    let mut divisions = Vec::new();
    divide(&parts, uri, &mut Vec::new(), &mut divisions);
    let expected: Option<Vec<String>> = match &*divisions {
        [values] => values.iter().map(|(value, segment)| decode(value, *segment)).collect(),
        _ => None,
    };
    match (expected, read) {
        (None, None) => {}
        (None, Some(read)) => panic!("{template:?} {uri:?}: {read:?}, of {divisions:?}"),
        (Some(expected), None) => panic!("{template:?} {uri:?}: nothing, not {expected:?}"),
        (Some(expected), Some(read)) => {
            for name in &names {
                // Of several variables with one name, the first counts.
                let place = names.iter().position(|other| other == name).unwrap();
                assert_eq!(read.get(name), Some(&*expected[place]), "{template:?} {uri:?}");
            }
        }
    }
}

fn name<'a>(part: &Part<'a>) -> Option<&'a str> {
    if let Part::Variable(name, _) = part { Some(name) } else { None }
}

fn parts(template: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        let end = rest.find(['{', '}']).unwrap_or(rest.len());
        if end > 0 {
            parts.push(Part::Literal(&rest[..end]));
            rest = &rest[end..];
            continue;
        }
        let inner = rest.strip_prefix('{')?;
        let (expression, after) = inner.split_at(inner.find('}')?);
        let name = expression.strip_prefix('+').unwrap_or(expression);
        let in_name = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '.';
        if name.is_empty() || !name.chars().all(in_name) {
            return None;
        }
        parts.push(Part::Variable(name, name.len() == expression.len()));
        rest = &after[1..];
    }
    (!parts.is_empty()).then_some(parts)
}

type Values<'a> = Vec<(&'a str, bool)>;

/// All ways to divide the URI, up to two.
fn divide<'a>(
    parts: &[Part<'_>],
    uri: &'a str,
    values: &mut Values<'a>,
    divisions: &mut Vec<Values<'a>>,
) {
    if divisions.len() > 1 {
        return;
    }
    match parts {
        [] if uri.is_empty() => divisions.push(values.clone()),
        [] => {}
        [Part::Literal(literal), rest @ ..] => {
            if let Some(uri) = uri.strip_prefix(literal) {
                divide(rest, uri, values, divisions);
            }
        }
        [Part::Variable(_, is_segment), rest @ ..] => {
            for end in (1..=uri.len()).filter(|end| uri.is_char_boundary(*end)) {
                let (value, after) = uri.split_at(end);
                if *is_segment && value.contains('/') {
                    break;
                }
                values.push((value, *is_segment));
                divide(rest, after, values, divisions);
                values.pop();
            }
        }
    }
}

/// The value, if every reader of the URI finds the same one.
fn decode(text: &str, is_segment: bool) -> Option<String> {
    let mut decoded = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character == '%' {
            let (digits, after) = rest.split_at_checked(2)?;
            if !digits.chars().all(|it| it.is_ascii_hexdigit()) {
                return None;
            }
            decoded.push(u8::from_str_radix(digits, 16).unwrap());
            rest = after;
            if decoded.last() == Some(&b'/') {
                return None;
            }
        } else {
            let is_allowed = character.is_ascii_alphanumeric()
                || "-._~!$&'()*+,;=:@".contains(character)
                || (!is_segment && "/?#[]".contains(character));
            if !is_allowed {
                return None;
            }
            decoded.push(u8::try_from(character).unwrap());
        }
    }
    let decoded = String::from_utf8(decoded).ok()?;
    let has_dots = decoded.split(['/', '\\', '?', '#']).any(|it| it == "." || it == "..");
    (!has_dots && !decoded.chars().any(char::is_control)).then_some(decoded)
}
