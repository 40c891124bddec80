//! Opening, reading, writing and flushing: `NtCreateFile` and what is done with its handles.

use std::ptr::{null, null_mut};
use std::sync::{Mutex, PoisonError};

use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_CREATE, FILE_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_IF, FILE_OPEN_REPARSE_POINT, FILE_SYNCHRONOUS_IO_NONALERT,
    FILE_WRITE_THROUGH, NtCreateFile, NtFlushBuffersFile, NtReadFile, NtWriteFile,
};
use windows_sys::Win32::Foundation::{OBJ_CASE_INSENSITIVE, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_NORMAL, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

use super::optional::entry_points;
use super::{Handle, checked};
use crate::error::Status;
use crate::open::{Disposition, How};

/// `FILE_CREATED` in the status block of an open.
const CREATED: usize = 2;

/// The most that one call transfers.
const TRANSFER_MAX: usize = 1 << 30;

/// `FILE_WRITE_TO_END_OF_FILE`: the offset of an append, which is then atomic.
const END: i64 = -1;

/// `FLUSH_FLAGS_FILE_DATA_SYNC_ONLY`
const DATA_SYNC_ONLY: u32 = 4;

/// Opens `name` in `at`, reparse points themselves where `itself`; whether it was made. An empty name opens `at` once more.
pub(crate) fn open(at: Option<&Handle>, name: &[u16], how: How, itself: bool) -> Result<(Handle, bool), Status> {
    match create(at, name, how.access | how.optional, how, itself) {
        Err(Status::ACCESS_DENIED) if how.optional != 0 => create(at, name, how.access, how, itself),
        opened => opened,
    }
}

fn create(at: Option<&Handle>, name: &[u16], access: u32, how: How, itself: bool) -> Result<(Handle, bool), Status> {
    let bytes = u16::try_from(name.len() * 2).map_err(|_| Status::NAME_TOO_LONG)?;
    let name = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: name.as_ptr().cast_mut() };
    let object = OBJECT_ATTRIBUTES {
        Length: size::<OBJECT_ATTRIBUTES>(),
        RootDirectory: at.map_or(null_mut(), Handle::raw),
        ObjectName: &raw const name,
        Attributes: OBJ_CASE_INSENSITIVE,
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    };
    let disposition = match how.disposition {
        Disposition::Open => FILE_OPEN,
        Disposition::OpenIf => FILE_OPEN_IF,
        Disposition::Create => FILE_CREATE,
    };
    let mut options = FILE_SYNCHRONOUS_IO_NONALERT;
    for (wanted, option) in [
        (itself, FILE_OPEN_REPARSE_POINT),
        (how.directory, FILE_DIRECTORY_FILE),
        (how.write_through, FILE_WRITE_THROUGH),
    ] {
        options |= if wanted { option } else { 0 };
    }
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    let (mut handle, mut block) = (null_mut(), IO_STATUS_BLOCK::default());
    // SAFETY: every pointer is to a local that outlives the call, or null where the call allows it; the name's length in
    // bytes is that of its slice.
    let handle = unsafe {
        checked(NtCreateFile(
            &raw mut handle,
            access,
            &raw const object,
            &raw mut block,
            null(),
            FILE_ATTRIBUTE_NORMAL,
            share,
            disposition,
            options,
            null(),
            0,
        ))?;
        Handle::own(handle)
    };
    Ok((handle, block.Information == CREATED))
}

/// Reads at `offset` into the spare capacity of `buffer`; how much came, 0 at the end.
pub(crate) fn read(handle: &Handle, buffer: &mut Vec<u8>, offset: i64) -> Result<usize, Status> {
    let spare = buffer.spare_capacity_mut();
    // SAFETY: so many bytes may be written there; so many bytes of the spare capacity then were.
    unsafe {
        let count = read_raw(handle, spare.as_mut_ptr().cast(), spare.len(), offset)?;
        buffer.set_len(buffer.len() + count);
        Ok(count)
    }
}

/// Reads at `offset` over what `buffer` holds; how much came, 0 at the end.
pub(crate) fn read_into(handle: &Handle, buffer: &mut [u8], offset: i64) -> Result<usize, Status> {
    // SAFETY: so many bytes may be written there.
    unsafe { read_raw(handle, buffer.as_mut_ptr(), buffer.len(), offset) }
}

/// # Safety
/// `room` bytes may be written at `bytes`.
unsafe fn read_raw(handle: &Handle, bytes: *mut u8, room: usize, offset: i64) -> Result<usize, Status> {
    let mut block = IO_STATUS_BLOCK::default();
    let (length, offset) = (transfer(room), &raw const offset);
    // SAFETY: the caller answers for the buffer; the handle is synchronous, so nothing is written after the return.
    let status = unsafe {
        NtReadFile(handle.raw(), null_mut(), None, null(), &raw mut block, bytes.cast(), length, offset, null())
    };
    match checked(status) {
        Ok(()) => Ok(block.Information.min(room)),
        Err(Status::END_OF_FILE) => Ok(0),
        Err(status) => Err(status),
    }
}

/// Writes at `offset`; how much went.
pub(crate) fn write(handle: &Handle, buffer: &[u8], offset: i64) -> Result<usize, Status> {
    let mut block = IO_STATUS_BLOCK::default();
    let offset = &raw const offset;
    // SAFETY: the buffer is as long as is said; the handle is synchronous, so nothing is read after the return.
    let status = unsafe {
        let (bytes, length) = (buffer.as_ptr().cast(), transfer(buffer.len()));
        NtWriteFile(handle.raw(), null_mut(), None, null(), &raw mut block, bytes, length, offset, null())
    };
    checked(status)?;
    Ok(block.Information.min(buffer.len()))
}

/// Writes at the end as it is then, atomically towards other appends; under Wine only towards those of this process.
pub(crate) fn append(handle: &Handle, buffer: &[u8]) -> Result<usize, Status> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let in_steps = !entry_points().appends_at_once;
    let _turn = in_steps.then(|| ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner));
    write(handle, buffer, END)
}

/// Data and attributes to the device. Needs the right to write or to append.
pub(crate) fn flush(handle: &Handle) -> Result<(), Status> {
    let mut block = IO_STATUS_BLOCK::default();
    // SAFETY: the block is a local that outlives the call.
    checked(unsafe { NtFlushBuffersFile(handle.raw(), &raw mut block) })
}

/// Data to the device, where this system can tell it from attributes; else both.
pub(crate) fn flush_data(handle: &Handle) -> Result<(), Status> {
    let Some(flush_ex) = entry_points().flush_buffers_file_ex else { return flush(handle) };
    let mut block = IO_STATUS_BLOCK::default();
    // SAFETY: the block is a local that outlives the call; there are no parameters.
    match checked(unsafe { flush_ex(handle.raw(), DATA_SYNC_ONLY, null(), 0, &raw mut block) }) {
        Err(status) if status.is_missing() => flush(handle),
        result => result,
    }
}

fn transfer(length: usize) -> u32 {
    u32::try_from(length.min(TRANSFER_MAX)).unwrap_or(0)
}

/// The size of a structure, as NT counts it.
pub(super) fn size<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap_or(0)
}
