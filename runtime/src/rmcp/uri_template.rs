//! The part of RFC 6570 that resource templates use.

/// A URI with gaps: `{name}` stands for one segment, `{+name}` also for several.
#[derive(Debug)]
pub(super) struct UriTemplate(Vec<Part>);

#[derive(Debug)]
enum Part {
    Literal(String),
    Segment,
    Rest,
}

impl UriTemplate {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once('{') {
            let (variable, behind) = behind.split_once('}')?;
            push_literal(&mut parts, literal)?;
            let (part, name) = match variable.strip_prefix('+') {
                Some(name) => (Part::Rest, name),
                None => (Part::Segment, variable),
            };
            let in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
            if name.is_empty() || !name.bytes().all(in_name) {
                return None;
            }
            parts.push(part);
            rest = behind;
        }
        push_literal(&mut parts, rest)?;
        (!parts.is_empty()).then_some(Self(parts))
    }

    /// Whether a URI is one of these, or is the template itself, as completions name it.
    pub(super) fn matches(&self, uri: &str) -> bool {
        matches(&self.0, uri)
    }
}

/// `None` if it is not literal.
fn push_literal(parts: &mut Vec<Part>, text: &str) -> Option<()> {
    if text.contains('}') {
        return None;
    }
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
    Some(())
}

fn matches(parts: &[Part], uri: &str) -> bool {
    match parts {
        [] => uri.is_empty(),
        [Part::Literal(literal), rest @ ..] => {
            uri.strip_prefix(literal.as_str()).is_some_and(|uri| matches(rest, uri))
        }
        [part, rest @ ..] => {
            let longest = match part {
                Part::Segment => uri.find('/').unwrap_or(uri.len()),
                _ => uri.len(),
            };
            let ends = uri.char_indices().map(|(at, character)| at + character.len_utf8());
            ends.take_while(|end| *end <= longest)
                .any(|end| uri.get(end..).is_some_and(|uri| matches(rest, uri)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_one_segment_or_many() {
        let cases: [(&str, &[&str], &[&str]); 4] = [
            (
                "journal://entries",
                &["journal://entries"],
                &["journal://entries/", "journal://tags"],
            ),
            (
                "journal://entries/{id}",
                &["journal://entries/1", "journal://entries/é", "journal://entries/{id}"],
                &["journal://entries/", "journal://entries/1/2", "journal://entries"],
            ),
            ("file:///{+path}", &["file:///a/b", "file:///a"], &["file:///", "http:///a"]),
            ("{a}://{b}.txt", &["x://y.txt", "x://y.z.txt"], &["x://y", "x://y/z.txt", "://y.txt"]),
        ];
        for (template, fitting, other) in cases {
            let parsed = UriTemplate::parse(template).unwrap();
            for uri in fitting {
                assert!(parsed.matches(uri), "{template} {uri}");
            }
            for uri in other {
                assert!(!parsed.matches(uri), "{template} {uri}");
            }
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for template in ["", "a:{", "a:}", "a:{}", "a:{b", "a:{+}", "a:{?q}", "a:{b*}", "a:{b}}"] {
            assert!(UriTemplate::parse(template).is_none(), "{template}");
        }
    }
}
