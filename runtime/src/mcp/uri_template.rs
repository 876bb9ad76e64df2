//! The subset of URI templates (RFC 6570) that resource templates use, matched in linear time.

/// A URI with variables: `{name}` matches text without `/`, `{+name}` any text, and both at least one
/// character.
#[derive(Debug)]
pub(super) struct UriTemplate {
    parts: Vec<Part>,
    /// The names of the variables, in their order.
    names: Vec<String>,
}

/// Bounds the work of comparing a URI with the templates, which grows with the length of the URI.
pub(super) const MAX_URI_LENGTH: usize = 8 * 1024;

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(Literal),
    Segment,
    Path,
}

impl UriTemplate {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mut parts, mut names) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            let (variable, after) = after.split_once('}')?;
            push_literal(&mut parts, literal)?;
            let (part, name) = match variable.strip_prefix('+') {
                Some(name) => (Part::Path, name),
                None => (Part::Segment, variable),
            };
            let in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
            if name.is_empty() || !name.bytes().all(in_name) {
                return None;
            }
            parts.push(part);
            names.push(name.to_owned());
            rest = after;
        }
        push_literal(&mut parts, rest)?;
        (!parts.is_empty()).then_some(Self { parts, names })
    }

    /// The names of the variables, in their order.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether each URI that matches this template matches the other one, and differs from it only in the names of the
    /// variables.
    pub(super) fn has_same_parts(&self, other: &Self) -> bool {
        self.parts == other.parts
    }

    /// Whether a URI matches. The template itself matches, too: completions name it.
    ///
    /// The URI is read once for each part of the template, from its first to its last byte. There is no
    /// backtracking, whatever the URI is.
    pub(super) fn matches(&self, uri: &str) -> bool {
        let (first, rest) = self.split_first_literal();
        // Most URIs differ from the template in the first literal.
        let Some(uri) = uri.strip_prefix(first) else { return false };
        if rest.is_empty() {
            return uri.is_empty();
        }
        let mut ends = PartEnds::start(uri);
        rest.iter().all(|part| ends.advance(part)) && ends.end()
    }

    /// The variables of a URI in their order, each with its text in the URI. `None` if the URI does not match, and if
    /// it can be divided into variables in more than one way.
    ///
    /// As in [`matches`](Self::matches), each part of the template reads the URI once, and then once more backwards.
    pub(super) fn variables<'a>(&self, uri: &'a str) -> Option<Vec<(&str, Variable<'a>)>> {
        let (first, parts) = self.split_first_literal();
        let uri = uri.strip_prefix(first)?;
        let mut ends = PartEnds::start(uri);
        // For each part, the positions at which it can begin.
        let mut begins = Vec::with_capacity(parts.len());
        for part in parts {
            begins.push(ends.ends.clone());
            if !ends.advance(part) {
                return None;
            }
        }
        if !ends.end() {
            return None;
        }
        let mut end = uri.len();
        let mut texts = Vec::with_capacity(self.names.len());
        for (part, begins) in parts.iter().zip(&begins).rev() {
            let before = uri.get(..end)?;
            let is_segment = matches!(part, Part::Segment);
            end = match part {
                Part::Literal(literal) => end.checked_sub(literal.text.len())?,
                Part::Segment | Part::Path => {
                    let slash = before.rfind('/').filter(|_| is_segment);
                    let from = slash.map_or(0, |slash| slash + 1);
                    let mut possible =
                        (from..end).filter(|begin| begins.get(*begin) == Some(&true));
                    let begin = possible.next()?;
                    if possible.next().is_some() {
                        return None;
                    }
                    texts.push(Variable { text: before.get(begin..)?, is_segment });
                    begin
                }
            };
        }
        Some(self.names.iter().map(String::as_str).zip(texts.into_iter().rev()).collect())
    }

    fn split_first_literal(&self) -> (&str, &[Part]) {
        match self.parts.as_slice() {
            [Part::Literal(first), rest @ ..] => (first.text.as_str(), rest),
            parts => ("", parts),
        }
    }
}

/// A variable of a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variable<'a> {
    /// As the URI has it.
    pub(super) text: &'a str,
    /// Whether the template has it as `{name}`, and not as `{+name}`.
    pub(super) is_segment: bool,
}

/// The positions in a URI at which the parts that are compared so far can end.
struct PartEnds<'a> {
    uri: &'a str,
    /// For each position between two bytes, whether the parts can end there.
    ends: Vec<bool>,
    /// The same with the next part.
    next: Vec<bool>,
    #[cfg(test)]
    steps: usize,
}

