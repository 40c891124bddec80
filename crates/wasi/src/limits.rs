//! What a guest may take of the host's memory: its linear memories and tables, and the sizes of what it asks for in one call.

use wasmtime::ResourceLimiter;

/// Bytes that one call moves at the most. Larger requests are served in part, as the interface allows.
pub(crate) const TRANSFER: u64 = 1 << 20;

/// Bytes of random data that one call yields; the interface has no partial answer, so more traps.
pub(crate) const RANDOM: u64 = 64 << 20;

/// Elements of all tables of a guest together, which are 8 bytes of the host's memory each; a module may have a hundred tables.
const ELEMENTS: usize = 1 << 20;

/// Counts the guest's linear memories against one limit for all of them together, and its tables against another.
pub(crate) struct Memory {
    limit: usize,
    used: usize,
    elements: usize,
}

impl Memory {
    /// At most `limit` bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), used: 0, elements: 0 }
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
        let elements = self.elements.saturating_add(desired.saturating_sub(current));
        let granted = elements <= ELEMENTS && maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.elements = elements;
        }
        Ok(granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_are_several_of_is_counted_together() {
        let mut limits = Memory::new(100);
        assert!(limits.memory_growing(0, 60, None).unwrap());
        assert!(!limits.memory_growing(0, 60, None).unwrap());
        assert!(limits.memory_growing(60, 100, None).unwrap());
        assert!(limits.table_growing(0, ELEMENTS / 2, None).unwrap());
        assert!(limits.table_growing(0, ELEMENTS / 2, None).unwrap());
        assert!(!limits.table_growing(0, 1, None).unwrap());
        assert!(!limits.table_growing(0, 2, Some(1)).unwrap());
    }
}
