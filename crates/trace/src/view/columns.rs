//! Blocks of a page: numbers and lines of text, compressed as they come, so that nothing but their compressed form is kept.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Bytes that come together before they are compressed: the compressor takes long for a few.
const HELD: usize = 32 << 10;

/// A block that is being filled.
pub(super) struct Block {
    held: Vec<u8>,
    encoder: DeflateEncoder<Vec<u8>>,
}

impl Block {
    pub(super) fn new() -> Self {
        Self { held: Vec::new(), encoder: DeflateEncoder::new(Vec::new(), Compression::default()) }
    }

    /// Bytes that it takes so far, but for some tens of kilobytes that are held back.
    pub(super) fn len(&self) -> usize {
        self.encoder.get_ref().len()
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= HELD {
            self.compress();
        }
    }

    fn compress(&mut self) {
        // Writing to memory can't fail.
        let _ = self.encoder.write_all(&self.held);
        self.held.clear();
    }

    /// Appends a number: 7 bits a byte, the low ones first, and the high bit set where more follow.
    pub(super) fn number(&mut self, number: u64) {
        let (bytes, length) = encode(number);
        self.bytes(&bytes[..length]);
    }

    /// Appends the difference of a number to the one before, such that small ones stay small.
    pub(super) fn difference(&mut self, from: u64, to: u64) {
        // Both are below 2^53, so this can't overflow.
        let step = to.cast_signed() - from.cast_signed();
        self.number(if step < 0 { (-step).cast_unsigned() * 2 - 1 } else { step.cast_unsigned() * 2 });
    }

    pub(super) fn line(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(b"\n");
    }

    /// The compressed bytes (DEFLATE without a frame).
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.compress();
        self.encoder.finish().unwrap_or_default()
    }
}

/// A number of 64 bits takes ten bytes at most.
fn encode(mut number: u64) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    let mut length = 0;
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        bytes[length] = low | if number > 0 { 0x80 } else { 0 };
        length += 1;
        if number == 0 {
            return (bytes, length);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn numbers_take_seven_bits_a_byte() {
        let mut block = Block::new();
        [0, 127, 128, (1 << 53) - 1, u64::MAX].into_iter().for_each(|number| block.number(number));
        let mut bytes = Vec::new();
        flate2::read::DeflateDecoder::new(&*block.finish()).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes[..4], [0, 127, 0x80, 1]);
        assert_eq!(bytes[4..12], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert_eq!(bytes[12..], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    }

    #[test]
    fn differences_go_both_ways() {
        let mut block = Block::new();
        block.difference(5, 5);
        block.difference(5, 8);
        block.difference(8, 6);
        let mut bytes = Vec::new();
        flate2::read::DeflateDecoder::new(&*block.finish()).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [0, 6, 3]);
    }
}
