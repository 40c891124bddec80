//! The entries of a directory: `getdents64` on a handle of its own, whose position nobody else moves.
//!
//! A guest may have thousands of readings open, so one keeps no more than a system call gave it, without the kernel's records around
//! the names, and nothing after the last. A larger buffer would save nothing: at 8 KiB, which is 250 names of usual length, the call
//! itself is less than a hundredth of what it costs.
//!
//! The kernel tells inode numbers, too. They are believed where they can only be those that `fstatat` tells ([`Piece::identities`]), since
//! guests ask for the identity of each entry.

use std::mem::MaybeUninit;
use std::vec::IntoIter;

use callgate_system::{Code, Entries, Entry, FileType, Identity, Listed, Nanoseconds, Result};
use rustix::fd::{AsFd as _, OwnedFd};
use rustix::fs::{FsWord, Mode, OFlags, RawDir};
use rustix::io::Errno;

use crate::clock;
use crate::error::{Portable as _, portable};
use crate::stat;

/// Bytes that one system call fetches.
const BUFFER: usize = 8 * 1024;

/// Bytes of the kernel's record of an entry with the shortest name.
const SHORTEST: usize = 24;

/// The fewest entries of a piece for which it is worth finding out whether their inode numbers are true: as many `fstatat` as that takes.
const MANY: usize = 16;

/// File systems whose listings tell the inode numbers of files and links as `stat` does: ext2 to ext4, XFS and tmpfs. Not those with layers
/// (overlay), with several trees of numbers (btrfs), or with a server behind them, which may tell anything (FUSE, NFS).
const TRUE_NUMBERS: [FsWord; 3] = [0xEF53, 0x5846_5342, 0x0102_1994];

/// A reading under way.
pub(crate) struct LinuxEntries {
    /// `None` after the last entry.
    fd: Option<OwnedFd>,
    piece: Piece,
    /// The pieces that were fetched, this one included.
    pieces: u64,
}

/// The result of one system call.
#[derive(Default)]
struct Piece {
    /// The names, one after the other.
    names: Vec<u8>,
    /// The offset at which the next one begins.
    at: usize,
    /// Those that were not told yet.
    records: IntoIter<Record>,
    /// The device that all are on, and the moment before they were fetched, where their inode numbers are true.
    identities: Option<(u64, Nanoseconds)>,
}

/// An entry, but for its name.
#[derive(Clone, Copy)]
struct Record {
    kind: FileType,
    /// Bytes of its name.
    length: u16,
    inode: u64,
}

impl LinuxEntries {
    /// Begins to read `directory`, and fetches the first entries.
    pub(crate) fn of(directory: &OwnedFd) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(directory, ".", flags, Mode::empty()).portable()?;
        let mut this = Self { fd: Some(fd), piece: Piece::default(), pieces: 0 };
        this.fetch().portable()?;
        Ok(this)
    }

    /// Fetches as many entries as one system call gives, which may be none but `.` and `..`.
    fn fetch(&mut self) -> rustix::io::Result<()> {
        let Some(fd) = self.fd.take() else { return Ok(()) };
        self.pieces += 1;
        let more = self.piece.fetch(&fd)?;
        self.fd = more.then_some(fd);
        Ok(())
    }
}

impl Piece {
    /// Takes the next entries of `directory`; false after the last.
    fn fetch(&mut self, directory: &OwnedFd) -> rustix::io::Result<bool> {
        let when = clock::monotonic();
        let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
        let mut raw = RawDir::new(directory, &mut buffer);
        let mut records = Vec::new();
        self.names.clear();
        self.names.reserve_exact(BUFFER);
        self.at = 0;
        let more = loop {
            match raw.next() {
                Some(Ok(entry)) => {
                    let name = entry.file_name().to_bytes();
                    if name != b"." && name != b".." {
                        self.names.extend_from_slice(name);
                        // No name is as long as the buffer.
                        let length = u16::try_from(name.len()).unwrap_or(0);
                        records.push(Record { kind: stat::kind(entry.file_type()), length, inode: entry.ino() });
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
        self.identities = self.device(directory, &records).map(|device| (device, when));
        self.records = records.into_iter();
        Ok(more)
    }

    /// The device of all files and links among `records`, where their inode numbers are those that `fstatat` tells: on such a file system,
    /// where nothing is mounted on a name, and the first of them shows it. That one's `fstatat` also shows that this user may ask.
    fn device(&self, directory: &OwnedFd, records: &[Record]) -> Option<u64> {
        if records.len() < MANY {
            return None;
        }
        let first = records.iter().position(Record::may_have_identity)?;
        let from = records[..first].iter().map(|record| usize::from(record.length)).sum();
        let name = self.names.get(from..)?.get(..usize::from(records[first].length))?;
        let system = rustix::fs::fstatfs(directory).ok()?;
        let is_true =
            TRUE_NUMBERS.contains(&system.f_type) && callgate_mounts::none_mounted_in(directory.as_fd()).ok()?;
        let stat = if is_true { stat::at(directory, name).ok()? } else { return None };
        let is_it = stat.identity.file == records[first].inode.into() && stat.kind == records[first].kind;
        is_it.then_some(stat.identity.device)
    }

    fn next(&mut self) -> Option<Result<Entry>> {
        let record = self.records.next()?;
        let from = self.at;
        self.at += usize::from(record.length);
        let name = self.names.get(from..self.at).unwrap_or_default();
        let Ok(name) = str::from_utf8(name) else { return Some(Err(Code::IllegalByteSequence.into())) };
        let identities = self.identities.filter(|_| record.may_have_identity());
        let listed =
            identities.map(|(device, when)| Listed { identity: Identity { device, file: record.inode.into() }, when });
        Some(Ok(Entry { name: name.to_owned(), kind: record.kind, listed }))
    }
}

impl Record {
    /// True for what is never a mount by itself: a directory may be one that an automounter is about to cover.
    fn may_have_identity(&self) -> bool {
        matches!(self.kind, FileType::RegularFile | FileType::SymbolicLink)
    }
}

impl Entries for LinuxEntries {
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            if let Some(entry) = self.piece.next() {
                return entry.map(Some);
            }
            if self.fd.is_none() {
                self.piece = Piece::default();
                return Ok(None);
            }
            match self.fetch() {
                // Removed meanwhile: nothing more will come.
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(portable(errno)),
            }
        }
    }

    fn pieces(&self) -> u64 {
        self.pieces
    }

    fn holds(&self) -> usize {
        // A list that doubles as it grows may be twice as long as what is in it.
        size_of::<Self>() + BUFFER + 2 * size_of::<Record>() * (BUFFER / SHORTEST)
    }
}
