//! The standard handles: the process's own from its start, open to its end, and made by somebody else, so perhaps not for calls
//! that return when they are done.

use std::ptr::{null, null_mut};
use std::sync::{Mutex, PoisonError};

use windows_sys::Wdk::Storage::FileSystem::{NtCreateEvent, NtReadFile, NtWriteFile};
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE, NTSTATUS, STATUS_PENDING};
use windows_sys::Win32::System::IO::{IO_STATUS_BLOCK, IO_STATUS_BLOCK_0};
use windows_sys::Win32::System::Kernel::SynchronizationEvent;

use super::{Handle, checked, info};
use crate::error::Status;

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn NtWaitForSingleObject(handle: HANDLE, alertable: u8, timeout: *const i64) -> NTSTATUS;
}

/// A handle of the process's start.
#[derive(Clone, Copy)]
pub(crate) struct Inherited(HANDLE);

// SAFETY: a handle is a number that any thread may use; nobody here closes it.
unsafe impl Send for Inherited {}
// SAFETY: as above.
unsafe impl Sync for Inherited {}

/// The device that serves a standard handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    /// Nothing: the process was started without.
    None,
    /// A file or the null device: no transfer waits for anybody.
    File,
    Console,
    /// A pipe, or whatever else may wait.
    Pipe,
}

const EVENT_ALL_ACCESS: u32 = 0x001F_0003;

const FILE_DEVICE_CD_ROM_FILE_SYSTEM: u32 = 0x03;
const FILE_DEVICE_DISK: u32 = 0x07;
const FILE_DEVICE_DISK_FILE_SYSTEM: u32 = 0x08;
const FILE_DEVICE_NETWORK_FILE_SYSTEM: u32 = 0x14;
const FILE_DEVICE_NULL: u32 = 0x15;
const FILE_DEVICE_CONSOLE: u32 = 0x50;

/// Bytes that one transfer moves at most.
const TRANSFER_MAX: usize = 64 * 1024;

impl Inherited {
    /// `raw` as the process found it.
    pub(crate) fn new(raw: HANDLE) -> Self {
        Self(raw)
    }

    /// The device that serves it.
    pub(crate) fn device(self) -> Device {
        if self.0.is_null() || self.0 == INVALID_HANDLE_VALUE {
            return Device::None;
        }
        match info::device_type(self.0) {
            Ok(
                FILE_DEVICE_CD_ROM_FILE_SYSTEM
                | FILE_DEVICE_DISK
                | FILE_DEVICE_DISK_FILE_SYSTEM
                | FILE_DEVICE_NETWORK_FILE_SYSTEM
                | FILE_DEVICE_NULL,
            ) => Device::File,
            Ok(FILE_DEVICE_CONSOLE) => Device::Console,
            Ok(_) => Device::Pipe,
            Err(_) => Device::None,
        }
    }

    /// The number, for a call.
    pub(super) fn raw(self) -> HANDLE {
        self.0
    }

    /// Reads where the stream stands, waiting for bytes where there are none; 0 at the end.
    pub(crate) fn read(self, buffer: &mut [u8]) -> Result<usize, Status> {
        let length = transfer(buffer.len());
        let bytes = buffer.as_mut_ptr();
        let read = completed(|event, block| {
            // SAFETY: the buffer is as long as is said, and `completed` returns when the call is over.
            unsafe { NtReadFile(self.0, event, None, null(), block, bytes.cast(), length, null(), null()) }
        });
        match read {
            // The second is a pipe's word for it on Windows: the last writer is gone.
            Err(Status::END_OF_FILE | Status::PIPE_BROKEN) => Ok(0),
            read => read.map(|count| count.min(buffer.len())),
        }
    }

    /// Writes where the stream stands, waiting for room where there is none.
    pub(crate) fn write(self, buffer: &[u8]) -> Result<usize, Status> {
        let (bytes, length) = (buffer.as_ptr(), transfer(buffer.len()));
        let written = completed(|event, block| {
            // SAFETY: the buffer is as long as is said, and `completed` returns when the call is over.
            unsafe { NtWriteFile(self.0, event, None, null(), block, bytes.cast(), length, null(), null()) }
        });
        written.map(|count| count.min(buffer.len()))
    }
}

/// Events that no transfer uses at the moment: to make and close one for each costs more than many a transfer.
static FREE: Mutex<Vec<Handle>> = Mutex::new(Vec::new());

/// Runs a transfer to its end, also on a handle whose calls return before; how much was transferred.
fn completed(transfer: impl FnOnce(HANDLE, *mut IO_STATUS_BLOCK) -> NTSTATUS) -> Result<usize, Status> {
    let free = || FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = free().pop();
    let event = kept.map_or_else(event, Ok)?;
    // Not over until it says so, even where the event is still set from a transfer before.
    let mut block = IO_STATUS_BLOCK { Anonymous: IO_STATUS_BLOCK_0 { Status: STATUS_PENDING }, Information: 0 };
    let block: *mut IO_STATUS_BLOCK = &raw mut block;
    let mut status = transfer(event.raw(), block);
    // SAFETY: the event and the block live until here, and nothing is written to the block once it tells the end.
    let count = unsafe {
        while status == STATUS_PENDING {
            if NtWaitForSingleObject(event.raw(), 0, null()) == 0 {
                status = (*block).Anonymous.Status;
            }
        }
        (*block).Information
    };
    free().push(event);
    checked(status).map(|()| count)
}

fn event() -> Result<Handle, Status> {
    let mut event = null_mut();
    // SAFETY: the handle is a local; an event needs no attributes.
    unsafe {
        checked(NtCreateEvent(&raw mut event, EVENT_ALL_ACCESS, null(), SynchronizationEvent, false))?;
        Ok(Handle::own(event))
    }
}

fn transfer(length: usize) -> u32 {
    u32::try_from(length.min(TRANSFER_MAX)).unwrap_or(0)
}
