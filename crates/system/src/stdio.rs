//! The standard streams. They are the process's own, shared with whoever started it: nothing here may change their mode.

use std::any::Any;
use std::sync::Arc;

use crate::Result;

/// Where bytes come from. Never waits: see [`crate::Waiter`]. Only a system that behaves the same in every run waits here,
/// until its buffer is full or the input ends: else it would show how a pipe's bytes come in pieces.
pub trait Source: Any + Send + Sync {
    /// Reads into the spare capacity of `buffer`, appending to it; 0 only at the end or when there is no spare capacity.
    ///
    /// # Errors
    /// `WouldBlock` where nothing is there yet, `Io`.
    fn read(&self, buffer: &mut Vec<u8>) -> Result<usize>;

    /// True if it is a terminal (isatty); constant.
    fn is_terminal(&self) -> bool;
}

/// Where bytes go. Never waits: see [`crate::Waiter`].
pub trait Sink: Any + Send + Sync {
    /// Writes some of `buffer`, at least a byte of a non-empty one.
    ///
    /// # Errors
    /// `WouldBlock` where nothing can be taken now, `Pipe` where nobody will read it any more, `InsufficientSpace`, `Io`.
    fn write(&self, buffer: &[u8]) -> Result<usize>;

    /// True once all bytes that were taken are where others can read them. Until then the process may not end.
    /// [`crate::Interest::Writable`] is met once the sink is settled, or can never be.
    fn is_settled(&self) -> bool {
        true
    }

    /// True if it is a terminal (isatty); constant.
    fn is_terminal(&self) -> bool;
}

/// The standard streams of a process.
#[derive(Clone)]
pub struct Stdio {
    /// Standard input.
    pub stdin: Arc<dyn Source>,
    /// Standard output.
    pub stdout: Arc<dyn Sink>,
    /// Standard error.
    pub stderr: Arc<dyn Sink>,
}
