//! The entries of a directory: `getdents64` on a handle of its own, whose position nobody else moves.
//!
//! A guest may have thousands of readings open, so one keeps no more than a system call gave it, without the kernel's records around
//! the names, and nothing behind the last. A larger buffer would save nothing: at 8 KiB, which is 250 names of usual length, the call
//! itself is less than a hundredth of what it costs.

use std::mem::MaybeUninit;
use std::vec::IntoIter;

use callgate_system::{Code, Entries, Entry, FileType, Result};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, RawDir};
use rustix::io::Errno;

use crate::error::{Portable as _, portable};
use crate::stat;

/// Bytes that one system call fetches.
const BUFFER: usize = 8 * 1024;

/// Bytes of the kernel's record of an entry with the shortest name.
const SHORTEST: usize = 24;

/// A reading under way.
pub(crate) struct LinuxEntries {
    /// `None` behind the last entry.
    fd: Option<OwnedFd>,
    /// The names that were fetched, one behind the other.
    names: Vec<u8>,
    /// The offset at which the next one begins.
    at: usize,
    /// Of each entry that was fetched and not told yet, its kind, and how long its name is.
    fetched: IntoIter<(FileType, u16)>,
}

impl LinuxEntries {
    /// Begins to read `directory`, and fetches the first entries.
    pub(crate) fn of(directory: &OwnedFd) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(directory, ".", flags, Mode::empty()).portable()?;
        let mut this = Self { fd: Some(fd), names: Vec::with_capacity(BUFFER), at: 0, fetched: Vec::new().into_iter() };
        this.fetch().portable()?;
        Ok(this)
    }

    /// Fetches as many entries as one system call gives, which may be none but `.` and `..`.
    fn fetch(&mut self) -> rustix::io::Result<()> {
        let Some(fd) = self.fd.take() else { return Ok(()) };
        let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
        let mut raw = RawDir::new(&fd, &mut buffer);
        let mut fetched = Vec::new();
        self.names.clear();
        self.at = 0;
        let more = loop {
            match raw.next() {
                Some(Ok(entry)) => {
                    let name = entry.file_name().to_bytes();
                    if name != b"." && name != b".." {
                        self.names.extend_from_slice(name);
                        // No name is as long as the buffer.
                        fetched.push((stat::kind(entry.file_type()), u16::try_from(name.len()).unwrap_or(0)));
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
        self.fetched = fetched.into_iter();
        self.fd = more.then_some(fd);
        Ok(())
    }

    /// The next of the names that were fetched.
    fn name(&mut self, length: u16) -> &[u8] {
        let from = self.at;
        self.at += usize::from(length);
        self.names.get(from..self.at).unwrap_or_default()
    }
}

impl Entries for LinuxEntries {
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            if let Some((kind, length)) = self.fetched.next() {
                return named(self.name(length), kind).map(Some);
            }
            if self.fd.is_none() {
                self.names = Vec::new();
                return Ok(None);
            }
            match self.fetch() {
                // Removed meanwhile: nothing more will come.
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(portable(errno)),
            }
        }
    }

    fn holds(&self) -> usize {
        // A list that doubles as it grows may be twice as long as what is in it.
        size_of::<Self>() + BUFFER + 2 * size_of::<(FileType, u16)>() * (BUFFER / SHORTEST)
    }
}

fn named(name: &[u8], kind: FileType) -> Result<Entry> {
    match str::from_utf8(name) {
        Ok(name) => Ok(Entry { name: name.to_owned(), kind }),
        Err(_) => Err(Code::IllegalByteSequence.into()),
    }
}
