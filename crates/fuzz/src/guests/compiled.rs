//! Files of machine code, whole, broken or disguised. None of them may become code without the flag, whatever it holds.

use fastrand::Rng;

use super::garbage::spoil;

/// The first bytes of machine code.
pub(super) const MAGIC: &[u8] = b"\x7fELF";

/// Compiled code that `code` was made to: broken, cut off, behind a header that is no machine code's, or as it is.
pub(super) fn hostile(code: &[u8], random: &mut Rng) -> Vec<u8> {
    let headers: [&[u8]; 4] = [b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0", b"(module)", b";; text\n"];
    match random.u32(0..8) {
        0 => code.to_vec(),
        1 => [headers[random.usize(0..headers.len())], code].concat(),
        // The record that stands last tells how long it is.
        2..=4 => {
            let mut bytes = code.to_vec();
            let tail = bytes.len().saturating_sub(random.usize(1..600));
            let mut last = bytes.split_off(tail);
            spoil(&mut last, random);
            [bytes, last].concat()
        }
        _ => {
            let mut bytes = code.to_vec();
            (0..random.usize(1..4)).for_each(|_| spoil(&mut bytes, random));
            bytes
        }
    }
}
