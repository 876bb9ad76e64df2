//! Texts that a type has, in numbers, and which the compiler stores.

/// The maximum length of a text in bytes. The attribute rejects a longer scope.
const MAX_BYTES: usize = 256;

/// A type that has a text, such as a scope.
///
/// The length of an array cannot depend on a type parameter. So the text is stored in the smallest of four sizes, and
/// a program contains only that one.
pub trait Spelling: Send + Sync + 'static {
    /// The text.
    const TEXT: Text;
    #[doc(hidden)]
    const IN_16: &'static [u8; 16] = &Self::TEXT.bytes();
    #[doc(hidden)]
    const IN_32: &'static [u8; 32] = &Self::TEXT.bytes();
    #[doc(hidden)]
    const IN_64: &'static [u8; 64] = &Self::TEXT.bytes();
    #[doc(hidden)]
    const IN_256: &'static [u8; MAX_BYTES] = &Self::TEXT.bytes();
}

/// A text as UTF-8, with at most 256 bytes.
#[derive(Debug)]
pub struct Text {
    bytes: [u8; MAX_BYTES],
    length: usize,
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler: out of bounds is an error")]
impl Text {
    /// From numbers with up to 16 bytes each, the first byte as the most significant one.
    pub(super) const fn of(numbers: &[u128]) -> Self {
        let mut text = Self { bytes: [0; MAX_BYTES], length: 0 };
        let mut index = 0;
        while index < numbers.len() {
            let zeros = (numbers[index].leading_zeros() / u8::BITS) as usize;
            let bytes = numbers[index].to_be_bytes();
            let bytes = bytes.split_at(zeros).1;
            text.push(bytes, bytes.len());
            index += 1;
        }
        text
    }

    pub(super) const fn and(mut self, rest: &Self) -> Self {
        self.push(&rest.bytes, rest.length);
        self
    }

    const fn push(&mut self, bytes: &[u8], length: usize) {
        let mut index = 0;
        while index < length {
            self.bytes[self.length] = bytes[index];
            self.length += 1;
            index += 1;
        }
    }

    /// The text in `N` bytes, which is cut off if it is longer.
    const fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        let mut index = 0;
        while index < N && index < self.length {
            bytes[index] = self.bytes[index];
            index += 1;
        }
        bytes
    }
}

/// The text of a type.
#[expect(clippy::panic, reason = "evaluated by the compiler: a panic is a compile error")]
pub(super) const fn text<T: Spelling>() -> &'static str {
    let length = T::TEXT.length;
    let stored: &'static [u8] = match length {
        0..=16 => T::IN_16,
        17..=32 => T::IN_32,
        33..=64 => T::IN_64,
        _ => T::IN_256,
    };
    match std::str::from_utf8(stored.split_at(length).0) {
        Ok(text) => text,
        Err(_) => panic!("the numbers are UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::type_level::{Joined, OAuthScope};

    #[test]
    fn a_text_of_each_length_is_stored_completely() {
        // R-K1
        const SIXTEEN: &str = "abcdefg\u{e9}1234567";
        const NUMBER: u128 = u128::from_be_bytes(*b"abcdefg\xc3\xa91234567");
        const EIGHT: u128 = b'8' as u128;
        type Sixteen = OAuthScope<NUMBER>;
        type Seventeen = OAuthScope<NUMBER, EIGHT>;
        type ThirtyThree = Joined<Sixteen, Seventeen>;
        type SixtySix = Joined<ThirtyThree, ThirtyThree>;
        assert_eq!((SIXTEEN.len(), text::<Sixteen>()), (16, SIXTEEN));
        assert_eq!(text::<Seventeen>(), format!("{SIXTEEN}8"));
        assert_eq!(text::<ThirtyThree>(), format!("{SIXTEEN}{SIXTEEN}8"));
        assert_eq!(text::<SixtySix>(), format!("{SIXTEEN}{SIXTEEN}8{SIXTEEN}{SIXTEEN}8"));
    }
}
