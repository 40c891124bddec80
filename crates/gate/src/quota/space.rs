//! The space that a write may take of the device: the bytes by which it makes the file longer, and those that may fall into a hole.
//!
//! No portable call tells where the holes of a file are, only how much of it is allocated. So a write inside a file is taken to fill
//! holes as long as there may be any: a file without holes is overwritten for nothing, and one with holes never for more than these.

use std::ops::Range;

use callgate_system::Stat;

/// The allocation unit of most file systems. Less than this is no hole, either: a small file may lie in its inode.
const BLOCK: u64 = 4096;

/// The bytes that a file counts for if the books know nothing of it: its size without its holes.
pub(super) fn counts(stat: &Stat) -> u64 {
    if stat.size.saturating_sub(stat.allocated) < BLOCK { stat.size } else { stat.allocated }
}

/// A file, as far as the cost of a write depends on it.
pub(super) struct Space {
    pub(super) size: u64,
    /// Bytes in it that may be holes, and that nobody has paid for.
    pub(super) holes: u64,
    /// The whole blocks that the last write into holes paid for: the next write often begins there.
    pub(super) filled: Range<u64>,
}

impl Space {
    /// The blocks that a write would have to fill if all were holes.
    pub(super) fn blocks(&self, offset: u64, length: u64) -> Range<u64> {
        let inside = offset.saturating_add(length).min(self.size);
        if inside <= offset {
            return offset..offset;
        }
        let (start, end) = (offset - offset % BLOCK, inside.next_multiple_of(BLOCK));
        let paid = if self.filled.contains(&start) { self.filled.end } else { start };
        paid.min(end)..end
    }

    /// The bytes by which it would make the file longer, the gap before it included.
    pub(super) fn growth(&self, offset: u64, length: u64) -> u64 {
        if length == 0 { 0 } else { offset.saturating_add(length).saturating_sub(self.size) }
    }

    /// The length up to which a write at `offset` costs no more than `free`.
    pub(super) fn room(&self, offset: u64, free: u64) -> u64 {
        let blocks = self.blocks(offset, u64::MAX);
        let filled = (blocks.end - blocks.start).min(self.holes);
        if filled > free {
            return (blocks.start + (free - free % BLOCK)).saturating_sub(offset);
        }
        self.size.saturating_add(free - filled).saturating_sub(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn space(size: u64, holes: u64) -> Space {
        Space { size, holes, filled: 0..0 }
    }

    fn cost(space: &Space, offset: u64, length: u64) -> u64 {
        let blocks = space.blocks(offset, length);
        (blocks.end - blocks.start).min(space.holes) + space.growth(offset, length)
    }

    #[test]
    fn a_dense_file_is_overwritten_for_nothing() {
        let dense = space(MIB, 0);
        assert_eq!(cost(&dense, 0, MIB), 0);
        assert_eq!(cost(&dense, MIB - 1, 3), 2);
        assert_eq!(cost(&dense, MIB + 5, 1), 6);
        assert_eq!(cost(&dense, MIB + 5, 0), 0);
        assert_eq!((dense.room(0, 0), dense.room(MIB, 7), dense.room(MIB + 5, 7)), (MIB, 7, 2));
    }

    #[test]
    fn a_byte_in_a_hole_costs_its_block_once() {
        let mut sparse = space(MIB, MIB);
        assert_eq!(cost(&sparse, 5000, 1), BLOCK);
        sparse.filled = sparse.blocks(5000, 1);
        assert_eq!(cost(&sparse, 5001, 1), 0);
        assert_eq!(cost(&sparse, 8191, 2), BLOCK);
        assert_eq!(cost(&sparse, 5, 1), BLOCK);
        assert_eq!(cost(&space(MIB, 10), 5000, 1), 10, "there are no more holes than that");
    }

    #[test]
    fn what_fits_costs_no_more_than_is_free_and_a_byte_more_does() {
        for size in [0, 1, BLOCK, 10 * BLOCK + 7] {
            for holes in [0, 1, BLOCK, size / 2, size] {
                let mut space = space(size, holes.min(size));
                for filled in [0..0, 0..BLOCK, BLOCK..3 * BLOCK] {
                    space.filled = filled;
                    for offset in [0, 1, BLOCK - 1, BLOCK, 5 * BLOCK + 1, 11 * BLOCK] {
                        for free in [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 5, 100 * BLOCK] {
                            let room = space.room(offset, free);
                            assert!(cost(&space, offset, room) <= free, "{size} {holes} {offset} {free}: {room}");
                            let more = cost(&space, offset, room + BLOCK);
                            assert!(more > free, "{size} {holes} {offset} {free}: {room}, {more}");
                        }
                    }
                }
            }
        }
    }
}
