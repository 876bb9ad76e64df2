//! A strict parser of JSON texts (RFC 8259) that keeps repeated names.

/// A number has its text.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// As deep as `serde_json` reads.
const MAX_DEPTH: usize = 127;

impl Json {
    /// `None` for bytes that are no JSON text.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut parser = Parser { rest: str::from_utf8(bytes).ok()?, depth: 0 };
        let value = parser.value()?;
        parser.rest.is_empty().then_some(value)
    }

    /// The last member of an object with this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rev().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// Whether an object at any depth has a name twice.
    pub fn has_repeated_name(&self) -> bool {
        self.repeats() || self.children().any(Self::has_repeated_name)
    }

    /// Whether this object has a name twice.
    pub fn repeats(&self) -> bool {
        let Self::Object(members) = self else { return false };
        let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
        names.sort();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// Whether a name at any depth begins like this.
    pub fn has_name_with(&self, prefix: &str) -> bool {
        let own = match self {
            Self::Object(members) => members.iter().any(|(name, _)| name.starts_with(prefix)),
            _ => false,
        };
        own || self.children().any(|child| child.has_name_with(prefix))
    }

    fn children(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        match self {
            Self::Array(elements) => Box::new(elements.iter()),
            Self::Object(members) => Box::new(members.iter().map(|(_, value)| value)),
            _ => Box::new(std::iter::empty()),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, expected: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn value(&mut self) -> Option<Json> {
        self.spaces();
        let value = match self.rest.chars().next()? {
            'n' => self.take("null").map(|()| Json::Null),
            't' => self.take("true").map(|()| Json::Bool(true)),
            'f' => self.take("false").map(|()| Json::Bool(false)),
            '"' => self.string().map(Json::String),
            '[' => self.list(']', Self::value).map(Json::Array),
            '{' => self.list('}', Self::member).map(Json::Object),
            _ => self.number(),
        }?;
        self.spaces();
        Some(value)
    }

    fn list<T>(&mut self, end: char, element: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.rest = &self.rest[1..];
        self.spaces();
        let mut elements = Vec::new();
        if !self.rest.starts_with(end) {
            loop {
                elements.push(element(self)?);
                if self.rest.starts_with(end) {
                    break;
                }
                self.take(",")?;
            }
        }
        self.rest = &self.rest[1..];
        self.depth -= 1;
        Some(elements)
    }

    fn member(&mut self) -> Option<(String, Json)> {
        self.spaces();
        let name = self.string()?;
        self.spaces();
        self.take(":")?;
        Some((name, self.value()?))
    }

    fn string(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut text = String::new();
        loop {
            let mut characters = self.rest.chars();
            let character = characters.next()?;
            self.rest = characters.as_str();
            match character {
                '"' => return Some(text),
                '\\' => text.push(self.escaped()?),
                '\0'..='\x1f' => return None,
                other => text.push(other),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next()?;
        self.rest = characters.as_str();
        Some(match character {
            '"' | '\\' | '/' => character,
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.hexadecimal()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                self.take("\\u")?;
                let second = self.hexadecimal()?.checked_sub(0xdc00).filter(|it| *it < 0x400)?;
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)?
            }
            _ => return None,
        })
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        let is_hexadecimal = digits.chars().all(|digit| digit.is_ascii_hexdigit());
        is_hexadecimal.then(|| u32::from_str_radix(digits, 16).unwrap())
    }

    fn number(&mut self) -> Option<Json> {
        let all = self.rest;
        self.rest = self.rest.strip_prefix('-').unwrap_or(self.rest);
        if self.take("0").is_none() {
            self.digits()?;
        }
        if self.take(".").is_some() {
            self.digits()?;
        }
        if self.take("e").or_else(|| self.take("E")).is_some() {
            self.rest = self.rest.strip_prefix(['+', '-']).unwrap_or(self.rest);
            self.digits()?;
        }
        let text = &all[..all.len() - self.rest.len()];
        // `serde_json` reads no number that is too large for `f64`.
        text.parse::<f64>().unwrap().is_finite().then(|| Json::Number(text.to_owned()))
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let any = rest.len() < self.rest.len();
        self.rest = rest;
        any.then_some(())
    }
}
