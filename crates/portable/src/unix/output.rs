//! Standard output and standard error: `poll` first, then no more than what fits where anything does.
//!
//! Their mode belongs to the open file description, which the parent shares, and is never changed.
//!
//! Hazard: another process that writes to the same pipe may come between `poll` and `write`; then the write waits.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use callgate_system::{Code, Result, Sink};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd as _, BorrowedFd};
use rustix::fs::FileType;

use crate::error::{Portable as _, again};

/// As much as a pipe takes at once or not at all, on every Unix (`_POSIX_PIPE_BUF`).
const PIPE_BUF: usize = 512;

/// One of the two.
pub(crate) struct Output {
    stream: Stream,
    /// Whether it is a file, which never waits.
    file: bool,
    terminal: bool,
}

enum Stream {
    Out(io::Stdout),
    Err(io::Stderr),
}

/// Standard output.
pub(crate) fn stdout() -> Arc<dyn Sink> {
    Arc::new(Output::of(Stream::Out(io::stdout())))
}

/// Standard error.
pub(crate) fn stderr() -> Arc<dyn Sink> {
    Arc::new(Output::of(Stream::Err(io::stderr())))
}

impl Output {
    fn of(stream: Stream) -> Self {
        let (fd, terminal) = match &stream {
            Stream::Out(out) => (out.as_fd(), out.is_terminal()),
            Stream::Err(err) => (err.as_fd(), err.is_terminal()),
        };
        // A closed one fails at every use, without waiting.
        let file = rustix::fs::fstat(fd).map_or(true, |stat| FileType::from_raw_mode(stat.st_mode).is_file());
        Self { stream, file, terminal }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match &self.stream {
            Stream::Out(out) => out.as_fd(),
            Stream::Err(err) => err.as_fd(),
        }
    }

    /// What to poll; `None` where it is always ready.
    pub(crate) fn pollable(&self) -> Option<BorrowedFd<'_>> {
        if self.file { None } else { Some(self.fd()) }
    }
}

impl Sink for Output {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut most = buffer.len();
        if let Some(fd) = self.pollable() {
            let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            if again(|| Ok(rustix::event::poll(&mut fds, Some(&now))?)).portable()? == 0 {
                return Err(Code::WouldBlock.into());
            }
            most = most.min(PIPE_BUF);
        }
        again(|| Ok(rustix::io::write(self.fd(), &buffer[..most])?)).portable()
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }
}
