//! Standard output and standard error: `poll` first, then no more than what fits where anything does.
//!
//! Their mode belongs to the open file description, which the parent shares, and is never changed.
//!
//! Hazard: another process that writes to the same pipe may come between `poll` and `write`; then the write waits.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use callgate_system::{Code, Result, Sink};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::FileType;

use crate::error::{Portable as _, again};

/// As much as a pipe takes at once or not at all, on every Unix (`_POSIX_PIPE_BUF`).
const PIPE_BUF: usize = 512;

/// One of the two.
pub(crate) struct Output {
    /// A copy of the descriptor; `None` where it is closed.
    fd: Option<OwnedFd>,
    /// True if it is a regular file, which never blocks.
    file: bool,
    terminal: bool,
}

/// Standard output.
pub(crate) fn stdout() -> Arc<dyn Sink> {
    Arc::new(Output::of(io::stdout().as_fd()))
}

/// Standard error.
pub(crate) fn stderr() -> Arc<dyn Sink> {
    Arc::new(Output::of(io::stderr().as_fd()))
}

impl Output {
    fn of(fd: BorrowedFd<'_>) -> Self {
        let file = rustix::fs::fstat(fd).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file());
        Self { fd: fd.try_clone_to_owned().ok(), file, terminal: fd.is_terminal() }
    }

    /// The descriptor to poll; `None` where it is always ready.
    pub(crate) fn pollable(&self) -> Option<BorrowedFd<'_>> {
        if self.file { None } else { self.fd.as_ref().map(OwnedFd::as_fd) }
    }
}

impl Sink for Output {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let own = self.fd.as_ref().ok_or(Code::BadDescriptor)?;
        let mut most = buffer.len();
        if let Some(fd) = self.pollable() {
            let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            if again(|| Ok(rustix::event::poll(&mut fds, Some(&now))?)).portable()? == 0 {
                return Err(Code::WouldBlock.into());
            }
            most = most.min(PIPE_BUF);
        }
        again(|| Ok(rustix::io::write(own, &buffer[..most])?)).portable()
    }

    fn is_terminal(&self) -> bool {
        self.terminal
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{PipeReader, Read as _, Seek as _, pipe};

    use super::*;

    /// Writes until it would wait; how much went in.
    fn fill(output: &Output) -> usize {
        let large = vec![7; 1 << 20];
        let mut written = 0;
        loop {
            match output.write(&large) {
                Ok(more) => written += more,
                Err(error) => {
                    assert_eq!(error.code, Code::WouldBlock);
                    return written;
                }
            }
        }
    }

    fn drained(mut reader: &PipeReader, length: usize) {
        let mut buffer = vec![0; length];
        reader.read_exact(&mut buffer).unwrap();
        assert!(buffer.iter().all(|&byte| byte == 7));
    }

    #[test]
    fn a_full_pipe_says_so_and_takes_more_when_it_was_read() {
        let (reader, writer) = pipe().unwrap();
        let output = Output::of(writer.as_fd());
        for _ in 0..3 {
            let written = fill(&output);
            assert!(written > 0);
            drained(&reader, written);
        }
        assert_eq!(output.write(b""), Ok(0));
        drop(reader);
        assert_eq!(output.write(b"x").unwrap_err().to_string(), "pipe (EPIPE)");
    }

    #[test]
    fn a_file_takes_all_and_is_always_ready() {
        let mut file = tempfile::tempfile().unwrap();
        let output = Output::of(file.as_fd());
        assert!(output.pollable().is_none() && !output.is_terminal());
        assert_eq!(output.write(&[7; 100_000]), Ok(100_000));
        file.rewind().unwrap();
        assert_eq!(file.read_to_end(&mut Vec::new()).unwrap(), 100_000);
        let null = File::options().write(true).open("/dev/null").unwrap();
        assert!(Output::of(null.as_fd()).write(b"x").is_ok());
    }
}
