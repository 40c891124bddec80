//! `fd_readdir`: a directory in pieces, each from a cookie on, that is, from the number of an entry.
//!
//! The system lists a directory from front to end and only once, so the last entries of the last piece are kept: a guest whose
//! buffer ended in the middle of an entry asks for that one again. A cookie before them begins anew and counts.
//!
//! Hazards: a guest can list a directory of many entries by as many descriptors as it has, so what is kept for each is bounded.
//! A name that is not UTF-8 can't be told to a guest, and is left out (wasmtime #7006: it ended the run). A record's
//! padding is zeros (GHSA-96f6-r43r-8c24: it was whatever lay in the host's memory).

use std::collections::VecDeque;
use std::sync::Arc;

use callgate_gate::CallError;
use callgate_system::{Code, Entry, Error, FileType, Follow, Identity};

use super::errno::{Errno, Stop};
use super::memory::GuestMemory;
use super::rights::FD_READDIR;
use super::values;
use crate::budget::Charge;
use crate::calls::filesystem;
use crate::host::Host;
use crate::objects::{Descriptor, DirectoryEntries, Held, lock};

/// Bytes of a `dirent` before the name.
const DIRENT: usize = 24;

/// Bytes of the entries that are kept of a listing: some hundred of usual names. A C library asks again for the last one only.
const KEPT: usize = 8 << 10;

type Dir = Held<Descriptor>;

/// A listing under way.
pub(super) struct Listing {
    entries: Held<DirectoryEntries>,
    /// Entries that were read and may be asked for again.
    kept: VecDeque<Record>,
    /// The bytes of these entries; at most [`KEPT`], or one entry.
    bytes: usize,
    /// The cookie of the first of them.
    first: u64,
    /// True if nothing can come of it any more.
    has_failed: bool,
    /// For all of it, in a list that doubles as it grows.
    _charge: Charge,
}

/// An entry as the guest is told of it.
struct Record {
    inode: u64,
    kind: u8,
    name: String,
}

pub(super) fn fd_readdir(
    host: &Host,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    (at, len): (u32, u32),
    cookie: u64,
    out: u32,
) -> Result<(), Stop> {
    memory.check(out, 4)?;
    let held = host.preview1.fds.find(fd)?.needing(FD_READDIR);
    let dir = held.directory()?;
    let buffer = memory.bytes_mut(at, len)?;
    let mut under_way = lock(&held.listing);
    let goes_on =
        under_way.as_ref().is_some_and(|listing| listing.first <= cookie && cookie != 0 && !listing.has_failed);
    if !goes_on || held.is_denied() {
        Listing::begin(host, &dir, &mut under_way)?;
    }
    let Some(listing) = &mut *under_way else { return Err(Errno::Badf.into()) };
    let filled = listing.skip_to(host, &dir, cookie).and_then(|()| listing.fill(host, &dir, buffer));
    let used = filled.inspect_err(|_| listing.has_failed = true)?;
    Ok(memory.put_u32(out, used)?)
}

impl Listing {
    /// Begins a listing in place of another, which ends in the same call.
    fn begin(host: &Host, dir: &Dir, place: &mut Option<Self>) -> Result<(), CallError> {
        let charge = host.budget.charge(2 * KEPT)?;
        let keep = |entries| {
            *place = None;
            Ok(Held::new(dir.id(), Arc::new(entries)))
        };
        let entries = filesystem::read_directory(host, dir, keep)?;
        let own = inode_of(host, dir, ".")?.map_or(0, values::inode);
        // Nothing above a mount is told of, so the parent is this directory too.
        let record =
            |name: &str| Record { inode: own, kind: values::file_type(FileType::Directory), name: name.to_owned() };
        let mut this = Self { entries, kept: VecDeque::new(), bytes: 0, first: 0, has_failed: false, _charge: charge };
        this.keep(record("."));
        this.keep(record(".."));
        *place = Some(this);
        Ok(())
    }

    fn keep(&mut self, record: Record) {
        self.bytes += record.bytes();
        self.kept.push_back(record);
    }

    /// Drops the first of the kept entries. True if there was one.
    fn forget(&mut self) -> bool {
        let forgotten = self.kept.pop_front();
        self.bytes -= forgotten.as_ref().map_or(0, Record::bytes);
        self.first += u64::from(forgotten.is_some());
        forgotten.is_some()
    }

    /// Skips the entries before `cookie`.
    fn skip_to(&mut self, host: &Host, dir: &Dir, cookie: u64) -> Result<(), CallError> {
        while self.first < cookie {
            if self.forget() {
                continue;
            }
            if self.read(host, dir)?.is_none() {
                // After the end there is nothing, however far.
                self.first = cookie;
                return Ok(());
            }
            self.first += 1;
        }
        Ok(())
    }

    /// Writes records until `buffer` is full, the last one cut off where it doesn't fit; less means that all are told.
    fn fill(&mut self, host: &Host, dir: &Dir, buffer: &mut [u8]) -> Result<u32, CallError> {
        let mut used = 0;
        let mut index = 0;
        while used < buffer.len() {
            if index == self.kept.len() {
                match self.read(host, dir)? {
                    Some(record) => self.keep(record),
                    None => break,
                }
            }
            while self.bytes > KEPT && index > 0 {
                self.forget();
                index -= 1;
            }
            let Some(record) = self.kept.get(index) else { break };
            index += 1;
            let header = record.header(self.first + index as u64);
            for part in [&header[..], record.name.as_bytes()] {
                let room = &mut buffer[used..];
                let fitting = part.len().min(room.len());
                room[..fitting].copy_from_slice(&part[..fitting]);
                used += fitting;
            }
        }
        Ok(u32::try_from(used).unwrap_or(u32::MAX))
    }

    /// The next entry of the directory.
    fn read(&mut self, host: &Host, dir: &Dir) -> Result<Option<Record>, CallError> {
        loop {
            match CallError::told(filesystem::read_directory_entry(host, &self.entries))? {
                Ok(Some(entry)) => match inode_of(host, dir, &entry.name)? {
                    // Removed meanwhile.
                    Err(Error { code: Code::NoEntry, .. }) => {}
                    identity => return Ok(Some(Record::new(entry, identity.ok()))),
                },
                Ok(None) => return Ok(None),
                Err(Error { code: Code::IllegalByteSequence, .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn inode_of(host: &Host, dir: &Dir, path: &str) -> Result<Result<Identity, Error>, CallError> {
    CallError::told(filesystem::metadata_hash_at(host, dir, Follow::No, path))
}

impl Record {
    fn new(entry: Entry, identity: Option<Identity>) -> Self {
        let inode = identity.map_or(0, values::inode);
        Self { inode, kind: values::file_type(entry.kind), name: entry.name }
    }

    /// Bytes that it takes in the host, the allocator's own included.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.name.len() + 16
    }

    /// The `dirent`, whose entry is followed by that of the cookie `next`.
    fn header(&self, next: u64) -> [u8; DIRENT] {
        let mut header = [0; DIRENT];
        let length = u32::try_from(self.name.len()).unwrap_or(u32::MAX);
        header[..8].copy_from_slice(&next.to_le_bytes());
        header[8..16].copy_from_slice(&self.inode.to_le_bytes());
        header[16..20].copy_from_slice(&length.to_le_bytes());
        header[20] = self.kind;
        header
    }
}
