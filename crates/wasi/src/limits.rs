//! What a guest may take of the host's memory: its linear memories and tables, and the sizes of what it asks for in one call.

use wasmtime::ResourceLimiter;

/// Bytes that one call moves at the most. Larger requests are served in part, as the interface allows.
pub(crate) const TRANSFER: u64 = 1 << 20;

/// Bytes of random data that one call yields; the interface has no partial answer, so more traps.
pub(crate) const RANDOM: u64 = 64 << 20;

/// Elements of one table.
const TABLE: usize = 1 << 20;

/// Counts the guest's linear memories against one limit for all of them together.
pub(crate) struct Memory {
    limit: usize,
    used: usize,
}

impl Memory {
    /// At most `limit` bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), used: 0 }
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

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE && maximum.is_none_or(|maximum| desired <= maximum))
    }
}
