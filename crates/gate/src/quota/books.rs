//! The bytes and names added to each mount, and the bytes that each file counts for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_system::{FileType, Identity, Quota, Stat};

use super::space::{Space, counts};

/// The books of all mounts of one guest.
#[derive(Default)]
pub(super) struct Books {
    added: HashMap<usize, Added>,
    files: HashMap<Identity, Known>,
}

/// The bytes and names added to a mount.
#[derive(Clone, Copy, Default)]
struct Added {
    bytes: u64,
    entries: u64,
}

/// A file that is open, or that counts for another number of bytes than a look at it would tell: one whose holes were paid for.
struct Known {
    handles: usize,
    /// The bytes that it counts for: those that were there, and those that were paid for since. Never fewer than it takes.
    counted: u64,
    /// The range that the last write into its holes paid for.
    filled: Range<u64>,
    /// True if it was changed through the books.
    changed: bool,
    /// The mount that its last name was in: its bytes go with its last handle.
    unlinked: Option<usize>,
}

/// One mount's side of the books.
#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) mount: usize,
    pub(super) quota: Quota,
    pub(super) books: Arc<Mutex<Books>>,
}

/// The books of a mount, open for one operation.
pub(super) struct Account<'a> {
    ledger: &'a Ledger,
    books: MutexGuard<'a, Books>,
}

impl Ledger {
    /// Nobody else reads or changes the books until the account is dropped.
    pub(super) fn account(&self) -> Account<'_> {
        Account { ledger: self, books: self.books.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

impl Books {
    fn give_back(&mut self, mount: usize, bytes: u64) {
        let added = self.added.entry(mount).or_default();
        added.bytes = added.bytes.saturating_sub(bytes);
    }
}

impl Account<'_> {
    fn added(&mut self) -> &mut Added {
        self.books.added.entry(self.ledger.mount).or_default()
    }

    fn known(&mut self, stat: &Stat) -> &mut Known {
        self.books.files.entry(stat.identity).or_insert_with(|| Known {
            handles: 0,
            counted: counts(stat),
            filled: 0..0,
            changed: false,
            unlinked: None,
        })
    }

    /// The bytes that may still be added.
    pub(super) fn free_bytes(&mut self) -> u64 {
        self.ledger.quota.bytes.saturating_sub(self.added().bytes)
    }

    /// The state of this file that the cost of a write depends on.
    pub(super) fn space(&mut self, stat: &Stat) -> Space {
        let known = self.known(stat);
        // Allocated bytes are no hole, no matter who filled it.
        let holes = stat.size.saturating_sub(known.counted.max(stat.allocated));
        Space { size: stat.size, holes, filled: known.filled.clone() }
    }

    /// Bytes were added to a file, `filled` being the blocks of its holes among them.
    pub(super) fn grown(&mut self, stat: &Stat, bytes: u64, filled: Range<u64>) {
        let known = self.known(stat);
        known.counted = known.counted.saturating_add(bytes);
        known.changed = true;
        if !filled.is_empty() {
            known.filled = filled;
        }
        let added = self.added();
        added.bytes = added.bytes.saturating_add(bytes);
    }

    /// A file was cut to a size. The bytes that it did not count for go first: they may have been holes.
    pub(super) fn cut(&mut self, stat: &Stat, size: u64) {
        let known = self.known(stat);
        let gone = known.counted.saturating_sub(size);
        known.counted -= gone;
        known.changed = true;
        let mount = self.ledger.mount;
        self.books.give_back(mount, gone);
    }

    /// True if no name may be added.
    pub(super) fn is_full(&mut self) -> bool {
        self.added().entries >= self.ledger.quota.entries
    }

    /// A name was made.
    pub(super) fn entered(&mut self) {
        self.added().entries += 1;
    }

    /// A name was removed, of the file or directory that `stat` describes. A file's bytes go with its last name and handle.
    pub(super) fn removed(&mut self, stat: &Stat) {
        let added = self.added();
        added.entries = added.entries.saturating_sub(1);
        if stat.kind != FileType::RegularFile || stat.links > 1 {
            return;
        }
        let mount = self.ledger.mount;
        let known = self.known(stat);
        if known.handles > 0 {
            known.unlinked = Some(mount);
        } else {
            let counted = known.counted;
            self.books.files.remove(&stat.identity);
            self.books.give_back(mount, counted);
        }
    }

    /// A file was opened.
    pub(super) fn opened(&mut self, stat: &Stat) {
        self.known(stat).handles += 1;
    }

    /// A handle of a file was closed. Its attributes are asked for where it was changed.
    pub(super) fn closed(&mut self, file: Identity, stat: impl FnOnce() -> Option<Stat>) {
        let is_limited = self.ledger.quota.bytes < u64::MAX;
        let Some(known) = self.books.files.get_mut(&file) else { return };
        known.handles = known.handles.saturating_sub(1);
        if known.handles > 0 {
            return;
        }
        let (counted, unlinked) = (known.counted, known.unlinked);
        // So many are remembered as the quota has names, and the mount had files with holes.
        let is_to_be_kept =
            unlinked.is_none() && known.changed && is_limited && stat().is_none_or(|stat| counts(&stat) != counted);
        if !is_to_be_kept {
            self.books.files.remove(&file);
        }
        if let Some(mount) = unlinked {
            self.books.give_back(mount, counted);
        }
    }
}
