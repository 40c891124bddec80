//! Open files: every transfer names its offset.
//!
//! The rights of a handle are checked here and not left to the kernel, because a handle opened for its attributes alone is
//! `O_RDONLY`, and could be read. Offsets are `loff_t`, signed: the largest is `i64::MAX`.

use std::io::IoSlice;
use std::num::NonZeroU64;

use callgate_system::{Advice, Code, File, NewTimestamp, Result, Stat};
use rustix::buffer::spare_capacity;
use rustix::fd::OwnedFd;
use rustix::io::{Errno, ReadWriteFlags};

use crate::error::{Portable as _, coded};
use crate::{stat, times};

/// An open file.
pub(crate) struct LinuxFile {
    fd: OwnedFd,
    read: bool,
    write: bool,
}

impl LinuxFile {
    pub(crate) fn new(fd: OwnedFd, read: bool, write: bool) -> Self {
        Self { fd, read, write }
    }
}

impl File for LinuxFile {
    fn read_at(&self, buffer: &mut Vec<u8>, offset: u64) -> Result<usize> {
        permitted(self.read)?;
        in_range(offset)?;
        let room = buffer.capacity() - buffer.len();
        if room == 0 {
            return Ok(0);
        }
        match uninterrupted(|| rustix::io::pread(&self.fd, spare_capacity(buffer), offset)) {
            // No file reaches that far: its end is before.
            Err(Errno::INVAL) if passes_the_last_offset(offset, room) => Ok(0),
            result => result.portable(),
        }
    }

    fn read_into(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        permitted(self.read)?;
        in_range(offset)?;
        let room = buffer.len();
        if room == 0 {
            return Ok(0);
        }
        match uninterrupted(|| rustix::io::pread(&self.fd, &mut *buffer, offset)) {
            Err(Errno::INVAL) if passes_the_last_offset(offset, room) => Ok(0),
            result => result.portable(),
        }
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> Result<usize> {
        permitted(self.write)?;
        in_range(offset)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        match uninterrupted(|| rustix::io::pwrite(&self.fd, buffer, offset)) {
            Err(Errno::INVAL) if passes_the_last_offset(offset, buffer.len()) => {
                Err(coded(Code::FileTooLarge, Errno::INVAL))
            }
            result => result.portable(),
        }
    }

    fn append(&self, buffer: &[u8]) -> Result<usize> {
        permitted(self.write)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        let append = || rustix::io::pwritev2(&self.fd, &[IoSlice::new(buffer)], 0, ReadWriteFlags::APPEND);
        match uninterrupted(append) {
            // Before Linux 4.16, and file systems of their own making. Not atomic towards other appends.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.write_at(buffer, self.stat()?.size),
            result => result.portable(),
        }
    }

    fn stat(&self) -> Result<Stat> {
        stat::of(&self.fd)
    }

    fn set_size(&self, size: u64) -> Result<()> {
        permitted(self.write)?;
        in_range(size)?;
        uninterrupted(|| rustix::fs::ftruncate(&self.fd, size)).portable()
    }

    fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        times::set(&self.fd, &times::timestamps(accessed, modified)?).portable()
    }

    fn sync(&self) -> Result<()> {
        rustix::fs::fsync(&self.fd).portable()
    }

    fn sync_data(&self) -> Result<()> {
        rustix::fs::fdatasync(&self.fd).portable()
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        in_range(offset)?;
        in_range(length)?;
        match rustix::fs::fadvise(&self.fd, offset, NonZeroU64::new(length), native(advice)) {
            // Pipes, and file systems without such hints: nothing was promised.
            Err(Errno::SPIPE | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            result => result.portable(),
        }
    }
}

fn native(advice: Advice) -> rustix::fs::Advice {
    match advice {
        Advice::Normal => rustix::fs::Advice::Normal,
        Advice::Sequential => rustix::fs::Advice::Sequential,
        Advice::Random => rustix::fs::Advice::Random,
        Advice::WillNeed => rustix::fs::Advice::WillNeed,
        Advice::DontNeed => rustix::fs::Advice::DontNeed,
        Advice::NoReuse => rustix::fs::Advice::NoReuse,
    }
}

fn permitted(opened_for_it: bool) -> Result<()> {
    if opened_for_it { Ok(()) } else { Err(Code::BadDescriptor.into()) }
}

fn in_range(offset: u64) -> Result<()> {
    if i64::try_from(offset).is_ok() { Ok(()) } else { Err(Code::Invalid.into()) }
}

fn passes_the_last_offset(offset: u64, length: usize) -> bool {
    in_range(offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX))).is_err()
}

fn uninterrupted<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}
