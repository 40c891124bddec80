//! The entries of a directory: `getdents64` on a handle of its own, whose position nobody else moves.
//!
//! One buffer serves a whole reading, and is taken apart at once when it is full: 32 KiB hold some thousand names.

use std::vec::IntoIter;

use callgate_system::{Code, Entries, Entry, Result};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, RawDir};
use rustix::io::Errno;

use crate::error::{Portable as _, portable};
use crate::stat;

/// Bytes that one system call fetches.
const BUFFER: usize = 32 * 1024;

/// A reading under way.
pub(crate) struct LinuxEntries {
    /// `None` behind the last entry.
    fd: Option<OwnedFd>,
    buffer: Vec<u8>,
    fetched: IntoIter<Result<Entry>>,
}

impl LinuxEntries {
    /// Begins to read `directory`, and fetches the first entries.
    pub(crate) fn of(directory: &OwnedFd) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(directory, ".", flags, Mode::empty()).portable()?;
        let mut this = Self { fd: Some(fd), buffer: Vec::with_capacity(BUFFER), fetched: Vec::new().into_iter() };
        this.fetch().portable()?;
        Ok(this)
    }

    /// Fetches as many entries as one system call gives, which may be none but `.` and `..`.
    fn fetch(&mut self) -> rustix::io::Result<()> {
        let Some(fd) = self.fd.take() else { return Ok(()) };
        let mut raw = RawDir::new(&fd, self.buffer.spare_capacity_mut());
        let mut entries = Vec::new();
        let more = loop {
            match raw.next() {
                Some(Ok(entry)) => {
                    let name = entry.file_name().to_bytes();
                    if name != b"." && name != b".." {
                        entries.push(named(name, entry.file_type()));
                    }
                }
                Some(Err(Errno::INTR)) => continue,
                Some(Err(errno)) => return Err(errno),
                None => break false,
            }
            if raw.is_buffer_empty() {
                break true;
            }
        };
        self.fetched = entries.into_iter();
        self.fd = more.then_some(fd);
        Ok(())
    }
}

impl Entries for LinuxEntries {
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            if let Some(entry) = self.fetched.next() {
                return entry.map(Some);
            }
            if self.fd.is_none() {
                return Ok(None);
            }
            match self.fetch() {
                // Removed meanwhile: nothing more will come.
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(portable(errno)),
            }
        }
    }
}

fn named(name: &[u8], kind: rustix::fs::FileType) -> Result<Entry> {
    match str::from_utf8(name) {
        Ok(name) => Ok(Entry { name: name.to_owned(), kind: stat::kind(kind) }),
        Err(_) => Err(Code::IllegalByteSequence.into()),
    }
}
