//! The entries of a directory, in the order of their names' bytes.
//!
//! A reading remembers the last name it gave and goes on behind it, so it costs no copy of the directory, and what is
//! neither made nor removed meanwhile comes once.

use std::ops::Bound;

use callgate_system::path::NAME_MAX;
use callgate_system::{Code, Entries, Entry, Result};

use super::Handle;

/// A reading under way.
pub(super) struct MemoryEntries {
    handle: Handle,
    /// The name given last.
    last: Option<Box<[u8]>>,
    ended: bool,
}

impl MemoryEntries {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, last: None, ended: false }
    }
}

impl Entries for MemoryEntries {
    fn next(&mut self) -> Result<Option<Entry>> {
        if self.ended {
            return Ok(None);
        }
        let nodes = self.handle.tree.nodes();
        let behind = self.last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let next = nodes.folder(self.handle.inode)?.range::<[u8], _>((behind, Bound::Unbounded)).next();
        let Some((name, inode)) = next else {
            self.ended = true;
            return Ok(None);
        };
        let kind = nodes.node(*inode)?.kind.file_type();
        self.last = Some(name.clone());
        match str::from_utf8(name) {
            Ok(name) => Ok(Some(Entry { name: name.to_owned(), kind, listed: None })),
            Err(_) => Err(Code::IllegalByteSequence.into()),
        }
    }

    fn holds(&self) -> usize {
        size_of::<Self>() + NAME_MAX
    }
}
