//! Standard output and standard error: the standard library's, which know how to write to a console.
//!
//! Hazard: a write waits while nobody reads: no safe call could tell before.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

use callgate_system::{Result, Sink};
use rustix::fd::BorrowedFd;

use crate::error::Portable as _;

/// One of the two.
pub(crate) enum Output {
    Out(io::Stdout),
    Err(io::Stderr),
}

/// Standard output.
pub(crate) fn stdout() -> Arc<dyn Sink> {
    Arc::new(Output::Out(io::stdout()))
}

/// Standard error.
pub(crate) fn stderr() -> Arc<dyn Sink> {
    Arc::new(Output::Err(io::stderr()))
}

impl Output {
    /// Nothing to poll: it is always ready.
    #[allow(clippy::unused_self, reason = "elsewhere there is")]
    pub(crate) fn pollable(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

impl Sink for Output {
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        match self {
            Self::Out(out) => write(&mut out.lock(), buffer).portable(),
            Self::Err(err) => write(&mut err.lock(), buffer).portable(),
        }
    }

    fn is_terminal(&self) -> bool {
        match self {
            Self::Out(out) => out.is_terminal(),
            Self::Err(err) => err.is_terminal(),
        }
    }
}

/// Writes, and keeps nothing back.
fn write(to: &mut dyn Write, buffer: &[u8]) -> io::Result<usize> {
    to.write_all(buffer)?;
    to.flush()?;
    Ok(buffer.len())
}
