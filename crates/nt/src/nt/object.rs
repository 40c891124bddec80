//! Handles, closed when dropped, and the status that every call returns.

use windows_sys::Wdk::Foundation::NtClose;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS};

use crate::error::Status;

/// An open handle of this process.
#[derive(Debug)]
pub(crate) struct Handle(HANDLE);

// SAFETY: a handle is a number that any thread may use; the kernel keeps its own order.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    /// Takes over `raw`, which a call has just returned.
    ///
    /// # Safety
    /// `raw` is an open handle that nobody else closes.
    pub(crate) unsafe fn own(raw: HANDLE) -> Self {
        Self(raw)
    }

    /// The number, for a call. Valid as long as `self` is.
    pub(crate) fn raw(&self) -> HANDLE {
        self.0
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its only owner.
        unsafe { NtClose(self.0) };
    }
}

/// The status of a call as a result: what is no error and no warning is success.
pub(crate) fn checked(status: NTSTATUS) -> Result<(), Status> {
    if status >= 0 { Ok(()) } else { Err(Status(status.cast_unsigned())) }
}