impl<'a> PartEnds<'a> {
    fn start(uri: &'a str) -> Self {
        let mut ends = vec![false; uri.len() + 1];
        ends.iter_mut().take(1).for_each(|start| *start = true);
        let next = vec![false; ends.len()];
        Self {
            uri,
            ends,
            next,
            #[cfg(test)]
            steps: 0,
        }
    }

    /// Compares the next part; `false` if it matches nowhere.
    fn advance(&mut self, part: &Part) -> bool {
        self.next.fill(false);
        let mut found = false;
        let mut matcher = Matcher::default();
        // Whether a variable has begun and can continue.
        let mut is_open = false;
        for (at, byte) in self.uri.bytes().enumerate() {
            let ends_here = match part {
                Part::Literal(literal) => {
                    matcher.push(literal, byte)
                        && (at + 1)
                            .checked_sub(literal.text.len())
                            .is_some_and(|begin| self.ends.get(begin) == Some(&true))
                }
                Part::Segment | Part::Path => {
                    is_open |= self.ends.get(at) == Some(&true);
                    is_open &= byte != b'/' || matches!(part, Part::Path);
                    is_open && self.uri.is_char_boundary(at + 1)
                }
            };
            #[cfg(test)]
            {
                self.steps += 1;
            }
            if ends_here && let Some(end) = self.next.get_mut(at + 1) {
                *end = true;
                found = true;
            }
        }
        #[cfg(test)]
        {
            self.steps += matcher.steps;
        }
        std::mem::swap(&mut self.ends, &mut self.next);
        found
    }

    /// Whether all parts together end where the URI ends.
    fn end(&self) -> bool {
        self.ends.last() == Some(&true)
    }
}

/// A text to search for with the algorithm of Knuth, Morris and Pratt, in one pass.
#[derive(Debug, PartialEq, Eq)]
struct Literal {
    text: String,
    /// For each prefix of the text, the length of the longest shorter prefix that it ends with.
    borders: Vec<usize>,
}

impl Literal {
    fn new(text: &str) -> Self {
        let mut literal = Self { text: text.to_owned(), borders: Vec::new() };
        let mut matcher = Matcher::default();
        for (at, byte) in text.bytes().enumerate() {
            if at > 0 {
                matcher.push(&literal, byte);
            }
            literal.borders.push(matcher.matched);
        }
        literal
    }
}

/// The length of the longest prefix of a literal that the bytes so far end with.
#[derive(Default)]
struct Matcher {
    matched: usize,
    #[cfg(test)]
    steps: usize,
}

impl Matcher {
    /// Whether the bytes so far end with the literal.
    fn push(&mut self, literal: &Literal, byte: u8) -> bool {
        let text = literal.text.as_bytes();
        loop {
            #[cfg(test)]
            {
                self.steps += 1;
            }
            if text.get(self.matched) == Some(&byte) {
                self.matched += 1;
                return self.matched == text.len();
            }
            match self.matched.checked_sub(1).and_then(|last| literal.borders.get(last)) {
                Some(border) => self.matched = *border,
                None => return false,
            }
        }
    }
}

