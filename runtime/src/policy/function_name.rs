//! How logs and metrics name a guarded function.

use std::fmt;

/// A guarded function, as logs and metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionName {
    name: Name,
    /// With the feature `manifest`, the [id](function_id) with which the function registers its path; otherwise 0.
    id: u64,
}

/// A type that has the name of a function.
pub trait NamesFunction: 'static {
    /// As in an [`EncodedName`].
    const NUMBERS: [u128; 2];
}

/// A name as UTF-8, with up to 16 bytes in each number, the first byte as the most significant one, and what does not
/// fit into the numbers. It is decoded only for a log line: the compiler evaluates the policy of each guarded
/// function, and decoding it there took a tenth of what a guard adds to the compile time.
#[derive(Debug)]
pub struct EncodedName {
    pub(super) numbers: [u128; 2],
    pub(super) rest: Option<&'static Self>,
}

#[derive(Clone, Copy)]
enum Name {
    #[cfg(feature = "rmcp")]
    Text(&'static str),
    Encoded(&'static EncodedName),
}

impl FunctionName {
    pub(super) const fn new(name: &'static EncodedName, id: u64) -> Self {
        Self { name: Name::Encoded(name), id }
    }

    /// A name that is all that is known, such as that of a tool.
    #[cfg(feature = "rmcp")]
    pub(crate) const fn of_text(name: &'static str) -> Self {
        Self { name: Name::Text(name), id: 0 }
    }

    /// The name alone, for a function whose path is not known.
    #[cfg(feature = "rmcp")]
    pub(crate) const fn without_path(self) -> Self {
        Self { id: 0, ..self }
    }

    #[cfg(feature = "rmcp")]
    pub(crate) fn is(self, name: &str) -> bool {
        self.name.to_string() == name
    }
}

/// With the feature `manifest`, the path in the manifest; otherwise the name. It is searched for only when a
/// request is rejected.
impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "manifest")]
        if let Some(path) = crate::manifest::path_of(self.id) {
            return f.write_str(path);
        }
        self.name.fmt(f)
    }
}

impl EncodedName {
    fn decode(&self) -> Vec<u8> {
        let zeros = |number: &u128| (number.leading_zeros() / u8::BITS) as usize;
        let bytes = |number: &u128| number.to_be_bytes().into_iter().skip(zeros(number));
        let mut name: Vec<u8> = self.numbers.iter().flat_map(bytes).collect();
        name.extend(self.rest.iter().flat_map(|rest| rest.decode()));
        name
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "rmcp")]
            Self::Text(text) => f.write_str(text),
            Self::Encoded(name) => f.write_str(&String::from_utf8_lossy(&name.decode())),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Name {}

/// Tells two guarded functions of a program apart, also where their names and policies are equal. It is a hash
/// (64-bit FNV-1a) of the place in the source, and becomes a parameter of the policy's type.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler: out of bounds is an error")]
pub const fn function_id(module: &str, name: &str, line: u32, column: u32) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let (line, column) = (line.to_le_bytes(), column.to_le_bytes());
    let parts: [&[u8]; 4] = [module.as_bytes(), name.as_bytes(), &line, &column];
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut part = 0;
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            hash = (hash ^ parts[part][index] as u64).wrapping_mul(PRIME);
            index += 1;
        }
        part += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Requirement;
    use crate::policy::type_level::{AnyToken, ByTryInto, Function, Policy};

    #[test]
    fn the_name_of_a_function_is_decoded_from_its_type() {
        // R-K16
        const SIXTEEN: u128 = u128::from_be_bytes(*b"a_name_of_16_byt");
        type Long<P> = ByTryInto<P, Function<SIXTEEN, SIXTEEN>>;
        type Longest = Long<Long<ByTryInto<AnyToken, Function<SIXTEEN, { b'z' as u128 }>>>>;
        fn name<P: Policy>() -> String {
            Requirement::of::<P>().function.unwrap().to_string()
        }
        let repeated = |times| "a_name_of_16_byt".repeat(times);
        assert_eq!(name::<ByTryInto<AnyToken, Function<SIXTEEN>>>(), repeated(1));
        assert_eq!(name::<Long<AnyToken>>(), repeated(2));
        assert_eq!(name::<Longest>(), repeated(5) + "z");
    }

    #[test]
    fn functions_in_other_places_have_other_ids() {
        // R-K16
        let id = function_id("journal::rest", "list", 1, 2);
        assert_eq!(id, function_id("journal::rest", "list", 1, 2));
        for other in [
            function_id("journal::mcp", "list", 1, 2),
            function_id("journal::rest", "lisp", 1, 2),
            function_id("journal::rest", "list", 2, 2),
            function_id("journal::rest", "list", 1, 1),
        ] {
            assert_ne!(id, other);
        }
    }
}
