//! A strict parser of one challenge (RFC 9110 §11.6.1, RFC 6750 §3).

/// A challenge: the scheme, and the parameters in their order.
#[derive(Debug, PartialEq)]
pub struct Challenge {
    pub scheme: String,
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// `None` for what RFC 9110 does not allow, for a parameter that is there twice, and for whatever only some clients
    /// read: a value without quotes, an escape, a second challenge.
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, mut rest) = header.split_once(' ')?;
        let mut challenge = Self { scheme: token(scheme)?, parameters: Vec::new() };
        loop {
            let (name, after) = rest.split_once("=\"")?;
            let name = token(name)?;
            let (value, after) = after.split_once('"')?;
            let is_plain = value.bytes().all(|it| (0x20..0x7f).contains(&it) && it != b'\\');
            if !is_plain || challenge.get(&name).is_some() {
                return None;
            }
            challenge.parameters.push((name, value.to_owned()));
            if after.is_empty() {
                return Some(challenge);
            }
            rest = after.strip_prefix(", ")?;
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }
}

/// `token` (RFC 9110 §5.6.2).
fn token(text: &str) -> Option<String> {
    let is_character = |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(it);
    (!text.is_empty() && text.chars().all(is_character)).then(|| text.to_owned())
}