/// `None` if the text has a brace that closes no variable.
fn push_literal(parts: &mut Vec<Part>, text: &str) -> Option<()> {
    if text.contains('}') {
        return None;
    }
    if !text.is_empty() {
        parts.push(Part::Literal(Literal::new(text)));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_matches_one_segment_or_many() {
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
    fn a_malformed_template_is_an_error() {
        for template in ["", "a:{", "a:}", "a:{}", "a:{b", "a:{+}", "a:{?q}", "a:{b*}", "a:{b}}"] {
            assert!(UriTemplate::parse(template).is_none(), "{template}");
        }
    }

    /// Matches by trying every length of every variable: only for texts as short as those of this test.
    fn matches_by_backtracking(parts: &[Part], uri: &str) -> bool {
        let Some((part, rest)) = parts.split_first() else { return uri.is_empty() };
        if let Part::Literal(literal) = part {
            return uri
                .strip_prefix(literal.text.as_str())
                .is_some_and(|uri| matches_by_backtracking(rest, uri));
        }
        let ends = (1..=uri.len()).filter(|end| uri.is_char_boundary(*end));
        let (mut lengths, is_segment) = (ends, matches!(part, Part::Segment));
        lengths.any(|end| {
            !(is_segment && uri[..end].contains('/')) && matches_by_backtracking(rest, &uri[end..])
        })
    }

    /// Each way to divide a URI into the texts of the variables.
    fn divide_by_backtracking(parts: &[Part], uri: &str) -> Vec<Vec<String>> {
        let Some((part, rest)) = parts.split_first() else {
            return if uri.is_empty() { vec![Vec::new()] } else { Vec::new() };
        };
        if let Part::Literal(literal) = part {
            let uri = uri.strip_prefix(literal.text.as_str());
            return uri.map_or_else(Vec::new, |uri| divide_by_backtracking(rest, uri));
        }
        let ends = (1..=uri.len()).filter(|end| uri.is_char_boundary(*end));
        let is_segment = matches!(part, Part::Segment);
        let ends = ends.filter(|end| !(is_segment && uri[..*end].contains('/')));
        ends.flat_map(|end| {
            let rest = divide_by_backtracking(rest, &uri[end..]);
            rest.into_iter().map(move |rest| [vec![uri[..end].to_owned()], rest].concat())
        })
        .collect()
    }

    #[test]
    fn matching_agrees_with_backtracking_for_every_short_uri() {
        // R-I13
        let pieces = ["a", "b", "/", "é", "aba", "{x}", "{+y}"];
        let mut templates: Vec<String> = vec![String::new()];
        for _ in 0..4 {
            let longer = |template: &String| {
                pieces.iter().map(|piece| format!("{template}{piece}")).collect::<Vec<_>>()
            };
            templates.extend(templates.clone().iter().flat_map(longer));
            templates.sort();
            templates.dedup();
        }
        let mut uris: Vec<String> = vec![String::new()];
        for _ in 0..4 {
            uris.extend(
                uris.clone().iter().flat_map(|uri| ["a", "b", "/", "é"].map(|c| uri.clone() + c)),
            );
            uris.sort();
            uris.dedup();
        }
        for template in templates.iter().filter(|template| !template.is_empty()) {
            let parsed = UriTemplate::parse(template).unwrap();
            for uri in &uris {
                assert_eq!(
                    parsed.matches(uri),
                    matches_by_backtracking(&parsed.parts, uri),
                    "{template} {uri}"
                );
                // R-I20: there are variables where there is one way alone.
                let variables = parsed.variables(uri).map(|variables| {
                    variables.iter().map(|(_, it)| it.text.to_owned()).collect::<Vec<_>>()
                });
                let mut ways = divide_by_backtracking(&parsed.parts, uri);
                let only = if ways.len() == 1 { ways.pop() } else { None };
                assert_eq!(variables, only, "{template} {uri}");
            }
        }
    }

    #[test]
    fn matching_takes_linear_time() {
        // R-I13
        for template in [
            "day://{year}-{month}-{day}",
            "{+a}/{b}-{+c}-{d}/{+e}",
            "{a}{b}{c}{d}{+e}",
            "{+a}---------/{+b}--------a",
            &format!("{{+a}}{0}/{0}", "-".repeat(100)),
        ] {
            let parsed = UriTemplate::parse(template).unwrap();
            for length in [500, 1000, 2000, 8000, 100_000] {
                for uri in ["-", "/", "a-/"].map(|piece| piece.repeat(length)) {
                    let uri = format!("day://{uri}/");
                    let mut ends = PartEnds::start(&uri);
                    for part in &parsed.parts {
                        ends.advance(part);
                    }
                    // Each byte counts once for each part, and in a literal at most twice more.
                    let most = parsed.parts.len() * 3 * uri.len();
                    assert!(ends.steps <= most, "{template} {length}: {}", ends.steps);
                    assert_eq!(ends.end(), parsed.matches(&uri), "{template} {length}");
                }
            }
        }
    }

    #[test]
    fn a_literal_is_found_in_one_pass() {
        // R-I13: each comparison extends or shortens the match, so there are at most two for each byte.
        let literal = Literal::new("aaaaaaab");
        assert_eq!(literal.borders, [0, 1, 2, 3, 4, 5, 6, 0]);
        let mut matcher = Matcher::default();
        let text = "aaaaaaaaabaaaaaaab";
        let found = text.bytes().filter(|byte| matcher.push(&literal, *byte));
        assert_eq!(found.count(), 2);
        assert!(matcher.steps <= 2 * text.len(), "{}", matcher.steps);
    }
}
