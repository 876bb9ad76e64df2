//! A gzip file that is small on the wire and large once decompressed (RFC 1951, RFC 1952), written
//! by hand: a compressor would be a dependency for this alone.

/// Compresses `spaces` spaces, followed by `tail`, about 1 : 159.
pub(crate) fn bomb(spaces: usize, tail: &[u8]) -> Vec<u8> {
    // No name, no time, unknown operating system.
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut bits = Bits::default();
    // The last block, with fixed Huffman codes.
    bits.value(0b1, 1);
    bits.value(0b01, 2);
    let mut left = spaces;
    if left > 0 {
        bits.literal(b' ');
        left -= 1;
    }
    for _ in 0..left / 258 {
        // Length 258 (code 285, no extra bits) at distance 1 (code 0).
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    for _ in 0..left % 258 {
        bits.literal(b' ');
    }
    for byte in tail {
        bits.literal(*byte);
    }
    bits.code(0, 7);
    file.extend(bits.finish());

    let spaces_then_tail = std::iter::repeat_n(b' ', spaces).chain(tail.iter().copied());
    file.extend(crc32(spaces_then_tail).to_le_bytes());
    // RFC 1952 §2.3.1: the size modulo 2^32.
    let size = (spaces + tail.len()) & 0xffff_ffff;
    file.extend(u32::try_from(size).unwrap_or_default().to_le_bytes());
    file
}

/// Packs bits into bytes, from the least significant one.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    open: u32,
    count: u32,
}

impl Bits {
    /// A number, least significant bit first.
    fn value(&mut self, value: u32, width: u32) {
        self.open |= value << self.count;
        self.count += width;
        while self.count >= 8 {
            self.bytes.push((self.open & 0xff) as u8);
            self.open >>= 8;
            self.count -= 8;
        }
    }

    /// A Huffman code, most significant bit first.
    fn code(&mut self, code: u32, width: u32) {
        self.value(code.reverse_bits() >> (32 - width), width);
    }

    fn literal(&mut self, byte: u8) {
        if byte < 144 {
            self.code(0b0011_0000 + u32::from(byte), 8);
        } else {
            self.code(0b1_1001_0000 + u32::from(byte - 144), 9);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.value(0, 7);
        self.bytes
    }
}

fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    // By half bytes: fast enough for megabytes in a debug build, and the table stays readable.
    const TABLE: [u32; 16] = [
        0x0000_0000,
        0x1db7_1064,
        0x3b6e_20c8,
        0x26d9_30ac,
        0x76dc_4190,
        0x6b6b_51f4,
        0x4db2_6158,
        0x5005_713c,
        0xedb8_8320,
        0xf00f_9344,
        0xd6d6_a3e8,
        0xcb61_b38c,
        0x9b64_c2b0,
        0x86d3_d2d4,
        0xa00a_e278,
        0xbdbd_f21c,
    ];
    let half = |crc: u32| (crc >> 4) ^ TABLE.get(crc as usize & 15).copied().unwrap_or_default();
    !bytes.fold(u32::MAX, |crc, byte| half(half(crc ^ u32::from(byte))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_rfc_1952() {
        assert_eq!(crc32(b"123456789".iter().copied()), 0xcbf4_3926);
        assert_eq!(crc32(std::iter::repeat_n(0, 32)), 0x190a_55ad);
    }

    #[test]
    fn a_megabyte_travels_as_some_kilobytes() {
        let file = bomb(1 << 20, b"{}");
        assert!(file.len() < 7_000, "{}", file.len());
    }

    #[test]
    fn the_file_is_what_another_implementation_reads() {
        // Python's `gzip.decompress(bytes.fromhex(…))` reads 517 spaces, `{}` and a byte over 143.
        let hex =
            bomb(517, b"{}\xc3").iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(hex, "1f8b08000000000000ff531805a3a0baf630001d1342a308020000");
    }
}
