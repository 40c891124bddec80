//! The wire format of protocol buffers, appended to a buffer that is used again for each event.
//!
//! The length of a message comes before it, and is known after it. So a byte is kept free for it, or two where most messages of the kind
//! need them; a longer message is moved on.

/// The place of a message that is being written.
#[must_use]
pub(super) struct Open {
    start: usize,
    kept: usize,
}

/// Appends fields to a message.
pub(super) trait Wire {
    /// A number without a field.
    fn varint(&mut self, number: u64);

    /// `uint64`, `int64` of a number that is not negative, `bool`, or an enumeration.
    fn number(&mut self, field: u32, number: u64);

    /// `fixed64`
    fn fixed(&mut self, field: u32, number: u64);

    /// `string` or `bytes`
    fn bytes(&mut self, field: u32, bytes: &[u8]);

    /// Begins a message within the message, whose length most often has `kept` bytes: one below 128, two below 16,384.
    fn open(&mut self, field: u32, kept: usize) -> Open;

    /// Ends it.
    fn close(&mut self, message: Open);
}

const VARINT: u32 = 0;
const FIXED: u32 = 1;
const LENGTH: u32 = 2;

impl Wire for Vec<u8> {
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.push(number as u8);
    }

    #[inline]
    fn number(&mut self, field: u32, number: u64) {
        self.varint(u64::from(field << 3 | VARINT));
        self.varint(number);
    }

    #[inline]
    fn fixed(&mut self, field: u32, number: u64) {
        self.varint(u64::from(field << 3 | FIXED));
        self.extend_from_slice(&number.to_le_bytes());
    }

    #[inline]
    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.varint(u64::from(field << 3 | LENGTH));
        self.varint(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn open(&mut self, field: u32, kept: usize) -> Open {
        self.varint(u64::from(field << 3 | LENGTH));
        self.resize(self.len() + kept, 0);
        Open { start: self.len(), kept }
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    fn close(&mut self, Open { start, kept }: Open) {
        let length = self.len() - start;
        match (kept, length) {
            (1, 0..0x80) => self[start - 1] = length as u8,
            (2, 0..0x4000) => self[start - 2..start].copy_from_slice(&[length as u8 | 0x80, (length >> 7) as u8]),
            _ => move_on(self, start, kept, length),
        }
    }
}

/// Writes the length of a message that there may be too few bytes for.
#[cold]
fn move_on(out: &mut Vec<u8>, start: usize, kept: usize, length: usize) {
    let needed = bytes_of(length);
    if needed > kept {
        out.resize(out.len() + needed - kept, 0);
        out.copy_within(start..start + length, start + needed - kept);
    }
    put(&mut out[start - kept..][..needed.max(kept)], length);
}

/// Bytes of a number on the wire.
fn bytes_of(number: usize) -> usize {
    (usize::BITS - (number | 1).leading_zeros()).div_ceil(7) as usize
}

/// Writes a number to all of `place`; zeros on top of a number mean nothing.
#[allow(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn put(place: &mut [u8], mut number: usize) {
    let last = place.len() - 1;
    for byte in &mut place[..last] {
        *byte = number as u8 | 0x80;
        number >>= 7;
    }
    place[last] = number as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_length_however_long_they_are() {
        for (length, expected) in [
            (0, &[10, 0][..]),
            (127, &[10, 127]),
            (128, &[10, 0x80, 1]),
            (16_383, &[10, 0xff, 0x7f]),
            (16_384, &[10, 0x80, 0x80, 1]),
        ] {
            let mut out = Vec::new();
            let message = out.open(1, 1);
            out.resize(out.len() + length, b'x');
            out.close(message);
            assert!(out.starts_with(expected), "{length}");
            assert!(out.len() == expected.len() + length && out[expected.len()..].iter().all(|byte| *byte == b'x'));
        }
    }

    #[test]
    fn a_length_may_take_more_bytes_than_it_needs() {
        let mut out = Vec::new();
        let message = out.open(11, 2);
        out.number(1, 300);
        out.close(message);
        assert_eq!(out, [90, 0x83, 0, 8, 0xac, 2]);
    }
}
