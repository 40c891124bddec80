//! The entries of a directory: read through a handle of their own, whose position nobody else moves.

use callgate_system::{Code, Entries, Entry, Result};

use crate::error::{Portable as _, Status};
use crate::names::is_ours;
use crate::nt::Handle;
use crate::nt::directory::{BUFFER, Buffer, RawEntry};
use crate::objects::RESOLVER;
use crate::open::{How, READ_DATA};
use crate::resolve::Objects as _;

/// A reading under way.
pub(crate) struct NtEntries {
    /// `None` after the last entry.
    handle: Option<Handle>,
    buffer: Buffer,
}

impl NtEntries {
    /// Begins to read `directory`, and fetches the first entries.
    pub(crate) fn of(directory: &Handle) -> Result<Self> {
        let handle = RESOLVER.0.reopen(directory, How::existing(READ_DATA)).portable()?;
        let mut this = Self { handle: Some(handle), buffer: Buffer::new() };
        this.fetch().portable()?;
        Ok(this)
    }

    /// Fetches as many entries as one call gives, which may be none but `.` and `..`.
    fn fetch(&mut self) -> std::result::Result<(), Status> {
        let Some(handle) = self.handle.take() else { return Ok(()) };
        if self.buffer.fetch(&handle)? {
            self.handle = Some(handle);
        }
        Ok(())
    }
}

impl Entries for NtEntries {
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            while let Some(raw) = self.buffer.next() {
                if let Some(entry) = named(raw) {
                    return entry.map(Some);
                }
            }
            if self.handle.is_none() {
                return Ok(None);
            }
            match self.fetch().portable() {
                // Removed meanwhile: nothing more will come.
                Err(error) if error.code != Code::NoEntry => return Err(error),
                _ => {}
            }
        }
    }

    fn holds(&self) -> usize {
        size_of::<Self>() + BUFFER
    }
}

/// An entry for the guest; `None` for those that are none. One that a guest can't name, such as `a.`, is listed all the same.
fn named(raw: RawEntry) -> Option<Result<Entry>> {
    match String::from_utf16(&raw.name) {
        Ok(name) if name == "." || name == ".." || is_ours(&name) => None,
        Ok(name) => Some(Ok(Entry { name, kind: raw.look.kind(), listed: None })),
        Err(_) => Some(Err(Code::IllegalByteSequence.into())),
    }
}

/// True if nothing is in `directory`.
pub(crate) fn is_empty(directory: &Handle) -> Result<bool> {
    Ok(matches!(NtEntries::of(directory)?.next(), Ok(None)))
}
