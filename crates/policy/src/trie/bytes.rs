//! Searches in the bytes of a path, eight at a time.

/// A path without the components at its end that say nothing.
#[inline]
pub(super) fn trimmed(path: &str) -> &str {
    let mut path = path;
    loop {
        let shorter = match path.as_bytes() {
            [.., b'/'] | [.., b'/', b'.'] | [b'.'] => &path[..path.len() - 1],
            _ => return path,
        };
        path = shorter;
    }
}

/// The offset at which the last component begins.
#[inline]
pub(super) fn before_last(path: &[u8]) -> usize {
    let (rest, words) = path.as_rchunks::<8>();
    for (at, word) in words.iter().enumerate().rev() {
        let slashes = zeros_all(u64::from_le_bytes(*word) ^ (ONES * u64::from(b'/')));
        if slashes != 0 {
            return rest.len() + at * 8 + 8 - slashes.leading_zeros() as usize / 8;
        }
    }
    rest.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1)
}

/// Where a byte of `word` is 0, the highest bit of that byte, and no other bit.
#[inline]
pub(super) fn zeros_all(word: u64) -> u64 {
    const LOW: u64 = !(ONES << 7);
    !((word & LOW).wrapping_add(LOW) | word | LOW)
}

/// True if `..` is one of the components.
#[inline]
pub(super) fn has_parent(path: &[u8]) -> bool {
    // Few paths have two dots side by side, so most are not gone through by component.
    let (words, rest) = path.as_chunks::<8>();
    let (mut pairs, mut carry) = (0, 0);
    let mut look = |word: u64| {
        let dots = zeros_all(word ^ (ONES * u64::from(b'.')));
        pairs |= dots & (dots << 8 | carry);
        carry = dots >> 56;
    };
    words.iter().for_each(|word| look(u64::from_le_bytes(*word)));
    look(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    pairs != 0 && path.split(|byte| *byte == b'/').any(|component| component == b"..")
}

pub(super) const ONES: u64 = u64::MAX / 255;

/// Where a byte of `word` is 0, the highest bit of that byte; bits above the first such byte mean nothing.
#[inline]
pub(super) fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// The offset of the first `/`, or the length.
#[inline]
pub(super) fn slash(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = zeros(u64::from_le_bytes(*word) ^ (ONES * u64::from(b'/')));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let before = words.len() * 8;
    before + rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len())
}
