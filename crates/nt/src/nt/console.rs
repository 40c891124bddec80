//! The console, in UTF-16: bytes would be taken in whatever code page it is set to.

use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::GetLastError;
use windows_sys::Win32::System::Console::{ReadConsoleW, WriteConsoleW};

use super::stream::Inherited;
use crate::error::Status;

/// Reads what was typed, waiting for it; 0 at the end.
pub(crate) fn read(console: Inherited, units: &mut [u16]) -> Result<usize, Status> {
    let (room, mut count) = (u32::try_from(units.len()).unwrap_or(u32::MAX), 0);
    // SAFETY: there is room for as many units as is said; no control block is needed.
    let read = unsafe { ReadConsoleW(console.raw(), units.as_mut_ptr().cast(), room, &raw mut count, null()) };
    if read == 0 { Err(last_error()) } else { Ok((count as usize).min(units.len())) }
}

/// Writes some of `units`.
pub(crate) fn write(console: Inherited, units: &[u16]) -> Result<usize, Status> {
    let (length, mut count) = (u32::try_from(units.len()).unwrap_or(u32::MAX), 0);
    // SAFETY: there are as many units as is said.
    let written = unsafe { WriteConsoleW(console.raw(), units.as_ptr(), length, &raw mut count, null_mut()) };
    if written == 0 { Err(last_error()) } else { Ok((count as usize).min(units.len())) }
}

/// The console has functions of Win32 only: their error as a status, as ntdll itself writes those.
fn last_error() -> Status {
    // SAFETY: it reads a number of this thread.
    Status(0xC007_0000 | (unsafe { GetLastError() } & 0xFFFF))
}
