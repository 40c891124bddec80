//! An open file.

use std::any::Any;

use crate::{NewTimestamp, Result, Stat};

/// Bytes that go by way of a buffer of the host's at a time, where a system can't read in place.
const BOUNCE: usize = 1 << 20;

/// The expected use of a range of a file; a hint without effect on any result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Nothing special.
    Normal,
    /// From front to end.
    Sequential,
    /// In no order.
    Random,
    /// Soon.
    WillNeed,
    /// Not soon.
    DontNeed,
    /// Once.
    NoReuse,
}

/// An open file that is not a directory. There is no cursor: every transfer names its offset. Closed when dropped.
///
/// Its permitted uses were fixed by [`crate::OpenHow`]: reading without `read`, or writing without `write`, is
/// [`crate::Code::BadDescriptor`]. Offsets above `i64::MAX` are [`crate::Code::Invalid`].
///
/// No call waits for another party: on a pipe or a device that has nothing to say, the answer is
/// [`crate::Code::WouldBlock`].
pub trait File: Any + Send + Sync {
    /// Reads at `offset` into the spare capacity of `buffer`, appending to it; 0 only at the end of the file or when
    /// there is no spare capacity. A short read is no error.
    ///
    /// # Errors
    /// `InvalidSeek` on what has no offsets, `Io`.
    fn read_at(&self, buffer: &mut Vec<u8>, offset: u64) -> Result<usize>;

    /// As [`File::read_at`], but into memory that holds something already, and so without the cost of a copy where the
    /// caller has such memory and the system can. Fills from the front; what was not read stays as it was.
    ///
    /// # Errors
    /// As [`File::read_at`].
    fn read_into(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut bytes = Vec::with_capacity(buffer.len().min(BOUNCE));
        self.read_at(&mut bytes, offset)?;
        let read = bytes.len().min(buffer.len());
        buffer[..read].copy_from_slice(&bytes[..read]);
        Ok(read)
    }

    /// Writes at `offset`, making the file longer where needed, the gap reading as zeros. May write less than all,
    /// never 0 of a non-empty buffer.
    ///
    /// # Errors
    /// `InsufficientSpace`, `Quota`, `FileTooLarge`, `InvalidSeek`, `Io`.
    fn write_at(&self, buffer: &[u8], offset: u64) -> Result<usize>;

    /// Writes at the end as it is at that moment, atomically towards other appends where the system can.
    ///
    /// # Errors
    /// As [`File::write_at`].
    fn append(&self, buffer: &[u8]) -> Result<usize>;

    /// The attributes.
    ///
    /// # Errors
    /// `Io`.
    fn stat(&self) -> Result<Stat>;

    /// Makes the file `size` bytes long, cutting it or adding zeros.
    ///
    /// # Errors
    /// `BadDescriptor` without `write`, `Invalid` on what has no size or above `i64::MAX`, `FileTooLarge`.
    fn set_size(&self, size: u64) -> Result<()>;

    /// Sets the times of last access and last modification.
    ///
    /// # Errors
    /// `Invalid` for nanoseconds of a second or more, or what the system cannot hold; `NotPermitted`, `Access`.
    fn set_times(&self, accessed: NewTimestamp, modified: NewTimestamp) -> Result<()>;

    /// Returns when data and attributes are on the device.
    ///
    /// # Errors
    /// `Io`; `Invalid` on what cannot be synced.
    fn sync(&self) -> Result<()>;

    /// Returns when the data, and the attributes needed to read it, are on the device.
    ///
    /// # Errors
    /// As [`File::sync`].
    fn sync_data(&self) -> Result<()>;

    /// Tells how a range will be used; `length` 0 means to the end.
    ///
    /// # Errors
    /// `Invalid` above `i64::MAX`; a system without such hints succeeds.
    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()>;
}
