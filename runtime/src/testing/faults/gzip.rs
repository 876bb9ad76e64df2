//! A gzip file that is short on the wire and long once decompressed.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Compresses `spaces` spaces followed by `tail`, to about a thousandth.
pub(crate) fn bomb(spaces: usize, tail: &[u8]) -> io::Result<Vec<u8>> {
    const CHUNK: [u8; 16 * 1024] = [b' '; 16 * 1024];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let mut left = spaces;
    while left > 0 {
        let written = encoder.write(CHUNK.get(..left).unwrap_or(&CHUNK))?;
        left -= written;
    }
    encoder.write_all(tail)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn the_file_is_short_and_decompresses_to_the_spaces_and_the_tail() {
        let file = bomb(1 << 20, b"{}").unwrap();
        assert!(file.len() < 7_000, "{}", file.len());
        let mut content = Vec::new();
        GzDecoder::new(file.as_slice()).read_to_end(&mut content).unwrap();
        assert_eq!(content.len(), (1 << 20) + 2);
        assert!(content.ends_with(b" {}") && content.starts_with(b" "));
    }
}
