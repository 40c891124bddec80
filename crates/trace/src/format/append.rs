//! Appending to bytes without [`std::fmt`], which would take most of the time of an event.

use std::io::Write as _;

use callgate_system::Untrusted;
use callgate_system::path::PATH_MAX;

/// The characters around untrusted text, which it can't end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    Quotes,
    Angles,
}

/// A decimal number.
pub(super) fn number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// The last `2 * PAIRS` decimal digits of `number`.
#[inline(always)]
pub(super) fn digits<const PAIRS: usize>(mut number: u32, out: &mut Vec<u8>) {
    let mut text = [[b'0'; 2]; PAIRS];
    for pair in text.iter_mut().rev() {
        *pair = PAIRS_OF_DIGITS[(number % 100) as usize];
        number /= 100;
    }
    out.extend_from_slice(text.as_flattened());
}

/// The decimal digits of each number below 100.
static PAIRS_OF_DIGITS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// A hexadecimal number in lower-case letters.
pub(super) fn hexadecimal(number: u128, out: &mut Vec<u8>) {
    let places = (128 - number.leading_zeros()).div_ceil(4).max(1);
    out.extend((0..places).rev().map(|place| hex_digit((number >> (4 * place)) as u8)));
}

/// The digit for the lower half of `byte`.
pub(super) fn hex_digit(byte: u8) -> u8 {
    b"0123456789abcdef"[usize::from(byte & 15)]
}

/// What somebody shows by [`std::fmt`], for events that are rare.
pub(super) fn shown(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing to a vector can't fail.
    drop(write!(out, "{value}"));
}

/// Text of a guest's on its way to a person, as [`Untrusted`] shows it.
pub(super) fn untrusted(text: &str, frame: Frame, out: &mut Vec<u8>) {
    let (open, close) = match frame {
        Frame::Quotes => (b'"', b'"'),
        Frame::Angles => (b'<', b'>'),
    };
    if text.len() <= PATH_MAX && is_all(text.as_bytes(), |byte| is_printable(byte, open, close)) {
        out.push(open);
        out.extend_from_slice(text.as_bytes());
        out.push(close);
        return;
    }
    let text = Untrusted::new(text);
    shown(if frame == Frame::Quotes { text.quoted() } else { text.bracketed() }, out);
}

/// True if `byte` is printable ASCII, and stands neither for the frame nor for an escape.
#[inline(always)]
pub(super) fn is_printable(byte: u8, open: u8, close: u8) -> bool {
    (b' '..=b'~').contains(&byte) & (byte != b'\\') & (byte != open) & (byte != close)
}

/// True if all `bytes` are so.
#[inline(always)]
pub(super) fn is_all(bytes: &[u8], is_so: impl Fn(u8) -> bool) -> bool {
    // No end before the block's, so the compiler looks at a block at a time.
    let is_block_so = |block: &[u8; 16]| block.iter().fold(true, |all, byte| all & is_so(*byte));
    // The last block may overlap the one before.
    match bytes.last_chunk() {
        Some(last) => is_block_so(last) && bytes.as_chunks().0.iter().all(is_block_so),
        None => bytes.iter().all(|byte| is_so(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_formatting_machinery() {
        for value in [0, 1, 9, 10, 15, 16, 0xfe00, u64::MAX] {
            let mut out = Vec::new();
            number(value, &mut out);
            out.push(b' ');
            hexadecimal(value.into(), &mut out);
            out.push(b' ');
            digits::<3>(value as u32, &mut out);
            let expected = format!("{value} {value:x} {:06}", value as u32 % 1_000_000);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let mut out = Vec::new();
        hexadecimal(u128::MAX, &mut out);
        assert_eq!(out, format!("{:x}", u128::MAX).as_bytes());
    }

    #[test]
    fn text_is_shown_as_untrusted_text_is() {
        let long = "a".repeat(PATH_MAX + 1);
        for text in ["", "plain", "a\"b", "<a>", "a\\b", "a\nb", "\u{7f}", "bücher", "\u{202e}", &long, &long[1..]] {
            for (frame, expected) in [
                (Frame::Quotes, Untrusted::new(text).quoted().to_string()),
                (Frame::Angles, Untrusted::new(text).bracketed().to_string()),
            ] {
                let mut out = Vec::new();
                untrusted(text, frame, &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), expected);
            }
        }
    }
}
