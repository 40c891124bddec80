//! The entries of a directory: cap-std's, on a handle of their own.

use std::io;

use callgate_system::{Code, Entries, Entry, FileType, Result};
use cap_std::fs::{Dir, DirEntry, ReadDir};

use crate::error::{Portable as _, portable};
use crate::stat;

/// Bytes that a reading of the standard libraries holds: glibc's buffer of 32 KiB is the largest, and what stands around it.
const LIBRARY: usize = 36 * 1024;

/// A reading under way.
pub(crate) struct PortableEntries {
    /// `None` after the last entry.
    rest: Option<ReadDir>,
    /// Fetched with the beginning, so that this fails where a directory is gone.
    first: Option<io::Result<DirEntry>>,
}

impl PortableEntries {
    /// Begins to read `directory`.
    pub(crate) fn of(directory: &Dir) -> Result<Self> {
        let mut rest = directory.entries().portable()?;
        let first = match rest.next() {
            Some(Err(error)) => return Err(portable(error)),
            // The library takes a directory that was removed for an empty one.
            None if stat::of_dir(directory)?.links == 0 => return Err(Code::NoEntry.into()),
            first => first,
        };
        Ok(Self { rest: Some(rest), first })
    }
}

impl Entries for PortableEntries {
    fn next(&mut self) -> Result<Option<Entry>> {
        let next = self.first.take().or_else(|| self.rest.as_mut().and_then(Iterator::next));
        match next {
            Some(Ok(entry)) => named(&entry).map(Some),
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(portable(error)),
            // Also where it was removed meanwhile: nothing more will come.
            _ => {
                self.rest = None;
                Ok(None)
            }
        }
    }

    fn holds(&self) -> usize {
        size_of::<Self>() + LIBRARY
    }
}

fn named(entry: &DirEntry) -> Result<Entry> {
    let kind = entry.file_type().map_or(FileType::Unknown, stat::kind);
    match entry.file_name().into_string() {
        Ok(name) => Ok(Entry { name, kind, listed: None }),
        Err(_) => Err(Code::IllegalByteSequence.into()),
    }
}
