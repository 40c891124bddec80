//! What has been added to each mount, and which files are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgate_system::{FileType, Identity, Quota, Stat};

/// The books of all mounts of one guest.
#[derive(Default)]
pub(super) struct Books {
    added: HashMap<usize, Added>,
    open: HashMap<Identity, Open>,
}

/// What was added to a mount.
#[derive(Clone, Copy, Default)]
struct Added {
    bytes: u64,
    entries: u64,
}

/// A file that is open.
#[derive(Default)]
struct Open {
    handles: usize,
    /// The mount that its last name was in, and what goes with its last handle.
    unlinked: Option<(usize, u64)>,
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

impl Account<'_> {
    fn added(&mut self) -> &mut Added {
        self.books.added.entry(self.ledger.mount).or_default()
    }

    /// The bytes that may still be added.
    pub(super) fn free_bytes(&mut self) -> u64 {
        self.ledger.quota.bytes.saturating_sub(self.added().bytes)
    }

    /// A file went from one size to another.
    pub(super) fn resized(&mut self, from: u64, to: u64) {
        let added = self.added();
        added.bytes = added.bytes.saturating_add(to).saturating_sub(from);
    }

    /// Whether no name may be added.
    pub(super) fn is_full(&mut self) -> bool {
        self.added().entries >= self.ledger.quota.entries
    }

    /// A name was made.
    pub(super) fn entered(&mut self) {
        self.added().entries += 1;
    }

    /// A name went; it was that of what `stat` tells. A file's bytes go with its last name, and its last handle.
    pub(super) fn removed(&mut self, stat: &Stat) {
        let added = self.added();
        added.entries = added.entries.saturating_sub(1);
        if stat.kind != FileType::RegularFile || stat.links > 1 {
            return;
        }
        let mount = self.ledger.mount;
        match self.books.open.get_mut(&stat.identity) {
            Some(open) => open.unlinked = Some((mount, stat.size)),
            None => self.resized(stat.size, 0),
        }
    }

    /// A file was opened.
    pub(super) fn opened(&mut self, file: Identity) {
        self.books.open.entry(file).or_default().handles += 1;
    }

    /// A handle of a file was closed; it had this size, where that could be told.
    pub(super) fn closed(&mut self, file: Identity, size: impl FnOnce() -> Option<u64>) {
        let Some(open) = self.books.open.get_mut(&file) else { return };
        open.handles = open.handles.saturating_sub(1);
        if open.handles > 0 {
            return;
        }
        let unlinked = open.unlinked;
        self.books.open.remove(&file);
        if let Some((mount, before)) = unlinked {
            // What was written since then was counted by whom it was written through.
            let bytes = size().unwrap_or(before);
            let added = self.books.added.entry(mount).or_default();
            added.bytes = added.bytes.saturating_sub(bytes);
        }
    }
}
