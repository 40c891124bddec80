//! Open files: every transfer names its offset.
//!
//! The rights of a handle are checked here and not left to NT. NT calls a missing right `ACCESS_DENIED`, or, where the size is set,
//! `INVALID_PARAMETER`. Offsets are signed: the largest is `i64::MAX`, and negative ones are commands.

use callgate_system::{Advice, Code, File, NewTimestamp, Result, Stat};

use crate::error::{Portable as _, Status};
use crate::nt::{Handle, file, info, time};
use crate::objects::RESOLVER;
use crate::open::{APPEND_DATA, How, WRITE_DATA};
use crate::resolve::Objects as _;
use crate::{stat, times};

/// An open file.
pub(crate) struct NtFile {
    handle: Handle,
    /// The serial number of its volume.
    device: u64,
    read: bool,
    write: bool,
}

impl NtFile {
    pub(crate) fn new(handle: Handle, device: u64, read: bool, write: bool) -> Self {
        Self { handle, device, read, write }
    }

    /// Reads up to `room` bytes by `read`.
    fn read(
        &self,
        room: usize,
        offset: u64,
        read: impl FnOnce(i64) -> std::result::Result<usize, Status>,
    ) -> Result<usize> {
        permitted(self.read)?;
        let offset = in_range(offset)?;
        if room == 0 {
            return Ok(0);
        }
        match read(offset) {
            // No file reaches that far: its end is before.
            Err(Status::INVALID_PARAMETER) if passes_the_last_offset(offset, room) => Ok(0),
            result => result.portable(),
        }
    }

    /// Flushes by `flush`, which needs the right to write: that of another handle where this has none.
    fn flushed(&self, flush: fn(&Handle) -> std::result::Result<(), Status>) -> Result<()> {
        if self.write { flush(&self.handle).portable() } else { flush_reopened(&self.handle, flush) }
    }
}

/// Flushes a file or directory by another handle, which may write. A caller that may not write it has written nothing to be flushed.
pub(crate) fn flush_reopened(
    handle: &Handle,
    flush: impl Fn(&Handle) -> std::result::Result<(), Status>,
) -> Result<()> {
    match RESOLVER.0.reopen(handle, How::existing(WRITE_DATA | APPEND_DATA)).and_then(|writable| flush(&writable)) {
        Err(Status::ACCESS_DENIED | Status::MEDIA_WRITE_PROTECTED) => Ok(()),
        result => result.portable(),
    }
}

/// Sets the times of an open file or directory.
pub(crate) fn set_times(handle: &Handle, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
    let (accessed, modified) = (times::ticks(accessed, time::system_time)?, times::ticks(modified, time::system_time)?);
    info::set_times(handle, accessed, modified).portable()
}

impl File for NtFile {
    fn read_at(&self, buffer: &mut Vec<u8>, offset: u64) -> Result<usize> {
        let room = buffer.capacity() - buffer.len();
        self.read(room, offset, |offset| file::read(&self.handle, buffer, offset))
    }

    fn read_into(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.read(buffer.len(), offset, |offset| file::read_into(&self.handle, buffer, offset))
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> Result<usize> {
        permitted(self.write)?;
        let offset = in_range(offset)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        match file::write(&self.handle, buffer, offset) {
            Err(Status::INVALID_PARAMETER) if passes_the_last_offset(offset, buffer.len()) => {
                Err(Status::INVALID_PARAMETER.meaning(Code::FileTooLarge))
            }
            result => result.portable(),
        }
    }

    fn append(&self, buffer: &[u8]) -> Result<usize> {
        permitted(self.write)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        file::append(&self.handle, buffer).portable()
    }

    fn stat(&self) -> Result<Stat> {
        stat::of(&self.handle, self.device)
    }

    fn set_size(&self, size: u64) -> Result<()> {
        permitted(self.write)?;
        info::set_end_of_file(&self.handle, in_range(size)?).portable()
    }

    fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        set_times(&self.handle, accessed, modified)
    }

    fn sync(&self) -> Result<()> {
        self.flushed(file::flush)
    }

    fn sync_data(&self) -> Result<()> {
        self.flushed(file::flush_data)
    }

    /// NT takes such hints when a file is opened, not for a range of it.
    fn advise(&self, offset: u64, length: u64, _advice: Advice) -> Result<()> {
        in_range(offset)?;
        in_range(length).map(drop)
    }
}

fn permitted(opened_for_it: bool) -> Result<()> {
    if opened_for_it { Ok(()) } else { Err(Code::BadDescriptor.into()) }
}

fn in_range(offset: u64) -> Result<i64> {
    i64::try_from(offset).map_err(|_| Code::Invalid.into())
}

fn passes_the_last_offset(offset: i64, length: usize) -> bool {
    i64::try_from(length).ok().and_then(|length| offset.checked_add(length)).is_none()
}
