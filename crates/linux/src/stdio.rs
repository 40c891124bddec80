//! The standard streams, which are not ours alone: their mode (`O_NONBLOCK`) belongs to the open file description, which
//! the parent shares, and is never changed.
//!
//! So that no transfer waits, each stream has a way of its own: a file or a memory device never waits; a terminal is
//! opened a second time, with a mode of its own; a pipe or a socket takes `RWF_NOWAIT` with every transfer. Where the kernel
//! has no such flag for it (pipes: before Linux 6.5), `poll` is asked first, and at most `PIPE_BUF` bytes are written,
//! which fit where anything does.
//!
//! Hazard: in that last way another process that reads the same stream may come between `poll` and `read`; then the read
//! waits.

use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU8, Ordering};

use callgate_system::{Result, Sink, Source};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, major};
use rustix::io::{Errno, ReadWriteFlags};

use crate::descriptor::Descriptor;
use crate::error::{Portable as _, portable};

/// As much as one write to a pipe takes at once or not at all.
const PIPE_BUF: usize = 4096;

/// As much as is read at once where the buffer has to be filled with zeros first: what a pipe holds.
const PIPE_CAPACITY: usize = 64 * 1024;

/// The `offset` of a stream: where it stands.
const HERE: u64 = u64::MAX;

/// The major number of memory devices: null, zero, full, random.
const MEMORY_DEVICES: u32 = 1;

/// One standard stream.
pub(crate) struct Stream {
    fd: Descriptor,
    way: AtomicU8,
    terminal: bool,
    /// True for a file or the like, which `poll` always calls ready.
    always_ready: bool,
}

/// The way in which a transfer is kept from blocking.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Way {
    /// By nothing: it never blocks, or the description is our own and non-blocking.
    Plain,
    /// By `RWF_NOWAIT`.
    NoWait,
    /// By asking first.
    Polled,
}

/// The direction of the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

impl Stream {
    /// Looks at an inherited stream and finds its way.
    pub(crate) fn inherited(fd: BorrowedFd<'static>, direction: Direction) -> Self {
        Self::new(Descriptor::Inherited(fd), direction)
    }

    fn new(fd: Descriptor, direction: Direction) -> Self {
        // A closed one fails at every use, without waiting.
        let Ok(stat) = rustix::fs::fstat(fd.as_fd()) else { return Self::of(fd, Way::Plain, false, true) };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile | FileType::Directory => Self::of(fd, Way::Plain, false, true),
            FileType::CharacterDevice if major(stat.st_rdev) == MEMORY_DEVICES => Self::of(fd, Way::Plain, false, true),
            FileType::CharacterDevice if rustix::termios::isatty(fd.as_fd()) => match reopened(fd.as_fd(), direction) {
                Ok(own) => Self::of(Descriptor::own(own), Way::Plain, true, false),
                // Somebody else's terminal, or no /proc.
                Err(_) => Self::of(fd, Way::Polled, true, false),
            },
            _ => Self::of(fd, Way::NoWait, false, false),
        }
    }

    fn of(fd: Descriptor, way: Way, terminal: bool, always_ready: bool) -> Self {
        Self { fd, way: AtomicU8::new(way as u8), terminal, always_ready }
    }

    /// The descriptor to poll; `None` where the stream is always ready.
    pub(crate) fn pollable(&self) -> Option<&Descriptor> {
        if self.always_ready { None } else { Some(&self.fd) }
    }

    fn way(&self) -> Way {
        match self.way.load(Ordering::Relaxed) {
            0 => Way::Plain,
            1 => Way::NoWait,
            _ => Way::Polled,
        }
    }

    /// Runs a transfer the stream's way, and turns to asking where the kernel has no flag for it.
    fn transfer(
        &self,
        events: PollFlags,
        mut run: impl FnMut(Way) -> rustix::io::Result<usize>,
    ) -> rustix::io::Result<usize> {
        loop {
            let way = self.way();
            if way == Way::Polled && !is_ready(self.fd.as_fd(), events)? {
                return Err(Errno::AGAIN);
            }
            match run(way) {
                Err(Errno::INTR) => {}
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::SPIPE) if way == Way::NoWait => {
                    self.way.store(Way::Polled as u8, Ordering::Relaxed);
                }
                result => return result,
            }
        }
    }
}

/// The same terminal, with a mode of its own.
fn reopened(fd: BorrowedFd<'_>, direction: Direction) -> rustix::io::Result<OwnedFd> {
    let access = match direction {
        Direction::In => OFlags::RDONLY,
        Direction::Out => OFlags::WRONLY,
    };
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty())
}

fn is_ready(fd: BorrowedFd<'_>, events: PollFlags) -> rustix::io::Result<bool> {
    let mut fds = [PollFd::from_borrowed_fd(fd, events)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        match rustix::event::poll(&mut fds, Some(&now)) {
            Err(Errno::INTR) => {}
            result => return result.map(|ready| ready > 0),
        }
    }
}

/// Reads without waiting into `buffer`, whose spare capacity safe code has to fill first.
fn read_nowait(fd: BorrowedFd<'_>, buffer: &mut Vec<u8>) -> rustix::io::Result<usize> {
    let length = buffer.len();
    let room = (buffer.capacity() - length).min(PIPE_CAPACITY);
    buffer.resize(length + room, 0);
    let result = rustix::io::preadv2(fd, &mut [IoSliceMut::new(&mut buffer[length..])], HERE, ReadWriteFlags::NOWAIT);
    buffer.truncate(length + result.unwrap_or(0));
    result
}

impl Source for Stream {
    fn read(&self, buffer: &mut Vec<u8>) -> Result<usize> {
        if buffer.len() == buffer.capacity() {
            return Ok(0);
        }
        let fd = self.fd.as_fd();
        let read = self.transfer(PollFlags::IN, |way| match way {
            Way::NoWait => read_nowait(fd, buffer),
            Way::Plain | Way::Polled => rustix::io::read(fd, spare_capacity(buffer)),
        });
        match read {
            // Closed by whoever started us, or opened for writing only: nothing will ever come.
            Err(Errno::BADF) => Ok(0),
            result => result.portable(),
        }
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

impl Sink for Stream {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let fd = self.fd.as_fd();
        let written = self.transfer(PollFlags::OUT, |way| match way {
            Way::Plain => rustix::io::write(fd, buffer),
            Way::NoWait => rustix::io::pwritev2(fd, &[IoSlice::new(buffer)], HERE, ReadWriteFlags::NOWAIT),
            Way::Polled => rustix::io::write(fd, &buffer[..buffer.len().min(PIPE_BUF)]),
        });
        written.map_err(portable)
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

#[cfg(test)]
pub(crate) mod tests;
