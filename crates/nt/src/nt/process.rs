//! This process: what it has used, and its end.

use std::mem;
use std::process;
use std::ptr::without_provenance_mut;

use callgate_system::Nanoseconds;
use windows_sys::Win32::Foundation::{FILETIME, HANDLE, NTSTATUS};
use windows_sys::Win32::System::ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::Threading::GetProcessTimes;

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn NtTerminateProcess(process: HANDLE, code: NTSTATUS) -> NTSTATUS;
}

/// The pseudo handle of this process (`NtCurrentProcess`).
fn this() -> HANDLE {
    without_provenance_mut(usize::MAX)
}

/// Ends this process at once with an exit code: no destructor runs, nothing is flushed, no lock is taken and no library is told.
/// `ExitProcess` waits for the loader's lock, which a thread that hangs may hold.
pub fn terminate(code: u32) -> ! {
    // SAFETY: ending a process needs nothing of its memory.
    unsafe { NtTerminateProcess(this(), code.cast_signed()) };
    process::abort()
}

/// What this process has used since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Nanoseconds that its threads ran in its own code.
    pub user: Nanoseconds,
    /// Nanoseconds that they ran in the kernel.
    pub kernel: Nanoseconds,
    /// Page faults, those included that read nothing from a disk.
    pub page_faults: u32,
}

/// What this process has used; none where the system doesn't tell (`GetProcessTimes`, `GetProcessMemoryInfo`).
#[must_use]
pub fn usage() -> Option<Usage> {
    const NEVER: FILETIME = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut created, mut exited, mut kernel, mut user) = (NEVER, NEVER, NEVER, NEVER);
    // SAFETY: all four are places for a time.
    let told = unsafe { GetProcessTimes(this(), &mut created, &mut exited, &mut kernel, &mut user) };
    let size = mem::size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
    let mut memory = PROCESS_MEMORY_COUNTERS { cb: size, ..Default::default() };
    // SAFETY: the place has that size.
    let counted = unsafe { K32GetProcessMemoryInfo(this(), &mut memory, size) };
    let usage = Usage { user: nanoseconds(user), kernel: nanoseconds(kernel), page_faults: memory.PageFaultCount };
    (told != 0 && counted != 0).then_some(usage)
}

/// A length of time, which comes in steps of 100 ns.
fn nanoseconds(time: FILETIME) -> Nanoseconds {
    (u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)).saturating_mul(100)
}
