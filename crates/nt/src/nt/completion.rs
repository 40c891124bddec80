//! Completion ports: where the kernel puts what came of a call that was under way, and where threads put a word for whoever
//! sleeps there.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

use super::{Handle, checked};
use crate::error::Status;
use crate::wake::Wake;

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn NtCreateIoCompletion(port: *mut HANDLE, access: u32, attributes: *const c_void, threads: u32) -> i32;
    fn NtSetIoCompletion(port: HANDLE, key: usize, context: usize, status: i32, information: usize) -> i32;
    /// In every NT since 6.0, and in Wine.
    fn NtRemoveIoCompletionEx(
        port: HANDLE,
        packets: *mut Packet,
        room: u32,
        removed: *mut u32,
        timeout: *const i64,
        alertable: u8,
    ) -> i32;
}

/// `IO_COMPLETION_ALL_ACCESS`
const ALL_ACCESS: u32 = 0x1f_0003;

/// `STATUS_SUCCESS`
const SUCCESS: i32 = 0;

/// `FILE_IO_COMPLETION_INFORMATION`: one word of a port.
#[repr(C)]
pub(super) struct Packet {
    pub(super) key: usize,
    pub(super) context: *mut c_void,
    pub(super) status: IO_STATUS_BLOCK,
}

/// A completion port.
pub(crate) struct Port {
    handle: Handle,
    /// True while a wake-up lies in the port. One is enough, however many wake.
    woken: AtomicBool,
}

/// The key of a wake-up.
const WAKE: usize = 0;

impl Port {
    /// `NtCreateIoCompletion`
    pub(super) fn new() -> Result<Self, Status> {
        let mut handle = std::ptr::null_mut();
        // SAFETY: the call writes one handle, which is nobody else's.
        let handle = unsafe {
            checked(NtCreateIoCompletion(&raw mut handle, ALL_ACCESS, std::ptr::null(), 0))?;
            Handle::own(handle)
        };
        Ok(Self { handle, woken: AtomicBool::new(false) })
    }

    pub(super) fn raw(&self) -> HANDLE {
        self.handle.raw()
    }

    /// `NtRemoveIoCompletionEx`: moves packets into the spare capacity of `packets`, as many as fit, waiting for the first at most
    /// so many units of 100 ns; without end, where `None`. Returns true if one of those was a wake-up, which is not kept.
    pub(super) fn remove(&self, packets: &mut Vec<Packet>, timeout: Option<i64>) -> Result<bool, Status> {
        let spare = packets.spare_capacity_mut();
        let room = u32::try_from(spare.len()).unwrap_or(u32::MAX);
        let relative = timeout.map(|ticks| -ticks.max(0));
        let timeout = relative.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let mut removed = 0;
        // SAFETY: the call writes at most `room` packets from the start of the spare capacity and says how many; the time is there
        // as long as the call.
        let status = unsafe {
            NtRemoveIoCompletionEx(self.raw(), spare.as_mut_ptr().cast(), room, &raw mut removed, timeout, 0)
        };
        checked(status)?;
        if status == SUCCESS {
            let length = packets.len() + removed as usize;
            // SAFETY: so many packets were written after those that were there.
            unsafe { packets.set_len(length) };
        }
        let before = packets.len();
        packets.retain(|packet| packet.key != WAKE);
        let woken = packets.len() < before;
        if woken {
            // Before the sleeper looks at what it was woken for: what comes after this wakes again.
            self.woken.store(false, Ordering::SeqCst);
        }
        Ok(woken)
    }
}

impl Wake for Port {
    fn wake(&self) {
        if !self.woken.swap(true, Ordering::SeqCst) {
            // SAFETY: the port is open, and no memory is passed. Without memory for a packet the kernel says so; then nobody
            // is woken, and the next one tries again.
            let status = unsafe { NtSetIoCompletion(self.raw(), WAKE, 0, SUCCESS, 0) };
            if status < 0 {
                self.woken.store(false, Ordering::SeqCst);
            }
        }
    }
}
