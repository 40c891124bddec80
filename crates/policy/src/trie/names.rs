//! The names of the tree: a table, and the keys by which they are found.

use std::collections::HashMap;

use super::Node;
use super::bytes::{ONES, slash, zeros};

/// The names that lead from one node to another: a hash table with open addressing, at most half full.
#[derive(Debug)]
pub(super) struct Names {
    slots: Vec<Slot>,
    texts: String,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: Key,
    /// Where the name begins in the texts.
    start: u32,
    from: Node,
    /// 0, which no name leads to, in a free slot.
    to: Node,
}

/// The ends of a name and its length: all of a name that is no longer than both ends together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) len: usize,
    head: u64,
    tail: u64,
}

/// An odd number with bits all over (of the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl Key {
    pub(super) const NONE: Self = Self { len: 0, head: 0, tail: 0 };
    /// The length of a name that the key holds all of.
    const WHOLE: usize = 16;

    pub(super) const PARENT: Self = Self { len: 2, head: u16::from_le_bytes(*b"..") as u64, tail: 0 };

    /// The length of the first component, and its key.
    #[inline]
    pub(super) fn first(path: &[u8]) -> (usize, Self) {
        if let Some(word) = path.first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let found = zeros(word ^ (ONES * u64::from(b'/')));
            if found != 0 {
                let len = found.trailing_zeros() as usize / 8;
                return (len, Self { len, head: word & !(u64::MAX << (8 * len)), tail: 0 });
            }
        }
        let len = slash(path);
        (len, Self::of(&path[..len]))
    }

    /// The last bytes of the name: the last one is the highest, and where there are fewer than eight, the lowest ones are 0.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        match self.len {
            0 => 0,
            1..8 => self.head << (64 - 8 * self.len),
            _ => self.tail,
        }
    }

    /// True for the components that are no names: none, `.` and `..`.
    #[inline]
    pub(super) fn is_special(&self) -> bool {
        self.len == 0 || (self.len == 1 && self.head == u64::from(b'.')) || *self == Self::PARENT
    }

    #[inline]
    pub(super) fn of(name: &[u8]) -> Self {
        let len = name.len();
        if let (Some(head), Some(tail)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
            return Self { len, head: u64::from_le_bytes(*head), tail: u64::from_le_bytes(*tail) };
        }
        let head = name.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte));
        Self { len, head, tail: 0 }
    }

    /// Where to look for it first. Only the policy's own names are in the table, so no guest can make it slow.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "32 bits index the table")]
    fn start(&self, from: Node) -> usize {
        let hash = (self.head ^ self.tail.rotate_left(29) ^ (self.len as u64) << 56).wrapping_mul(MIX);
        // The upper bits of a product are the better ones.
        ((hash ^ u64::from(from) << 20).wrapping_mul(MIX) >> 32) as usize
    }
}

impl Names {
    const FREE: Slot = Slot { key: Key::NONE, start: 0, from: 0, to: 0 };

    pub(super) fn new(names: HashMap<(Node, String), Node>) -> Self {
        let size = (names.len() * 2).next_power_of_two();
        let mut table = Self { slots: vec![Self::FREE; size], texts: String::new() };
        for ((from, name), to) in names {
            let key = Key::of(name.as_bytes());
            let start = u32::try_from(table.texts.len()).expect("a policy is bounded");
            table.texts.push_str(&name);
            let mut at = key.start(from) & (size - 1);
            while table.slots[at].to != 0 {
                at = (at + 1) & (size - 1);
            }
            table.slots[at] = Slot { key, start, from, to };
        }
        table
    }

    #[inline]
    pub(super) fn find(&self, from: Node, name: &[u8], key: &Key) -> Option<Node> {
        let mut at = key.start(from) & (self.slots.len() - 1);
        loop {
            let slot = self.slots.get(at)?;
            if slot.to == 0 {
                return None;
            }
            if slot.key == *key && slot.from == from && (key.len <= Key::WHOLE || self.is_text(slot, name)) {
                return Some(slot.to);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    fn is_text(&self, slot: &Slot, name: &[u8]) -> bool {
        let start = slot.start as usize;
        self.texts.as_bytes()[start..start + name.len()] == *name
    }
}
