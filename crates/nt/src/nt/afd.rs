//! Polling sockets through AFD, the driver below Winsock: `IOCTL_AFD_POLL`, which completes to a port once one of the events
//! asked for is there, at once where it is already.
//!
//! Documented nowhere, and what `select` and `WSAPoll` themselves are made of; unlike them it leaves a poll with the kernel for as
//! long as it takes.
//!
//! Hazards: a poll is for once. The kernel writes to its memory until its packet was posted, and posts one also where the call
//! succeeds at once; so the memory belongs to the kernel from the call on, and to the packet after. A call that fails posts
//! none. Closing a socket completes its polls where they ask for that event.

use std::ffi::c_void;
use std::sync::{Arc, OnceLock};

use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_COMPLETION_INFORMATION, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, FileCompletionInformation,
    FileIoCompletionNotificationInformation, NtCancelIoFileEx, NtCreateFile, NtSetInformationFile,
};
use windows_sys::Wdk::System::IO::NtDeviceIoControlFile;
use windows_sys::Win32::Foundation::{HANDLE, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

use super::completion::{Packet, Port};
use super::winsock::Base;
use super::{Handle, checked};
use crate::error::Status;
use crate::wake::Wake;

/// `IOCTL_AFD_POLL`
const POLL: u32 = 0x0001_2024;

/// The device, followed by a name of our own, as the driver wants one.
const DEVICE: &[u16] = &utf16::<20>(b"\\Device\\Afd\\Callgate");

/// `FILE_SKIP_SET_EVENT_ON_HANDLE`
const SKIP_SET_EVENT: u32 = 2;

/// The key of polls on a port.
const KEY: usize = 1;

/// As many packets are taken at once.
const BATCH: usize = 256;

/// As long is waited for polls that were cancelled, in units of 100 ns: the kernel is done at once. Memory that isn't back by
/// then is never freed.
const PATIENCE: i64 = 10_000_000;

/// `AFD_POLL_INFO` with one `AFD_POLL_HANDLE_INFO`.
#[repr(C)]
struct Request {
    timeout: i64,
    count: u32,
    exclusive: u32,
    socket: HANDLE,
    events: u32,
    status: i32,
}

/// The memory of one poll.
struct Flight {
    status: IO_STATUS_BLOCK,
    request: Request,
    token: u64,
}

/// The outcome of a poll.
pub(crate) struct Told {
    /// The token that the poll was begun with.
    pub(crate) token: u64,
    /// `Ok` if an event came; else the reason why the poll failed.
    pub(crate) outcome: Result<(), Status>,
}

/// A port, and polls that complete to it.
pub(crate) struct Poller {
    port: Arc<Port>,
    device: Handle,
    /// The number of polls that the kernel has.
    in_flight: usize,
    packets: Vec<Packet>,
}

// SAFETY: the packets hold pointers to memory that is nobody else's.
unsafe impl Send for Poller {}

impl Poller {
    /// One without polls.
    pub(crate) fn new() -> Result<Self, Status> {
        let (port, device) = (Port::new()?, open(0)?);
        let completion = FILE_COMPLETION_INFORMATION { Port: port.raw(), Key: KEY as *mut c_void };
        inform(&device, FileCompletionInformation, &completion)?;
        // It saves the kernel an event that nobody waits for, no more.
        let _ = inform(&device, FileIoCompletionNotificationInformation, &SKIP_SET_EVENT);
        Ok(Self { port: Arc::new(port), device, in_flight: 0, packets: Vec::with_capacity(BATCH) })
    }

    /// The waker of the sleeper: the port.
    pub(crate) fn waker(&self) -> Arc<dyn Wake> {
        Arc::clone(&self.port) as Arc<dyn Wake>
    }

    /// Begins to poll `socket` for `events`; [`Poller::wait`] tells the end, once, with `token`.
    pub(crate) fn begin(&mut self, socket: Base, events: u32, token: u64) -> Result<(), Status> {
        let request = Request::new(socket, events, i64::MAX);
        let flight = Box::into_raw(Box::new(Flight { status: IO_STATUS_BLOCK::default(), request, token }));
        // SAFETY: the memory is the kernel's from here on, until the packet that carries its address.
        let begun = unsafe { poll(&self.device, flight.cast(), &raw mut (*flight).status, &raw mut (*flight).request) };
        match begun {
            Ok(()) => self.in_flight += 1,
            // SAFETY: no packet will come, so the memory is ours again.
            Err(_) => drop(unsafe { Box::from_raw(flight) }),
        }
        begun
    }

    /// Adds to `told` what came of polls, waiting for the first at most so many units of 100 ns; without end, where `None`. Tells
    /// whether it was woken, and whether there may be more.
    pub(crate) fn wait(&mut self, timeout: Option<i64>, told: &mut Vec<Told>) -> Result<Wait, Status> {
        let woken = self.port.remove(&mut self.packets, timeout)?;
        let more = self.packets.len() + usize::from(woken) >= BATCH;
        for packet in self.packets.drain(..) {
            // SAFETY: on this port the kernel's packets are those of polls; each carries the memory of one, which comes back by it,
            // and once.
            let flight = unsafe { Box::from_raw(packet.context.cast::<Flight>()) };
            self.in_flight -= 1;
            // SAFETY: of the two, the status is what the kernel sets.
            let status = unsafe { packet.status.Anonymous.Status };
            told.push(Told { token: flight.token, outcome: checked(status) });
        }
        Ok(Wait { woken, more })
    }
}

/// The findings of [`Poller::wait`] beside polls.
pub(crate) struct Wait {
    /// Somebody woke the sleeper.
    pub(crate) woken: bool,
    /// Not all packets that lay there may have been taken.
    pub(crate) more: bool,
}

impl Poller {
    /// The number of polls that lie with the kernel.
    #[cfg(test)]
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Cancels all polls and takes their memory back. Returns how many didn't come back in time; the memory of those is never freed.
    pub(crate) fn cancel(&mut self) -> usize {
        let mut status = IO_STATUS_BLOCK::default();
        // SAFETY: the device is open; all its polls are meant.
        unsafe { NtCancelIoFileEx(self.device.raw(), std::ptr::null(), &raw mut status) };
        let mut told = Vec::new();
        while self.in_flight > 0 {
            let before = self.in_flight;
            let waited = self.wait(Some(PATIENCE), &mut told);
            if waited.map_or(true, |wait| !wait.woken) && self.in_flight == before {
                break;
            }
            told.clear();
        }
        self.in_flight
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Request {
    fn new(socket: Base, events: u32, timeout: i64) -> Self {
        Self { timeout, count: 1, exclusive: 0, socket: socket.raw(), events, status: 0 }
    }
}

/// Returns those of `events` that are there now.
pub(crate) fn ask(socket: Base, events: u32) -> Result<u32, Status> {
    static DEVICE: OnceLock<Result<Handle, Status>> = OnceLock::new();
    let device = DEVICE.get_or_init(|| open(FILE_SYNCHRONOUS_IO_NONALERT)).as_ref().map_err(|status| *status)?;
    let mut status = IO_STATUS_BLOCK::default();
    let mut request = Request::new(socket, events, 0);
    // SAFETY: on a handle that is synchronous the call is over when it returns.
    unsafe { poll(device, std::ptr::null_mut(), &raw mut status, &raw mut request)? };
    Ok(if request.count == 0 { 0 } else { request.events & events })
}

/// `NtDeviceIoControlFile`
///
/// # Safety
/// The status and the request stay where they are, and are nobody else's, as long as the poll takes.
unsafe fn poll(
    device: &Handle,
    context: *const c_void,
    status: *mut IO_STATUS_BLOCK,
    request: *mut Request,
) -> Result<(), Status> {
    let (device, none) = (device.raw(), std::ptr::null_mut());
    let (buffer, length) = (request.cast(), size_of::<Request>() as u32);
    // SAFETY: the caller's word; the buffer is read and written as far as its length.
    checked(unsafe { NtDeviceIoControlFile(device, none, None, context, status, POLL, buffer, length, buffer, length) })
}

/// Opens the device, for polling only.
fn open(options: u32) -> Result<Handle, Status> {
    let length = size_of_val(DEVICE) as u16;
    let name = UNICODE_STRING { Length: length, MaximumLength: length, Buffer: DEVICE.as_ptr().cast_mut() };
    let attributes = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        ObjectName: &raw const name,
        ..OBJECT_ATTRIBUTES::default()
    };
    let (mut handle, mut status) = (std::ptr::null_mut(), IO_STATUS_BLOCK::default());
    // SAFETY: the name and the attributes live as long as the call, which only reads them, and writes a handle and a status.
    unsafe {
        checked(NtCreateFile(
            &raw mut handle,
            SYNCHRONIZE,
            &raw const attributes,
            &raw mut status,
            std::ptr::null(),
            0,
            FILE_SHARE_READ | FILE_SHARE_WRITE,
            FILE_OPEN,
            options,
            std::ptr::null(),
            0,
        ))?;
        Ok(Handle::own(handle))
    }
}

/// `NtSetInformationFile`
fn inform<T: Copy>(file: &Handle, class: i32, information: &T) -> Result<(), Status> {
    let mut status = IO_STATUS_BLOCK::default();
    let (start, length) = (std::ptr::from_ref(information).cast(), size_of::<T>() as u32);
    // SAFETY: the pointer and the length are those of the information, which the call only reads.
    checked(unsafe { NtSetInformationFile(file.raw(), &raw mut status, start, length, class) })
}

/// ASCII as UTF-16.
const fn utf16<const N: usize>(ascii: &[u8; N]) -> [u16; N] {
    let mut units = [0; N];
    let mut index = 0;
    while index < N {
        units[index] = ascii[index] as u16;
        index += 1;
    }
    units
}
