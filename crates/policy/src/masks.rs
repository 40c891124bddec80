//! The effects of all rules that meet one target, as sets of aspects: one bit each.

use std::ops::BitOrAssign;

/// What becomes of each aspect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    pub(crate) deny: u64,
    pub(crate) allow: u64,
    /// Those that a rule wants to be noted, or limits.
    pub(crate) watch: u64,
}

impl BitOrAssign for Masks {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        self.deny |= other.deny;
        self.allow |= other.allow;
        self.watch |= other.watch;
    }
}

impl Masks {
    /// The aspects that may happen.
    pub(crate) fn permitted(self) -> u64 {
        self.allow & !self.deny
    }
}
