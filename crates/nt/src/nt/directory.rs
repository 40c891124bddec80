//! The entries of a directory: `NtQueryDirectoryFile`.

use std::mem::offset_of;
use std::ptr::{null, null_mut};

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_ID_BOTH_DIR_INFORMATION, FileIdBothDirectoryInformation, NtQueryDirectoryFile,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

use super::{Handle, checked};
use crate::error::Status;
use crate::reparse::Look;

/// Bytes that one call fetches: some 130 names of usual length. A guest may have thousands of readings open, each with one of these.
pub(crate) const BUFFER: usize = 16 * 1024;

/// A buffer for entries, aligned as they are.
pub(crate) struct Buffer {
    words: Box<[u64]>,
    filled: usize,
    /// The offset of the next entry; `None` after the last.
    at: Option<usize>,
}

/// An entry as it stands in the buffer.
pub(crate) struct RawEntry {
    pub(crate) name: Vec<u16>,
    pub(crate) look: Look,
}

impl Buffer {
    pub(crate) fn new() -> Self {
        Self { words: vec![0; BUFFER / 8].into(), filled: 0, at: None }
    }

    /// Fetches the next entries; `false` where there are none. The position belongs to the handle.
    pub(crate) fn fetch(&mut self, handle: &Handle) -> Result<bool, Status> {
        let mut block = IO_STATUS_BLOCK::default();
        (self.filled, self.at) = (0, None);
        // SAFETY: the buffer is as long as is said and aligned to 8; the handle is synchronous.
        let status = checked(unsafe {
            NtQueryDirectoryFile(
                handle.raw(),
                null_mut(),
                None,
                null(),
                &raw mut block,
                self.words.as_mut_ptr().cast(),
                u32::try_from(BUFFER).unwrap_or(0),
                FileIdBothDirectoryInformation,
                false,
                null(),
                false,
            )
        });
        match status {
            Ok(()) => {
                (self.filled, self.at) = (block.Information.min(BUFFER), Some(0));
                Ok(self.filled > 0)
            }
            // The second is the word for a directory without even `.`.
            Err(Status::NO_MORE_FILES | Status::NO_SUCH_FILE) => Ok(false),
            Err(status) => Err(status),
        }
    }

    /// The next of the entries that were fetched, `.` and `..` included. One that lies about its lengths ends the list.
    pub(crate) fn next(&mut self) -> Option<RawEntry> {
        let at = self.at.take()?;
        // SAFETY: words are bytes, and all are initialised.
        let bytes = unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast::<u8>(), self.filled) };
        let (entry, next) = bytes.get(at..).and_then(parse)?;
        self.at = (next > 0).then(|| at + next);
        Some(entry)
    }
}

/// The entry that `bytes` begin with, and where the next one is from there.
fn parse(bytes: &[u8]) -> Option<(RawEntry, usize)> {
    type Layout = FILE_ID_BOTH_DIR_INFORMATION;
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let length = number(offset_of!(Layout, FileNameLength))? as usize;
    let name = bytes.get(offset_of!(Layout, FileName)..)?.get(..length)?;
    let name = name.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    // Of a reparse point the size of its extended attributes is its tag.
    let look =
        Look { attributes: number(offset_of!(Layout, FileAttributes))?, tag: number(offset_of!(Layout, EaSize))? };
    Some((RawEntry { name, look }, number(offset_of!(Layout, NextEntryOffset))? as usize))
}
