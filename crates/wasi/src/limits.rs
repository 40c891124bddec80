//! The limits of what a guest may take of the machine's memory: its linear memories and tables, and the sizes of what it asks for in
//! one call.

use wasmtime::ResourceLimiter;

use crate::budget::{Budget, Charge};

/// Bytes that one call moves at the most. Larger requests are served in part, as the interface allows. A guest is in one call at a
/// time, so one buffer of this size is all that transfers take of the host. Transfers are not charged.
pub(crate) const TRANSFER: u64 = 1 << 20;

/// Bytes of random data that one call yields; the interface has no partial answer, so more traps.
pub(crate) const RANDOM: u64 = 64 << 20;

/// Bytes that each thing in a list to wait for takes while the wait goes on: our lists and the backend's, some of which double as they grow.
pub(crate) const WAITED: usize = 384;

/// Bytes of lists and texts that a component may hand over in one call, unless its budget is smaller: the engine's own limit. Most are worked
/// on in the guest's memory. The limit bounds texts that have to be written anew, those of components whose text is UTF-16.
const HANDED_OVER: usize = 128 << 20;

/// The least of it: what a file takes in one call, which is not copied.
const LEAST_HANDED_OVER: usize = 16 << 20;

/// Bytes of the engine's for a handle of a component: an entry in a list that doubles as it grows, and one for the call that it is lent to.
const ENGINE_HANDLE: usize = 64;

/// Elements of all tables of a guest together; a module may have a hundred tables.
const ELEMENTS: usize = 1 << 20;

/// Bytes of the host's memory that an element of a table takes: a pointer, in a list that doubles as it grows.
const ELEMENT: usize = 16;

/// The most instances, tables and memories that there may be in a run, of all its modules together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) instances: usize,
    pub(crate) tables: usize,
    pub(crate) memories: usize,
}

impl Counts {
    /// The engine's own numbers, but for memories: each takes 4 GiB of addresses, however small it is, and an address space has room for
    /// some thirty thousand. Where one instance takes `largest` bytes, so many that all of them take at most half of the budget, beside what is charged to it.
    pub(crate) fn within(budget: &Budget, largest: u64) -> Self {
        let fitting = budget.limit() as u64 / 2 / largest.max(1);
        Self { instances: usize::try_from(fitting).unwrap_or(usize::MAX).min(10_000), tables: 10_000, memories: 1_000 }
    }
}

impl Counts {
    /// The same, but no more than these.
    pub(crate) fn at_most(self, instances: usize, tables: usize) -> Self {
        Self { instances: self.instances.min(instances), tables: self.tables.min(tables), ..self }
    }
}

/// Counts the guest's linear memories against one limit for all of them together, and charges its tables.
pub(crate) struct Memory {
    limit: usize,
    used: usize,
    counts: Counts,
    elements: usize,
    tables: Charge,
}

impl Memory {
    /// At most `limit` bytes of linear memory, and so many instances; tables within `budget`.
    pub(crate) fn new(limit: u64, counts: Counts, budget: &Budget) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { limit, used: 0, counts, elements: 0, tables: budget.nothing() }
    }
}

impl Memory {
    /// Bytes of linear memory that it came to; memories never shrink.
    pub(crate) fn used(&self) -> u64 {
        self.used as u64
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        let granted = used <= self.limit && maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.used = used;
        }
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let elements = self.elements.saturating_add(more);
        let fits = elements <= ELEMENTS && maximum.is_none_or(|maximum| desired <= maximum);
        let granted = fits && self.tables.grow(more * ELEMENT).is_ok();
        if granted {
            self.elements = elements;
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        self.counts.instances
    }

    fn tables(&self) -> usize {
        self.counts.tables
    }

    fn memories(&self) -> usize {
        self.counts.memories
    }
}

/// Bytes of lists and texts that a guest of this budget may hand over in one call.
pub(crate) fn handed_over(budget: &Budget) -> usize {
    budget.limit().clamp(LEAST_HANDED_OVER, HANDED_OVER)
}

/// Bytes of values that a function which the user calls by name may return, as the engine counts them. Ours are several times as long:
/// each is a value of any type, and then a text.
pub(crate) fn returned(budget: &Budget) -> usize {
    budget.limit() / 16
}

/// Handles that the engine may keep for a component that may have `handles`. It counts one once more for each call that it is lent to, so that
/// all of them fit into one list for `poll`; and it has those of the component's own resources, of which the host sees nothing.
/// They take at most a quarter of what the budget is, beside it.
pub(crate) fn engine_handles(handles: usize, budget: &Budget) -> usize {
    handles.saturating_mul(2).min(budget.limit() / 4 / ENGINE_HANDLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_are_several_of_is_counted_together() {
        let budget = Budget::new(1 << 30);
        let mut limits = Memory::new(100, Counts::within(&budget, 1), &budget);
        assert!(limits.memory_growing(0, 60, None).unwrap());
        assert!(!limits.memory_growing(0, 60, None).unwrap());
        assert!(limits.memory_growing(60, 100, None).unwrap());
        assert!(limits.table_growing(0, ELEMENTS / 2, None).unwrap());
        assert!(limits.table_growing(0, ELEMENTS / 2, None).unwrap());
        assert!(!limits.table_growing(0, 1, None).unwrap());
        assert!(!limits.table_growing(0, 2, Some(1)).unwrap());
    }

    #[test]
    fn tables_are_charged() {
        let budget = Budget::new(10 * ELEMENT as u64);
        let mut limits = Memory::new(0, Counts::within(&budget, 1), &budget);
        assert!(!limits.table_growing(0, 11, None).unwrap());
        assert!(limits.table_growing(0, 6, None).unwrap());
        assert!(!limits.table_growing(6, 11, None).unwrap());
        assert!(limits.table_growing(6, 10, None).unwrap());
        assert!(!budget.has(1));
    }
}
