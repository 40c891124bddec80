//! The end of this process.

use std::process;
use std::ptr::without_provenance_mut;

use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS};

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn NtTerminateProcess(process: HANDLE, code: NTSTATUS) -> NTSTATUS;
}

/// Ends this process at once with an exit code: no destructor runs, nothing is flushed, no lock is taken and no library is told.
/// `ExitProcess` waits for the loader's lock, which a thread that hangs may hold.
pub fn terminate(code: u32) -> ! {
    // The pseudo handle of this process (`NtCurrentProcess`).
    let this = without_provenance_mut(usize::MAX);
    // SAFETY: ending a process needs nothing of its memory.
    unsafe { NtTerminateProcess(this, code.cast_signed()) };
    process::abort()
}
