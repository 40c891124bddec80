//! Words that are written once and named by a number from then on. All are words of ours (functions, classes, names of arguments), never a
//! guest's, so that a table is small.

use super::wire::Wire;

/// Places of a table: several for each word that there is, so that most are found at once.
const PLACES: usize = 1024;

/// Words of one kind.
pub(super) struct Words {
    /// The field of `InternedData` that they are written to.
    field: u32,
    /// Each at the place that its address leads to, or after it.
    places: Vec<Option<(&'static str, u64)>>,
    last: u64,
    /// Those that were not written yet.
    fresh: Vec<(&'static str, u64)>,
}

impl Words {
    pub(super) fn new(field: u32) -> Self {
        Self { field, places: vec![None; PLACES], last: 0, fresh: Vec::new() }
    }

    /// The number of a word; none where the table is full.
    #[inline]
    pub(super) fn number(&mut self, word: &'static str) -> Option<u64> {
        let mut place = word.as_ptr().addr().wrapping_mul(0x9e37_79b9) >> 8;
        loop {
            place %= PLACES;
            match self.places[place] {
                Some((known, number)) if std::ptr::eq(known, word) => return Some(number),
                Some(_) => place += 1,
                None => return self.add(place, word),
            }
        }
    }

    #[cold]
    fn add(&mut self, place: usize, word: &'static str) -> Option<u64> {
        // Half of the places stay free, so that a search ends soon.
        if self.last >= PLACES as u64 / 2 {
            return None;
        }
        self.last += 1;
        self.places[place] = Some((word, self.last));
        self.fresh.push((word, self.last));
        Some(self.last)
    }

    /// True if there are words that were not written.
    #[inline]
    pub(super) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Appends those to an `InternedData`.
    pub(super) fn write_fresh(&mut self, out: &mut Vec<u8>) {
        for (word, number) in self.fresh.drain(..) {
            let entry = out.open(self.field, 1);
            out.number(1, number);
            out.bytes(2, word.as_bytes());
            out.close(entry);
        }
    }
}
