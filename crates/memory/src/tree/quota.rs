//! The quota of a tree, and its usage.
//!
//! The host's memory is bounded by these two numbers, whatever a guest does. Bytes are the sizes of files (a hole counts as
//! if it were written, so a file never grows beyond what it was charged for), the lengths of names, and the lengths of the
//! texts of symbolic links. An entry is a name, or a file without any name that is still open; it costs the host up to
//! about 600 bytes beside these.

use callgate_system::{Code, Quota, Result};

/// The quota of a tree by default: 256 MiB and 1,000,000 names. Bytes are the sizes of all files, and the lengths
/// of all names and of the texts of all symbolic links; a file without a name that is still open counts as a name.
pub const QUOTA: Quota = Quota { bytes: 256 << 20, entries: 1_000_000 };

/// A quota, and how much of it is used.
pub(super) struct Account {
    quota: Quota,
    used: Quota,
}

impl Account {
    pub(super) fn new(quota: Quota) -> Self {
        Self { quota, used: Quota { bytes: 0, entries: 0 } }
    }

    pub(super) fn used(&self) -> Quota {
        self.used
    }

    /// Bytes that can still be taken.
    pub(super) fn bytes_left(&self) -> u64 {
        self.quota.bytes.saturating_sub(self.used.bytes)
    }

    /// Takes all of it, or nothing.
    pub(super) fn take(&mut self, bytes: u64, entries: u64) -> Result<()> {
        let entries_left = self.quota.entries.saturating_sub(self.used.entries);
        if bytes > self.bytes_left() || entries > entries_left {
            return Err(Code::Quota.into());
        }
        self.used.bytes += bytes;
        self.used.entries += entries;
        Ok(())
    }

    /// Gives back what was taken.
    pub(super) fn give(&mut self, bytes: u64, entries: u64) {
        self.used.bytes = self.used.bytes.saturating_sub(bytes);
        self.used.entries = self.used.entries.saturating_sub(entries);
    }
}
