//! Open files: every transfer names its offset.
//!
//! The rights of a handle are checked here and not left to the system, because a handle opened for its attributes alone can be
//! read. Offsets above `i64::MAX` reach no system.
//!
//! Hazard: safe code has to fill a buffer with zeros before a read, so one read takes no more than [`MOST`] bytes.

use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};

use callgate_system::{Advice, Code, NewTimestamp, Result, Stat};

use crate::error::{Portable as _, again, coded, portable};
use crate::times::NewTimes;
use crate::{os, stat, times};

/// Bytes that one read takes at most.
const MOST: usize = 1 << 20;

/// Locked by an append to any file, so that the end is still where it was found.
static APPENDING: Mutex<()> = Mutex::new(());

/// An open file.
pub(crate) struct PortableFile {
    file: File,
    read: bool,
    write: bool,
}

impl PortableFile {
    pub(crate) fn new(file: File, read: bool, write: bool) -> Self {
        Self { file, read, write }
    }
}

impl callgate_system::File for PortableFile {
    fn read_at(&self, buffer: &mut Vec<u8>, offset: u64) -> Result<usize> {
        permitted(self.read)?;
        in_range(offset)?;
        // No file reaches beyond the last offset.
        let most = usize::try_from(i64::MAX as u64 - offset).unwrap_or(usize::MAX).min(MOST);
        read_into(buffer, most, |room| os::read_at(&self.file, room, offset)).portable()
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> Result<usize> {
        permitted(self.write)?;
        in_range(offset)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        again(|| os::write_at(&self.file, buffer, offset)).map_err(|error| match portable(error) {
            error if error.code == Code::Invalid && passes_the_last_offset(offset, buffer.len()) => {
                coded(Code::FileTooLarge, error)
            }
            error => error,
        })
    }

    fn append(&self, buffer: &[u8]) -> Result<usize> {
        permitted(self.write)?;
        let _alone = APPENDING.lock().unwrap_or_else(PoisonError::into_inner);
        self.write_at(buffer, self.stat()?.size)
    }

    fn stat(&self) -> Result<Stat> {
        stat::of(&self.file)
    }

    fn set_size(&self, size: u64) -> Result<()> {
        permitted(self.write)?;
        in_range(size)?;
        again(|| self.file.set_len(size)).portable()
    }

    fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()> {
        times::set(&self.file, NewTimes::new(accessed, modified)?)
    }

    fn sync(&self) -> Result<()> {
        os::synced(self.write, self.file.sync_all()).portable()
    }

    fn sync_data(&self) -> Result<()> {
        os::synced(self.write, self.file.sync_data()).portable()
    }

    fn advise(&self, offset: u64, length: u64, _advice: Advice) -> Result<()> {
        in_range(offset)?;
        in_range(length)
    }
}

/// Reads once into the spare capacity of `buffer`, at most `most` bytes.
pub(crate) fn read_into(
    buffer: &mut Vec<u8>,
    most: usize,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let before = buffer.len();
    let room = (buffer.capacity() - before).min(most);
    if room == 0 {
        return Ok(0);
    }
    buffer.resize(before + room, 0);
    let result = again(|| read(&mut buffer[before..]));
    buffer.truncate(before + result.as_ref().map_or(0, |&length| length.min(room)));
    result
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
